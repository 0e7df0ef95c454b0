import ArgumentParser
import PumpService

/// `itpump bolus`: a single bolus, now.
struct BolusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bolus", abstract: "Give a bolus with a running pump, on top of what runs.")

  @Argument(help: "The dose with its unit, such as 25ug.") var dose: String
  @Option(help: .init("The time that it takes, such as 10min.", valueName: "time")) var over: String
  @Flag(help: "A clinician has confirmed a dose beyond a soft limit.") var confirm = false
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.bolus)
    (request.dose, request.over, request.confirm) = (dose, over, confirm)
    try Speaking.ask(request, "bolus of \(dose) over \(over), on top of what runs:", options)
  }
}

/// `itpump prime`: fills tubing or catheter.
struct PrimeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prime", abstract: "Fill tubing or catheter with a running pump.")

  @Argument(help: "The volume with its unit, such as 140uL.") var volume: String
  @Option(help: .init("The time that it takes, such as 10min.", valueName: "time")) var over: String
  @Flag(help: "A clinician has confirmed a dose beyond a soft limit.") var confirm = false
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.prime)
    (request.volume, request.over, request.confirm) = (volume, over, confirm)
    try Speaking.ask(request, "prime with \(volume) over \(over):", options)
  }
}

/// `itpump patient-bolus`: what the patient's button does.
struct PatientBolusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patient-bolus", abstract: "Ask for the bolus that the patient may take.")

  @OptionGroup var options: PumpOptions

  func run() throws { try Speaking.order(WireRequest(.patientBolus), options) }
}

/// `itpump cancel-bolus`.
struct CancelBolusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel-bolus",
    abstract: "End the bolus in progress as soon as the motor can slow down.")

  @OptionGroup var options: PumpOptions

  func run() throws { try Speaking.order(WireRequest(.cancelBolus), options) }
}
