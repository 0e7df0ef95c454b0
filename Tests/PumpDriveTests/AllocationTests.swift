import CAllocationCounter
import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpReplay
import PumpSafety
import PumpScenarios
import PumpSession
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

  @Test("A fault, its alarm and what the loop does about it ask for no memory")
  func noAllocationInFault() throws {
    let second = TimeSpan(seconds: 1)
    // No fault that throws: the testing library keeps the stack of every error that is thrown.
    let faults: [PlantFault] = [
      .lateWake(second), .slowEdge(TimeSpan(milliseconds: 100)), .wildSensors(second),
      .battery(2_000), .temperature(90_000), .wallClock(86_400), .buttonHeld(second),
      .reservoirLoss(Volume(microlitres: 19_000)), .driverFault(second), .stall(second),
    ]
    for fault in faults {
      let settings = try Fixture.settings()
      let flow = try settings.step.flow(ofStepsPerSecond: 900)
      var plant = Fixture.plant()
      // The plant copies its schedule at the first fault; the second is the one that counts.
      plant.faults = FaultSchedule([
        ScheduledFault(.at(.epoch + second), .wallClock(0)),
        ScheduledFault(.at(.epoch + TimeSpan(seconds: 100)), fault),
      ])
      var loop = ControlLoop(
        engine: Engine(
          settings: settings, prescription: Fixture.prescription(.continuous(flow)),
          grant: .unlimited),
        hardware: RecordedHardware(
          base: SimulatedBench(settings: plant, trace: DigestTrace()), sink: CallCount()))
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      loop.run(until: .epoch + TimeSpan(seconds: 99))
      let (before, callsBefore) = (allocation_count(), loop.hardware.sink.calls)
      loop.run(until: .epoch + TimeSpan(seconds: 200))
      let allocations = allocation_count() - before
      #expect(allocations == 0, "\(fault)")
      let calls = loop.hardware.sink.calls - callsBefore
      #expect(calls > 100, "\(fault)")
    }
  }

  /// A hardware of these tests alone: no other test has paid for what its types cost at first use.
  private struct CallCount: HardwareCallSink {
    var calls = 0

    mutating func take(_ call: HardwareCall) { calls += 1 }
  }

  @Test("The counter counts: an array asks for memory")
  func counterCounts() {
    let before = allocation_count()
    let array = (0..<100).map { $0 }
    #expect(array.count == 100)
    #expect(allocation_count() > before)
  }
}
