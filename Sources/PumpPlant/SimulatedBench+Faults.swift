public import PumpHAL
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
  mutating func unusualEdge(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    let edges = self.edges + 1
    edgesBefore = edges
    calmEdgesThen = 0
    while edges >= faults.nextEdge, let fault = faults.takeCounted() { begin(fault) }
    clock = clock + slowness
    slowness = .zero
    updateCalm()
    guard let kind = pendingFailure else { return }
    pendingFailure = nil
    updateCalm()
    let isStep = line == .step && level == .asserted
    if kind == .deliveryUncertain, isStep, random.next() & 1 == 0 { turnIfPossible() }
    throw PlantFailure(kind)
  }

  /// Turns the rotor by a step, unless it is de-energised, reversed, stalled or misses the step.
  @usableFromInline
  mutating func turnIfPossible() {
    guard isEnergised, isForward, clock >= stalledUntil else { return }
    guard missing == 0 else {
      missing -= 1
      return
    }
    if doubled > 0 {
      doubled -= 1
      turn()
    }
    updateCalm()
    turn()
  }

  /// Moves the index signal: asserted for the first step of a revolution.
  @usableFromInline
  mutating func moveIndex() {
    isIndexAsserted.toggle()
    let period = settings.head.stepsPerIndex
    if period > 1 { indexChange += isIndexAsserted ? 1 : period - 1 } else { indexChange += 1 }
    trace.record(.index, isAsserted: isIndexAsserted, at: clock)
  }

  /// Edges made so far.
  private var edges: UInt64 { edgesBefore + (calmEdgesThen - calmEdges) }

  /// Works out until when edges, steps and waits are usual ones.
  mutating func updateCalm() {
    edgesBefore = edges
    calmEdges =
      pendingFailure == nil && slowness.isZero
      ? faults.nextEdge - 1 - min(edges, faults.nextEdge - 1) : 0
    calmEdgesThen = calmEdges
    calmUntil = lateness.isZero ? min(faults.nextInstant, nextSignalEnd) : .epoch
    turnsFreely =
      isEnergised && isForward && missing == 0 && doubled == 0 && clock >= stalledUntil
  }

  /// When the next signal that the plant holds for a while ends.
  private var nextSignalEnd: Instant {
    min(buzzesUntil ?? .never, isFaultAsserted ? faultUntil : .never)
  }

  private mutating func begin(_ fault: PlantFault) {
    switch fault {
    case .stall(let span): stalledUntil = clock + span
    case .missedSteps(let count): missing += count
    case .driverFault(let span):
      faultUntil = clock + span
      if !isFaultAsserted { trace.record(.fault, isAsserted: true, at: clock) }
      isFaultAsserted = true
    case .lateWake(let span): lateness = span
    case .slowEdge(let span): slowness = span
    case .lineFailure(let kind): pendingFailure = kind
    case .sensorsDead(let span): deadUntil = clock + span
    case .battery(let millivolts): batteryBase = Int64(millivolts) + batteryLoss
    case .temperature(let value): milliCelsius = value
    case .wallClock(let seconds): wallOffset += seconds
    case .creep(let span):
      creep()
      creptTo = clock
      creepsUntil = clock + span
    case .doubledSteps(let count): doubled += count
    case .buttonHeld(let span):
      buttonUntil = clock + span
      buttonPresses += 1
    case .wildSensors(let span): wildUntil = clock + span
    case .reservoirLoss(let volume): reservoirLoss += volume
    case .testFails(let part, let span):
      failingPart = part
      partFailsUntil = clock + span
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

  /// Turns the rotor by what it turned by itself since last time.
  mutating func creep() {
    guard creptTo < creepsUntil else { return }
    let rate = TimeSpan(milliseconds: 5)
    let until = min(clock, creepsUntil)
    guard isEnergised else {
      creptTo = max(creptTo, until)
      return
    }
    while creptTo + rate <= until {
      creptTo = creptTo + rate
      turn()
    }
    if until == creepsUntil { creptTo = creepsUntil }
  }

  var batteryLoss: Int64 {
    Int64(
      (try? scaled(
        clock.nanoseconds, by: settings.batteryMicrovoltsPerDay,
        over: TimeSpan.day.nanoseconds * 1_000, .down)) ?? 0)
  }
}
