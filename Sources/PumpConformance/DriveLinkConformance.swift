import PumpMessages
public import PumpTherapy
public import PumpUnits

/// What every `DriveLink` promises, tried on one whose drive has not begun.
///
/// The same checks run on a drive of the same thread, on one behind an interrupt, and on one behind shared memory. What
/// is sent is in force within a fifth of a second, the longest that a drive takes to look.
public struct DriveLinkConformance {
  /// Promises that were kept.
  public private(set) var kept: [String] = []
  /// Promises that were not.
  public private(set) var violations: [String] = []
  private let step: StepVolume
  /// A prescription that is not the drive's, of the same drug.
  private let other: Prescription
  /// A thousand steps, given as one bolus.
  private let thousand: Volume

  /// - Parameter step: The volume of the drive's step; it runs `prescription(step)`.
  public init(step: StepVolume) throws(QuantityError) {
    self.step = step
    other = try Self.prescription(step, stepsPerSecond: 11)
    thousand = try step.volume(ofSteps: 1_000)
  }

  /// What the drive under trial runs all day.
  ///
  /// - Parameter rate: Steps a second; the suite's counts are of ten.
  public static func prescription(_ step: StepVolume, stepsPerSecond rate: UInt64 = 10)
    throws(QuantityError) -> Prescription
  {
    Prescription(
      therapy: .continuous(try step.flow(ofStepsPerSecond: rate)),
      concentration: Concentration(microgramsPerMillilitre: 500))
  }

  private static var look: TimeSpan { TimeSpan(milliseconds: 200) }

  /// Tries everything.
  ///
  /// - Parameter rig: Left with a drive that was cut off for good.
  public mutating func check<Rig: DriveRig & ~Copyable>(_ rig: inout Rig)
    throws(Bolus.Problem)
  {
    beforeIt(&rig)
    grants(&rig)
    holds(&rig)
    try commands(&rig)
    reports(&rig)
    events(&rig)
    cut(&rig)
  }

  private mutating func expect(_ isKept: Bool, _ promise: String) {
    if isKept { kept.append(promise) } else { violations.append(promise) }
  }

  private func wait<Rig: DriveRig & ~Copyable>(_ span: TimeSpan, _ rig: inout Rig) {
    rig.run(until: rig.now + span)
  }

  /// How many steps are made in a time.
  private func made<Rig: DriveRig & ~Copyable>(in span: TimeSpan, _ rig: inout Rig) -> UInt64 {
    let before = rig.steps
    wait(span, &rig)
    return rig.steps - before
  }

  private func send<Rig: DriveRig & ~Copyable>(_ order: DriveOrder, _ rig: inout Rig) {
    let now = rig.now
    rig.send(order, at: now)
  }

  /// Everything that the link answers to a command within the time that the drive takes to look.
  private func answers<Rig: DriveRig & ~Copyable>(
    to command: Command, _ number: UInt64, _ rig: inout Rig
  ) -> [DriveAnswer] {
    let now = rig.now
    let isTaken = rig.ask(command, number: number, at: now)
    guard isTaken else { return [] }
    wait(Self.look, &rig)
    var all: [DriveAnswer] = []
    while let answer = rig.answer(), all.count < 8 { all.append(answer) }
    return all
  }

  private func report<Rig: DriveRig & ~Copyable>(_ rig: inout Rig, withSum: Bool = false)
    -> DriveReport
  {
    let now = rig.now
    return rig.report(at: now, withSum: withSum)
  }

