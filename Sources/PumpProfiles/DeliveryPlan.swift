import PumpPlan
import PumpTherapy
public import PumpUnits

/// What a profile will deliver and when, worked out with the planner itself.
public struct DeliveryPlan: Sendable {
  /// A stretch of time with one basal flow, or one bolus over it.
  public struct Row: Sendable {
    public var start: Instant
    public var end: Instant
    public var kind: Kind
    /// The basal's flow, or the bolus's own at its top.
    public var flow: FlowRate
    /// What the pump delivers meanwhile, basal and bolus together.
    public var volume: Volume
    public var dose: Mass
    public var steps: UInt64
  }

  /// What is new in a row.
  public enum Kind: String, Sendable {
    case basal
    case bolus
  }

  public private(set) var rows: [Row] = []
  public let concentration: Concentration
  public let span: TimeSpan

  /// Plans a profile.
  ///
  /// - Parameters:
  ///   - profile: What is to be delivered.
  ///   - bench: What delivers it.
  ///   - place: Where in its pattern the therapy begins.
  ///   - span: How long.
  public init(_ profile: Profile, on bench: Bench, from place: TimeSpan, lasting span: TimeSpan) {
    concentration = profile.concentration
    self.span = span
    let therapy = profile.prescription.therapy
    var program = FlowProgram(therapy: therapy, place: place, at: .epoch)
    var planner = StepPlanner(step: bench.step)
    func shape(_ bolus: Bolus, _ at: Instant) -> BolusShape? {
      try? BolusShape(
        of: bolus, from: at, over: therapy.peakBasal, motor: bench.driver.motor, step: bench.step)
    }
    if let bolus = profile.singleBolus { program.bolus = shape(bolus, .epoch) }
    let end = Instant.epoch + span
    var at = Instant.epoch
    var next = program.nextScheduledBolus(from: at)
    while at < end {
      if let bolus = program.bolus, bolus.end <= at { program.bolus = nil }
      if let due = next, due.at <= at, program.bolus == nil {
        program.bolus = shape(due.bolus, at)
        next = program.nextScheduledBolus(from: at + TimeSpan(nanoseconds: 1))
      }
      let segment = program.segment(from: at)
      // A pattern's bolus that had to wait for one in progress starts when that ends.
      let nextBolus = next.map { $0.at > at ? $0.at : .never } ?? .never
      let until = min(end, min(segment.end, nextBolus))
      let before = planner.planned
      planner.begin(segment, at: at)
      let volumeBefore = planner.prescribed(by: at)
      _ = planner.takeAll(by: until)
      add(
        Row(
          start: at, end: until, kind: program.bolus == nil ? .basal : .bolus,
          flow: program.bolus?.to ?? segment.base,
          volume: planner.prescribed(by: until) - volumeBefore, dose: .zero,
          steps: planner.planned - before))
      at = until
    }
  }

  /// The whole dose.
  public var dose: Mass { rows.reduce(.zero) { $0 + $1.dose } }

  /// The whole volume.
  public var volume: Volume { rows.reduce(.zero) { $0 + $1.volume } }

  /// All steps.
  public var steps: UInt64 { rows.reduce(0) { $0 + $1.steps } }

  /// Adds a stretch, to the row before it where that goes on: a ramp has several.
  private mutating func add(_ row: Row) {
    var row = row
    row.dose = (try? concentration.mass(in: row.volume)) ?? .zero
    guard var last = rows.last, last.kind == .bolus, row.kind == .bolus, last.flow == row.flow
    else { return rows.append(row) }
    last.end = row.end
    last.volume += row.volume
    last.dose += row.dose
    last.steps += row.steps
    rows[rows.count - 1] = last
  }
}
