public import PumpTherapy
public import PumpUnits

/// What people want to know of the drive, beside what its supervisor has to.
public struct DriveDetail: Equatable, BitwiseCopyable, Sendable {
  /// A bolus that is being given.
  public struct RunningBolus: Equatable, BitwiseCopyable, Sendable {
    public var kind: BolusKind
    public var volume: Volume
    /// What of it was to be given by now.
    public var given: Volume
    public var end: Instant

    public init(kind: BolusKind, volume: Volume, given: Volume, end: Instant) {
      self.kind = kind
      self.volume = volume
      self.given = given
      self.end = end
    }
  }

  public var state: PumpState
  /// The flow that is to run now, a bolus included.
  public var flow: FlowRate
  /// What was to be delivered since the session began, rounded down.
  public var planned: Volume
  /// What is left in the reservoir if every step that may have been made was.
  public var reservoir: Volume
  public var bolus: RunningBolus?
  /// Where in its pattern the therapy is.
  public var place: TimeSpan
  /// What runs instead of the prescription, which was given up; `nil` where that runs.
  public var fallBack: FlowRate?

  public init(
    state: PumpState = .idle, flow: FlowRate = .zero, planned: Volume = .zero,
    reservoir: Volume = .zero, bolus: RunningBolus? = nil, place: TimeSpan = .zero,
    fallBack: FlowRate? = nil
  ) {
    self.state = state
    self.flow = flow
    self.planned = planned
    self.reservoir = reservoir
    self.bolus = bolus
    self.place = place
    self.fallBack = fallBack
  }
}
