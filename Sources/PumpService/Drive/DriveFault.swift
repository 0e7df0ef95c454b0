package import PumpDrive
package import PumpHAL
package import PumpLinux
import PumpMessages

extension DriveFault {
  /// What a person calls it.
  package var word: String {
    switch self {
    case .doubleSteps: "double-steps"
    case .doubleRate: "double-rate"
    case .early: "early"
    case .deaf: "deaf"
    case .halfTold: "half-told"
    case .aheadTold: "ahead-told"
    case .silent: "silent"
    }
  }

  /// When it can show at the earliest.
  package var shows: String {
    switch self {
    case .doubleSteps: "by an index sensor only, within two or three of its pulses"
    case .doubleRate, .early: "within a few steps"
    case .deaf: "when the first grant ends: 70 s, 13 s in a bolus"
    case .halfTold: "within a hundred steps or so"
    case .aheadTold: "after a hundred steps"
    case .silent: "after three seconds"
    }
  }
}

/// Lines on which each step may be two.
package struct FaultyLines<Base: StepperLines & ~Copyable>: StepperLines, ~Copyable {
  package var base: Base
  package let fault: DriveFault?

  package mutating func releaseEnable() throws(LineFault) -> LineLevel { try base.releaseEnable() }

  package mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    try base.set(line, level)
    guard fault == .doubleSteps, line == .step, level == .asserted else { return }
    try base.set(line, .released)
    try base.set(line, .asserted)
  }

  package mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    try base.readBack(line)
  }
}
