import PumpMessages
public import PumpUnits

/// A stretch of time over which the flow is constant or changes linearly.
public struct FlowSegment: Equatable, BitwiseCopyable, Sendable {
  /// A linear change of flow, of which the segment may cover a part.
  public struct Ramp: Equatable, BitwiseCopyable, Sendable {
    /// The flow at its beginning, over the segment's base.
    public let from: FlowRate
    /// The flow at its end, over the segment's base.
    public let to: FlowRate
    /// Its whole length; at most `MotorLimits.longestRamp`, and even, so that the volume of a whole
    /// ramp is a whole number of the planner's units.
    public let length: TimeSpan
    /// How much of it had passed when the segment began.
    public let elapsed: TimeSpan

    public init(from: FlowRate, to: FlowRate, length: TimeSpan, elapsed: TimeSpan) {
      self.from = from
      self.to = to
      self.length = length
      self.elapsed = elapsed
    }
  }

  /// When it ends; a step due just then still belongs to it.
  public let end: Instant
  /// The constant part of the flow.
  public let base: FlowRate
  /// The changing part.
  public let ramp: Ramp?

  public init(until end: Instant, flow base: FlowRate, ramp: Ramp? = nil) {
    self.end = end
    self.base = base
    self.ramp = ramp
  }
}
