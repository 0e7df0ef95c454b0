package import Foundation
package import PumpDrive
import PumpHAL
package import PumpJournal
package import PumpMessages
import PumpPlan
package import PumpPlant
package import PumpProfiles
import PumpSafety
import PumpSession
import PumpTherapy
package import PumpUnits

/// A profile that runs on the simulated bench for a time.
package struct Simulation {
  package var profile: Profile
  package var bench: Bench
  package var span: TimeSpan
  package var start: Date
  package var seed: UInt64
  package var faults: [ScheduledFault]
  /// What people ask of it, in order of time.
  package var commands: [ScriptedCommand] = []
  /// What a profile that is to be adopted is judged by.
  package var drugs: [Drug] = []

  package init(
    profile: Profile, bench: Bench, span: TimeSpan, start: Date, seed: UInt64,
    faults: [ScheduledFault], commands: [ScriptedCommand] = [], drugs: [Drug] = []
  ) {
    self.profile = profile
    self.bench = bench
    self.span = span
    self.start = start
    self.seed = seed
    self.faults = faults
    self.commands = commands
    self.drugs = drugs
  }

  /// A part of the run, for the summary.
  package struct Period {
    package var start: Instant
    package var end: Instant
    package var prescribed: Mass
    package var delivered: Mass
    package var steps: UInt64
  }

  /// What came of it.
  package struct Outcome {
    package var status: PumpStatus
    package var events: [TimedEvent]
    package var lostEvents: Int
    package var periods: [Period]
    /// What the prescription asked for over the whole time, whatever happened.
    package var prescribed: Volume
    /// What really left the pump and the catheter's tip.
    package var pumped: Volume
    package var atTip: Mass
    package var rotorSteps: UInt64
    package var isDry: Bool
    package var digest: TraceDigest
    /// Why the therapy could not begin, or its bolus.
    package var refusal: Refusal?
    /// Whether it was the single bolus that was refused.
    package var refusedBolus: Bool
    /// What people asked for, and what became of it.
    package var asked: [CommandScript.Asked]
    /// What the boluses gave that people asked for.
    package var commanded: Volume

    /// What was asked for and not given, and is in no other account: stopped, suspended or dropped.
    package var withheld: Volume {
      (prescribed + commanded).lessening(by: status.delivered + status.missed + status.uncertain)
    }
  }

  /// Runs it.
  ///
  /// - Parameters:
  ///   - trace: Takes every edge; returned with the outcome, finished by the caller.
  ///   - progress: Called with the fraction done.
  package func run<Trace: EdgeTrace>(trace: Trace, progress: (Double) -> Void) -> (Outcome, Trace) {
    var plant = profile.plant(on: bench, wallSecondsAtStart: Int64(start.timeIntervalSince1970))
    plant.seed = seed
    plant.faults = FaultSchedule(faults)
    var loop = profile.supervised(
      on: bench, SimulatedBench(settings: plant, trace: trace), place: profile.place(at: start))
    let plan = loop.open(bolus: profile.singleBolus)
    loop.run(until: .epoch)
    var refusal: Refusal?
    var refusedBolus = false
    do {
      if let plan { try loop.begin(plan, place: profile.place(at: start), at: .epoch) }
    } catch {
      refusal = error
      refusedBolus = loop.session.pump.loop.engine.state == .delivering
    }
    let end = Instant.epoch + span
    var script = CommandScript(self)
    var periods: [Period] = []
    let corners = periodStarts()
    for (index, from) in corners.enumerated() {
      let to = index + 1 < corners.count ? corners[index + 1] : end
      let before = loop.session.pump.loop.engine.ledger.delivered
      run(&loop, &script, from: from, to: to, progress)
      periods.append(
        period(
          from, to, before: before, after: loop.session.pump.loop.engine.ledger.delivered, script))
    }
    let events = loop.events
    let bench = Ending(loop)
    let outcome = Outcome(
      status: loop.session.pump.loop.engine.status(at: max(end, bench.now)), events: events,
      lostEvents: loop.eventsLost, periods: periods,
      prescribed: script.prescribed(from: .epoch, to: end),
      pumped: bench.pumped, atTip: bench.atTip, rotorSteps: bench.rotorSteps,
      isDry: bench.isDry, digest: bench.digest, refusal: refusal, refusedBolus: refusedBolus,
      asked: script.asked,
      commanded: commanded(
        events, loop.session.pump.loop.engine.detail(at: max(end, bench.now)).bolus))
    return (outcome, loop.session.pump.loop.hardware.trace)
  }

  /// What the boluses gave that people asked for: all that began beside the pattern's, but for the profile's own,
  /// which begins with the therapy.
  private func commanded(_ events: [TimedEvent], _ running: DriveDetail.RunningBolus?) -> Volume {
    var volume = Volume.zero
    var isOwn = false
    var mayBeOwn = profile.singleBolus != nil
    for event in events {
      switch event.event {
      case .bolusBegan(let kind, _) where kind != .scheduled:
        isOwn = mayBeOwn && kind == .single && event.at == .epoch
        mayBeOwn = mayBeOwn && !isOwn
      case .bolusEnded(let kind, let given, _) where kind != .scheduled && !isOwn: volume += given
      default: break
      }
    }
    if let running, running.kind != .scheduled, !isOwn { volume += running.given }
    return volume
  }

  private func run<Trace: EdgeTrace>(
    _ loop: inout SimulatedLoop<Trace>, _ script: inout CommandScript, from: Instant, to: Instant,
    _ progress: (Double) -> Void
  ) {
    let total = Double(span.nanoseconds)
    let parts = max(1, UInt64(200 * Double((to - from).nanoseconds) / total))
    for part in 1...parts {
      let at =
        part == parts
        ? to : from + TimeSpan(nanoseconds: (to - from).nanoseconds / parts * part)
      while script.nextAt < at {
        loop.run(until: script.nextAt)
        script.give(&loop)
      }
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

  private func period(
    _ from: Instant, _ to: Instant, before: UInt64, after: UInt64, _ script: CommandScript
  ) -> Period {
    func mass(_ volume: Volume) -> Mass {
      (try? profile.concentration.mass(in: volume)) ?? .zero
    }
    let volume = (try? bench.step.volume(ofSteps: after - before)) ?? .zero
    return Period(
      start: from, end: to,
      prescribed: mass(script.prescribed(from: from, to: to)),
      delivered: mass(volume), steps: after - before)
  }
}

/// Both channels on the simulated bench, with a journal in memory.
package typealias SimulatedLoop<Trace: EdgeTrace> = SupervisedLoop<
  SimulatedBench<Trace>, MemoryStore, DirectWire
>

extension Profile {
  /// Both channels for this profile on a bench.
  package func supervised<Trace: EdgeTrace>(
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
  package var events: [TimedEvent] {
    let drive = (0..<session.pump.loop.engine.eventCount).compactMap {
      session.pump.loop.engine.event($0)
    }
    let guarding = (0..<session.supervisor.eventCount).compactMap { session.supervisor.event($0) }
    return (drive + guarding).enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
  }

  /// How many are no longer kept.
  package var eventsLost: Int {
    session.pump.loop.engine.eventCount + session.supervisor.eventCount - events.count
  }
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
    now = loop.session.pump.loop.hardware.now
    pumped = loop.session.pump.loop.hardware.pumped
    atTip = (try? loop.session.pump.loop.hardware.massAtTip()) ?? .zero
    rotorSteps = loop.session.pump.loop.hardware.rotorSteps
    isDry = loop.session.pump.loop.hardware.isDry
    digest = loop.session.pump.loop.hardware.trace.digest
  }
}
