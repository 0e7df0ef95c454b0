package import Foundation
import PumpDrive
package import PumpFiles
import PumpHAL
import PumpMessages
import PumpPlant
package import PumpProfiles
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// Lives in which nothing goes wrong: every shipped profile with every fill, and profiles drawn by chance.
///
/// Each goes from its fill to the reserve. Whatever alarms but the reservoir, or the reminder of a therapy that delivers
/// nothing, alarms without a cause.
package struct QuietCampaign {
  /// A profile with what it runs on, and what it is called in a report.
  package struct Life: Sendable {
    package var name: String
    package var profile: Profile
    package var bench: Bench
  }

  /// What came of a life.
  package struct Verdict: Sendable {
    package var name: String
    package var days: Double
    /// Alarms without a cause, and when.
    package var problems: [String]
  }

  /// No life is longer: a minimum rate would take years.
  private static let longest = TimeSpan(days: 366)
  /// A therapy that delivers nothing is watched so long.
  private static let stopped = TimeSpan(days: 3)

  /// Every life: shipped profiles first, with each fill from 1 mL on, then one for each seed.
  package static func lives(_ files: ProjectFiles, seeds: Range<UInt64>, now: Date) throws -> [Life]
  {
    guard let folder = SearchPath.find(.profiles, beside: nil)?.folder else {
      throw ProjectFiles.Problem(description: "profiles: error: none found; see 'itpump where'")
    }
    var lives: [Life] = []
    for name in SearchPath.yaml(in: folder) {
      // What a profile's warnings ask about is no matter here.
      let (profile, bench, _) = try files.inputs("\(folder)/\(name)").load(now: now)
      let capacity = profile.reservoir.capacity.femtolitres / 1_000_000_000_000
      for filled in 1...max(1, capacity) {
        var life = Life(name: "\(profile.name) from \(filled) mL", profile: profile, bench: bench)
        life.profile.reservoir = try reservoir(filled, of: profile)
        lives.append(life)
      }
    }
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
  package static func run(_ life: Life, start: Date) -> Verdict {
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
}
