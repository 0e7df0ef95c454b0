import ArgumentParser
import PumpFiles
import PumpService

/// `itpump adopt`: another therapy, without a stop.
struct AdoptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Let a running pump change to another therapy, of the same drug and filling.",
    discussion: """
      Shows what is otherwise, old and new side by side. A single bolus of the new profile is not given: \
      'itpump bolus' gives one.
      """)

  @Argument(help: "The new profile.", completion: .file(extensions: ["yaml"])) var profile: String
  @Flag(help: "A clinician has confirmed doses beyond a soft limit.") var confirm = false
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.adopt)
    request.profile = try ProjectFiles.text(ProjectFiles.profile(profile))
    request.confirm = confirm
    try Speaking.ask(request, "change to \(profile):", options)
  }
}

/// `itpump end-outage`: back from the minimum rate.
struct EndOutageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "end-outage",
    abstract: "Let what is prescribed run again, after an outage that left the minimum rate.",
    discussion: "Tolerance may be lost in an outage: a clinician decides.")

  @Flag(help: "A clinician has confirmed doses beyond a soft limit.") var confirm = false
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.endOutage)
    request.confirm = confirm
    try Speaking.ask(request, "what is prescribed runs again:", options)
  }
}

/// `itpump anchor`.
struct AnchorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anchor",
    abstract: "Move a running pattern to another place: after travel, or a change of clocks.")

  @Argument(help: "Where in its pattern the therapy is now, such as 8h for 08:00.") var place:
    String
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.anchor)
    request.place = place
    try Speaking.ask(request, "the pattern is \(place) after its start now:", options)
  }
}

/// `itpump refill`.
struct RefillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refill",
    abstract: "Say that the reservoir was filled, with the same drug at the same concentration.")

  @Argument(help: "What is in it now, such as 18mL.") var volume: String
  @OptionGroup var options: AskOptions

  func run() throws {
    var request = WireRequest(.refill)
    request.volume = volume
    try Speaking.ask(request, "the reservoir holds \(volume) now, of the same drug:", options)
  }
}
