import PumpEngine
import PumpHAL
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("The supervisor holds ENABLE, and lets it go")
struct HoldTests {
  @Test(
    "A hold that ends before ENABLE was released for it still releases it, and wakes the driver anew"
  )
  func shortHold() throws {
    let settings = try Fixture.settings()
    let witness = Witness()
    var loop = ControlLoop(
      engine: Engine(
        settings: settings,
        prescription: Fixture.prescription(
          .continuous(try settings.step.flow(ofStepsPerSecond: 20))), grant: .unlimited),
      hardware: Fixture.watchedBench(witness))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    // Between two steps: one that is still high would hold everything else up by itself.
    loop.run(until: .epoch + TimeSpan(milliseconds: 5_020))
    let now = loop.hardware.now
    let before = witness.rises.count
    // Both in one look at the orders: the supervisor has released ENABLE itself meanwhile.
    loop.engine.hold(true, at: now)
    loop.engine.hold(false, at: now)
    loop.run(until: now + TimeSpan(seconds: 5))
    let fall = try #require(witness.enableFalls.last)
    #expect(fall >= now)
    let next = witness.rises[before]
    #expect(next.elapsed(since: fall) >= Fixture.driver.wakeUp)
    #expect(witness.rises.count > before + 90)
    #expect(witness.isEnergised)
  }
}
