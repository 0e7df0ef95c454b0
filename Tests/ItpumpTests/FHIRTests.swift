import Foundation
import FoundationXML
import PumpFiles
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpReports

@Suite(
  "A prescription and a pump's past as FHIR R4: the same doses, the codes that R4 requires, references that lead somewhere"
)
struct FHIRTests {
  private static let profiles = [
    "adult-spinal-night", "adult-spinal-continuous", "adult-spinal-weekdays",
    "adult-spinal-periodic", "adult-spinal-patient-bolus", "adult-cerebral", "paediatric",
  ]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func profile(_ name: String) throws -> Profile {
    let path = CommandLineTests.top.appendingPathComponent("Profiles/\(name).yaml").path
    return try ProjectFiles(drugsFolder: nil, boardFile: nil).inputs(path).load(now: Date()).profile
  }

  /// A value of JSON by the names and numbers that lead to it.
  private func at(_ value: Any?, _ path: Any...) -> Any? {
    var value = value
    for step in path {
      if let name = step as? String {
        value = (value as? [String: Any])?[name]
      } else if let place = step as? Int, let list = value as? [Any], list.indices.contains(place) {
        value = list[place]
      } else {
        return nil
      }
    }
    return value
  }

  private func json(_ value: some Encodable) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(JSONOutput.text(value).utf8))
  }

  /// What an instruction comes to in a week, in µg, read from the JSON alone.
  private func inAWeek(_ instruction: Any) throws -> Double {
    let timing = at(instruction, "timing", "repeat")
    let minutes = at(timing, "duration") as? Double
    let days: Double
    if let named = at(timing, "dayOfWeek") as? [String] {
      days = Double(named.count)
    } else if let period = at(timing, "period") as? Double,
      at(timing, "periodUnit") as? String == "min"
    {
      days = 7 * 1_440 / period
    } else {
      days = 7
    }
    if let rate = at(instruction, "doseAndRate", 0, "rateQuantity", "value") as? Double {
      #expect(at(instruction, "doseAndRate", 0, "rateQuantity", "code") as? String == "ug/h")
      return rate * (minutes.map { $0 / 60 } ?? 24) * days
    }
    let dose = try #require(at(instruction, "doseAndRate", 0, "doseQuantity", "value") as? Double)
    #expect(at(instruction, "doseAndRate", 0, "doseQuantity", "code") as? String == "ug")
    return dose * days
  }

  @Test(
    "Read back from the instructions, the dose of a week is the profile's own", arguments: profiles)
  func doses(name: String) throws {
    let profile = try profile(name)
    let instructions = try #require(
      json(FHIRValue.list(FHIRDosage(profile).instructions)) as? [Any])
    var week = 0.0
    for instruction in instructions {
      let isOnTop =
        at(instruction, "asNeededBoolean") != nil
        || at(instruction, "timing", "repeat", "count") != nil
      if !isOnTop { week += try inAWeek(instruction) }
    }
    let wanted = 7 * profile.meanDosePerDay.micrograms
    // Rates are told to the millionth of a microgram an hour.
    #expect(abs(week - wanted) < 0.001, "\(week) for \(wanted)")
    for instruction in instructions {
      // All hold at once; and beside a time of day R4 forbids these.
      #expect(at(instruction, "sequence") == nil)
      let timing = at(instruction, "timing", "repeat")
      let isByClock = at(timing, "timeOfDay") != nil
      #expect(!isByClock || at(timing, "frequency") == nil && at(timing, "period") == nil)
    }
  }

  @Test("A patient's bolus is as needed, with the most in a day")
  func patientBolus() throws {
    let profile = try profile("adult-spinal-patient-bolus")
    let rule = try #require(profile.prescription.patientBolus)
    let instructions = try #require(
      json(FHIRValue.list(FHIRDosage(profile).instructions)) as? [Any])
    let last = try #require(instructions.last)
    #expect(at(last, "asNeededBoolean") as? Bool == true)
    let dose = try #require(at(last, "doseAndRate", 0, "doseQuantity", "value") as? Double)
    let most = try #require(at(last, "maxDosePerPeriod", "numerator", "value") as? Double)
    #expect(most == dose * Double(rule.maximumPerDay))
    #expect(at(last, "maxDosePerPeriod", "denominator", "code") as? String == "d")
  }

  /// Every object of a value, with where it stands.
  private func objects(_ value: Any, _ place: String = "") -> [(String, [String: Any])] {
    if let object = value as? [String: Any] {
      return [(place, object)] + object.flatMap { objects($0.value, "\(place)/\($0.key)") }
    }
    guard let list = value as? [Any] else { return [] }
    return list.enumerated().flatMap { objects($1, "\(place)/\($0)") }
  }

  /// The codes that R4 requires, of the elements that are written: http://hl7.org/fhir/R4, each element's value set.
  private static let required: [String: [String: Set<String>]] = [
    "Bundle": ["type": ["collection"]],
    "Device": ["status": ["active"]],
    "DeviceMetric": ["category": ["measurement", "setting", "calculation", "unspecified"]],
    "MedicationRequest": ["status": ["active", "on-hold"], "intent": ["order"]],
    "Observation": ["status": ["final"]],
    "MedicationAdministration": [
      "status": [
        "in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown",
      ]
    ],
    "Communication": [
      "status": ["completed"], "priority": ["routine", "urgent", "asap", "stat"],
    ],
    "AuditEvent": ["action": ["C", "R", "U", "D", "E"], "outcome": ["0", "4", "8", "12"]],
    "Medication": [:],
  ]
  private static let units: Set<String> = ["ug", "ug/h", "ug/d", "mL", "uL", "d", "h", "min"]

  @Test(
    "A journal's bundle: known resources and codes, UCUM units with their system, nothing empty, every reference inside"
  )
  func bundle() throws {
    let run = try CommandLineTests.itpump(
      "run", "Profiles/adult-spinal-night.yaml", "--start", "2026-11-22T21:59:59", "--for", "2s",
      "--priority", "0", "--journal", folder("p.journal"))
    #expect(run.code == 0, "\(run.err)")
    for name in ["a.json", "b.json"] {
      let export = try CommandLineTests.itpump(
        "export", folder("p.journal"), "--fhir", folder(name))
      #expect(export.code == 0, "\(export.err)")
    }
    let text = try Data(contentsOf: URL(fileURLWithPath: folder("a.json")))
    #expect(try text == Data(contentsOf: URL(fileURLWithPath: folder("b.json"))))
    let bundle = try JSONSerialization.jsonObject(with: text)
    let entries = try #require(at(bundle, "entry") as? [[String: Any]])
    let names = entries.compactMap { $0["fullUrl"] as? String }
    #expect(Set(names).count == entries.count)
    let kinds = Set(entries.compactMap { at($0, "resource", "resourceType") as? String })
    #expect(
      kinds.isSuperset(of: [
        "Medication", "Device", "DeviceMetric", "MedicationRequest", "MedicationAdministration",
        "AuditEvent",
      ]), "\(kinds)")
    for (place, object) in objects(bundle) {
      #expect(!object.isEmpty, "\(place) is empty")
      for (key, value) in object {
        #expect((value as? String) != "" && (value as? [Any])?.isEmpty != true, "\(place)/\(key)")
      }
      if let kind = object["resourceType"] as? String {
        let codes = try #require(Self.required[kind], "\(place): \(kind)")
        for (key, allowed) in codes {
          if let code = object[key] as? String {
            #expect(allowed.contains(code), "\(place)/\(key): \(code)")
          }
        }
      }
      if object["value"] is NSNumber {
        #expect(object["system"] as? String == "http://unitsofmeasure.org", "\(place)")
        #expect(Self.units.contains(object["code"] as? String ?? ""), "\(place)")
      }
      if let reference = object["reference"] as? String {
        #expect(names.contains(reference), "\(place): \(reference) leads nowhere")
      }
    }
  }

  /// A journal of two drugs' strengths, with boluses, a refusal and a request that nobody answered.
  private func history() throws -> (DeliveryHistory, Profile) {
    let profile = try profile("adult-spinal-night")
    func worth(_ concentration: Concentration) throws -> JournalBinding {
      JournalBinding(
        step: try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1),
        concentration: concentration)
    }
    let (weak, strong) = (
      try worth(Concentration(microgramsPerMillilitre: 500)), try worth(profile.concentration)
    )
    var journal = Journal(blank: MemoryStore(slots: 64))
    func put(_ minute: UInt64, _ entry: JournalEntry) {
      journal.append(
        entry, at: .epoch + TimeSpan(minutes: minute),
        wallSeconds: 1_767_225_600 + Int64(minute) * 60)
    }
    func grant(_ certain: UInt64) -> JournalEntry {
      .grant(StepCounts(certain: certain), upTo: certain, until: .epoch + TimeSpan(days: 9))
    }
    let (volume, asker) = (Volume(microlitres: 2), Operator(user: 7, role: .clinician))
    put(0, .opened(boot: 1, clock: .zero, servedSince: .epoch, weak))
    put(0, grant(0))
    put(60, .event(.bolusBegan(.single, volume)))
    put(70, .event(.bolusEnded(.single, Volume(microlitres: 1), isWhole: false)))
    put(600, grant(64_000))
    put(600, .opened(boot: 1, clock: .zero, servedSince: .epoch, strong))
    put(600, grant(64_000))
    put(660, .asked(ticket: 1, .bolus, volume.femtolitres, asker))
    put(660, .answered(ticket: 1, .bolus, volume.femtolitres, .refused(.bolusInProgress)))
    put(670, .asked(ticket: 2, .bolus, volume.femtolitres, asker))
    put(670, .answered(ticket: 2, .bolus, volume.femtolitres, .unknown))
    put(680, .event(.bolusDropped(volume)))
    put(2_000, .event(.bolusBegan(.patient, volume)))
    put(2_100, grant(128_000))
    return (DeliveryHistory(&journal, in: .gmt), profile)
  }

  private func report(_ history: DeliveryHistory, name: String = "p.journal") -> HistoryReport {
    HistoryReport(
      journal: name, history: history,
      prescription: .init(
        text: "profile: <b>\u{7}", plan: nil, summary: nil,
        since: Date(timeIntervalSince1970: 1_767_225_600 + 86_400)),
      standing: 0, printed: Date(timeIntervalSince1970: 1_767_400_000))
  }

  @Test(
    "What is part of nothing adds up to all that was given; each amount is of the strength that it was given from"
  )
  func administrations() throws {
    let (history, profile) = try history()
    let bundle = try json(FHIRBundle(report(history), profile).resource)
    let entries = try #require(at(bundle, "entry") as? [[String: Any]])
    var strengths: [String: Double] = [:]
    for entry in entries {
      guard let name = entry["fullUrl"] as? String else { continue }
      strengths[name] =
        at(entry, "resource", "ingredient", 0, "strength", "numerator", "value") as? Double
    }
    let given = entries.compactMap { $0["resource"] }.filter {
      at($0, "resourceType") as? String == "MedicationAdministration"
    }
    let whole = given.filter {
      at($0, "partOf") == nil && at($0, "status") as? String == "completed"
    }
    var sums: [Double: Double] = [:]
    for each in whole {
      let name = try #require(at(each, "medicationReference", "reference") as? String)
      let strength = try #require(strengths[name])
      sums[strength, default: 0] += try #require(at(each, "dosage", "dose", "value") as? Double)
    }
    // 64,000 steps of 156.25 pL are 10 µL: 5 µg of 500 µg/mL, 20 µg of 2000.
    #expect(sums.mapValues { ($0 * 1e4).rounded() / 1e4 } == [500: 5, 2_000: 20])
    func status(_ word: String) -> [Any] { given.filter { at($0, "status") as? String == word } }
    let stopped = try #require(status("stopped").first)
    #expect(at(stopped, "dosage", "dose", "value") as? Double == 0.5)
    #expect(at(stopped, "effectivePeriod", "end") as? String == "2026-01-01T01:10:00Z")
    #expect(at(stopped, "partOf", 0, "reference") != nil)
    // What nobody knows, and what was not given, is no dose of nothing.
    #expect(status("unknown").count == 1 && status("not-done").count == 1)
    for each in status("unknown") + status("not-done") {
      #expect(at(each, "dosage") == nil && at(each, "note", 0, "text") != nil)
    }
    // Only what was given since the prescription was written down is of it.
    let requested = given.filter { at($0, "request") != nil }
    #expect(!requested.isEmpty)
    for each in requested {
      #expect((at(each, "effectivePeriod", "start") as? String ?? "") >= "2026-01-02")
    }
    let outcomes = entries.compactMap { $0["resource"] }.filter {
      at($0, "resourceType") as? String == "AuditEvent"
    }.map { at($0, "outcome") as? String }
    #expect(outcomes == ["4", nil])
  }

  @Test(
    "A page's words stay words: markup and control characters from a journal's texts are told, not obeyed"
  )
  func page() throws {
    let (history, _) = try history()
    let page = HistoryPage(report(history, name: "<script>alert('p')</script>.journal")).html
    #expect(!page.contains("<script") && page.contains("&lt;script&gt;"))
    #expect(page.contains("profile: &lt;b&gt;") && !page.contains("\u{7}"))
    let parser = XMLParser(data: Data(page.utf8))
    #expect(parser.parse(), "line \(parser.lineNumber)")
    for words in [
      "NOT the whole", "NOT given", "its end is not recorded", "REFUSED",
      "can't be worked out here",
    ] {
      #expect(
        page.contains(words) || page.contains(words.replacingOccurrences(of: "'", with: "&#39;")),
        "\(words)")
    }
  }

  @Test(
    "A journal that is not there, and one whose profile's files are not there, are not exported, and say what to do"
  )
  func nothing() throws {
    let none = try CommandLineTests.itpump("export", folder("none.journal"), "--fhir", "-")
    #expect(none.code == 1 && none.err.contains("none.journal"))
    let run = try CommandLineTests.itpump(
      "run", "Profiles/adult-spinal-night.yaml", "--for", "1s", "--priority", "0", "--journal",
      folder("p.journal"))
    #expect(run.code == 0, "\(run.err)")
    let lost = ["--drugs", folder("nowhere"), "--board", folder("nowhere.yaml")]
    let export = try CommandLineTests.itpump(
      ["export", folder("p.journal"), "--fhir", "-"] + lost)
    #expect(export.code == 1 && export.err.contains("nowhere"), "\(export.err)")
    // A page has the text all the same, and says what is missing.
    let page = try CommandLineTests.itpump(
      ["report", folder("p.journal"), "-o", "-"] + lost)
    #expect(page.code == 0 && page.out.contains("worked out here"), "\(page.err)")
    #expect(page.out.contains("profile: adult-spinal-night"))
  }
}
