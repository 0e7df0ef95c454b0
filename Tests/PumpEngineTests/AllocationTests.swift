import CAllocationCounter
import PumpEngine
import PumpHAL
import PumpPlan
import PumpPlant
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@Suite("From deadline to edge nothing is allocated")
struct AllocationTests {
  @Test("A million steps, a ramped bolus among them, ask for no memory")
  func noAllocation() throws {
    let settings = try Fixture.settings()
    let flow = try settings.step.flow(ofStepsPerSecond: 900)
    var loop = ControlLoop(
      engine: Engine(
        settings: settings, prescription: Fixture.prescription(.continuous(flow)), grant: .unlimited
      ),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: DigestTrace()))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    let bolus = try Bolus(
      volume: settings.step.volume(ofSteps: 15_000), duration: TimeSpan(seconds: 10))
    // The first minutes pay for what the language's runtime makes lazily, once.
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(seconds: 600))
    try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: loop.hardware.now)
    let (before, stepsBefore) = (allocation_count(), loop.engine.ledger.delivered)
    loop.run(until: .epoch + TimeSpan(seconds: 1_800))
    let allocations = allocation_count() - before
    let steps = loop.engine.ledger.delivered - stepsBefore
    #expect(steps > 1_000_000)
    #expect(allocations == 0)
  }

  @Test("The counter counts: an array asks for memory")
  func counterCounts() {
    let before = allocation_count()
    let array = (0..<100).map { $0 }
    #expect(array.count == 100)
    #expect(allocation_count() > before)
  }
}
