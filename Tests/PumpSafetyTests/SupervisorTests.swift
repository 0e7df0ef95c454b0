import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

@Suite("The supervisor alone: what it permits, and what it takes for a lie")
struct SupervisorTests {
  private static let rate: UInt64 = 20

  /// A supervisor of 20 steps/s that has been tested, and has begun.
  private func supervisor() throws -> Supervisor {
    let step = try StepVolume(delivering: Volume(femtolitres: 156_250), inSteps: 1)
    let much = DoseLimits.Limit(
      soft: Mass(micrograms: 1_000_000), hard: Mass(micrograms: 1_000_000))
    var settings = SupervisorSettings(
      step: step, limits: DoseLimits(perHour: much, perDay: much),
      reservoir: try Reservoir(
        capacity: Volume(microlitres: 20_000), filled: Volume(microlitres: 20_000),
        lowAlarm: Volume(microlitres: 2_000), reserve: Volume(microlitres: 1_000)),
      backlogLimit: 64, maximumRate: 4_000, braking: TimeSpan(seconds: 2), stepsPerIndex: nil)
    settings.recorderCapacity = 64
    var supervisor = Supervisor(
      settings: settings,
      prescription: Prescription(
        therapy: .continuous(try step.flow(ofStepsPerSecond: Self.rate)),
        concentration: Concentration(microgramsPerMillilitre: 500)), start: .epoch)
    var report = DriveReport()
    report.beat = 1
    while let action = supervisor.turn(at: .epoch, report, pulses: nil) {
      if case .test(let part) = action { supervisor.tested(part, .passed, at: .epoch) }
    }
    supervisor.began(at: .epoch)
    return supervisor
  }

  private func at(_ milliseconds: UInt64) -> Instant {
    .epoch + TimeSpan(milliseconds: milliseconds)
  }

  /// Takes a turn of a drive that tells a count.
  private func turn(
    _ supervisor: inout Supervisor, _ milliseconds: UInt64, count: UInt64, lines: UInt64? = nil,
    lookedAt: UInt64? = nil, takesGrants: Bool = true
  ) -> [SupervisorAction] {
    var report = DriveReport()
    report.beat = milliseconds + 2
    report.at = at(milliseconds)
    report.delivered = count
    report.lineCount = lines
    report.lookedAt = lookedAt.map { at($0) }
    report.isDelivering = true
    var actions: [SupervisorAction] = []
    while let action = supervisor.turn(at: at(milliseconds), report, pulses: nil) {
      actions.append(action)
      if isGrant(action), takesGrants { supervisor.grantTaken() }
    }
    return actions
  }

  @Test("A count beyond the grant is cut, though the therapy would allow it by then")
  func beyondGrantedCount() throws {
    var supervisor = try supervisor()
    let first = turn(&supervisor, 0, count: 0)
    guard case .grant(_, let upTo, let until)? = first.first(where: isGrant) else {
      Issue.record("no grant: \(first)")
      return
    }
    #expect(upTo == 70 * Self.rate)
    #expect(until == .epoch + TimeSpan(seconds: 70))
    // The journal took the first grant and no other: the renewals come to nothing.
    var time: UInt64 = 50
    while time <= 69_950 {
      let actions = turn(
        &supervisor, time, count: time * Self.rate / 1_000, takesGrants: false)
      for action in actions where isGrant(action) { supervisor.grantFailed(at: at(time)) }
      time += 50
    }
    let before = supervisor.cutBy
    #expect(before == nil)
    _ = turn(&supervisor, 70_000, count: upTo + 1)
    let after = supervisor.cutBy
    #expect(after == .driveDisagrees)
  }

  /// Whether a step is taken for a lie that is seen after a grant's end, where the turn before it looked and read
  /// the clock so many milliseconds after that end.
  private func isLie(looked: UInt64?, turned: UInt64) throws -> Bool {
    var supervisor = try supervisor()
    _ = turn(&supervisor, 0, count: 0)
    let made = 70 * Self.rate - 5
    for time in stride(from: UInt64(50), through: 69_950, by: 50) {
      let count = min(made, time * Self.rate / 1_000)
      for action in turn(&supervisor, time, count: count, takesGrants: false)
      where isGrant(action) {
        supervisor.grantFailed(at: at(time))
      }
    }
    _ = turn(
      &supervisor, 70_000 + turned, count: made, lookedAt: looked.map { 70_000 + $0 },
      takesGrants: false)
    let before = supervisor.cutBy
    #expect(before == nil)
    _ = turn(&supervisor, 70_050 + turned, count: made + 1, takesGrants: false)
    return supervisor.cutBy == .driveDisagrees
  }

  @Test(
    "A step within the count is cut once nobody can say that it was made before the grant's end")
  func afterGrantsEnd() throws {
    #expect(try !isLie(looked: nil, turned: 0))
    #expect(try isLie(looked: nil, turned: 1))
  }

  @Test(
    "A supervisor that was held up between its look and its turn takes no honest step for a lie")
  func heldUp() throws {
    #expect(try !isLie(looked: 0, turned: 190))
    #expect(try isLie(looked: 1, turned: 190))
  }

  private func isGrant(_ action: SupervisorAction) -> Bool {
    if case .grant = action { true } else { false }
  }

