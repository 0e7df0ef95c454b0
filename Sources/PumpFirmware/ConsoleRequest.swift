public import PumpMessages
import PumpUnits

/// The requests of a running pump on a board's console: one table for the board, its host and the tests.
public enum ConsoleRequest {
  /// What an order is based on where it does not matter what has happened.
  public static var anyPosition: UInt64 { .max }

  /// The word for a request, and how many numbers follow it; `nil` for what a console can't ask for.
  ///
  /// A volume is in fL, a span or a place in ns, an alarm is its number, and a confirmation 1 or 0.
  public static func form(of kind: CommandKind) -> (word: StaticString, numbers: Int)? {
    switch kind {
    case .suspend: ("suspend", 0)
    case .resume: ("resume", 0)
    case .bolus: ("bolus", 3)
    case .prime: ("prime", 3)
    case .cancelBolus: ("cancel-bolus", 0)
    case .patientBolus: ("patient-bolus", 0)
    case .anchor: ("anchor", 1)
    case .refill: ("refill", 1)
    case .acknowledge: ("acknowledge", 1)
    case .silence: ("silence", 2)
    case .stop: ("stop", 0)
    // A change of the profile is a new image; the rest is no request of a running pump.
    case .begin, .adopt, .reconcile, .outOfService: nil
    }
  }
}
