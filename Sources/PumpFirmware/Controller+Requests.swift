import PumpMessages
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// What may be asked of a running pump, by the names that it has everywhere.
extension Controller {
  /// Asks the session for what the line says.
  @inline(never)
  mutating func ask() {
    guard let command = requested else { return }
    guard session != nil else { return no(.noSession) }
    if let refusal = session?.pointee.perform(command) {
      return no(.refused, detail: UInt64(refusal.code.number))
    }
    ok()
  }

  /// The line's request; `nil` where it is none, which the host was told.
  private var requested: Command? {
    if inbox.isCommand("suspend") { return .suspend }
    if inbox.isCommand("resume") { return .resume }
    if inbox.isCommand("cancel-bolus") { return .cancelBolus }
    if inbox.isCommand("patient-bolus") { return .patientBolus }
    let isPrime = inbox.isCommand("prime")
    if isPrime || inbox.isCommand("bolus") {
      guard let bolus else { return bad() }
      let isConfirmed = inbox.argument(3) == 1
      return isPrime
        ? .prime(bolus, isConfirmed: isConfirmed) : .bolus(bolus, isConfirmed: isConfirmed)
    }
    if inbox.isCommand("acknowledge") {
      guard let alarm else { return bad() }
      return .acknowledge(alarm)
    }
    if inbox.isCommand("silence") {
      guard let alarm, let span = inbox.argument(2), span < Self.longest else { return bad() }
      return .silence(alarm, TimeSpan(nanoseconds: span))
    }
    if inbox.isCommand("anchor") {
      guard let place = inbox.argument(1), place < Self.longest else { return bad() }
      return .anchor(place: TimeSpan(nanoseconds: place))
    }
    if inbox.isCommand("refill") {
      guard let volume = inbox.argument(1) else { return bad() }
      return .refill(Volume(femtolitres: volume))
    }
    no(.unknownCommand)
    return nil
  }

  private func bad() -> Command? {
    no(.badArgument)
    return nil
  }

  /// The first two arguments as a bolus: fL and ns.
  private var bolus: Bolus? {
    guard let volume = inbox.argument(1), let duration = inbox.argument(2) else { return nil }
    return try? Bolus(
      volume: Volume(femtolitres: volume), duration: TimeSpan(nanoseconds: duration))
  }

  private var alarm: Alarm? {
    guard let number = inbox.argument(1), number < 64 else { return nil }
    return Alarm(rawValue: UInt8(number))
  }
}
