import Foundation
package import PumpDrive
import PumpHAL
package import PumpLinux
import PumpMessages
import PumpPlan
import PumpReplay
package import PumpUnits

package typealias RunRing = SlotRing<RunMessage>

/// Runs a session on a real-time thread; everything it tells leaves through a ring.
package final class RunThread<Hardware: RealTimeHardware & ~Copyable>: RunControl, RealTimeTask,
  @unchecked Sendable
{
  private typealias Session = ControlSession<RecordedHardware<Hardware, RingSink>, StopOrders>

  package let messages: RunRing
  package var supervisorsMessages: RunRing? { nil }
  package var hasEnded: Bool { false }
  package var first: Instant { .epoch }
  private let orders: SlotRing<Bool>
  /// A ring has one thread at each end, and more than one may order a stop.
  private let ordering = NSLock()
  private let trouble: (borrowing Hardware) -> LinuxBench.Trouble?
  private var session: Session?
  private var thread: RealTimeThread?
  private var ending = RunEnding()

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - trouble: The latest line that failed, where the hardware knows.
  /// - Returns: `nil` without memory for the rings.
  package init?(
    engine: consuming Engine, hardware: consuming Hardware, task: RunTask, isRecording: Bool,
    trouble: @escaping (borrowing Hardware) -> LinuxBench.Trouble?
  ) {
    guard let messages = RunRing(slots: 1 << 16), let orders = SlotRing<Bool>(slots: 4) else {
      return nil
    }
    self.messages = messages
    self.orders = orders
    self.trouble = trouble
    let sink = RingSink(messages.writer, isContiguous: isRecording)
    session = Session(
      loop: ControlLoop(
        engine: engine, hardware: RecordedHardware(base: hardware, sink: sink)),
      orders: StopOrders(orders: orders, messages: messages.writer), task: task)
  }

  package func start(_ wish: RealTimeThread.Wish) -> Bool {
    thread = RealTimeThread.start(wish, self)
    return thread != nil
  }

  package func orderStop() { ordering.withLock { _ = orders.writer.put(true) } }

  package func join() -> RunEnding {
    thread?.join()
    return ending
  }

  package func carryOut(without denials: [RealTimeThread.Denial]) {
    guard var session = session.take() else { return }
    for denial in denials { deliver(.denied(denial)) }
    deliver(.started)
    let writer = messages.writer
    var told = (events: 0, trouble: LinuxBench.Trouble?.none)
    // What is set up at the first instant is set up before it, and is not late.
    session.loop.hardware.base.startClock(ahead: TimeSpan(milliseconds: 100))
    let clock = PacedClock(pace: .asleep)
    let began = threadProcessorTime()
    let outcome = session.run { loop, now in
      while told.events < loop.engine.eventCount {
        // One that has given way in the recorder is gone; one that finds no room is told later.
        if let event = loop.engine.event(told.events), !writer.put(.event(event)) { break }
        told.events += 1
      }
      if let failed = trouble(loop.hardware.base), failed != told.trouble,
        writer.put(.trouble(failed.line, number: failed.number))
      {
        told.trouble = failed
      }
      writer.put(.status(RunStatus(loop.engine, at: now)))
    }
    ending.processorTime = threadProcessorTime() - began
    ending.elapsed = clock.read() - .epoch
    ending.isRecordWhole = !session.loop.hardware.sink.isBroken
    ending.lostMessages = messages.lost
    ending.outcome = outcome
    deliver(.ended)
  }

  /// Tells what must not be lost, when there is time to wait for room.
  private func deliver(_ message: RunMessage) {
    var clock = PacedClock(pace: .asleep)
    while !messages.writer.put(message) {
      _ = clock.wait(until: clock.read() + TimeSpan(milliseconds: 10))
    }
  }
}

/// A run that goes on behind one's back.
package protocol RunControl: AnyObject, Sendable {
  /// What the drive tells, and what its supervisor tells, if it has one.
  var messages: RunRing { get }
  var supervisorsMessages: RunRing? { get }
  /// Whether it has ended without a word: its process was killed.
  var hasEnded: Bool { get }
  /// When the therapy began, by the pump's clock.
  var first: Instant { get }
  /// Tells it to stop as soon as the motor can.
  func orderStop()
  /// Waits for its end.
  func join() -> RunEnding
}

/// What is known when a run has ended.
package struct RunEnding: Sendable {
  package var outcome: RunOutcome?
  /// Processor time of the real-time thread, and how long it ran.
  package var processorTime = TimeSpan.zero
  package var elapsed = TimeSpan.zero
  /// Messages that found no room in the ring.
  package var lostMessages: UInt64 = 0
  /// Whether the ring kept up: a record is complete only then.
  package var isRecordWhole = true
}

extension RunStatus {
  package init(_ engine: borrowing Engine, at now: Instant) {
    let ledger = engine.ledger
    self.init(
      at: now, planned: engine.planned(at: now),
      delivered: (try? engine.settings.step.volume(ofSteps: ledger.delivered)) ?? .zero,
      reservoir: engine.reservoirLeft, flow: engine.flow(at: now), steps: ledger.delivered,
      missed: UInt32(clamping: ledger.missed), uncertain: UInt32(clamping: ledger.uncertain),
      state: engine.state)
  }
}
