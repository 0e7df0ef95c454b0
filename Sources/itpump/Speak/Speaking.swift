import ArgumentParser
import Foundation
import PumpFiles
import PumpReports
import PumpService

/// Which pump, and how an answer is shown.
struct PumpOptions: ParsableArguments {
  @Option(
    help: .init(
      "The pump: its board's name, or its socket's path; the one that runs if not given.",
      valueName: "name"))
  var pump: String?

  @Flag(help: "Print the pump's answer as JSON.")
  var json = false
}

/// What a request that may deliver more is asked with.
struct AskOptions: ParsableArguments {
  @OptionGroup var pump: PumpOptions

  @Flag(help: "Only say what would change.")
  var preview = false

  @Flag(help: "Do not ask whether it is to be done.")
  var yes = false

  @Option(
    help: .init(
      "Names the request, 16 hexadecimal digits: asked again with it, nothing is done twice.",
      valueName: "ticket"))
  var ticket: String?
}

/// Sends one request, and says what became of it.
enum Speaking {
  /// Asks for what may deliver more: shows what would change, asks a person, and sends it on the status that was
  /// looked at.
  static func ask(_ request: WireRequest, _ what: String, _ options: AskOptions) throws {
    let client = try PumpSocket.find(options.pump.pump)
    var request = request
    var look = request
    look.preview = true
    let status = try client.reply(to: WireRequest(.status))
    let preview = try client.reply(to: look)
    guard preview.result == .preview, let change = preview.preview else {
      return try tell(preview, options.pump)
    }
    if options.preview && options.pump.json { return try tell(preview, options.pump) }
    if !options.pump.json {
      try ProjectFiles.print("\(what)\n" + PreviewText(preview: change).text)
    }
    if options.preview {
      if change.would_be_refused != nil { throw ExitCode(1) }
      return
    }
    if !options.yes { try confirm(what) }
    request.position = status.status?.position
    request.ticket = options.ticket ?? WireRequest.newTicket()
    try send(request, client, options.pump)
  }

  /// Asks for what delivers less, or nothing: at once.
  static func order(_ request: WireRequest, _ options: PumpOptions, ticket: String? = nil) throws {
    var request = request
    request.ticket = ticket ?? WireRequest.newTicket()
    try send(request, try PumpSocket.find(options.pump), options)
  }

  private static func send(_ request: WireRequest, _ client: PumpClient, _ options: PumpOptions)
    throws
  {
    let reply: WireReply
    do { reply = try client.reply(to: request) } catch {
      Console.note("note: the request's ticket is \(request.ticket ?? "-")")
      throw error
    }
    try tell(reply, options)
  }

  static func tell(_ reply: WireReply, _ options: PumpOptions) throws {
    if options.json {
      try ProjectFiles.print(try JSONOutput.text(reply))
    } else if reply.result == .accepted {
      try ProjectFiles.print("accepted: \(reply.verb ?? "")\n")
    }
    guard reply.result != .accepted, reply.result != .status, reply.result != .preview else {
      return
    }
    if !options.json {
      Console.note(
        "\(reply.result.rawValue): \(reply.message ?? "") [\(reply.code ?? "?")]"
          + (reply.result == .unknown ? "; the ticket is \(reply.ticket ?? "-")" : ""))
    }
    throw ExitCode(1)
  }

  private static func confirm(_ what: String) throws {
    guard isatty(STDIN_FILENO) == 1 else {
      throw ProjectFiles.Problem(
        description: "error: nobody is there to confirm it: say --yes where a person has decided")
    }
    Console.write("Do this on the running pump? Type yes: ")
    guard readLine()?.trimmingCharacters(in: .whitespaces) == "yes" else {
      throw ProjectFiles.Problem(description: "not done")
    }
  }
}
