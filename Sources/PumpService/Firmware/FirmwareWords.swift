import PumpFiles
package import PumpFirmware
package import PumpMessages
import PumpProfiles
import PumpSafety

/// What a firmware's numbers mean, for people.
package enum FirmwareWords {
  /// Why a command was refused, and what to do.
  package static func describe(_ problem: ConsoleProblem?, _ detail: UInt64) -> String {
    switch problem {
    case .lineTooLong, .badChecksum: "the line came garbled; try again"
    case .unknownCommand: "it does not know it: another version of the firmware"
    case .badArgument: "an argument that can't be"
    case .noImage: "it has no image; one is loaded with a run"
    case .sessionRuns: "a therapy runs on it already"
    case .noSession: "no therapy runs"
    case .journalUnusable:
      "its journal is damaged at record \(detail): nothing is delivered until the flash is read out and "
        + "erased"
    case .concentrationDiffers:
      "its journal counts another concentration: a change needs a bridge, and a journal of its own"
    case .fillingDiffers:
      "another pump head or another filling than its journal counts: --refilled after a refill"
    case .refused: refusal(detail)
    case .imageUnusable:
      ImageProblem(rawValue: UInt8(clamping: detail)).map(ImageFile.describe) ?? "its image"
    case .alarm: alarm(detail)?.title ?? "an alarm"
    case .unknown: "its drive did not say in time: it may have been done"
    case nil: "for a reason that this version does not know"
    }
  }

  /// The engine's refusals, by the protocol's numbers.
  package static func refusal(_ number: UInt64) -> String {
    switch number {
    case 1: "not in its present state"
    case 2: "a bolus is in progress"
    case 3: "another concentration"
    case 4: "no bolus is in progress"
    case 5: "a scheduled bolus comes before its end"
    case 6: "above a hard dose limit"
    case 7: "above a soft dose limit: --confirm where a clinician has confirmed it"
    case 8: "faster than the motor can turn the head"
    case 9: "the reservoir does not hold it"
    case 10: "the profile has no patient bolus"
    case 11: "locked out"
    case 12: "the day's number of patient boluses is used up"
    case 13: "an alarm stands"
    case 14: "the self-test runs"
    case 15: "no such alarm stands"
    case 16: "more than the reservoir holds"
    case 17: "another request is under way: ask again when it is answered"
    case 18: "the journal does not take it: nothing was changed"
    case 19: "above the drug library's hard limit for a bolus"
    case 20:
      "above the drug library's soft limit for a bolus: --confirm where a clinician has confirmed it"
    case 21: "faster than the drug library lets a bolus run"
    case 22: "more has happened since the status was looked at: look again"
    case 23: "its ticket names another request"
    case 24: "too soon after the last bolus"
    default: "for a reason that this version does not know"
    }
  }

  package static func alarm(_ number: UInt64) -> Alarm? { Alarm(rawValue: UInt8(clamping: number)) }

  /// The alarms of a word with a bit each.
  package static func alarms(_ bits: UInt64) -> [Alarm] {
    Alarm.allCases.filter { bits >> UInt64($0.rawValue) & 1 == 1 }
  }
}
