import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

/// A wire that tells the supervisor something else than the truth.
private struct LyingWire: ChannelWire {
  enum Lie { case nothing, half, more, backwards, sameBeat, deafToGrants }

  var lie: Lie
  /// From when on it lies.
  var from: Instant
  /// What it says its prescription's checksum is; the truth where it is nil.
  var claims: UInt32?

  func carry(_ report: DriveReport) -> DriveReport {
    var told = report
    if told.prescriptionSum != 0, let claims { told.prescriptionSum = claims }
    guard report.at >= from else { return told }
    switch lie {
    case .nothing, .deafToGrants: break
    case .half: told.delivered = report.delivered / 2
    case .more: told.delivered = report.delivered + 50
    case .backwards: told.delivered = report.delivered > 20 ? report.delivered - 20 : 0
    case .sameBeat: if report.at < from + TimeSpan(seconds: 5) { told.beat = 7 }
    }
    return told
  }

  func carry(_ grant: Grant) -> Grant { grant }
}

@Suite("A drive that lies gets no further than its grant, and loses the motor's power at once")
struct LyingDriveTests {
  private static let rate: UInt64 = 20
  private static let poll = TimeSpan(milliseconds: 100)

  private struct Outcome {
    var witness: Witness
    var cutBy: Alarm?
    var granted: UInt64
    var isHeld: Bool
  }

  /// Runs a minute of 20 steps/s with a drive that does something else.
  private func run(
    lie: LyingWire.Lie = .nothing, driveRate: UInt64 = Self.rate, grant: Grant = .none,
    faults: [ScheduledFault] = [], breaksJournal: Bool = false, seconds: UInt64 = 60
  ) throws -> Outcome {
    let settings = try Fixture.settings()
    let honest = Fixture.prescription(
      .continuous(try settings.step.flow(ofStepsPerSecond: Self.rate)))
    let told = Fixture.prescription(
      .continuous(try settings.step.flow(ofStepsPerSecond: driveRate)))
    let witness = Witness()
    var loop = Fixture.channels(
      settings, honest, on: Fixture.watchedBench(witness, faults: faults),
      journal: Journal(blank: WitnessStore(MemoryStore(slots: 64), witness)),
      wire: LyingWire(
        lie: lie, from: .epoch + TimeSpan(seconds: 10), claims: honest.checksum), grant: grant,
      drive: told)
    loop.open()
    try loop.perform(.begin(isConfirmed: true), at: .epoch)
    // The grant of the first minute is the last one that the journal takes.
    if breaksJournal {
      loop.session.records.journal.store.diesAt = (
        loop.session.records.journal.store.writes.count + 1, 0
      )
    }
    loop.run(until: .epoch + TimeSpan(seconds: seconds))
    return Outcome(
      witness: witness, cutBy: loop.session.supervisor.cutBy,
      granted: loop.session.records.journal.state.granted,
      isHeld: loop.session.supervisor.isHeld)
  }

  /// Whether ENABLE fell within 100 ms of the evidence, for good.
  private func fell(_ outcome: Outcome, after evidence: Instant) -> Bool {
    guard let fall = outcome.witness.enableFalls.last else { return false }
    let steps = outcome.witness.rises.filter { $0 > fall }.count
    return !outcome.witness.isEnergised && fall >= evidence
      && fall.elapsed(since: evidence) <= Self.poll && steps == 0
  }

  /// When so many steps more than allowed had been made, by the therapy's definition.
  private func excess(_ rises: [Instant], _ most: Int) -> Instant? {
    for (index, at) in rises.enumerated() {
      let allowed = Int(at.nanoseconds * Self.rate / 1_000_000_000)
      if index + 1 > allowed + most { return at }
    }
    return nil
  }

  @Test("An honest drive is left alone for two hours")
  func honest() throws {
    let outcome = try run(seconds: 7_200)
    #expect(outcome.cutBy == nil)
    #expect(outcome.witness.rises.count == 7_200 * Int(Self.rate))
    #expect(outcome.witness.enableFalls.count <= 1)
  }

  @Test("Twice the rate, a tenth more, or two steps for one: caught at the fourth step too many")
  func tooFast() throws {
    for rate in [2 * Self.rate, Self.rate + 2] {
      let outcome = try run(driveRate: rate)
      #expect(outcome.cutBy == .driveDisagrees)
      let evidence = try #require(excess(outcome.witness.rises, 3))
      #expect(fell(outcome, after: evidence), "\(rate) steps/s")
      #expect(UInt64(outcome.witness.rises.count) <= outcome.granted)
    }
  }

  @Test("A drive that ignores its grant is cut once no grant covers its steps")
  func ignoresGrant() throws {
    let outcome = try run(grant: .unlimited, breaksJournal: true, seconds: 200)
    #expect(outcome.cutBy == .driveDisagrees)
    // The first grant covers 70 s and 1,400 steps.
    #expect(outcome.granted == 1_400)
    let evidence = try #require(outcome.witness.rises.first { $0 > .epoch + TimeSpan(seconds: 70) })
    #expect(fell(outcome, after: evidence))
    // An honest drive stops by itself.
    let honest = try run(breaksJournal: true, seconds: 200)
    #expect(honest.witness.rises.count == 1_400)
  }

  @Test("A count that jumps ahead or goes back is evidence at once")
  func wrongCount() throws {
    for lie in [LyingWire.Lie.more, .backwards] {
      let outcome = try run(lie: lie)
      #expect(outcome.cutBy == .driveDisagrees)
      #expect(fell(outcome, after: .epoch + TimeSpan(seconds: 10)), "\(lie)")
    }
  }

  @Test("A drive at twice the rate that tells half its steps is caught by the index")
  func halfTold() throws {
    let outcome = try run(lie: .half, driveRate: 2 * Self.rate)
    #expect(outcome.cutBy == .driveDisagrees || outcome.cutBy == .overDelivery)
    #expect(UInt64(outcome.witness.rises.count) <= outcome.granted)
    #expect(!outcome.witness.isEnergised)
  }

  @Test("A motor that turns twice as far a step is caught by the index, at a pulse too many")
  func doubled() throws {
    let start = Instant.epoch + TimeSpan(seconds: 15)
    let outcome = try run(faults: [ScheduledFault(.at(start), .doubledSteps(10_000))])
    #expect(outcome.cutBy == .overDelivery)
    // A pulse comes every hundred steps; 137 steps of the motor are a pulse and the play too many.
    let since = outcome.witness.rises.filter { $0 > start }.count
    #expect(since <= 150, "\(since) steps")
    #expect(!outcome.witness.isEnergised)
  }

  @Test(
    "A drive whose heart stops loses the motor after 0.3 s, and gets it back when it beats again")
  func silent() throws {
    let outcome = try run(lie: .sameBeat)
    let from = Instant.epoch + TimeSpan(seconds: 10)
    let fall = try #require(outcome.witness.enableFalls.first { $0 > from })
    #expect(fall.elapsed(since: from) <= TimeSpan(milliseconds: 400))
    let back = from + TimeSpan(seconds: 5)
    let between = outcome.witness.rises.filter { $0 > fall && $0 < back }.count
    #expect(between == 0)
    #expect(outcome.cutBy == nil)
    #expect(!outcome.isHeld)
    // What fell due meanwhile is made good up to the backlog's limit, and the rest is missed.
    let made = outcome.witness.rises.count
    #expect((60 - 6) * 20...(60 * 20) ~= made, "\(made) steps")
  }
}