  private mutating func beforeIt<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    wait(Self.look, &rig)
    let unasked = rig.answer()
    expect(unasked == nil, "who asks nothing is answered nothing")
    let refused = answers(to: .suspend, 5, &rig)
    expect(
      refused == [DriveAnswer(number: 5, refusal: .notPossible(in: .idle))],
      "what is asked of a drive that has not begun is refused once, under its number")
    expect(rig.steps == 0, "a drive that was not told to begin makes no step")
    let start = rig.now + TimeSpan(milliseconds: 300)
    let now = rig.now
    rig.begin(Beginning(at: start, place: .zero), at: now)
    wait(TimeSpan(seconds: 2), &rig)
    expect(rig.steps == 0, "a drive without a permission makes no step")
    let isBegun = report(&rig).isDelivering
    expect(isBegun, "a drive that was told to begin tells that it delivers")
  }

  private mutating func grants<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    let end = rig.now + .hour
    send(.grant(Grant(number: 1, upTo: 20, until: end)), &rig)
    wait(TimeSpan(seconds: 5), &rig)
    expect(rig.steps == 20, "a permission's count is used, and no step is made beyond it")
    let delivered = report(&rig).delivered
    expect(delivered == 20, "what is told as delivered was made")
    send(.grant(Grant(number: 1, upTo: 10_000, until: end)), &rig)
    wait(TimeSpan(seconds: 2), &rig)
    expect(rig.steps == 20, "a permission that is no newer than the last changes nothing")
    let until = rig.now + TimeSpan(seconds: 1)
    send(.grant(Grant(number: 2, upTo: 10_000, until: until)), &rig)
    rig.run(until: until + TimeSpan(milliseconds: 1))
    let made = rig.steps
    expect(made > 20, "a new permission lets it go on")
    wait(TimeSpan(seconds: 3), &rig)
    expect(rig.steps == made, "no step is made after a permission's end")
    send(.grant(Grant(number: 3, upTo: 1_000_000, until: end)), &rig)
    // What is owed first.
    wait(TimeSpan(seconds: 4), &rig)
  }

  private mutating func holds<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    send(.hold(true), &rig)
    wait(Self.look, &rig)
    expect(made(in: TimeSpan(seconds: 2), &rig) == 0, "no step is made while it is held")
    send(.hold(false), &rig)
    let after = made(in: TimeSpan(seconds: 4), &rig)
    expect(after >= 38, "a hold that has ended lets it go on")
    let before = report(&rig).beat
    wait(TimeSpan(seconds: 1), &rig)
    let beat = report(&rig).beat
    expect(beat > before, "a drive that lives shows it from look to look")
  }

  private mutating func commands<Rig: DriveRig & ~Copyable>(_ rig: inout Rig)
    throws(Bolus.Problem)
  {
    let bolus = try Bolus(volume: thousand, duration: TimeSpan(seconds: 10))
    let taken = answers(to: .bolus(bolus, isConfirmed: true), 6, &rig)
    expect(
      taken == [DriveAnswer(number: 6, refusal: nil)],
      "what is done is answered once, under its number")
    let fast = made(in: TimeSpan(seconds: 1), &rig)
    expect((100...120).contains(fast), "a bolus that was asked for is given")
    let cut = answers(to: .cancelBolus, 7, &rig)
    let slow = made(in: TimeSpan(seconds: 1), &rig)
    expect(
      cut == [DriveAnswer(number: 7, refusal: nil)] && (9...11).contains(slow),
      "less is given once less was asked for")
    let impossible = answers(to: .resume, 8, &rig)
    expect(
      impossible == [DriveAnswer(number: 8, refusal: .notPossible(in: .delivering))],
      "what is not possible is refused with its reason")
    let adopted = answers(to: .adopt(other, place: .zero, isConfirmed: true), 9, &rig)
    expect(
      adopted == [DriveAnswer(number: 9, refusal: nil)], "another prescription is adopted whole")
    var sums: [UInt32] = []
    for _ in 0..<50 {
      wait(TimeSpan(milliseconds: 20), &rig)
      sums.append(report(&rig, withSum: true).prescriptionSum)
    }
    // Zero tells nothing: it is not worked out for each report.
    let told = Set(sums.filter { $0 != 0 })
    expect(told == [other.checksum], "the sum that is told is of what runs")
  }

  private mutating func reports<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    wait(Self.look, &rig)
    let before = report(&rig)
    send(.doubt(3), &rig)
    wait(Self.look, &rig)
    let after = report(&rig)
    expect(
      before.uncertain + 3 == after.uncertain,
      "steps that are doubted are told as uncertain, each once")
    expect(
      after.delivered + after.uncertain == rig.steps,
      "certain and uncertain are together what was made")
  }

  private mutating func events<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    // A link whose events go another way has none here.
    guard let first = rig.event() else { return }
    let again = rig.event()
    expect(first == again, "an event stays until it is taken")
    var all: [TimedEvent] = []
    while let event = rig.event(), all.count < 1_000 {
      all.append(event)
      rig.takeEvent()
    }
    let times = all.map(\.at)
    expect(times == times.sorted(), "events come in the order in which they happened")
    let begins = all.filter { if case .bolusBegan = $0.event { true } else { false } }
    expect(begins.count == 1, "each event comes once")
  }

  private mutating func cut<Rig: DriveRig & ~Copyable>(_ rig: inout Rig) {
    send(.cut(.driveDisagrees, beyond: nil), &rig)
    wait(Self.look, &rig)
    expect(made(in: TimeSpan(seconds: 3), &rig) == 0, "no step is made after it was cut off")
    let isTripped = report(&rig).isTripped
    expect(isTripped, "a drive that was cut off says so")
    send(.grant(Grant(number: 4, upTo: 2_000_000, until: rig.now + .hour)), &rig)
    expect(made(in: TimeSpan(seconds: 2), &rig) == 0, "a permission does not undo that")
  }
}
