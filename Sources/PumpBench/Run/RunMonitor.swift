import Foundation
import Histogram
import PumpDrive
import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlant
import PumpProfiles
import PumpReplay
package import PumpReports
package import PumpSafety
package import PumpService
import PumpUnits

/// Follows a run from outside its real-time thread: record, lateness, alarms, display, signals.
package final class RunMonitor {
  private let control: any RunControl
  private let record: RecordWriter?
  private var display: RunDisplay
  /// What the keys of the screen ask for.
  package var keys: RunKeys?
  /// Whether the run is over when its bolus is.
  package var endsWithBolus = false
  private(set) var events: [TimedEvent] = []
  /// By how much each wake-up came late, an edge's or any other's.
  private(set) var lateness = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  private(set) var digest = ActionDigest()
  package private(set) var troubles: [String] = []
  /// Holds the index pulses against the steps, and stops the run where they disagree.
  package var indexWatch: IndexWatch?
  /// What the index pulses said when they stopped the run.
  package private(set) var indexVerdict: IndexWatch.Verdict?
  /// Index pulses when the sensors were last read; `nil` without an index line.
  package private(set) var indexPulses: UInt64?
  /// Changes of the sensors' lines that were too short to count.
  private(set) var glitches: UInt64 = 0
  /// Wake-ups so late that the plan had to be brought up to date.
  private(set) var lateWakes: UInt64 = 0
  private var hasEnded = false
  private var isFullTold = false
  private var lastWake = Instant.epoch
  private var pause = PacedClock(pace: .asleep)

  package init(control: any RunControl, record: RecordWriter?, display: RunDisplay) {
    self.control = control
    self.record = record
    self.display = display
  }

  /// Follows the run until it has ended; SIGINT, SIGTERM and SIGHUP stop it.
  package func follow() -> RunEnding {
    let watch = SignalWatch(control)
    var isTold = false
    while !hasEnded {
      _ = pause.wait(until: pause.read() + TimeSpan(milliseconds: 50))
      // What was told before the end is there when the end is seen.
      let isOver = control.hasEnded
      drain(control.messages)
      if let ring = control.supervisorsMessages { drain(ring) }
      hasEnded = hasEnded || isOver
      if !isTold, let signal = watch.signal {
        isTold = true
        display.note(
          "stopping (signal \(signal)): the motor is de-energised as soon as it can slow down")
      }
      if let text = keys?.take() { display.note(text) }
      display.refresh(lateness)
    }
    keys?.end()
    watch.end()
    display.clear()
    return control.join()
  }

  private func drain(_ ring: RunRing) {
    while let message = ring.take() {
      switch message {
      case .started: break
      case .denied(let denial): display.note("warning: \(denial)")
      case .entry(let entry): take(entry)
      case .event(let event):
        take(TimedEvent(at: sinceStart(event.at), event: event.event))
      case .status(var status):
        status.at = sinceStart(status.at)
        display.status = status
        compareIndex(status)
      case .trouble(let line, let number): take(trouble: line, number)
      case .glitches(let count): glitches = count
      case .ended: hasEnded = true
      }
    }
    record?.flush()
    if let failure = record?.takeFailure() { display.note("\(failure); the run goes on") }
    if record?.isFull == true, !isFullTold {
      isFullTold = true
      display.note("note: the recording has reached its size limit and ends here; the run goes on")
    }
  }

  /// An instant of the pump's clock, counted from the therapy's start.
  private func sinceStart(_ instant: Instant) -> Instant {
    .epoch + instant.elapsed(since: control.first)
  }

  /// Closes the record.
  ///
  /// - Returns: Why it is not whole, if it is not.
  package func closeRecord() -> (any Error)? {
    do {
      try record?.close()
      return nil
    } catch {
      return error
    }
  }

  private func take(_ entry: RunEntry) {
    record?.append(entry)
    guard case .call(let call) = entry else { return }
    digest.take(call)
    switch call {
    case .waited(let deadline, let woke):
      if Self.tells(since: lastWake, until: deadline, woke: woke) {
        _ = lateness.record(woke.elapsed(since: deadline).nanoseconds)
      }
      lastWake = woke
    case .readSensors(let readings): indexPulses = readings.indexPulses
    default: break
    }
  }

  /// Whether a wait says something of lateness.
  ///
  /// One that is too short to sleep in is in time, and would flatter the others. But one that began when its
  /// deadline had passed tells of a hold-up outside of any wait.
  static func tells(since lastWake: Instant, until deadline: Instant, woke: Instant) -> Bool {
    let short = TimeSpan(microseconds: 20)
    return deadline.elapsed(since: lastWake) > short || woke.elapsed(since: deadline) > short
  }

  private func take(_ event: TimedEvent) {
    if case .late = event.event {
      lateWakes += 1
      return
    }
    events.append(event)
    display.take(event)
    if endsWithBolus, case .bolusEnded = event.event { control.orderStop() }
  }

  private func compareIndex(_ status: RunStatus) {
    guard indexVerdict == nil, let indexPulses,
      let verdict = indexWatch?.take(
        pulses: indexPulses, count: status.steps, isIdle: false),
      verdict != .plausible
    else { return }
    indexVerdict = verdict
    control.orderStop()
  }

  private func take(trouble line: BenchLine, _ number: Int32) {
    let why = LineFault(number: number).description
    let text = "line \(line.role): \(why)"
    troubles.append(text)
    display.note("error: \(text)")
  }
}
