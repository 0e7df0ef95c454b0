package import Foundation
package import PumpHAL
package import PumpMessages
import PumpProfiles
import PumpSafety
import PumpScenarios
import PumpUnits

extension SelfTestPart {
  /// What it is, in words.
  package var name: String {
    switch self {
    case .journal: "journal"
    case .profile: "profile"
    case .enable: "ENABLE line"
    case .watchdog: "watchdog"
    case .index: "index line"
    case .alarm: "alarm output"
    case .clock: "clock"
    }
  }

  /// What to look at when it fails.
  package var remedy: String {
    switch self {
    case .journal: "its latest record does not read back: check the disk"
    case .profile: "a copy of it is damaged: check the disk, and load it anew"
    case .enable: "it does not read back as it was set: check its wiring; the motor stays off"
    case .watchdog: "it was not seen to count: check the board file's watchdog and its driver"
    case .index: "it can't be read: check its wiring"
    case .alarm: "it does not read back as it was set: check its wiring"
    case .clock: "it does not keep pace with the second one: check the machine's time service"
    }
  }
}

extension Moments {
  /// The alarms that were raised, a line each for people; never empty.
  package func alarms(in events: [TimedEvent], from start: Date) -> [String] {
    let raised = events.compactMap { event -> String? in
      guard case .alarmRaised(let alarm) = event.event else { return nil }
      return "\(second(start.after(event.at))) "
        + "\(alarm.priority == .critical ? "CRITICAL" : "non-critical") \(alarm.title)"
    }
    return raised.isEmpty ? ["none"] : raised
  }
}
