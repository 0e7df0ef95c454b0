import Foundation
import PumpJournal
import PumpMessages
package import PumpProfiles
import PumpTherapy
import PumpUnits

/// A pump's prescription and past as a FHIR R4 Bundle (4.0.1), with UCUM units and the codes that R4 requires.
///
/// R4 has no agreed shape for a pump's alarm: each is a Communication, and what people asked for is an AuditEvent.
/// The same journal gives the same bytes.
package struct FHIRBundle {
  private let report: HistoryReport
  private let profile: Profile
  private let moments: Moments
  private let names: UUIDNames

  /// - Parameter profile: The prescription that the journal keeps.
  package init(_ report: HistoryReport, _ profile: Profile) {
    (self.report, self.profile, moments) = (report, profile, report.moments)
    names = UUIDNames(
      "\(report.journal) \(report.history.first ?? .distantPast) \(profile.name) \(profile.lot)")
  }

  package var resource: FHIRValue {
    var entries = [
      entry("medication", medication), entry("device", device), entry("reservoir", reservoir),
      entry("request", request),
    ]
    entries += report.days.days.filter { $0.dose != .init() }.map { day in
      entry("day \(report.day(day.begin))", administration(of: day))
    }
    entries += report.history.boluses.enumerated().map { entry("bolus \($0)", bolus($1)) }
    entries += report.history.alarms.enumerated().map { entry("alarm \($0)", alarm($1)) }
    entries += report.history.changes.enumerated().map { entry("change \($0)", change($1)) }
    return .of([
      "resourceType": "Bundle", "type": "collection",
      "timestamp": .text(moments.machine(report.history.last ?? report.printed)),
      "entry": .list(entries),
    ])
  }

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

  private var medication: FHIRValue {
    let perMillilitre = Double(profile.concentration.nanogramsPerMillilitre) / 1_000
    // The drug's code is known of the one that this is made for.
    let coding: FHIRValue? =
      profile.drug == "baclofen"
      ? [.coding("http://www.whocc.no/atc", "M03BX01", "baclofen")] : nil
    let drug = FHIRValue.of(["coding": coding, "text": .text(profile.drug)])
    let strength = FHIRValue.of([
      "numerator": .quantity(perMillilitre, "ug"), "denominator": .quantity(1, "mL"),
    ])
    return .of([
      "resourceType": "Medication", "code": drug,
      "ingredient": [.of(["itemCodeableConcept": drug, "strength": strength])],
      "batch": .of([
        "lotNumber": .text(profile.lot), "expirationDate": .text("\(profile.expires)"),
      ]),
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

  private var request: FHIRValue {
    .of([
      "resourceType": "MedicationRequest", "status": "active", "intent": "order",
      "medicationReference": reference("medication"), "subject": subject,
      "requester": profile.prescribed.prescriber.map { .named($0) },
      "reasonCode": profile.prescribed.reason.map { [.words($0)] },
      "dosageInstruction": .list(FHIRDosage(profile).instructions),
    ])
  }

  // MARK: - What was given

  private func administration(of day: HistoryDays.Day) -> FHIRValue {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = report.history.zone
    let next = calendar.date(byAdding: .day, value: 1, to: day.begin) ?? day.begin
    let from = max(day.begin, report.history.first ?? day.begin)
    let until = min(next, report.history.last ?? next)
    var notes: [String] = []
    if day.dose.uncertain_ug > 0 {
      notes.append("\(report.mass(day.dose.uncertain_ug)) may have been given besides")
    }
    if day.dose.missed_ug > 0 {
      notes.append("\(report.mass(day.dose.missed_ug)) were due and not given")
    }
    return given(
      day.dose.certain_ug, "all of the day, boluses included", from, max(from, until),
      status: "completed", notes: notes)
  }

  private func bolus(_ bolus: DeliveryHistory.BolusGiven) -> FHIRValue {
    func micrograms(_ volume: Volume?) -> Double? {
      volume.flatMap { bolus.worth?.mass(in: $0)?.micrograms }
    }
    let kind = bolus.kind.map { "\($0)" } ?? "scheduled"
    let asked = micrograms(bolus.asked).map { report.mass($0) } ?? "an unknown dose"
    let status =
      bolus.kind == nil
      ? "not-done" : bolus.given == nil ? "unknown" : bolus.isWhole ? "completed" : "stopped"
    return given(
      micrograms(bolus.given) ?? 0, "\(kind) bolus of \(asked); it is in the sum of its day",
      bolus.at, bolus.at, status: status, notes: [])
  }

  private func given(
    _ micrograms: Double, _ text: String, _ from: Date, _ until: Date, status: String,
    notes: [String]
  ) -> FHIRValue {
    .of([
      "resourceType": "MedicationAdministration", "status": .text(status),
      "medicationReference": reference("medication"), "subject": subject,
      "effectivePeriod": .of([
        "start": .text(moments.machine(from)), "end": .text(moments.machine(until)),
      ]),
      "request": reference("request"), "device": [reference("device")],
      "dosage": .of([
        "text": .text(text), "route": FHIRDosage.route, "dose": .quantity(micrograms, "ug"),
      ]),
      "note": .list(notes.map { .of(["text": .text($0)]) }),
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
      "payload": [.of(["contentString": .text("\(past.alarm.name): \(past.alarm.title)")])],
    ])
  }

  private func change(_ change: DeliveryHistory.Change) -> FHIRValue {
    let isRefused = change.what.contains("REFUSED")
    let audit = "http://dicom.nema.org/resources/ontology/DCM"
    return .of([
      "resourceType": "AuditEvent",
      "type": .coding(audit, "110100", "Application Activity"), "action": "E",
      "recorded": .text(moments.machine(change.at)), "outcome": isRefused ? "4" : "0",
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
