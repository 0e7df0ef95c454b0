public import PumpPlan
public import PumpUnits

/// A bench: a board, the driver on it and the pump head it turns.
public struct Bench: Sendable {
  public var board: Board
  public var driver: Driver
  public var pump: Pump
  /// The volume of a microstep, from the pump's calibration and the driver's microsteps.
  public var step: StepVolume

  /// Microsteps from one index pulse to the next.
  public var stepsPerIndex: UInt64 {
    pump.fullStepsPerRevolution * driver.microsteps * pump.gear.motor
      / (pump.gear.head * pump.indexPulses)
  }
}

/// A board file: which line of which chip does what.
public struct Board: Sendable {
  public var name: String
  /// The label of the GPIO chip, `simulated` for none.
  public var chip: String
  public var lines: [String: Line]
  /// How much late delivery may still be made; more is booked as missed.
  public var backlogLimit: Volume
  /// Where the supervisor gives no sign of life for so long, the drive makes no step.
  public var supervisorTimeout: TimeSpan
  /// The kernel's watchdog that resets the machine when the supervisor is gone; `nil` for none.
  public var watchdog: Watchdog?
  /// Where a firmware of its own runs on the board and speaks to a host; `nil` where this machine drives
  /// the lines.
  public var console: Console?
  /// Paths of the driver's and the pump's files, as written.
  public var driverFile: String
  public var pumpFile: String

  /// What a motor driver's edges couple into a wire is over within microseconds; a slot of a disc and a
  /// driver's fault last far longer [DER].
  public static var usualDebounce: TimeSpan { TimeSpan(milliseconds: 2) }

  /// A contact that a finger closes bounces for a few milliseconds, and no press is shorter than this [BG].
  public static var usualButtonDebounce: TimeSpan { TimeSpan(milliseconds: 30) }

  /// Two intervals of the watchdog's kick, and less than the 3 s of the external watchdog [DER].
  public static var usualSupervisorTimeout: TimeSpan { TimeSpan(seconds: 2) }
  public static var supervisorTimeouts: ClosedRange<TimeSpan> {
    TimeSpan(milliseconds: 500)...TimeSpan(seconds: 10)
  }

  /// A line: its name on the chip or its offset, whether it is active low, and how it is driven.
  public struct Line: Sendable {
    public var name: String
    public var isActiveLow: Bool
    public var bias: Bias
    public var drive: Drive
    /// Of an input: what is over sooner is a glitch.
    public var debounce: TimeSpan
  }

  /// How a board's firmware is reached.
  public enum Console: Equatable, Sendable {
    /// A serial device, at 115,200 baud.
    case device(String)
    /// An emulator's command, and the firmware that it runs.
    case emulator(command: String, firmware: String)
  }

  /// A watchdog device and its time-out.
  public struct Watchdog: Sendable {
    public var device: String
    public var timeout: TimeSpan
  }

  /// The resistor inside the chip; `as-is` leaves what the system has set.
  public enum Bias: String, CaseIterable, Sendable {
    case asIs = "as-is"
    case disabled
    case pullUp = "pull-up"
    case pullDown = "pull-down"
  }

  /// How an output drives its two voltages.
  public enum Drive: String, CaseIterable, Sendable {
    case pushPull = "push-pull"
    case openDrain = "open-drain"
    case openSource = "open-source"
  }
}

/// A driver file: its data sheet's timing, and what the motor on it can follow.
public struct Driver: Sendable {
  public var name: String
  public var microsteps: UInt64
  public var timing: DriverTiming
  public var motor: MotorLimits
}

/// A pump file: calibration data, with a checksum.
public struct Pump: Sendable {
  public var name: String
  public var fullStepsPerRevolution: UInt64
  /// Motor turns to head turns, as a fraction.
  public var gear: (motor: UInt64, head: UInt64)
  public var volumePerRevolution: Volume
  public var rollers: UInt64
  /// The ripple of the flow, in thousandths of its mean.
  public var pulsationPermille: UInt64
  /// Index pulses a revolution of the head.
  public var indexPulses: UInt64
  /// After a stall is noticed the motor gets so many index distances more to turn again.
  public var stallTries: UInt64
  public var tubingVolume: Volume
}
