import Foundation
import PumpEngine
import PumpHAL
import PumpJournal
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// A profile that runs on the simulated bench for a time.
struct Simulation {
  var profile: Profile
  var bench: Bench
  var span: TimeSpan
  var start: Date
  var seed: UInt64
  var faults: [ScheduledFault]

  /// A part of the run, for the summary.
  struct Period {
    var start: Instant
    var end: Instant
    var prescribed: Mass
    var delivered: Mass
    var steps: UInt64
  }

  /// What came of it.
  struct Outcome {
    var status: PumpStatus
    var events: [TimedEvent]
    var lostEvents: Int
    var periods: [Period]
    /// What the prescription asked for over the whole time, whatever happened.
    var prescribed: Volume
    /// What really left the pump and the catheter's tip.
    var pumped: Volume
    var atTip: Mass
    var rotorSteps: UInt64
    var isDry: Bool
    var digest: TraceDigest
    /// Why the therapy could not begin, or its bolus.
    var refusal: Refusal?
    /// Whether it was the single bolus that was refused.
    var refusedBolus: Bool
  }

  /// Runs it.
  ///
  /// - Parameters:
  ///   - trace: Takes every edge; returned with the outcome, finished by the caller.
  ///   - progress: Called with the fraction done.
  func run<Trace: EdgeTrace>(trace: Trace, progress: (Double) -> Void) -> (Outcome, Trace) {
    var plant = profile.plant(on: bench, wallSecondsAtStart: Int64(start.timeIntervalSince1970))
    plant.seed = seed
    plant.faults = FaultSchedule(faults)
    var loop = profile.supervised(
      on: bench, SimulatedBench(settings: plant, trace: trace), place: profile.place(at: start))
    loop.open()
    loop.run(until: .epoch)
    var refusal: Refusal?
    var refusedBolus = false
    do {
      try loop.perform(.begin(isConfirmed: true), at: .epoch)
      if let bolus = profile.singleBolus {
        try loop.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
      }
    } catch {
      refusal = error
      refusedBolus = loop.drive.engine.state == .delivering
    }
    let end = Instant.epoch + span
    var periods: [Period] = []
    let corners = periodStarts()
    for (index, from) in corners.enumerated() {
      let to = index + 1 < corners.count ? corners[index + 1] : end
      let before = loop.drive.engine.ledger.delivered
      run(&loop, from: from, to: to, progress)
      periods.append(
        period(from, to, before: before, after: loop.drive.engine.ledger.delivered))
    }
    let events = loop.events
    let bench = Ending(loop)
    let outcome = Outcome(
      status: loop.drive.engine.status(at: max(end, bench.now)), events: events,
      lostEvents: loop.eventsLost, periods: periods,
      prescribed: profile.prescribed(from: .epoch, to: end, startingAt: start),
      pumped: bench.pumped, atTip: bench.atTip, rotorSteps: bench.rotorSteps,
      isDry: bench.isDry, digest: bench.digest, refusal: refusal, refusedBolus: refusedBolus)
    return (outcome, loop.drive.hardware.trace)
  }

  private func run<Trace: EdgeTrace>(
    _ loop: inout SimulatedLoop<Trace>, from: Instant, to: Instant,
    _ progress: (Double) -> Void
  ) {
    let total = Double(span.nanoseconds)
    let parts = max(1, UInt64(200 * Double((to - from).nanoseconds) / total))
    for part in 1...parts {
      let at =
        part == parts
        ? to : from + TimeSpan(nanoseconds: (to - from).nanoseconds / parts * part)
      loop.run(until: at)
      progress(Double(at.nanoseconds) / total)
    }
  }

  /// The corners of the summary: the pattern's rates for up to two days, else days, else months.
  private func periodStarts() -> [Instant] {
    let day = TimeSpan.day
    guard span > TimeSpan(days: 2) else { return patternCorners() }
    let length = span > TimeSpan(days: 31) ? TimeSpan(days: 30) : day
    let count = (span.nanoseconds - 1) / length.nanoseconds
    return (0...count).map { .epoch + length * $0 }
  }

  private func patternCorners() -> [Instant] {
    guard case .flex(let pattern) = profile.prescription.therapy, pattern.segments.count > 1 else {
      return [.epoch]
    }
    var corners: [Instant] = []
    let place = profile.place(at: start)
    var at = Instant.epoch
    while at < .epoch + span {
      corners.append(at)
      let here = TimeSpan(
        nanoseconds: (place + TimeSpan(nanoseconds: at.nanoseconds)).nanoseconds
          % pattern.period.nanoseconds)
      at = at + pattern.basal(at: here).lasts
    }
    return corners
  }

  private func period(_ from: Instant, _ to: Instant, before: UInt64, after: UInt64) -> Period {
    func mass(_ volume: Volume) -> Mass {
      (try? profile.concentration.mass(in: volume)) ?? .zero
    }
    let volume = (try? bench.step.volume(ofSteps: after - before)) ?? .zero
    return Period(
      start: from, end: to,
      prescribed: mass(profile.prescribed(from: from, to: to, startingAt: start)),
      delivered: mass(volume), steps: after - before)
  }
}

/// Both channels on the simulated bench, with a journal in memory.
typealias SimulatedLoop<Trace: EdgeTrace> = SupervisedLoop<
  SimulatedBench<Trace>, MemoryStore, DirectWire
>

extension Profile {
  /// Both channels for this profile on a bench.
  func supervised<Trace: EdgeTrace>(
    on bench: Bench, _ hardware: consuming SimulatedBench<Trace>, place: TimeSpan
  ) -> SimulatedLoop<Trace> {
    var settings = engineSettings(on: bench)
    settings.recorderCapacity = 65_536
    var guarding = supervisorSettings(on: bench)
    guarding.recorderCapacity = 65_536
    let engine = Engine(settings: settings, prescription: prescription, place: place)
    return SimulatedLoop<Trace>(
      drive: ControlLoop(engine: engine, hardware: hardware),
      supervisor: Supervisor(
        settings: guarding, prescription: prescription, place: place, start: .epoch),
      journal: Journal(blank: MemoryStore(slots: 4_096)), wire: DirectWire())
  }
}

extension SupervisedLoop where Hardware: ~Copyable, Store: ~Copyable {
  /// The events of both channels that are still kept, in the order of time.
  var events: [TimedEvent] {
    let drive = (0..<self.drive.engine.eventCount).compactMap { self.drive.engine.event($0) }
    let guarding = (0..<supervisor.eventCount).compactMap { supervisor.event($0) }
    return (drive + guarding).enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
  }

  /// How many are no longer kept.
  var eventsLost: Int { drive.engine.eventCount + supervisor.eventCount - events.count }
}

/// What a simulated bench shows at a run's end.
private struct Ending {
  var now: Instant
  var pumped: Volume
  var atTip: Mass
  var rotorSteps: UInt64
  var isDry: Bool
  var digest: TraceDigest

  init<Trace: EdgeTrace>(_ loop: borrowing SimulatedLoop<Trace>) {
    now = loop.drive.hardware.now
    pumped = loop.drive.hardware.pumped
    atTip = (try? loop.drive.hardware.massAtTip()) ?? .zero
    rotorSteps = loop.drive.hardware.rotorSteps
    isDry = loop.drive.hardware.isDry
    digest = loop.drive.hardware.trace.digest
  }
}
