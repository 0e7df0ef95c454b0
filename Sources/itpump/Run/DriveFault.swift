import ArgumentParser
import PumpEngine
import PumpHAL
import PumpLinux
import PumpSafety
import PumpUnits

/// A drive that lies, for trying on a bench whether the supervisor catches it.
enum DriveFault: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// Two STEP edges for every step.
  case doubleSteps = "double-steps"
  /// It takes a step for half of what it delivers.
  case doubleRate = "double-rate"
  /// It takes a step for a tenth less than it delivers.
  case early
  /// It heeds neither a grant's count nor its end, and is given none after the first.
  case deaf
  /// It tells half of its steps.
  case halfTold = "half-told"
  /// It tells more steps than it made.
  case aheadTold = "ahead-told"
  /// It says no more after three seconds, and goes on.
  case silent

  /// When it can show at the earliest.
  var shows: String {
    switch self {
    case .doubleSteps: "by an index sensor only, within two or three of its pulses"
    case .doubleRate, .early: "within a few steps"
    case .deaf: "when the first grant ends: 70 s, 13 s in a bolus"
    case .halfTold: "within a hundred steps or so"
    case .aheadTold: "after a hundred steps"
    case .silent: "after three seconds"
    }
  }

  /// The step that the drive believes in.
  func step(_ step: StepVolume) -> StepVolume {
    let share: (UInt64, UInt64) =
      switch self {
      case .doubleRate: (1, 2)
      case .early: (9, 10)
      default: (1, 1)
      }
    let smaller = try? StepVolume(
      delivering: Volume(femtolitres: step.numerator * share.0), inSteps: step.divisor * share.1)
    return smaller ?? step
  }

  /// What it makes of a grant.
  func heard(_ grant: Grant) -> Grant {
    self == .deaf ? Grant(number: grant.number, upTo: .max, until: .never) : grant
  }

  /// What it tells of itself.
  func told(_ report: DriveReport) -> DriveReport {
    var told = report
    switch self {
    case .halfTold: told.delivered /= 2
    case .aheadTold: told.delivered += told.delivered > 100 ? 1_000 : 0
    case .silent: if report.beat > 150 { told.beat = 150 }
    case .doubleSteps, .doubleRate, .early, .deaf: break
    }
    return told
  }
}

/// Lines on which each step may be two.
struct FaultyLines<Base: StepperLines & ~Copyable>: StepperLines, ~Copyable {
  var base: Base
  let fault: DriveFault?

  mutating func releaseEnable() throws(LineFault) -> LineLevel { try base.releaseEnable() }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    try base.set(line, level)
    guard fault == .doubleSteps, line == .step, level == .asserted else { return }
    try base.set(line, .released)
    try base.set(line, .asserted)
  }

  mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    try base.readBack(line)
  }
}
