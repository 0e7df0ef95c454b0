import Foundation
import PumpMessages
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("Where in its pattern an adopted therapy goes on")
struct AdoptionTests {
  /// 2027-01-15, 08:00 UTC.
  private static let morning = Date(timeIntervalSince1970: 1_800_000_000)

  private static let flex = """
    profile: p
    population: adult-spinal
    drug: {name: baclofen, concentration: 500 ug/mL, lot: "A1", expires: 2030-01-01}
    reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
    catheter: {length: 100 cm, volume-per-length: 2 uL/cm}
    therapy:
      flex:
        time-zone: UTC
        every-day:
          - {from: "00:00", rate: 5 ug/h}
          - {from: "12:00", rate: 5.2 ug/h}
    patient-bolus: {enabled: false}
    """

  @Test(
    "A run that was started as if it were another moment goes on from there",
    arguments: [(ahead: 0, hours: 8), (ahead: 6, hours: 14), (ahead: -9, hours: 23)])
  func ahead(_ ahead: Int, _ hours: Int) throws {
    var facts = try Served.facts()
    facts.ahead = Double(ahead) * 3_600
    var request = WireRequest(.adopt)
    request.profile = Self.flex
    var status = Served.status()
    let adopted = try Adoption(request, instead: facts, status, at: Self.morning)
    #expect(adopted.place == TimeSpan(hours: UInt64(hours)))

    // So does what is taken up again after an outage.
    facts.profile = adopted.profile
    status.drive.fallBack = FlowRate(femtolitresPerDay: 10_000_000_000)
    let again = try Adoption(endingOutage: facts, status, at: Self.morning)
    #expect(again.place == TimeSpan(hours: UInt64(hours)))
  }

  /// A profile with a bolus at an interval, and what a running pump says of itself an hour after its last one.
  private func periodic(_ every: String) -> String {
    Self.flex.replacingOccurrences(
      of: #"therapy:[^£]*12:00[^\n]*\n"#,
      with:
        "therapy: {continuous: 24 ug/day}\nperiodic-bolus: {dose: 20 ug, over: 5 min, every: \(every)}\n",
      options: .regularExpression)
  }

  @Test(
    "A bolus at an interval comes no sooner after the last one than the new interval says, and at once if it is overdue",
    arguments: [
      // Old interval, minutes that its pattern has run, new interval, minutes into the new pattern.
      ("6 h", 60, "6 h", 60), ("6 h", 60, "4 h", 60), ("6 h", 300, "4 h", 0),
      ("4 h", 180, "6 h", 180),
      ("4 h", 300, "6 h", 60), ("4 h", 239, "4 h", 239), ("4 h", 240, "4 h", 0),
      ("6 h", 240, "4 h", 0),
      ("6 h", 239, "4 h", 239), ("4 h", 485, "6 h", 5),
    ])
  func interval(old: String, ran: UInt64, new: String, expected: UInt64) throws {
    var facts = try Served.facts()
    let loader = ProfileLoader(drugs: facts.drugs, bench: facts.bench, now: Self.morning)
    let (profile, problems) = loader.load(periodic(old))
    facts.profile = try #require(profile, "\(problems.map(\.message))")
    var request = WireRequest(.adopt)
    request.profile = periodic(new)
    request.confirm = true
    var status = Served.status()
    status.drive.place = TimeSpan(minutes: ran)
    #expect(
      try Adoption(request, instead: facts, status, at: Self.morning).place
        == TimeSpan(minutes: expected))
    // While only the minimum rate runs the pump's own facts know the place.
    status.drive.fallBack = FlowRate(femtolitresPerDay: 10_000_000_000)
    status.drive.place = .zero
    facts.place = (TimeSpan(minutes: ran), status.at.preceding(by: .zero))
    #expect(
      try Adoption(request, instead: facts, status, at: Self.morning).place
        == TimeSpan(minutes: expected))
  }

  @Test(
    "From a steady rate to a bolus at an interval, and from that to a pattern of the day: by the clock, or from its start"
  )
  func otherModes() throws {
    var facts = try Served.facts()
    var status = Served.status()
    status.drive.place = TimeSpan(minutes: 77)
    var request = WireRequest(.adopt)
    request.profile = periodic("6 h")
    request.confirm = true
    #expect(try Adoption(request, instead: facts, status, at: Self.morning).place == .zero)
    let loader = ProfileLoader(drugs: facts.drugs, bench: facts.bench, now: Self.morning)
    facts.profile = try #require(loader.load(periodic("6 h")).profile)
    request.profile = Self.flex
    #expect(
      try Adoption(request, instead: facts, status, at: Self.morning).place == TimeSpan(hours: 8))
  }

  @Test("Another patient's profile is not adopted; one that names none is")
  func otherPatient() throws {
    var facts = try Served.facts()
    facts.profile.prescribed.patient = "P-1"
    for (patient, isTaken) in [("P-1", true), ("P-2", false)] {
      var request = WireRequest(.adopt)
      request.profile = Self.flex + "\nprescribed: {patient: \"\(patient)\"}\n"
      let adopted = try? Adoption(request, instead: facts, Served.status(), at: Self.morning)
      #expect((adopted != nil) == isTaken, "\(patient)")
    }
    var request = WireRequest(.adopt)
    request.profile = Self.flex
    #expect(throws: Never.self) {
      try Adoption(request, instead: facts, Served.status(), at: Self.morning)
    }
  }
}
