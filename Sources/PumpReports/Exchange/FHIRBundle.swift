import Foundation
import PumpJournal
import PumpMessages
package import PumpProfiles
import PumpTherapy
import PumpUnits

/// A pump's prescription and past as a FHIR R4 Bundle (4.0.1), with UCUM units and the codes that R4 requires.
///
/// R4 has no agreed shape for a pump's alarm: each is a Communication, and what people asked for is an AuditEvent.
/// The same file gives the same bytes.
package struct FHIRBundle {
  private let report: HistoryReport
  private let profile: Profile
  private let moments: Moments
  private let names: UUIDNames

  /// - Parameter profile: The prescription that the journal keeps.
  package init(_ report: HistoryReport, _ profile: Profile) {
    (self.report, self.profile, moments) = (report, profile, report.moments)
    names = UUIDNames(
      "\(report.history.first?.timeIntervalSince1970 ?? 0) \(profile.name) \(report.history.worths.count)"
    )
  }

  package var resource: FHIRValue {
    var entries = report.history.worths.indices.map { entry("medication \($0)", medication($0)) }
    entries += [entry("device", device), entry("reservoir", reservoir), entry("request", request)]
    if let level = lastLevel { entries.append(entry("level", level)) }
    for day in report.days.days {
      for part in day.parts where part.dose != .init() {
        entries.append(entry(name(of: day.begin, part.worth), administration(of: day, part)))
      }
    }
    entries += report.history.boluses.enumerated().map { entry("bolus \($0)", bolus($1)) }
    entries += report.history.alarms.enumerated().map { entry("alarm \($0)", alarm($1)) }
    entries += report.history.changes.enumerated().map { entry("change \($0)", change($1)) }
    return .of([
      "resourceType": "Bundle", "type": "collection",
      "timestamp": report.history.last.map { .text(moments.machine($0)) },
      "entry": .list(entries),
    ])
  }

  /// The day's administration of what a worth stands for.
  private func name(of begin: Date, _ worth: Int) -> String { "day \(report.day(begin)) \(worth)" }

  private func entry(_ name: String, _ resource: FHIRValue) -> FHIRValue {
    .of(["fullUrl": .text(names.url(name)), "resource": resource])
  }

  private func reference(_ name: String) -> FHIRValue {
    .of(["reference": .text(names.url(name))])
  }

  /// For whom: a reference of the clinic's own, never more of a patient.
  private var subject: FHIRValue {
    guard let patient = profile.prescribed.patient else {
      return .named("nobody: bench equipment, not for human use")
    }
    return .of(["type": "Patient", "identifier": .of(["value": .text(patient)])])
  }

  // MARK: - What there is

  /// The prescription's own worth: the last one, if the journal's sessions have its concentration.
  private var prescribed: Int? {
    report.history.worths.lastIndex { $0.concentration == profile.concentration }
  }

  /// What the steps of a worth held; lot and expiry are known of what is prescribed now.
  private func medication(_ worth: Int) -> FHIRValue {
    let concentration = report.history.worths[worth].concentration
    let perMillilitre = Double(concentration.nanogramsPerMillilitre) / 1_000
    // The drug's code is known of the one that this is made for.
    let coding: FHIRValue? =
      profile.drug == "baclofen"
      ? [.coding("http://www.whocc.no/atc", "M03BX01", "baclofen")] : nil
    let drug = FHIRValue.of(["coding": coding, "text": .text(profile.drug)])
    let strength = FHIRValue.of([
      "numerator": .quantity(perMillilitre, "ug"), "denominator": .quantity(1, "mL"),
    ])
    let batch = FHIRValue.of([
      "lotNumber": .text(profile.lot), "expirationDate": .text("\(profile.expires)"),
    ])
    return .of([
      "resourceType": "Medication", "code": drug,
      "ingredient": [.of(["itemCodeableConcept": drug, "strength": strength])],
      "batch": worth == prescribed && report.pastFillings.count <= 1 ? batch : nil,
    ])
  }

  private var device: FHIRValue {
    .of([
      "resourceType": "Device", "status": "active",
      "deviceName": [.of(["name": .text(report.journal), "type": "user-friendly-name"])],
      "type": .words("intrathecal pump controller on a bench; not for human use"),
    ])
  }

  private var reservoir: FHIRValue {
    .of([
      "resourceType": "DeviceMetric",
      "type": .words("volume left in the reservoir by the pump's ledger"),
      "unit": .of(["coding": [.coding("http://unitsofmeasure.org", "uL", "uL")]]),
      "source": reference("device"), "category": "calculation",
    ])
  }

  /// The reservoir by the ledger, at the journal's last count.
  private var lastLevel: FHIRValue? {
    guard let (hour, level) = report.history.levels.max(by: { $0.key < $1.key }) else { return nil }
    return .of([
      "resourceType": "Observation", "status": "final",
      "code": .words("volume left in the reservoir by the pump's ledger"), "subject": subject,
      "effectiveDateTime": .text(moments.machine(max(hour, report.history.last ?? hour))),
      "device": reference("reservoir"), "valueQuantity": .quantity(level.microlitres, "uL"),
    ])
  }

  private var request: FHIRValue {
    let isRunning = report.history.isRunning
    return .of([
      "resourceType": "MedicationRequest", "status": isRunning ? "active" : "on-hold",
      "statusReason": isRunning ? nil : .words("no therapy runs at the journal's end"),
      "intent": "order", "medicationReference": prescribed.map { reference("medication \($0)") },
      "medicationCodeableConcept": prescribed == nil ? .words(profile.drug) : nil,
      "authoredOn": report.prescription.map { .text(moments.machine($0.since)) },
      "subject": subject,
      "requester": profile.prescribed.prescriber.map { .named($0) },
      "reasonCode": profile.prescribed.reason.map { [.words($0)] },
      "dosageInstruction": .list(FHIRDosage(profile).instructions),
    ])
  }

  // MARK: - What was given

  private func administration(
    of day: HistoryDays.Day, _ part: (worth: Int, dose: HistoryDays.Dose)
  ) -> FHIRValue {
    let from = max(day.begin, report.history.first ?? day.begin)
    let until = min(day.end, report.history.last ?? day.end)
    var notes: [String] = []
    if part.dose.uncertain_ug > 0 {
      notes.append("\(report.mass(part.dose.uncertain_ug)) may have been given besides")
    }
    if part.dose.missed_ug > 0 {
      notes.append("\(report.mass(part.dose.missed_ug)) were due and not given")
    }
    return given(
      part.dose.certain_ug, "all of the day, boluses included", from, max(from, until),
      worth: part.worth, status: "completed", notes: notes)
  }

  /// A bolus is a part of its day's sum, and told to be one.
  private func bolus(_ bolus: DeliveryHistory.BolusGiven) -> FHIRValue {
    func micrograms(_ volume: Volume?) -> Double? {
      volume.flatMap { bolus.worth?.mass(in: $0)?.micrograms }
    }
    let kind = bolus.kind.map { "\($0)" } ?? "scheduled"
    let asked = micrograms(bolus.asked).map { report.mass($0) } ?? "an unknown dose"
    let status =
      bolus.kind == nil
      ? "not-done" : bolus.end == nil ? "unknown" : bolus.isWhole ? "completed" : "stopped"
    let worth = bolus.worth.flatMap { report.history.worths.firstIndex(of: $0) }
    let day = report.days.days.last { $0.begin <= bolus.at }
    let isInSum = day?.parts.contains { $0.worth == worth && $0.dose != .init() } ?? false
    return given(
      bolus.kind == nil ? nil : micrograms(bolus.end?.given), "\(kind) bolus of \(asked)",
      bolus.at, bolus.end?.at, worth: worth, status: status, notes: [],
      partOf: isInSum ? day.flatMap { day in worth.map { name(of: day.begin, $0) } } : nil)
  }

  /// - Parameter micrograms: `nil` where nothing was given, or nobody knows how much.
  private func given(
    _ micrograms: Double?, _ text: String, _ from: Date, _ until: Date?, worth: Int?,
    status: String, notes: [String], partOf: String? = nil
  ) -> FHIRValue {
    // What was given before the prescription that the journal keeps was of another one.
    let isOfRequest = report.prescription.map { from >= $0.since } ?? false
    let dosage = FHIRValue.of([
      "text": .text(text), "route": FHIRDosage.route,
      "dose": micrograms.map { .quantity($0, "ug") },
    ])
    return .of([
      "resourceType": "MedicationAdministration", "status": .text(status),
      "partOf": partOf.map { [reference($0)] },
      "medicationReference": worth.map { reference("medication \($0)") },
      "medicationCodeableConcept": worth == nil ? .words(profile.drug) : nil, "subject": subject,
      "effectivePeriod": .of([
        "start": .text(moments.machine(from)), "end": until.map { .text(moments.machine($0)) },
      ]),
      "request": isOfRequest ? reference("request") : nil, "device": [reference("device")],
      "dosage": micrograms == nil ? nil : dosage,
      "note": .list(
        (notes + (micrograms == nil ? [text] : [])).map { .of(["text": .text($0)]) }),
    ])
  }

  // MARK: - What happened

  private func alarm(_ past: DeliveryHistory.AlarmPast) -> FHIRValue {
    .of([
      "resourceType": "Communication", "status": "completed",
      "category": [.words("alarm of a pump")],
      "priority": past.alarm.priority == .critical ? "stat" : "urgent",
      "about": [reference("device")], "sent": .text(moments.machine(past.raised)),
      "received": past.acknowledged.map { .text(moments.machine($0)) },
      "payload": [.of(["contentString": .text(past.alarm.title)])],
    ])
  }

  private func change(_ change: DeliveryHistory.Change) -> FHIRValue {
    // 0 success, 4 minor failure; left out where nobody knows.
    let outcome: FHIRValue? =
      switch change.outcome {
      case .done: "0"
      case .refused, .failed: "4"
      case .unknown, .unanswered: nil
      }
    let audit = "http://dicom.nema.org/resources/ontology/DCM"
    return .of([
      "resourceType": "AuditEvent",
      "type": .coding(audit, "110100", "Application Activity"), "action": "E",
      "recorded": .text(moments.machine(change.at)), "outcome": outcome,
      "outcomeDesc": .text(change.what),
      "agent": [.of(["name": .text(change.who), "requestor": true])],
      "source": .of(["observer": reference("device")]),
      "entity": [.of(["what": reference("device"), "description": .text(change.what)])],
    ])
  }
}

/// Names for the resources of one bundle that stay the same from export to export (UUID version 8, RFC 9562).
private struct UUIDNames {
  private let space: String

  init(_ space: String) { self.space = space }

  func url(_ name: String) -> String {
    var bytes = Self.hash("\(space)/\(name)", 0xCBF2_9CE4_8422_2325)
    bytes += Self.hash("\(name)/\(space)", 0x8422_2325_CBF2_9CE4)
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = bytes.map { String(format: "%02x", $0) }.joined()
    var groups: [Substring] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
      groups.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return "urn:uuid:" + groups.joined(separator: "-")
  }

  /// FNV-1a of 64 bits.
  private static func hash(_ text: String, _ basis: UInt64) -> [UInt8] {
    let value = text.utf8.reduce(basis) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
  }
}
