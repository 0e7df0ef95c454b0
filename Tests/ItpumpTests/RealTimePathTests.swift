import CAllocationCounter
import PumpBenchmarks
import PumpDrive
import PumpLinux
import PumpMessages
import PumpPlan
import PumpPlant
import PumpReplay
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService
@testable import itpump

@Suite("From wake-up to edge on the machine's clock nothing is allocated")
struct RealTimePathTests {
  @Test("A second at 1 kHz with every call told to the ring asks for no memory")
  func noAllocation() throws {
    try expectNoAllocation()
  }

  @Test("A hold-up that gives up steps, and its alarm, ask for no memory")
  func noAllocationWhenLate() throws {
    // The plant copies its schedule at the first fault; the second is the one that counts.
    let sounds = try expectNoAllocation(
      faults: FaultSchedule([
        ScheduledFault(.at(.epoch + TimeSpan(milliseconds: 100)), .wallClock(0)),
        ScheduledFault(
          .at(.epoch + TimeSpan(milliseconds: 600)), .lateWake(TimeSpan(milliseconds: 150))),
      ]))
    #expect(sounds > 0)
  }

  /// - Returns: How often an alarm sounded.
  @discardableResult
  private func expectNoAllocation(faults: FaultSchedule = FaultSchedule()) throws -> UInt64 {
    var parts = try StackBench.parts(try StepVolume.reference.flow(ofStepsPerSecond: 1_000))
    parts.plant.faults = faults
    let ring = try #require(RunRing(slots: 1 << 16))
    var paced = PacedBench(base: parts.bench, clock: PacedClock(pace: .init()))
    paced.startClock(ahead: .zero)
    var loop = ControlLoop(
      engine: parts.engine(),
      hardware: RecordedHardware(base: paced, sink: RingSink(ring.writer, isContiguous: true)))
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    loop.run(until: .epoch + TimeSpan(milliseconds: 300))
    let ledger = loop.engine.ledger
    let before = allocation_count()
    loop.run(until: .epoch + TimeSpan(milliseconds: 1_300))
    let allocations = allocation_count() - before
    let (due, made) = (
      loop.engine.ledger.planned - ledger.planned, loop.engine.ledger.delivered - ledger.delivered
    )
    #expect(allocations == 0)
    // On a busy machine many of them are given up: that is on the path, too.
    #expect(due > 900 && made > 0, "\(due) due, \(made) made")
    let isBroken = loop.hardware.sink.isBroken
    #expect(!isBroken)
    return loop.hardware.base.base.sounds
  }
}
