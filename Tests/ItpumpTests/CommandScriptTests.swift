import Foundation
import PumpDrive
import PumpMessages
import PumpPlant
import PumpProfiles
import PumpSafety
import PumpService
import PumpUnits
import Testing

@testable import PumpFiles
@testable import PumpScenarios

@Suite("A simulated pump is spoken to in the words of a running one, and answers the same")
struct CommandScriptTests {
  private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  private static let start = Date(timeIntervalSince1970: 1_795_770_000)

  private let bench: Bench
  private let drugs: [Drug]
  private let profile: Profile

  /// 120 µg a day of 500 µg/mL: 10 µL an hour.
  private static func text(_ rate: String) -> String {
    """
    profile: p
    population: adult-spinal
    drug: {name: baclofen, concentration: 500 ug/mL, lot: "A1", expires: 2030-01-01}
    reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
    catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
    therapy: {continuous: \(rate)}
    patient-bolus: {enabled: false}
    """
  }

  init() throws {
    bench = try BenchFiles(board: Self.top + "/Hardware/boards/simulator.yaml").bench()
    drugs = try InputFile.drugs([InputFile(Self.top + "/Profiles/drugs/baclofen.yaml")])
    profile = try #require(
      ProfileLoader(drugs: drugs, bench: bench, now: Self.start).load(Self.text("120 ug/day"))
        .profile)
  }

  private func run(_ script: String, faults: [ScheduledFault] = []) throws -> Simulation.Outcome {
    var simulation = Simulation(
      profile: profile, bench: bench, span: .day, start: Self.start, seed: 1, faults: faults)
    let (commands, diagnostics) = CommandFile.load(script, for: profile, lasting: .day) {
      $0 == "new.yaml" ? Self.text("150 ug/day") : $0 == "far.yaml" ? Self.text("300 ug/day") : nil
    }
    simulation.commands = try #require(commands, "\(diagnostics.map(\.message))")
    simulation.drugs = drugs
    return simulation.run(trace: DigestTrace()) { _ in }.0
  }

  private func micrograms(_ volume: Volume) throws -> Double {
    Double(try profile.concentration.mass(in: volume).femtograms) / 1e9
  }

  @Test("Doses by hand: a bolus, a held hour, another therapy; every account adds up")
  func doses() throws {
    let outcome = try run(
      """
      commands:
        - {at: 12 h, do: adopt, profile: new.yaml, confirm: true}
        - {at: 2 h, do: bolus, dose: 25 ug, over: 10 min}
        - {at: 4 h, do: suspend}
        - {at: 5 h, do: resume}
        - {at: 20 h, do: bolus, dose: 25 ug, over: 10 min}
        - {at: 20 h, do: cancel-bolus}
      """)
    #expect(
      outcome.asked.map(\.verb.rawValue)
        == ["bolus", "suspend", "resume", "adopt", "bolus", "cancel-bolus"])
    #expect(outcome.asked.allSatisfy { $0.result == .accepted })
    // 11 h of 5 µg, 12 h of 6.25 µg, 25 µg; what a cancelled bolus gives until the motor has slowed down is less.
    let delivered = try micrograms(outcome.status.delivered)
    #expect(abs(delivered - (11 * 5 + 12 * 6.25 + 25)) < 0.5, "\(delivered)")
    #expect(abs(try micrograms(outcome.prescribed) - (12 * 5 + 12 * 6.25)) < 0.01)
    #expect(abs(try micrograms(outcome.commanded) - 25) < 0.5)
    #expect(abs(try micrograms(outcome.withheld) - 5) < 0.1)
  }

  @Test("Refusals and what follows them are the running pump's")
  func refusals() throws {
    let outcome = try run(
      """
      commands:
        - {at: 1 h, do: bolus, dose: 25 ug, over: 10 min}
        - {at: 90 min, do: bolus, dose: 150 ug, over: 10 min}
        - {at: 90 min, do: bolus, dose: 150 ug, over: 10 min, confirm: true}
        - {at: 2 h, do: bolus, dose: 250 ug, over: 10 min, confirm: true}
        - {at: 3 h, do: adopt, profile: far.yaml, confirm: true}
        - {at: 4 h, do: acknowledge, alarm: motor-stalled}
        - {at: 5 h, do: resume}
        - {at: 6 h, do: end-outage}
        - {at: 7 h, do: stop}
      """)
    #expect(
      outcome.asked.map { $0.refusal?.code ?? $0.result.rawValue } == [
        // On the hour the self-test runs.
        "self-test-runs", "bolus-needs-confirmation", "accepted", "bolus-too-large",
        "dose-step-above-hard-limit",
        "no-such-alarm", "not-possible", "no-outage", "accepted",
      ])
  }

  @Test("After a trip: acknowledged and resumed, it delivers again")
  func afterTrip() throws {
    let outcome = try run(
      """
      commands:
        - {at: 2 h, do: acknowledge, alarm: driver-fault}
        - {at: 3 h, do: resume}
      """, faults: [ScheduledFault(.at(.epoch + .hour), .driverFault(TimeSpan(minutes: 10)))])
    #expect(outcome.asked.allSatisfy { $0.result == .accepted }, "\(outcome.asked)")
    let delivered = try micrograms(outcome.status.delivered)
    #expect(abs(delivered - 22 * 5) < 0.5, "\(delivered)")
    #expect(abs(try micrograms(outcome.withheld) - 10) < 0.5)
  }

  static let wrong = [
    ("{at: 1 h, do: bolsu}", "not one of"), ("{at: 1 h, do: bolus, dose: 25, over: 1 min}", "unit"),
    ("{at: 1 h, do: bolus, dose: 25 ug}", "over"), ("{do: suspend}", "at"),
    ("{at: 1 h, do: acknowledge}", "alarm"), ("{at: 1 h, do: adopt, profile: no.yaml}", "no.yaml"),
    ("{at: 1 h, do: suspend, doze: 1 ug}", "dose"), ("{at: 24 h, do: suspend}", "--for"),
    ("{at: 1 h, do: suspend, dose: 3 ug}", "takes no"), ("{at: 1 h, do: adopt}", "profile"),
    ("{at: 1 h, do: end-outage, dose: 4}", "takes no"), ("{at: 1 h, do: status}", "not one of"),
  ]

  @Test("What is wrong in a script is told at its place, and nothing runs", arguments: wrong)
  func wrongScript(entry: String, word: String) throws {
    let (commands, diagnostics) = CommandFile.load(
      "commands:\n  - \(entry)\n", for: profile, lasting: .day, read: { _ in nil })
    #expect(commands == nil)
    let found = diagnostics.first { $0.place.line == 2 && $0.message.contains(word) }
    #expect(found != nil, "\(diagnostics.map(\.message))")
  }
}
