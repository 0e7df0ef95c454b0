public import PumpUnits

/// What the sensors say at one moment; `nil` where a board has no such sensor.
public struct SensorReadings: Equatable, BitwiseCopyable, Sendable {
  /// Index pulses since power-on, one a revolution of the pump head.
  public var indexPulses: UInt64?
  /// Whether the stepper driver reports a fault, or has reported one since the last reading.
  public var driverFault: Bool
  /// The reservoir's measured volume.
  public var reservoir: Volume?
  /// Whether the patient's button is held down.
  public var isButtonPressed: Bool?
  /// How often it was pressed since power-on, bounces left out.
  public var buttonPresses: UInt64?
  /// Whether the reservoir's switch says that little is left.
  public var isReservoirLow: Bool?
  /// The battery's voltage in millivolts.
  public var batteryMillivolts: UInt32?
  /// The temperature in thousandths of a degree Celsius.
  public var milliCelsius: Int32?

  /// Creates readings.
  public init(
    indexPulses: UInt64? = nil, driverFault: Bool = false, reservoir: Volume? = nil,
    isReservoirLow: Bool? = nil, batteryMillivolts: UInt32? = nil, milliCelsius: Int32? = nil,
    isButtonPressed: Bool? = nil, buttonPresses: UInt64? = nil
  ) {
    self.indexPulses = indexPulses
    self.driverFault = driverFault
    self.reservoir = reservoir
    self.isReservoirLow = isReservoirLow
    self.batteryMillivolts = batteryMillivolts
    self.milliCelsius = milliCelsius
    self.isButtonPressed = isButtonPressed
    self.buttonPresses = buttonPresses
  }
}

/// The sensors around the motor and the reservoir.
public protocol PumpSensors: ~Copyable {
  /// The backend's own error.
  associatedtype SensorFailure: HardwareFault

  /// Reads them all.
  ///
  /// - Throws: The backend's error, where none of the readings is to be believed.
  mutating func readSensors() throws(SensorFailure) -> SensorReadings
}
