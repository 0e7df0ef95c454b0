import Foundation
import PumpFiles
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
    #expect(instructions.indices.allSatisfy { at(instructions[$0], "sequence") as? Int == $0 + 1 })
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
    "MedicationRequest": ["status": ["active"], "intent": ["order"]],
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

  @Test("A journal without a prescription is not exported, and says what to do")
  func nothing() throws {
    let export = try CommandLineTests.itpump("export", folder("none.journal"), "--fhir", "-")
    #expect(export.code == 1 && export.err.contains("none.journal"))
  }
}
