import PumpHAL
public import PumpUnits

extension SimulatedBench {
  /// A wait in which something unusual is due: a fault, a late wake-up, the end of a sound.
  @usableFromInline
  mutating func unusualWait(until deadline: Instant) -> Instant {
    while faults.nextInstant <= deadline {
      clock = max(clock, faults.nextInstant)
      if let fault = faults.takeTimed() { begin(fault) }
    }
    endSignals(by: deadline)
    clock = max(clock, deadline) + lateness
    lateness = .zero
    updateCalm()
    return clock
  }

  /// An edge at which something unusual is due.
  @usableFromInline
  mutating func unusualEdge() throws(PlantFailure) {
    while edges >= faults.nextEdge, let fault = faults.takeCounted() { begin(fault) }
    updateCalm()
    guard let kind = pendingFailure else { return }
    pendingFailure = nil
    updateCalm()
    if kind == .deliveryUncertain, random.next() & 1 == 0 { turn() }
    throw PlantFailure(kind)
  }

  /// Whether a fault keeps the rotor from turning this step.
  @usableFromInline
  mutating func isHeld() -> Bool {
    if clock < stalledUntil { return true }
    guard missing > 0 else {
      updateCalm()
      return false
    }
    missing -= 1
    return true
  }

  /// Moves the index signal: asserted for the first step of a revolution.
  @usableFromInline
  mutating func moveIndex() {
    if isIndexAsserted {
      isIndexAsserted = false
      trace.record(.index, isAsserted: false, at: clock)
    }
    if stepsToIndex == 0 {
      stepsToIndex = settings.head.stepsPerRevolution
      isIndexAsserted = true
      trace.record(.index, isAsserted: true, at: clock)
    }
  }

  /// Sets from when on edges and waits must look closer. While a fault holds the rotor or an edge
  /// is to fail, every edge does.
  func nextCalm() -> (edges: UInt64, until: Instant) {
    let isTense = pendingFailure != nil || missing > 0 || clock < stalledUntil
    let until = lateness.isZero ? min(faults.nextInstant, nextSignalEnd) : .epoch
    return (isTense ? 0 : faults.nextEdge - 1, until)
  }

  /// When the next signal that the plant holds for a while ends.
  private var nextSignalEnd: Instant {
    min(buzzesUntil ?? .never, isFaultAsserted ? faultUntil : .never)
  }

  mutating func updateCalm() { (calmEdges, calmUntil) = nextCalm() }

  private mutating func begin(_ fault: PlantFault) {
    switch fault {
    case .stall(let span): stalledUntil = clock + span
    case .missedSteps(let count): missing += count
    case .driverFault(let span):
      faultUntil = clock + span
      if !isFaultAsserted { trace.record(.fault, isAsserted: true, at: clock) }
      isFaultAsserted = true
    case .lateWake(let span): lateness = span
    case .lineFailure(let kind): pendingFailure = kind
    case .sensorsDead(let span): deadUntil = clock + span
    case .battery(let millivolts): batteryBase = Int64(millivolts) + batteryLoss
    case .temperature(let value): milliCelsius = value
    case .wallClock(let seconds): wallOffset += seconds
    }
    updateCalm()
  }

  /// Ends the signals that end before or at an instant, each at its time.
  private mutating func endSignals(by instant: Instant) {
    while nextSignalEnd <= instant {
      clock = max(clock, nextSignalEnd)
      if nextSignalEnd == buzzesUntil {
        buzzesUntil = nil
        trace.record(.buzzer, isAsserted: false, at: clock)
      } else {
        isFaultAsserted = false
        trace.record(.fault, isAsserted: false, at: clock)
      }
    }
  }

  var batteryLoss: Int64 {
    Int64(
      (try? scaled(
        clock.nanoseconds, by: settings.batteryMicrovoltsPerDay,
        over: TimeSpan.day.nanoseconds * 1_000, .down)) ?? 0)
  }
}
