public import PumpUnits

/// What a simulated plant is made of.
public struct PlantSettings: Sendable {
  public var head: PumpHead
  /// What is in the reservoir at first.
  public var filled: Volume
  /// At or below this the reservoir's switch closes.
  public var lowSwitch: Volume
  public var catheter: Catheter
  /// The wall clock at the run's start, in seconds since 1970.
  public var wallSecondsAtStart: Int64
  /// The battery's voltage at the run's start, in millivolts.
  public var batteryMillivolts: UInt32 = 3_000
  /// How much of it is lost in a day, in microvolts; 270 is a life of seven years [BG].
  public var batteryMicrovoltsPerDay: UInt64 = 270
  /// The temperature, in thousandths of a degree Celsius.
  public var milliCelsius: Int32 = 37_000
  /// The noise of the sensors, as the largest departure.
  public var noise = SensorNoise()
  public var faults = FaultSchedule()
  public var seed: UInt64 = 1

  public init(
    head: PumpHead, filled: Volume, lowSwitch: Volume, catheter: Catheter,
    wallSecondsAtStart: Int64
  ) {
    self.head = head
    self.filled = filled
    self.lowSwitch = lowSwitch
    self.catheter = catheter
    self.wallSecondsAtStart = wallSecondsAtStart
  }
}

/// The largest departures of the sensors' readings.
public struct SensorNoise: Sendable {
  public var battery: Int64 = 5
  public var milliCelsius: Int64 = 200
  public var reservoir = Volume(microlitres: 100)

  public init() {}
}
