import PumpDrive
import PumpPlan
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@Suite("What is left of a bolus is delivered, and never more, however often it is begun anew")
struct BolusShapeTests {
  @Test("A ramp is as long as the definition says, to the nanosecond, and even where that is odd")
  func rampLength() throws {
    // From nothing to 1,000 steps/s at 2,000 steps/s² takes half a second; at 3,000 a third, rounded up to be even.
    for (acceleration, nanoseconds) in [(UInt64(2_000), UInt64(500_000_000)), (3_000, 333_333_334)]
    {
      let settings = try Fixture.settings(
        startRate: 0, maximumRate: 4_000, acceleration: acceleration)
      let bolus = try Bolus(
        volume: settings.step.volume(ofSteps: 5_000), duration: TimeSpan(seconds: 5))
      let shape = try BolusShape(
        of: bolus, from: .epoch, over: .zero, motor: settings.motor, step: settings.step,
        lead: settings.driver.lead)
      #expect(shape.rampLength == TimeSpan(nanoseconds: nanoseconds), "\(acceleration)")
    }
  }

  @Test(
    "A bolus that begins anew holds the rest of its volume, to what a nanosecond fills",
    arguments: 0..<8)
  func resumed(block: UInt64) throws {
    var peaks = 0
    for seed in block * 100..<block * 100 + 100 {
      var random = SplitMix64(seed: seed)
      let settings = try Fixture.settings(
        startRate: 200 + random.next() % 800, maximumRate: 1_200 + random.next() % 3_000,
        acceleration: 2_000 + random.next() % 8_000)
      let steps = 50 + random.next() % 9_000
      let asked = try Bolus(
        volume: settings.step.volume(ofSteps: steps),
        duration: TimeSpan(seconds: 1 + random.next() % 8))
      guard
        var shape = try? BolusShape(
          of: asked, from: .epoch, over: .zero, motor: settings.motor, step: settings.step,
          lead: settings.driver.lead), shape.isRamped
      else { continue }
      var given = Volume.zero
      var now = shape.start
      for _ in 0..<4 {
        let span = shape.end.elapsed(since: shape.start).nanoseconds
        now = shape.start + TimeSpan(nanoseconds: random.next() % max(1, span))
        given += shape.volume(by: now)
        let rest = shape.volume.lessening(by: shape.volume(by: now))
        let next = shape.resumed(at: now, after: TimeSpan(milliseconds: 3))
        #expect(next.start == now + TimeSpan(milliseconds: 3), "seed \(seed)")
        #expect(next.volume <= rest, "seed \(seed)")
        // Two nanoseconds of the shape's top flow, and the femtolitre that a volume is rounded by.
        let grain = 2 * shape.to.femtolitresPerDay / 86_400_000_000_000 + 2
        #expect(rest.lessening(by: next.volume).femtolitres <= grain + 16, "seed \(seed)")
        // It climbs as far as it came before, or less far where too little is left for that.
        if next.cruise.isZero, next.climb < next.rampLength { peaks += 1 }
        shape = next
      }
      #expect(given + shape.volume <= asked.volume, "seed \(seed)")
    }
    #expect(peaks > 20, "\(peaks) never reach their top")
  }
}
