import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The flow that a therapy asks for over time, with at most one bolus laid over it.
public struct FlowProgram: ~Copyable, Sendable {
  private let inPlace = InPlace()
  /// What runs by itself.
  public private(set) var therapy: Therapy
  /// Ties the pattern, by the place that it was at, to an elapsed instant; only a command moves it.
  private var anchor: Instant
  private var placeAtAnchor: TimeSpan
  /// Whether the basal and the pattern's boluses are held back.
  public var isSuspended = false
  /// The bolus that runs, or is about to.
  public var bolus: BolusShape?

  /// Creates a program.
  ///
  /// - Parameters:
  ///   - therapy: What runs by itself.
  ///   - place: Where in its pattern the therapy is at `instant`.
  public init(therapy: Therapy, place: TimeSpan, at instant: Instant) {
    self.therapy = therapy
    anchor = instant
    placeAtAnchor = place
  }

  /// Takes another therapy, or another place in it.
  public mutating func adopt(_ therapy: Therapy, place: TimeSpan, at instant: Instant) {
    self.therapy = therapy
    anchor = instant
    placeAtAnchor = place
  }

  /// Where in the pattern an instant is.
  ///
  /// - Parameter instant: Not before the anchor.
  public func place(at instant: Instant) -> TimeSpan {
    guard case .flex(let pattern) = therapy else { return .zero }
    let period = pattern.period.nanoseconds
    let elapsed = instant.elapsed(since: anchor).nanoseconds % period
    return TimeSpan(nanoseconds: (elapsed + placeAtAnchor.nanoseconds % period) % period)
  }

  /// The pattern's next bolus at an instant or after it.
  public func nextScheduledBolus(from instant: Instant) -> (bolus: Bolus, at: Instant)? {
    guard !isSuspended, case .flex(let pattern) = therapy,
      let next = pattern.nextBolus(from: place(at: instant))
    else { return nil }
    return (next.bolus, instant + next.after)
  }

  /// The flow from an instant on, up to the next change that is known now.
  public func segment(from instant: Instant) -> FlowSegment {
    let (base, baseEnd) = basal(from: instant)
    guard let bolus else { return FlowSegment(until: baseEnd, flow: base) }
    guard instant >= bolus.start else {
      return FlowSegment(until: min(baseEnd, bolus.start), flow: base)
    }
    guard let laid = bolus.segment(from: instant, over: base) else {
      return FlowSegment(until: baseEnd, flow: base)
    }
    return FlowSegment(until: min(baseEnd, laid.end), flow: laid.base, ramp: laid.ramp)
  }

  /// The whole flow at an instant, a bolus included; in a ramp the one that the ramp leads to.
  public func flow(at instant: Instant) -> FlowRate {
    let segment = segment(from: instant)
    return (try? segment.base.adding(segment.ramp?.to ?? .zero)) ?? segment.base
  }

  /// The basal flow at an instant.
  public func basalFlow(at instant: Instant) -> FlowRate { basal(from: instant).flow }

  private func basal(from instant: Instant) -> (flow: FlowRate, end: Instant) {
    guard !isSuspended else { return (.zero, .never) }
    switch therapy {
    case .stopped: return (.zero, .never)
    case .minimumRate(let flow), .continuous(let flow): return (flow, .never)
    case .flex(let pattern):
      let (flow, lasts) = pattern.basal(at: place(at: instant))
      return (flow, instant + lasts)
    }
  }
}
