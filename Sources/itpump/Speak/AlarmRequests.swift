import ArgumentParser
import PumpService

/// `itpump acknowledge`.
struct AcknowledgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge",
    abstract: "Say that an alarm was noticed; it ends when its cause has gone.")

  @Argument(help: "The alarm's name, as 'itpump status' shows it.") var alarm: String
  @OptionGroup var options: PumpOptions

  func run() throws {
    var request = WireRequest(.acknowledge)
    request.alarm = alarm
    try Speaking.order(request, options)
  }
}

/// `itpump silence`.
struct SilenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "silence", abstract: "Put off an alarm's next sound; never for good.")

  @Argument(help: "The alarm's name, as 'itpump status' shows it.") var alarm: String
  @Option(
    name: .customLong("for"),
    help: .init("For how long; cut to the longest that its priority allows.", valueName: "time"))
  var span: String
  @OptionGroup var options: PumpOptions

  func run() throws {
    var request = WireRequest(.silence)
    (request.alarm, request.for) = (alarm, span)
    try Speaking.order(request, options)
  }
}
