import PumpConformance
import PumpHAL
import PumpMessages
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpDrive

@Suite(
  "A drive of the same thread keeps what a way to the drive promises, and one that breaks a promise is found"
)
struct DirectLinkTests {
  fileprivate typealias Direct = DirectDrive<SimulatedBench<EdgeRecorder>, DirectWire>

  private static func direct() throws -> Direct {
    DirectDrive(
      ControlLoop(
        engine: Engine(
          settings: try Fixture.settings(backlog: 2_000),
          prescription: try DriveLinkConformance.prescription(Fixture.step())),
        hardware: SimulatedBench(settings: Fixture.plant(), trace: EdgeRecorder())),
      wire: DirectWire())
  }

  private static func conformance() throws -> DriveLinkConformance {
    try DriveLinkConformance(step: Fixture.step())
  }

  @Test("Every promise")
  func promises() throws {
    var rig = BrokenDrive(base: try Self.direct(), fault: nil)
    var conformance = try Self.conformance()
    try conformance.check(&rig)
    #expect(conformance.violations == [])
    #expect(Set(conformance.kept).count == 27)
  }

  /// What a link does wrong, and the promise that finds it.
  enum Fault: String, CaseIterable {
    case grantsMore = "a permission's count is used, and no step is made beyond it"
    case grantsForEver = "no step is made after a permission's end"
    case takesOldGrants = "a permission that is no newer than the last changes nothing"
    case ignoresHold = "no step is made while it is held"
    case staysHeld = "a hold that has ended lets it go on"
    case confusesNumbers = "what is done is answered once, under its number"
    case answersBefore = "who asks nothing is answered nothing"
    case tellsMore = "what is told as delivered was made"
    case forgetsCommands = "less is given once less was asked for"
    case adoptsNothing = "the sum that is told is of what runs"
    case doubtsTwice = "steps that are doubted are told as uncertain, each once"
    case losesEvents = "an event stays until it is taken"
    case ignoresCut = "no step is made after it was cut off"
    case standsStill = "a drive that lives shows it from look to look"
  }

  @Test("A link that breaks a promise is found by it", arguments: Fault.allCases)
  func broken(fault: Fault) throws {
    var rig = BrokenDrive(base: try Self.direct(), fault: fault)
    var conformance = try Self.conformance()
    try conformance.check(&rig)
    #expect(conformance.violations.contains(fault.rawValue), "\(conformance.violations)")
  }

  /// A link that may do one thing wrong.
  private struct BrokenDrive: DriveRig, ~Copyable {
    var base: Direct
    let fault: Fault?
    var early = true
    var grants: UInt64 = 100

    var now: Instant { base.loop.hardware.now }
    var steps: UInt64 { UInt64(base.loop.hardware.trace.times(.step, true).count) }

    mutating func run(until instant: Instant) { base.loop.run(until: instant) }

    mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
      var report = base.report(at: now, withSum: withSum)
      if fault == .tellsMore { report.delivered += 1 }
      if fault == .standsStill { report.beat = 1 }
      return report
    }

    mutating func detail(at now: Instant) -> DriveDetail { base.detail(at: now) }
    mutating func begin(_ beginning: Beginning, at now: Instant) { base.begin(beginning, at: now) }

    mutating func send(_ order: DriveOrder, at now: Instant) {
      switch (order, fault) {
      case (.grant(let grant), _):
        grants += 1
        let changed = Grant(
          number: fault == .takesOldGrants ? grants : grant.number,
          upTo: fault == .grantsMore ? grant.upTo + 1 : grant.upTo,
          until: fault == .grantsForEver ? .never : grant.until)
        base.send(.grant(changed), at: now)
      case (.hold(true), .ignoresHold), (.hold(false), .staysHeld), (.cut, .ignoresCut): return
      case (.doubt, .doubtsTwice):
        base.send(order, at: now)
        base.send(order, at: now)
      default: base.send(order, at: now)
      }
    }

    mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
      var command = command
      // What is answered as done, and is not.
      if fault == .forgetsCommands, command.kind == .cancelBolus { command = .anchor(place: .zero) }
      if fault == .adoptsNothing, command.kind == .adopt { command = .anchor(place: .zero) }
      return base.ask(
        command, number: fault == .confusesNumbers ? number + 1 : number, at: now)
    }

    mutating func answer() -> DriveAnswer? {
      defer { early = false }
      if fault == .answersBefore, early { return DriveAnswer(number: 1, refusal: nil) }
      return base.answer()
    }

    mutating func event() -> TimedEvent? {
      let event = base.event()
      if fault == .losesEvents { base.takeEvent() }
      return event
    }

    mutating func takeEvent() { base.takeEvent() }
  }
}
