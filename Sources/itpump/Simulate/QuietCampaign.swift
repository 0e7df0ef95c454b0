import ArgumentParser
import Foundation
import PumpEngine
import PumpHAL
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// Lives in which nothing goes wrong: every shipped profile with every fill, and profiles drawn by chance.
///
/// Each goes from its fill to the reserve. Whatever alarms but the reservoir, or the reminder of a therapy that delivers
/// nothing, alarms without a cause.
struct QuietCampaign {
  /// A profile with what it runs on, and what it is called in a report.
  struct Life: Sendable {
    var name: String
    var profile: Profile
    var bench: Bench
  }

  /// What came of a life.
  struct Verdict: Sendable {
    var name: String
    var days: Double
    /// Alarms without a cause, and when.
    var problems: [String]
  }

  /// No life is longer: a minimum rate would take years.
  private static let longest = TimeSpan(days: 366)
  /// A therapy that delivers nothing is watched so long.
  private static let stopped = TimeSpan(days: 3)

  /// Every life: shipped profiles first, with each fill from 1 mL on, then one for each seed.
  static func lives(_ options: FileOptions, seeds: Range<UInt64>, now: Date) throws -> [Life] {
    guard let folder = SearchPath.find(.profiles, beside: nil)?.folder else {
      throw ProjectFiles.Problem(description: "profiles: error: none found; see 'itpump where'")
    }
    var lives: [Life] = []
    for name in SearchPath.yaml(in: folder) {
      // What a profile's warnings ask about is no matter here.
      let (profile, bench, _) = try options.inputs("\(folder)/\(name)").load(now: now)
      let capacity = profile.reservoir.capacity.femtolitres / 1_000_000_000_000
      for filled in 1...max(1, capacity) {
        var life = Life(name: "\(profile.name) from \(filled) mL", profile: profile, bench: bench)
        life.profile.reservoir = try reservoir(filled, of: profile)
        lives.append(life)
      }
    }
    let files = options.files
    let bench = try files.benchFiles(besideProfile: "\(folder)/x").bench()
    let loader = ProfileLoader(
      drugs: try InputFile.drugs(try files.drugFiles(besideProfile: "\(folder)/x")), bench: bench,
      now: now)
    let expires = CalendarDay(now.addingTimeInterval(3 * 366 * 86_400), in: .gmt)
    for seed in seeds {
      // What the rules refuse is drawn anew.
      for attempt in UInt64(0)..<64 {
        var drawn = RandomProfile(seed: seed &* 64 &+ attempt)
        let text = drawn.text(expires: "\(expires)")
        guard let profile = loader.load(text).profile else { continue }
        lives.append(Life(name: "seed \(seed)", profile: profile, bench: bench))
        break
      }
    }
    return lives
  }

  private static func reservoir(_ filled: UInt64, of profile: Profile) throws -> Reservoir {
    let own = profile.reservoir
    let volume = Volume(microlitres: filled * 1_000)
    return try Reservoir(
      capacity: own.capacity, filled: volume,
      lowAlarm: min(own.lowAlarm, Volume(microlitres: filled * 400)),
      reserve: min(own.reserve, Volume(microlitres: filled * 200)))
  }

  /// Lives through one.
  static func run(_ life: Life, start: Date) -> Verdict {
    let place = life.profile.place(at: start)
    let forecast = Forecast(life.profile, on: life.bench, from: place)
    let isIdle = life.profile.prescription.therapy == .stopped
    let end = forecast.stopsAfter.map { $0 + .hour } ?? (isIdle ? stopped : longest)
    let simulation = Simulation(
      profile: life.profile, bench: life.bench, span: isIdle ? stopped : min(end, longest),
      start: start, seed: 1, faults: [])
    let outcome = simulation.run(trace: DigestTrace()) { _ in }.0
    var problems: [String] = []
    for event in outcome.events {
      guard case .alarmRaised(let alarm) = event.event, !isExpected(alarm, isIdle: isIdle) else {
        continue
      }
      problems.append("\(alarm.name) after \(Format.span(event.at - .epoch))")
    }
    if outcome.lostEvents > 0 { problems.append("\(outcome.lostEvents) events were not kept") }
    if let refusal = outcome.refusal, refusal != forecast.refusal {
      problems.append("refused: \(refusal.words), and the forecast is another")
    }
    return Verdict(
      name: life.name, days: Double(simulation.span.nanoseconds) / 86_400e9, problems: problems)
  }

  private static func isExpected(_ alarm: Alarm, isIdle: Bool) -> Bool {
    switch alarm {
    case .reservoirLow, .reservoirEmpty: true
    case .stoppedLong: isIdle
    default: false
    }
  }

  /// Runs lives on all processors until so many days are simulated, and tells what alarmed without a cause.
  static func report(days: Int, seed: UInt64, options: FileOptions, json: String?) throws {
    let now = Date()
    var lives = try lives(options, seeds: seed..<seed &+ min(1_000, .max - seed), now: now)
    // In an order that mixes all kinds, the same for a seed.
    var random = SplitMix64(seed: seed)
    for index in stride(from: lives.count - 1, to: 0, by: -1) {
      lives.swapAt(index, Int(random.next() % UInt64(index + 1)))
    }
    let work = Work(lives, days: Double(days))
    DispatchQueue.concurrentPerform(
      iterations: max(1, ProcessInfo.processInfo.activeProcessorCount)
    ) {
      _ in
      while let life = work.next() { work.add(run(life, start: now)) }
    }
    work.finish()
    let failures = work.verdicts.filter { !$0.problems.isEmpty }.sorted { $0.name < $1.name }
    let simulated = work.verdicts.reduce(0) { $0 + $1.days }
    if json != "-" {
      var lines = [
        "campaign without faults: \(Int(simulated)) days in \(work.verdicts.count) of \(lives.count) lives, "
          + "from seed \(seed) on",
        "  alarms without a cause \(failures.reduce(0) { $0 + $1.problems.count })",
      ]
      for failure in failures.prefix(20) {
        lines.append("  \(failure.name): \(failure.problems.prefix(3).joined(separator: "; "))")
      }
      try ProjectFiles.print(lines.joined(separator: "\n") + "\n")
    }
    if let json {
      try ProjectFiles.write(
        JSONOutput.text(
          Machine(
            first_seed: seed, lives: work.verdicts.count, days: simulated,
            failures: failures.map { .init(life: $0.name, problems: $0.problems) })), to: json)
    }
    if !failures.isEmpty { throw ExitCode(1) }
  }

  private struct Machine: Encodable {
    struct Failure: Encodable {
      var life: String
      var problems: [String]
    }

    var notice = "bench equipment: not a medical device, not for human use"
    var first_seed: UInt64
    var lives: Int
    var days: Double
    var failures: [Failure]
  }

  /// What is to be done, shared by the workers.
  private final class Work: @unchecked Sendable {
    private let lock = NSLock()
    private let lives: [Life]
    private let wanted: Double
    private var taken = 0
    private var days = 0.0
    private var bar = Console.Progress("campaign")
    private(set) var verdicts: [Verdict] = []

    init(_ lives: [Life], days: Double) {
      self.lives = lives
      wanted = days
    }

    func next() -> Life? {
      lock.withLock {
        guard taken < lives.count, days < wanted else { return nil }
        taken += 1
        return lives[taken - 1]
      }
    }

    func add(_ verdict: Verdict) {
      lock.withLock {
        verdicts.append(verdict)
        days += verdict.days
        bar.show(min(days / wanted, 1))
      }
    }

    func finish() { lock.withLock { bar.finish() } }
  }
}
