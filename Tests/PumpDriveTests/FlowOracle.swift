import BigInt
import PumpPlan
import PumpTherapy
import PumpUnits

/// The prescribed volume as the definition has it, in exact fractions.
///
/// It is the integral of a flow that is the basal plus at most one bolus. The oracle knows therapies
/// and bolus parameters, and nothing of the planner's segments, units or carried remainders.
struct FlowOracle {
  /// A stretch of flow that is `level + slope × (t - start)`, in fL/day and fL/day per ns.
  private struct Piece {
    var start: UInt64
    var level: Rational
    var slope: Rational
    /// The volume in fL after τ ns is `(constant + linear τ + square τ²) ÷ denominator`.
    var constant: BigInt
    var linear: BigInt
    var square: BigInt
    var denominator: BigInt

    init(start: UInt64, level: Rational, slope: Rational, before: Rational) {
      self.start = start
      self.level = level
      self.slope = slope
      let rates = 2 * FlowOracle.day * level.denominator * slope.denominator
      denominator = rates * before.denominator
      constant = before.numerator * rates
      linear = 2 * level.numerator * slope.denominator * before.denominator
      square = slope.numerator * level.denominator * before.denominator
    }
  }

  private var pieces: [Piece] = [
    Piece(start: 0, level: Rational(0), slope: Rational(0), before: Rational(0))
  ]
  private static let day = BigInt(86_400_000_000_000)

  /// Lets the flow be this from an instant on.
  mutating func flow(from start: UInt64, level: Rational, slope: Rational = Rational(0)) {
    pieces.append(
      Piece(start: start, level: level, slope: slope, before: volume(at: start).reduced))
  }

  /// The exact volume prescribed up to an instant that is not before the last change, in fL.
  func volume(at instant: UInt64) -> Rational {
    let piece = pieces[pieces.lastIndex { $0.start <= instant } ?? 0]
    let time = BigInt(instant - piece.start)
    return Rational(
      piece.constant + time * (piece.linear + time * piece.square), piece.denominator)
  }
}

/// The corners of a programme's flow over a time: basal and bolus laid together by definition.
struct ProgrammeOracle {
  private(set) var oracle = FlowOracle()
  private var therapy: Therapy
  private var anchor: UInt64 = 0
  private var placeAtAnchor: UInt64 = 0
  private var isSuspended = true
  private var bolus: BolusShape?
  /// The flow is laid up to here.
  private var laidTo: UInt64 = 0

  init(therapy: Therapy) { self.therapy = therapy }

  /// Records a change of what is prescribed, effective at an instant.
  mutating func change(at instant: UInt64, _ body: (inout Change) -> Void) {
    lay(to: instant)
    var change = Change(
      therapy: therapy, anchor: anchor, place: placeAtAnchor, isSuspended: isSuspended,
      bolus: bolus)
    body(&change)
    therapy = change.therapy
    anchor = change.anchor
    placeAtAnchor = change.place
    isSuspended = change.isSuspended
    bolus = change.bolus
    laidTo = instant
  }

  /// What a command may change.
  struct Change {
    var therapy: Therapy
    var anchor: UInt64
    var place: UInt64
    var isSuspended: Bool
    var bolus: BolusShape?
  }

  /// The fastest basal flow that runs under a bolus.
  var peakBasal: FlowRate {
    guard !isSuspended else { return .zero }
    switch therapy {
    case .stopped: return .zero
    case .minimumRate(let flow), .continuous(let flow): return flow
    case .flex(let pattern):
      return pattern.segments.map(\.flow).max { $0.count < $1.count } ?? .zero
    }
  }

  /// When the bolus that was laid last ends.
  var bolusEnd: UInt64? { bolus?.end.nanoseconds }

  /// The pattern's boluses in a time, by definition: each of its days is gone through.
  ///
  /// - Parameters:
  ///   - instant: Not at it, but after it; `nil` for the very beginning.
  ///   - end: And up to here.
  func scheduled(after instant: UInt64?, through end: UInt64) -> [(bolus: Bolus, due: UInt64)] {
    guard !isSuspended, case .flex(let pattern) = therapy else { return [] }
    let period = pattern.period.nanoseconds
    let place = placeAtAnchor % period
    var found: [(bolus: Bolus, due: UInt64)] = []
    for entry in pattern.boluses {
      // Counted from the pattern's beginning, which lies before the anchor.
      var due = entry.start.nanoseconds
      while due < place { due += period }
      due = due - place + anchor
      while due <= end {
        if instant.map({ due > $0 }) ?? true { found.append((entry.bolus, due)) }
        due += period
      }
    }
    return found.sorted { $0.due < $1.due }
  }

  /// Lays the flow up to an instant: at every corner on the way, the sum anew.
  mutating func lay(to end: UInt64) {
    var at = laidTo
    while at < end {
      let (level, slope, next) = flow(at: at)
      oracle.flow(from: at, level: level, slope: slope)
      at = min(end, next)
    }
    laidTo = max(laidTo, end)
  }

  private func flow(at instant: UInt64) -> (level: Rational, slope: Rational, next: UInt64) {
    var (level, next) = basal(at: instant)
    guard let bolus else { return (level, Rational(0), next) }
    let start = bolus.start.nanoseconds
    let corners = [
      start, start + bolus.climb.nanoseconds,
      start + bolus.climb.nanoseconds + bolus.cruise.nanoseconds, bolus.end.nanoseconds,
    ]
    next = min(next, corners.first { $0 > instant } ?? .max)
    guard instant >= corners[0], instant < corners[3] else { return (level, Rational(0), next) }
    let rise = BigInt(bolus.to.count) - BigInt(bolus.from.count)
    let slope = bolus.isRamped ? Rational(rise, BigInt(bolus.rampLength.nanoseconds)) : Rational(0)
    let from = Rational(BigInt(bolus.from.count))
    if instant < corners[1] {
      level = level + from + slope * Rational(BigInt(instant - corners[0]))
      return (level, slope, next)
    }
    if instant < corners[2] {
      return (level + Rational(BigInt(bolus.to.count)), Rational(0), next)
    }
    let left = Rational(BigInt(corners[3] - instant))
    return (level + from + slope * left, Rational(0) - slope, next)
  }

  private func basal(at instant: UInt64) -> (Rational, UInt64) {
    guard !isSuspended else { return (Rational(0), .max) }
    switch therapy {
    case .stopped: return (Rational(0), .max)
    case .minimumRate(let flow), .continuous(let flow):
      return (Rational(BigInt(flow.count)), .max)
    case .flex(let pattern):
      let period = pattern.period.nanoseconds
      let place = (instant - anchor + placeAtAnchor) % period
      // Plain search through the entries, by definition: the last one that has begun.
      let begun = pattern.segments.filter { $0.start.nanoseconds <= place }
      let coming = pattern.segments.map(\.start.nanoseconds).filter { $0 > place }
      let flow = begun.last?.flow.count ?? 0
      return (Rational(BigInt(flow)), instant + (coming.min() ?? period) - place)
    }
  }
}
