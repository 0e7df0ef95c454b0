public import PumpMessages
public import PumpPlan
import PumpSafety
import PumpTherapy
public import PumpUnits

/// What a display shows: what was prescribed beside what was made.
public struct PumpStatus: Equatable, BitwiseCopyable, Sendable {
  public var state: PumpState
  /// The exact integral of the flow that was to run, rounded down.
  public var planned: Volume
  /// The steps that were made, at their calibrated volume.
  public var delivered: Volume
  /// Steps that may or may not have been made.
  public var uncertain: Volume
  /// Steps that were given up.
  public var missed: Volume
  public var ledger: DeliveryLedger
  public var reservoir: Volume
  /// The flow that is to run now, a bolus included.
  public var flow: FlowRate
  /// When the reservoir reaches its alarm level if every permitted patient bolus is taken.
  ///
  /// The worst case; `nil` where nothing uses it up.
  public var refillDue: Instant?
  /// When the reservoir reaches its reserve and delivery stops, by the same reckoning.
  public var stopsDue: Instant?

  /// The status of a drive that is gone, by what its lines saw.
  public init(
    ofDeadDrive ledger: DeliveryLedger, because alarm: Alarm, step: StepVolume, reservoir: Volume
  ) {
    func volume(_ steps: UInt64) -> Volume {
      (try? step.volume(ofSteps: steps)) ?? Volume(femtolitres: .max)
    }
    self.init(
      state: .tripped(alarm), planned: .zero, delivered: volume(ledger.delivered),
      uncertain: volume(ledger.uncertain), missed: volume(ledger.missed), ledger: ledger,
      reservoir: reservoir, flow: .zero, refillDue: nil, stopsDue: nil)
  }

  init(
    state: PumpState, planned: Volume, delivered: Volume, uncertain: Volume, missed: Volume,
    ledger: DeliveryLedger, reservoir: Volume, flow: FlowRate, refillDue: Instant?,
    stopsDue: Instant?
  ) {
    self.state = state
    self.planned = planned
    self.delivered = delivered
    self.uncertain = uncertain
    self.missed = missed
    self.ledger = ledger
    self.reservoir = reservoir
    self.flow = flow
    self.refillDue = refillDue
    self.stopsDue = stopsDue
  }
}

extension Engine {
  /// The exact integral of the flow that was to run by an instant, rounded down.
  public func planned(at now: Instant) -> Volume { planner.prescribed(by: now) }

  /// The flow that is to run at an instant, a bolus included.
  public func flow(at now: Instant) -> FlowRate { program.flow(at: now) }

  /// Where in its pattern the therapy is.
  public func place(at now: Instant) -> TimeSpan { program.place(at: now) }

  /// The bolus that is being given.
  public func runningBolus(at now: Instant) -> DriveDetail.RunningBolus? {
    program.bolus.map {
      DriveDetail.RunningBolus(
        kind: bolusKind, volume: $0.volume(by: $0.end), given: $0.volume(by: now), end: $0.end)
    }
  }

  /// The status at an instant up to which `turn` has been called.
  public func status(at now: Instant) -> PumpStatus {
    let step = settings.step
    func volume(_ steps: UInt64) -> Volume {
      (try? step.volume(ofSteps: steps)) ?? Volume(femtolitres: .max)
    }
    let isRunning = state == .delivering
    let toAlarm = isRunning ? timeLeft(above: reservoir.lowAlarm, at: now) : nil
    let toReserve = isRunning ? timeLeft(above: reservoir.reserve, at: now) : nil
    return PumpStatus(
      state: state, planned: planner.prescribed(by: now), delivered: volume(books.delivered),
      uncertain: volume(books.uncertain), missed: volume(books.missed), ledger: books,
      reservoir: reservoirLeft, flow: program.flow(at: now), refillDue: toAlarm.map { now + $0 },
      stopsDue: toReserve.map { now + $0 })
  }

  private func timeLeft(above level: Volume, at now: Instant) -> TimeSpan? {
    let bolus = program.bolus
    let given = bolus.map { $0.volume(by: now) } ?? .zero
    return Reservoir.timeToUse(
      reservoirLeft.lessening(by: level), by: prescription, from: program.place(at: now)
    ) { span in bolus.map { $0.volume(by: now + span).lessening(by: given) } ?? .zero }
  }
}
