/// Everything that a controller touches, as one value that the control loop owns.
///
/// A composition and nothing more: the loop is generic over it and specialised for each backend, so
/// no call on the way to an edge goes through a table.
public protocol PumpHardware: DriverLines, PumpClock, WallClock, PumpSensors, Annunciator,
  WatchdogTimer, ~Copyable
{}
