import Testing

@testable import PumpScenarios
@testable import itpump

@Suite("Whatever fails at whatever moment, the safety rules hold")
struct CampaignTests {
  @Test("Forty days of random faults and commands: every rule holds; a seed repeats its life")
  func fortyDays() throws {
    let verdicts = CampaignRunner.run(days: 40, firstSeed: 1_000) { _ in }
    for verdict in verdicts {
      #expect(verdict.problems.isEmpty, "seed \(verdict.seed): \(verdict.problems)")
    }
    #expect(verdicts.reduce(0) { $0 + $1.faults } > 15)
    #expect(verdicts.reduce(0) { $0 + $1.alarms } > 15)
    let first = try Campaign(seed: 1_000).run()
    #expect(first.alarms == verdicts.first?.alarms)
  }
}
