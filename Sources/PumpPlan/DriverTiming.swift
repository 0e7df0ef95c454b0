import PumpMessages
public import PumpUnits

/// The times that a stepper driver needs between edges, from its data sheet by way of its file.
public struct DriverTiming: Hashable, BitwiseCopyable, Sendable {
  /// The shortest STEP high time.
  public let stepHigh: TimeSpan
  /// The shortest STEP low time.
  public let stepLow: TimeSpan
  /// From a DIR edge to the next STEP rise.
  public let directionSetUp: TimeSpan
  /// From a STEP rise to the next DIR or ENABLE edge.
  public let directionHold: TimeSpan
  /// From a STEP rise until the motor may be de-energised: the rotor turns long after the edge.
  public let hold: TimeSpan
  /// From ENABLE asserted to the first STEP rise.
  public let wakeUp: TimeSpan
  /// Whether the motor is energised around strokes only, or as long as the therapy runs.
  public let energise: Energise

  /// From a STEP rise to the next DIR or ENABLE edge, with the time that the rotor needs.
  public var rest: TimeSpan { max(directionHold, hold) }

  /// From a sleeping driver to its first possible step.
  public var lead: TimeSpan { wakeUp + directionSetUp }

  /// When the motor is energised.
  public enum Energise: UInt8, BitwiseCopyable, Sendable {
    case always
    /// Only around strokes: for heads that hold by themselves and motors that must stay cool.
    case aroundStrokes
  }

  public init(
    stepHigh: TimeSpan, stepLow: TimeSpan, directionSetUp: TimeSpan, directionHold: TimeSpan,
    hold: TimeSpan = .zero, wakeUp: TimeSpan, energise: Energise
  ) {
    self.hold = hold
    self.stepHigh = stepHigh
    self.stepLow = stepLow
    self.directionSetUp = directionSetUp
    self.directionHold = directionHold
    self.wakeUp = wakeUp
    self.energise = energise
  }
}