  @Test("A report that tells less than the lines had counted before it was written is a lie")
  func untold() throws {
    for (told, isLie) in [(UInt64(20), false), (19, true), (0, true)] {
      var supervisor = try supervisor()
      _ = turn(&supervisor, 0, count: 0)
      // The lines are ahead of a report that was written before they counted: that is no lie yet.
      _ = turn(&supervisor, 1_150, count: told, lines: 23)
      let before = supervisor.cutBy
      #expect(before == nil)
      _ = turn(&supervisor, 1_200, count: told, lines: 23)
      let cut = supervisor.cutBy
      #expect((cut == .driveDisagrees) == isLie, "\(told)")
    }
  }

  @Test("What a drive was late with beyond its backlog is forfeited: a burst of it is cut")
  func noBurst() throws {
    var supervisor = try supervisor()
    _ = turn(&supervisor, 0, count: 0)
    // Nothing for ten seconds, though 200 steps were due.
    var time: UInt64 = 50
    while time <= 10_000 {
      _ = turn(&supervisor, time, count: 0)
      time += 50
    }
    let patient = supervisor.cutBy
    #expect(patient == nil)
    // 64 may be made good; a hundred at once are a burst.
    _ = turn(&supervisor, 10_050, count: 100)
    let cut = supervisor.cutBy
    #expect(cut == .driveDisagrees)
  }

  @Test(
    "A grant that the journal has not answered is not asked for again, and one refused is, a second later"
  )
  func pendingGrant() throws {
    var supervisor = try supervisor()
    _ = turn(&supervisor, 0, count: 0)
    // Renewed ten seconds before its end, and then not answered for five.
    let renewed = turn(&supervisor, 60_000, count: 1_200, takesGrants: false)
    #expect(renewed.filter(isGrant).count == 1)
    for time in stride(from: UInt64(60_050), through: 65_000, by: 50) {
      let actions = turn(&supervisor, time, count: time * Self.rate / 1_000, takesGrants: false)
      #expect(!actions.contains(where: isGrant), "\(time) ms")
    }
    supervisor.grantFailed(at: at(65_000))
    let soon = turn(&supervisor, 65_950, count: 1_319, takesGrants: false)
    #expect(!soon.contains(where: isGrant))
    let later = turn(&supervisor, 66_000, count: 1_320, takesGrants: false)
    #expect(later.filter(isGrant).count == 1)
  }

  @Test(
    "A drive that was cut gets ENABLE back neither by a silence nor by an acknowledgement in one")
  func cutStays() throws {
    var supervisor = try supervisor()
    _ = turn(&supervisor, 0, count: 0)
    let cut = turn(&supervisor, 50, count: 500)
    #expect(cut.contains(.cut(.driveDisagrees, beyond: nil)))
    // Silent for a while, by a beat that stands still, and then not.
    var report = DriveReport()
    report.beat = 52
    report.delivered = 500
    var actions: [SupervisorAction] = []
    for time in stride(from: UInt64(100), through: 900, by: 50) {
      if time > 600 { report.beat = time }
      while let action = supervisor.turn(at: at(time), report, pulses: nil) {
        actions.append(action)
      }
    }
    #expect(actions.contains(.hold(true)))
    #expect(!actions.contains(.hold(false)))
    let stillCut = supervisor.cutBy
    #expect(stillCut == .driveDisagrees)
  }

  @Test("What keeps the lumen open is never more than what was prescribed")
  func fallBackFlow() throws {
    let usual = try supervisor().fallBackFlow
    #expect(usual == FlowRate(microlitresPerDay: 6))
    for (therapy, flow) in [
      (Therapy.minimumRate(FlowRate(microlitresPerDay: 4)), FlowRate(microlitresPerDay: 4)),
      (.stopped, .zero),
    ] {
      var supervisor = try supervisor()
      supervisor.adopted(
        Prescription(
          therapy: therapy, concentration: Concentration(microgramsPerMillilitre: 500)),
        place: .zero, at: .epoch)
      let fallBack = supervisor.fallBackFlow
      #expect(fallBack == flow)
    }
  }

  @Test("A purse gives permissions up to its count and its instant, and not one beyond")
  func purse() {
    var purse = GrantPurse()
    let empty = purse.take(at: .epoch) == nil
    #expect(empty)
    _ = purse.accept(Grant(number: 1, upTo: 10, until: .epoch + .hour))
    purse.fill(at: 7, limit: .max)
    for _ in 0..<2 {
      let isGiven = purse.take(at: .epoch + .hour) != nil
      #expect(isGiven)
    }
    let late = purse.take(at: .epoch + .hour + TimeSpan(nanoseconds: 1)) == nil
    #expect(late, "the grant has ended")
    let last = purse.take(at: .epoch) != nil
    #expect(last)
    let beyond = purse.take(at: .epoch) == nil
    #expect(beyond, "the count is reached")
  }

  @Test("An older grant, or the same again, changes nothing")
  func olderGrant() {
    var purse = GrantPurse()
    let second = Grant(number: 2, upTo: 100, until: .epoch + .hour)
    let isNewer = purse.accept(second)
    #expect(isNewer)
    for other in [
      Grant(number: 1, upTo: 900, until: .epoch + .day), Grant(number: 2, upTo: 900, until: .never),
    ] {
      let isTaken = purse.accept(other)
      #expect(!isTaken)
      #expect(purse.grant == second)
    }
  }
}
