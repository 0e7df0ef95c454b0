import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
public import PumpUnits

/// What a profile will deliver and when, worked out with the planner itself.
public struct DeliveryPlan: Sendable {
  /// A stretch of time with one basal flow and at most one bolus over it.
  public struct Row: Sendable {
    public var start: Instant
    public var end: Instant
    public var basal: FlowRate
    /// The bolus over it.
    public var bolus: PlannedBolus?
    /// What the pump delivers meanwhile, basal and bolus together.
    public var volume: Volume
    public var dose: Mass
    public var steps: UInt64
  }

  /// A bolus, or the part of one that lies in a row.
  public struct PlannedBolus: Sendable {
    /// Its own dose, without the basal under it.
    public var dose: Mass
    /// Its own flow at the top.
    public var flow: FlowRate
    /// Which one of the plan it is, so that parts of one are known.
    public var number: Int
  }

  public private(set) var rows: [Row] = []
  public let concentration: Concentration
  public let span: TimeSpan
  /// What the engine says of the therapy's beginning.
  public let forecast: Forecast
  /// When the reservoir reaches its alarm level in this plan, and when delivery stops at its reserve.
  public private(set) var lowAlarm: Instant?
  public private(set) var stop: Instant?

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
    forecast = Forecast(profile, on: bench, from: place)
    // A therapy that may not begin delivers nothing.
    guard forecast.refusal == nil || forecast.refusesBolus else { return }
    let therapy = profile.prescription.therapy
    var program = FlowProgram(therapy: therapy, place: place, at: .epoch)
    var planner = StepPlanner(step: bench.step)
    func shape(_ bolus: Bolus, _ at: Instant) -> BolusShape? {
      try? BolusShape(
        of: bolus, from: at, over: therapy.peakBasal, motor: bench.driver.motor, step: bench.step,
        lead: bench.driver.timing.lead)
    }
    var number = 0
    if let bolus = profile.singleBolus, !forecast.refusesBolus {
      program.bolus = shape(bolus, .epoch)
    }
    let usable = profile.reservoir.filled.lessening(by: profile.reservoir.lowAlarm)
    let toAlarm = (try? bench.step.steps(in: usable)) ?? .max
    let end = Instant.epoch + span
    var at = Instant.epoch
    var next = program.nextScheduledBolus(from: at)
    while at < end {
      if let bolus = program.bolus, bolus.end <= at { program.bolus = nil }
      if let due = next, due.at <= at, program.bolus == nil {
        program.bolus = shape(due.bolus, at)
        number += 1
        next = program.nextScheduledBolus(from: at + TimeSpan(nanoseconds: 1))
      }
      let segment = program.segment(from: at)
      // A pattern's bolus that had to wait for one in progress starts when that ends.
      let nextBolus = next.map { $0.at > at ? $0.at : .never } ?? .never
      var until = min(end, min(segment.end, nextBolus))
      let before = planner.planned
      planner.begin(segment, at: at)
      let volumeBefore = planner.prescribed(by: at)
      if lowAlarm == nil {
        lowAlarm = Self.instant(ofStep: toAlarm, in: planner, at, until)
      }
      if let empty = Self.instant(ofStep: forecast.stepsToReserve, in: planner, at, until) {
        (stop, until) = (empty, empty)
      }
      _ = planner.takeAll(by: until)
      add(
        Row(
          start: at, end: until, basal: program.basalFlow(at: at),
          bolus: program.bolus.map { Self.part(of: $0, at, until, number, concentration) },
          volume: planner.prescribed(by: until) - volumeBefore, dose: .zero,
          steps: planner.planned - before))
      if stop != nil { break }
      at = until
    }
  }

  /// When a step is made, if it is in a segment.
  private static func instant(
    ofStep number: UInt64, in planner: borrowing StepPlanner, _ start: Instant, _ end: Instant
  ) -> Instant? {
    guard number > planner.planned, planner.planned(by: end) >= number else { return nil }
    var (low, high) = (start.nanoseconds, end.nanoseconds)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if planner.planned(by: Instant(nanoseconds: middle)) >= number {
        high = middle
      } else {
        low = middle
      }
    }
    return Instant(nanoseconds: high)
  }

  /// Each bolus whole: when it begins and ends, and its own dose.
  public var boluses: [(start: Instant, end: Instant, dose: Mass)] {
    var whole: [(start: Instant, end: Instant, dose: Mass, number: Int)] = []
    for row in rows {
      guard let bolus = row.bolus else { continue }
      if let last = whole.last, last.number == bolus.number {
        whole[whole.count - 1].end = row.end
        whole[whole.count - 1].dose += bolus.dose
      } else {
        whole.append((row.start, row.end, bolus.dose, bolus.number))
      }
    }
    return whole.map { ($0.start, $0.end, $0.dose) }
  }

  /// The whole dose.
  public var dose: Mass { rows.reduce(.zero) { $0 + $1.dose } }

  /// The whole volume.
  public var volume: Volume { rows.reduce(.zero) { $0 + $1.volume } }

  /// All steps.
  public var steps: UInt64 { rows.reduce(0) { $0 + $1.steps } }

  private static func part(
    of bolus: BolusShape, _ start: Instant, _ end: Instant, _ number: Int,
    _ concentration: Concentration
  ) -> PlannedBolus {
    let volume = bolus.volume(by: end) - bolus.volume(by: start)
    return PlannedBolus(
      dose: (try? concentration.mass(in: volume, .up)) ?? .zero, flow: bolus.to, number: number)
  }

  /// Adds a stretch, to the row before it where that goes on: a ramp has several.
  private mutating func add(_ row: Row) {
    var row = row
    row.dose = (try? concentration.mass(in: row.volume)) ?? .zero
    guard var last = rows.last, let before = last.bolus, let bolus = row.bolus,
      before.number == bolus.number, last.basal == row.basal
    else { return rows.append(row) }
    last.bolus?.dose = before.dose + bolus.dose
    last.end = row.end
    last.volume += row.volume
    last.dose += row.dose
    last.steps += row.steps
    rows[rows.count - 1] = last
  }
}
