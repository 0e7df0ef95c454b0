import Foundation
import PumpDrive
import PumpMessages
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpFiles
@testable import PumpScenarios

@Suite(
  "What plan says is what simulate does: the same boluses at the same instants, the same steps in each period"
)
struct PlanAgainstSimulationTests {
  private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  /// A Friday in autumn, at 09:13 UTC: in the middle of a pattern.
  private static let start = Date(timeIntervalSince1970: 1_795_770_780)

  /// Blocks of 14 drawn profiles; more of them by hand.
  static let blocks =
    (ProcessInfo.processInfo.environment["PLAN_PROGRAMMES"].flatMap(UInt64.init) ?? 112) / 14

  private static func bench() throws -> Bench {
    try BenchFiles(board: top + "/Hardware/boards/simulator.yaml").bench()
  }

  private static func loader(_ bench: Bench) throws -> ProfileLoader {
    ProfileLoader(
      drugs: try InputFile.drugs([InputFile(top + "/Profiles/drugs/baclofen.yaml")]), bench: bench,
      now: start)
  }

  /// What differs between the plan of a profile and its simulation; `nil` where nothing does.
  private func difference(_ profile: Profile, _ bench: Bench, _ span: TimeSpan) -> String? {
    let plan = DeliveryPlan(profile, on: bench, from: profile.place(at: Self.start), lasting: span)
    let simulation = Simulation(
      profile: profile, bench: bench, span: span, start: Self.start, seed: 1, faults: [])
    let outcome = simulation.run(trace: DigestTrace()) { _ in }.0
    if outcome.refusal != plan.forecast.refusal {
      return "refused: \(String(describing: outcome.refusal))"
    }
    // What begins at the very end is no more a part of the plan.
    let begun = outcome.events.filter { $0.at < .epoch + span }.compactMap {
      if case .bolusBegan = $0.event { $0.at } else { nil }
    }
    let planned = plan.boluses.map(\.start)
    if begun != planned {
      return "boluses at \(begun.map(\.nanoseconds)), planned \(planned.map(\.nanoseconds))"
    }
    for period in outcome.periods {
      let rows = plan.rows.filter { $0.start >= period.start && $0.end <= period.end }
      let steps = rows.map(\.steps).reduce(0, +)
      // A step that is due at the very end is made right after it.
      let most = max(steps, period.steps)
      if most - min(steps, period.steps) > 1 {
        return "\(period.steps) steps from \(period.start.nanoseconds) ns on, planned \(steps)"
      }
    }
    let all = plan.rows.map(\.steps).reduce(0, +)
    let made = outcome.periods.map(\.steps).reduce(0, +)
    return max(all, made) - min(all, made) > 1 ? "\(made) steps in all, planned \(all)" : nil
  }

  @Test("Every shipped profile, over two days")
  func shipped() throws {
    let bench = try Self.bench()
    let loader = try Self.loader(bench)
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.top + "/Profiles")
      .filter { $0.hasSuffix(".yaml") }
    #expect(names.count > 6)
    for name in names {
      let text = try InputFile(Self.top + "/Profiles/\(name)").text
      let profile = try #require(loader.load(text).profile, "\(name)")
      let difference = difference(profile, bench, TimeSpan(days: 2))
      #expect(difference == nil, "\(name)")
    }
  }

  @Test("Profiles drawn by chance, over a day", arguments: 0..<blocks)
  func random(block: UInt64) throws {
    let bench = try Self.bench()
    let loader = try Self.loader(bench)
    var (count, withBoluses) = (0, 0)
    for seed in block * 14..<block * 14 + 14 {
      var drawn = RandomProfile(seed: seed)
      guard let profile = loader.load(drawn.text(expires: "2029-12-31")).profile else { continue }
      count += 1
      if case .flex(let pattern) = profile.prescription.therapy, !pattern.boluses.isEmpty {
        withBoluses += 1
      }
      let difference = difference(profile, bench, .day)
      #expect(difference == nil, "seed \(seed)")
    }
    #expect(count > 8 && withBoluses > 0, "\(count) profiles, \(withBoluses) with boluses")
  }
}
