public import PumpMessages
import PumpSafety
public import PumpUnits

/// A drive that lies, for trying on a bench whether the supervisor catches it.
public enum DriveFault: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// Two STEP edges for every step.
  case doubleSteps = 1
  /// It takes a step for half of what it delivers.
  case doubleRate
  /// It takes a step for a tenth less than it delivers.
  case early
  /// It heeds neither a grant's count nor its end, and is given none after the first.
  case deaf
  /// It tells half of its steps.
  case halfTold
  /// It tells more steps than it made.
  case aheadTold
  /// It says no more after three seconds, and goes on.
  case silent

  /// The step that the drive believes in.
  public func step(_ step: StepVolume) -> StepVolume {
    let (part, of): (UInt64, UInt64) =
      switch self {
      case .doubleRate: (1, 2)
      case .early: (9, 10)
      default: (1, 1)
      }
    // A step's volume is below 2³⁹ fL, and its divisor below 2¹³.
    let smaller = try? StepVolume(
      delivering: Volume(femtolitres: step.numerator &* part), inSteps: step.divisor &* of)
    return smaller ?? step
  }

  /// What it makes of a grant.
  public func heard(_ grant: Grant) -> Grant {
    self == .deaf ? Grant(number: grant.number, upTo: .max, until: .never) : grant
  }

  /// What it tells of itself.
  public func told(_ report: DriveReport) -> DriveReport {
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
