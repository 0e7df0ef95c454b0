/// A line of the bench, in the order in which traces number them.
public enum BenchLine: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case step
  case direction
  case enable
  /// Toggles at each kick.
  case watchdogKick
  /// Asserted at a sound's start, released at its end.
  case buzzer
  /// From the pump head: asserted for the first step of each revolution.
  case index
  /// From the driver.
  case fault
  /// From the reservoir's switch.
  case reservoirLow
  /// The patient's button.
  case button

  /// Whether the controller drives it; else it reads it.
  public var isOutput: Bool { rawValue <= BenchLine.buzzer.rawValue }

  /// The name that a board file gives the line's role.
  public var role: String {
    switch self {
    case .step: "step"
    case .direction: "dir"
    case .enable: "enable"
    case .watchdogKick: "watchdog-kick"
    case .buzzer: "buzzer"
    case .index: "index"
    case .fault: "fault"
    case .reservoirLow: "reservoir-low"
    case .button: "button"
    }
  }
}
