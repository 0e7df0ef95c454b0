/// The stepper driver's input lines.
public protocol DriverLines: ~Copyable {
  /// The backend's own error.
  associatedtype Failure: HardwareFault

  /// Sets a line.
  ///
  /// Allocates nothing and returns at once. It does *not* promise that the voltage has settled, nor
  /// that the motor moved: only a sensor can say that.
  ///
  /// - Throws: The backend's error, whose `kind` says whether the level may have changed.
  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(Failure)

  /// Reads back the level that a line has.
  ///
  /// - Throws: The backend's error; the level is unknown then.
  mutating func readBack(_ line: DriverLine) throws(Failure) -> LineLevel
}
