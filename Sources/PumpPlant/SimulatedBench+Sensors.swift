public import PumpHAL
public import PumpUnits

extension SimulatedBench {
  public mutating func readSensors() throws(PlantFailure) -> SensorReadings {
    guard clock >= deadUntil else { throw PlantFailure(.notDelivered) }
    let isLow = reservoirLeft <= settings.lowSwitch
    if isLow != isLowAsserted {
      isLowAsserted = isLow
      trace.record(.reservoirLow, isAsserted: isLow, at: clock)
    }
    let noise = settings.noise
    let level = Int64(reservoirLeft.femtolitres)
    let spread = Int64(noise.reservoir.femtolitres)
    return SensorReadings(
      indexPulses: position / settings.head.stepsPerRevolution,
      driverFault: isFaultAsserted,
      reservoir: Volume(femtolitres: UInt64(max(0, level + random.number(in: -spread...spread)))),
      isReservoirLow: isLow,
      batteryMillivolts: UInt32(
        max(0, batteryBase - batteryLoss + random.number(in: -noise.battery...noise.battery))),
      milliCelsius: milliCelsius
        + Int32(random.number(in: -noise.milliCelsius...noise.milliCelsius)))
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
