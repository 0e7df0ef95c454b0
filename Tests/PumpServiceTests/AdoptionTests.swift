import Foundation
import PumpMessages
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
}
