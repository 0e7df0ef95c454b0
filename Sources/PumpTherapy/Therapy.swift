public import PumpUnits

/// What is prescribed to run by itself, without any command.
public enum Therapy: Hashable, Sendable {
  /// Nothing is delivered. Beyond 24 h that is a hazard of its own.
  case stopped
  /// Just enough flow to keep the lumen open: not a treatment, and always shown as such.
  case minimumRate(FlowRate)
  /// One flow.
  case continuous(FlowRate)
  /// A daily, weekly or periodic pattern of flows and boluses.
  case flex(FlexPattern)

  /// The fastest basal flow there is in it, boluses apart.
  public var peakBasal: FlowRate {
    switch self {
    case .stopped: .zero
    case .minimumRate(let flow), .continuous(let flow): flow
    case .flex(let pattern): pattern.peak
    }
  }

  /// The slowest basal flow there is in it, boluses apart.
  public var leastBasal: FlowRate {
    switch self {
    case .stopped: .zero
    case .minimumRate(let flow), .continuous(let flow): flow
    case .flex(let pattern): pattern.least
    }
  }
}
