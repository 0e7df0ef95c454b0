import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
package import PumpLinux
import PumpMessages
import PumpPlan
import PumpPlant
package import PumpProfiles
import PumpReplay
import PumpReports
import PumpSafety
import PumpService
import PumpTherapy
package import PumpUnits

/// A turning of the motor for a volume that is weighed.
package struct CalibrationTurn {
  private let bench: Bench
  private let over: TimeSpan?
  private let wish: RealTimeThread.Wish
  private let pace: PacedClock.Pace

  /// - Parameter over: How long a turning takes; as fast as the motor starts, if not given.
  package init(
    _ bench: Bench, over: TimeSpan?, _ wish: RealTimeThread.Wish, _ pace: PacedClock.Pace
  ) {
    self.bench = bench
    self.over = over
    self.wish = wish
    self.pace = pace
  }

  /// Turns the motor for a volume by the present calibration.
  ///
  /// - Parameter journal: Where it is booked.
  /// - Returns: The steps that were made.
  package func turn(_ volume: Volume, booked journal: String?) throws -> UInt64 {
    let start = bench.driver.motor.startRate
    let rate = max(1, (start == 0 ? bench.driver.motor.maximumRate : start) * 4 / 5)
    do {
      let fastest = try bench.step.flow(ofStepsPerSecond: rate)
      guard let span = over ?? fastest.time(toDeliver: volume) else {
        throw ProjectFiles.Problem(description: "calibrate: error: the volume takes for ever")
      }
      let bolus = try Bolus(volume: volume, duration: span)
      // Water is no drug: limits far beyond.
      let beyond = DoseLimits.Limit(soft: Mass(micrograms: 1_000), hard: Mass(micrograms: 1_000))
      let backlog = try bench.step.steps(in: bench.board.backlogLimit)
      let settings = EngineSettings(
        step: bench.step, motor: bench.driver.motor, driver: bench.driver.timing,
        backlogLimit: max(1, backlog), limits: DoseLimits(perHour: beyond, perDay: beyond),
        reservoir: try Reservoir(
          capacity: volume + volume, filled: volume + volume, lowAlarm: Volume(femtolitres: 1),
          reserve: .zero))
      let task = RunTask(singleBolus: bolus, span: span + TimeSpan(seconds: 12), isConfirmed: true)
      let books = try journal.map { try CalibrationBooks($0, bench, waits: Console.note) }
      let most = try bench.step.steps(in: volume) + 1
      let control = try claimed(settings, task)
      // Ahead, as in a run, and only when the bench is claimed: what is not begun leaves nothing uncertain.
      try books?.permit(most, within: span + TimeSpan(seconds: 12))
      let turned = try follow(control, span)
      let ledger = turned.outcome.status.ledger
      if let books, let journal {
        try books.book(certain: ledger.delivered, uncertain: ledger.uncertain)
        Console.note(
          "booked: \(TextColumns.grouped(ledger.delivered + ledger.uncertain)) steps in \(journal)")
      }
      return try checked(turned)
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch {
      throw ProjectFiles.Problem(
        description: "calibrate: error: \(Format.volume(volume)) can't be turned on this bench in "
          + "this time; take a smaller volume or a longer time")
    }
  }

  /// What a turning came to, and who watched it.
  private struct Turned {
    var outcome: RunOutcome
    var monitor: RunMonitor
  }

  private func follow(
    _ control: RunThread<LinuxBench>, _ span: TimeSpan
  ) throws -> Turned {
    guard control.start(wish) else {
      throw ProjectFiles.Problem(description: "calibrate: error: no thread left")
    }
    Console.note("turning takes \(Format.span(span)); Ctrl-C stops")
    let monitor = RunMonitor(
      control: control, record: nil, display: RunDisplay(titled: "calibrating \(bench.board.name)"))
    monitor.endsWithBolus = true
    let index = bench.board.lines["index"] == nil ? nil : bench.stepsPerIndex
    monitor.indexWatch = index.map { IndexWatch(period: $0, play: max(1, $0 / 8), count: 0) }
    let ending = monitor.follow()
    guard let outcome = ending.outcome else {
      throw ProjectFiles.Problem(description: "calibrate: error: no result")
    }
    return Turned(outcome: outcome, monitor: monitor)
  }

  /// Claims the bench.
  ///
  /// With an engine of its own: Swift 6.0 crashes where a function is given one and throws after it has handed
  /// it on.
  private func claimed(_ settings: EngineSettings, _ task: RunTask) throws
    -> RunThread<LinuxBench>
  {
    StopSignal.block()
    let engine = Engine(
      settings: settings,
      prescription: Prescription(therapy: .stopped, concentration: CalibrationBooks.water),
      grant: .unlimited)
    let hardware = try LinuxBench.claimed(bench.board, clock: PacedClock(pace: pace))
    let control = RunThread(
      engine: engine, hardware: hardware, task: task, isRecording: false
    ) { $0.trouble }
    guard let control else {
      throw ProjectFiles.Problem(description: "calibrate: error: no memory left")
    }
    return control
  }

  /// Refuses steps that can't be weighed.
  ///
  /// - Returns: How many were made.
  private func checked(_ turned: Turned) throws -> UInt64 {
    let (outcome, monitor) = (turned.outcome, turned.monitor)
    let index = bench.board.lines["index"] == nil ? nil : bench.stepsPerIndex
    let ledger = outcome.status.ledger
    if let refusal = outcome.refusal {
      throw ProjectFiles.Problem(description: "calibrate: error: \(refusal.words)")
    }
    guard outcome.isAtRest else {
      throw ProjectFiles.Problem(
        description: "calibrate: error: the motor is NOT DE-ENERGISED: cut its supply by hand")
    }
    if case .tripped(let alarm) = outcome.status.state {
      throw ProjectFiles.Problem(description: "calibrate: error: \(alarm.title); nothing to weigh")
    }
    guard monitor.troubles.isEmpty, ledger.uncertain == 0 else {
      throw ProjectFiles.Problem(
        description: "calibrate: error: \(monitor.troubles.joined(separator: "; ")): steps are "
          + "uncertain, so what was delivered can't be weighed against them")
    }
    if let index, let pulses = monitor.indexPulses {
      Console.note("index pulses: \(pulses) seen, \(ledger.delivered / index) expected")
      try compare(pulses, ledger.delivered, index, monitor.indexVerdict)
    }
    return ledger.delivered
  }

  /// Refuses to calibrate by steps that the head did not follow.
  ///
  /// Where the head stood at first is unknown, and the last pulse may come after the last reading: one
  /// pulse more or less says nothing.
  private func compare(
    _ pulses: UInt64, _ made: UInt64, _ period: UInt64, _ verdict: IndexWatch.Verdict?
  ) throws {
    let expected = made / period
    let words: String
    switch verdict {
    case .stalled: words = "the head has stalled"
    case .ahead: words = "the head has turned further than it was told"
    case .behind: words = "the head has slipped"
    case .movedByItself: words = "the head turned by itself"
    case nil, .plausible:
      guard pulses > expected + 1 || pulses + 1 < expected else { return }
      words = pulses > expected ? "pulses are too many" : "pulses are missing"
    }
    throw ProjectFiles.Problem(
      description: "calibrate: error: \(words): \(pulses) index pulses where "
        + "\(TextColumns.grouped(made)) steps make \(expected); nothing to weigh. Look at the motor's "
        + "current, the coupling and the sensor, or lower the start rate in the driver file")
  }
}
