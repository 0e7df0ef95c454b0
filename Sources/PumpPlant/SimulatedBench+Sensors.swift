public import PumpHAL
public import PumpUnits

extension SimulatedBench {
  public mutating func readSensors() throws(PlantFailure) -> SensorReadings {
    guard clock >= deadUntil else { throw PlantFailure(.notDelivered) }
    creep()
    let isLow = reservoirLeft <= settings.lowSwitch
    if isLow != isLowAsserted {
      isLowAsserted = isLow
      trace.record(.reservoirLow, isAsserted: isLow, at: clock)
    }
    let noise = settings.noise
    let isWild = clock < wildUntil
    let level =
      Int64(isWild ? settings.filled.femtolitres * 3 : reservoirLeft.femtolitres)
      - Int64(reservoirLoss.femtolitres)
    let spread = Int64(noise.reservoir.femtolitres)
    return SensorReadings(
      indexPulses: position / settings.head.stepsPerIndex,
      driverFault: isFaultAsserted,
      reservoir: Volume(femtolitres: UInt64(max(0, level + random.number(in: -spread...spread)))),
      isReservoirLow: isLow,
      batteryMillivolts: UInt32(
        max(0, batteryBase - batteryLoss + random.number(in: -noise.battery...noise.battery))),
      milliCelsius: milliCelsius
        + Int32(random.number(in: -noise.milliCelsius...noise.milliCelsius)),
      isButtonPressed: clock < buttonUntil, buttonPresses: buttonPresses)
  }

  public mutating func readIndex() -> UInt64? {
    creep()
    return position / settings.head.stepsPerIndex
  }

  public var mayMoveFrom: Instant { creptTo < creepsUntil ? clock : faults.nextInstant }

  public mutating func holdEnable(_ isHeld: Bool) {
    creep()
    isEnableHeld = isHeld
    guard isHeld, isEnergised else { return }
    isEnergised = false
    trace.record(.enable, isAsserted: false, at: clock)
    updateCalm()
  }

  public mutating func prove(_ part: SelfTestPart) -> SelfTestProof {
    if part == failingPart, clock < partFailsUntil { return .failed }
    return part == .index && clock < deadUntil ? .failed : .passed
  }

  public mutating func sound(_ tone: AlarmTone) {
    sounds += 1
    if buzzesUntil == nil { trace.record(.buzzer, isAsserted: true, at: clock) }
    buzzesUntil = clock + tone.length
    updateCalm()
  }

  public mutating func kickWatchdog() {
    isKickHigh.toggle()
    trace.record(.watchdogKick, isAsserted: isKickHigh, at: clock)
  }

  /// Steps that the rotor really turned.
  public var rotorSteps: UInt64 { position }

  /// What has really left the pump.
  public var pumped: Volume {
    min(settings.filled, settings.head.delivered(afterSteps: position))
  }

  /// What is really left in the reservoir.
  public var reservoirLeft: Volume { settings.filled - pumped }

  /// Whether the pump ran dry: the rotor turned for more than there was.
  public var isDry: Bool { settings.head.delivered(afterSteps: position) > settings.filled }

  /// The mass that has really left the catheter's tip.
  ///
  /// - Throws: `QuantityError.overflow`.
  public func massAtTip() throws(QuantityError) -> Mass {
    try settings.catheter.massAtTip(afterPumping: pumped)
  }
}
