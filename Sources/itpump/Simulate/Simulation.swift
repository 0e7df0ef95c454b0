import Foundation
import PumpEngine
import PumpHAL
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
    var settings = profile.engineSettings(on: bench)
    settings.recorderCapacity = 65_536
    var plant = profile.plant(on: bench, wallSecondsAtStart: Int64(start.timeIntervalSince1970))
    plant.seed = seed
    plant.faults = FaultSchedule(faults)
    let engine = Engine(
      settings: settings, prescription: profile.prescription, place: profile.place(at: start))
    var loop = ControlLoop(
      engine: engine, hardware: SimulatedBench(settings: plant, trace: trace))
    loop.run(until: .epoch)
    var refusal: Refusal?
    var refusedBolus = false
    do {
      try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
      if let bolus = profile.singleBolus {
        try loop.engine.perform(.bolus(bolus, isConfirmed: true), at: .epoch)
      }
    } catch {
      refusal = error
      refusedBolus = loop.engine.state == .delivering
    }
    let end = Instant.epoch + span
    var periods: [Period] = []
    let corners = periodStarts()
    for (index, from) in corners.enumerated() {
      let to = index + 1 < corners.count ? corners[index + 1] : end
      let before = loop.engine.ledger.delivered
      run(&loop, from: from, to: to, progress)
      periods.append(
        period(from, to, before: before, after: loop.engine.ledger.delivered))
    }
    let events = (0..<loop.engine.eventCount).compactMap { loop.engine.event($0) }
    let outcome = Outcome(
      status: loop.engine.status(at: max(end, loop.hardware.now)), events: events,
      lostEvents: loop.engine.eventCount - events.count, periods: periods,
      prescribed: profile.prescribed(from: .epoch, to: end, startingAt: start),
      pumped: loop.hardware.pumped,
      atTip: (try? loop.hardware.massAtTip()) ?? .zero, rotorSteps: loop.hardware.rotorSteps,
      isDry: loop.hardware.isDry, digest: loop.hardware.trace.digest, refusal: refusal,
      refusedBolus: refusedBolus)
    return (outcome, loop.hardware.trace)
  }

  private func run<Trace: EdgeTrace>(
    _ loop: inout ControlLoop<SimulatedBench<Trace>>, from: Instant, to: Instant,
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
