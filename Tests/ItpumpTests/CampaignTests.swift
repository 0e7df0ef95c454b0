import Testing

@testable import itpump

@Suite("Whatever fails at whatever moment, the safety rules hold")
struct CampaignTests {
  @Test("A hundred days of random faults and commands: every rule holds; a seed repeats its life")
  func hundredDays() throws {
    let verdicts = CampaignRunner.run(days: 100, firstSeed: 1_000) { _ in }
    for verdict in verdicts {
      #expect(verdict.problems.isEmpty, "seed \(verdict.seed): \(verdict.problems)")
    }
    #expect(verdicts.reduce(0) { $0 + $1.faults } > 50)
    #expect(verdicts.reduce(0) { $0 + $1.alarms } > 50)
    let first = try Campaign(seed: 1_000).run()
    #expect(first.alarms == verdicts.first?.alarms)
  }
}
