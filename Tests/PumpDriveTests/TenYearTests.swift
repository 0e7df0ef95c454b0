import BigInt
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

@Suite("Over ten years nothing drifts")
struct TenYearTests {
  @Test("The last step of ten years of a flex pattern is due to the nanosecond")
  func lastStep() throws {
    let step = try Fixture.step(623_375, in: 4)
    // Six flows a day that no step volume divides, of about two steps an hour, and a bolus.
    let segments = (0..<6).map { index in
      FlexPattern.BasalSegment(
        start: TimeSpan(hours: UInt64(index) * 4),
        flow: FlowRate(femtolitresPerDay: 7_000_003 + UInt64(index) * 111_111))
    }
    let bolus = try Bolus(volume: Volume(femtolitres: 500_003), duration: TimeSpan(seconds: 601))
    let pattern = try FlexPattern(
      period: .day, segments: segments, boluses: [.init(start: TimeSpan(hours: 9), bolus: bolus)])
    let therapy = Therapy.flex(pattern)
    var settings = try Fixture.settings(step: step)
    settings.housekeeping = TimeSpan(days: 30)
    var engine = Engine(
      settings: settings, prescription: Fixture.prescription(therapy), grant: .unlimited)
    try engine.perform(.begin(isConfirmed: true), at: .epoch)
    let end = Instant.epoch + TimeSpan(days: 3_652)
    var lastDue = Instant.epoch
    while engine.deadline <= end {
      if engine.planner.nextDue != .never { lastDue = engine.planner.nextDue }
      _ = engine.turn(at: engine.deadline)
    }
    // By definition: whole days, then the entries of the day by hand.
    let day = try therapy.volume(from: .zero, lasting: .day)
    let exact = Self.exactDay(segments, bolus)
    #expect(day.femtolitres - UInt64(exact.floor) <= 14)
    let total = exact * Rational(3_652)
    let planned = engine.ledger.planned
    let steps = (total * Rational(BigInt(step.divisor), BigInt(step.numerator))).floor
    #expect(BigInt(planned) == steps)
    #expect(lastDue > .epoch + TimeSpan(days: 3_651))
    // The unrounded prescription: a whole bolus every day, of which the flow loses less than a step
    // in ten years.
    let own = Rational(BigInt(bolus.flow.count) * BigInt(bolus.duration.nanoseconds), Self.day)
    let lost = (Rational(BigInt(bolus.volume.count)) - own) * Rational(3_652)
    #expect(lost >= Rational(0))
    #expect(lost < Rational(BigInt(step.numerator), BigInt(step.divisor)))
  }

  /// The exact volume of a day: flows by their lengths, the bolus by its own flow.
  private static func exactDay(
    _ segments: [FlexPattern.BasalSegment], _ bolus: Bolus
  ) -> Rational {
    let basal = segments.reduce(Rational(0)) { sum, segment in
      sum + Rational(BigInt(segment.flow.count), 6)
    }
    return basal
      + Rational(BigInt(bolus.flow.count) * BigInt(bolus.duration.nanoseconds), day)
  }

  private static let day = BigInt(86_400_000_000_000)
}
