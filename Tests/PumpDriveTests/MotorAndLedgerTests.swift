import PumpPlan
import PumpUnits
import Testing

@Suite("What the motor can follow, and the accounts of its steps, to the last digit")
struct MotorAndLedgerTests {
  @Test(
    "An interval is the shortest whole nanosecond that keeps its rate",
    arguments: [1, 3, 7, 600, 1_000, 999_983, 1_000_000] as [UInt64])
  func intervals(rate: UInt64) throws {
    let motor = try MotorLimits(startRate: rate, maximumRate: 1_000_000, acceleration: 1_000_000)
    // A rate is kept by n ns where rate × n reaches a second, and is not by one less.
    let interval = motor.startInterval.nanoseconds
    #expect(rate * interval >= 1_000_000_000 && rate * (interval - 1) < 1_000_000_000)
    #expect(motor.ratedInterval.nanoseconds == 1_000)
    // Without a start rate it starts at its fastest.
    let direct = try MotorLimits(startRate: 0, maximumRate: rate, acceleration: 1_000_000)
    #expect(
      direct.startInterval == direct.ratedInterval && direct.ratedInterval == motor.startInterval)
  }

  @Test("Limits that can't be: each with its own problem, and the last that can be")
  func problems() throws {
    #expect(throws: MotorLimits.Problem.maximumRateOutOfRange(0)) {
      try MotorLimits(startRate: 0, maximumRate: 0, acceleration: 1)
    }
    #expect(throws: MotorLimits.Problem.maximumRateOutOfRange(1_000_001)) {
      try MotorLimits(startRate: 1, maximumRate: 1_000_001, acceleration: 1)
    }
    #expect(throws: MotorLimits.Problem.startAboveMaximum) {
      try MotorLimits(startRate: 11, maximumRate: 10, acceleration: 1)
    }
    _ = try MotorLimits(startRate: 10, maximumRate: 10, acceleration: 1)
    #expect(throws: MotorLimits.Problem.accelerationTooLow) {
      try MotorLimits(startRate: 1, maximumRate: 10, acceleration: 0)
    }
    // A ramp of 2^32 ns is too long, and one of a nanosecond less is not.
    #expect(throws: MotorLimits.Problem.accelerationTooLow) {
      try MotorLimits(startRate: 0, maximumRate: 983_642, acceleration: 229_022)
    }
    _ = try MotorLimits(startRate: 0, maximumRate: 993_456, acceleration: 231_307)
  }

  @Test("Every step is in one account, and every move between accounts is whole")
  func ledger() {
    var ledger = DeliveryLedger(delivered: 100, uncertain: 20, missed: 3)
    func counts() -> [UInt64] {
      [ledger.delivered, ledger.uncertain, ledger.missed, ledger.owed, ledger.planned]
    }
    #expect(counts() == [100, 20, 3, 0, 123])
    ledger.owe(5)
    #expect(counts() == [100, 20, 3, 5, 128])
    ledger.deliver(isOwed: true)
    ledger.deliver(isOwed: false)
    #expect(counts() == [102, 20, 3, 4, 129])
    ledger.failLast(isUncertain: true)
    #expect(counts() == [101, 21, 3, 4, 129])
    ledger.failLast(isUncertain: false)
    #expect(counts() == [100, 21, 4, 4, 129])
    let forgo_4 = ledger.forgo()
    #expect(forgo_4 == 4)
    #expect(counts() == [100, 21, 8, 0, 129])
    let forgo_0 = ledger.forgo()
    #expect(forgo_0 == 0)
    let doubt30_30 = ledger.doubt(30)
    #expect(doubt30_30 == 30)
    #expect(counts() == [70, 51, 8, 0, 129])
    // There is no more to doubt than was delivered.
    let doubt71_70 = ledger.doubt(71)
    #expect(doubt71_70 == 70)
    #expect(counts() == [0, 121, 8, 0, 129])
    let doubt1_0 = ledger.doubt(1)
    #expect(doubt1_0 == 0)
  }
}
