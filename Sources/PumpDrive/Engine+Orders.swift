public import PumpMessages
import PumpTherapy
public import PumpUnits

extension Engine {
  /// Does what the supervisor's side wants: in force from this moment on.
  public mutating func obey(_ order: DriveOrder, at now: Instant) {
    switch order {
    case .grant(let grant): accept(grant, at: now)
    case .hold(let isHeld): hold(isHeld, at: now)
    case .cut(let alarm, let count): stop(because: alarm, at: now, beyond: count)
    case .doubt(let steps): doubt(steps, at: now)
    case .fallBack(let flow): fallBack(to: flow, at: now)
    case .stop: try? perform(.stop, at: now)
    }
  }

  /// Begins a therapy as it is to begin, its bolus or its hold with it.
  ///
  /// - Throws: `Refusal` of the therapy, and then nothing runs, or of its bolus alone.
  public mutating func begin(_ beginning: Beginning, at now: Instant) throws(Refusal) {
    if beginning.place != place(at: now) {
      try perform(.anchor(place: beginning.place), at: now)
    }
    try perform(.begin(isConfirmed: beginning.isConfirmed), at: now)
    if let flow = beginning.fallBack { fallBack(to: flow, at: now) }
    if beginning.isHeld { return try perform(.suspend, at: now) }
    if let bolus = beginning.bolus {
      try perform(.bolus(bolus, isConfirmed: beginning.isConfirmed), at: now)
    }
  }
}
