import Foundation
import PumpMessages
package import PumpProfiles
package import PumpService
package import PumpUnits

/// A request that somebody makes of a simulated pump, in the words of the running pump's.
package struct ScriptedCommand {
  package var at: Instant
  package var verb: Verb
  package var request: WireRequest
}

/// Reads a file of requests with their times.
package enum CommandFile {
  private static let verbs = Verb.allCases.filter { $0 != .status }
  private static let arguments = [
    "dose", "volume", "over", "alarm", "for", "place", "profile", "confirm",
  ]

  /// Reads the requests, and puts them in order of time.
  ///
  /// - Parameters:
  ///   - text: The file.
  ///   - profile: What runs when the simulation begins.
  ///   - span: How long the simulation lasts.
  ///   - read: The text of a profile that is to be adopted; `nil` where there is none.
  package static func load(
    _ text: String, for profile: Profile, lasting span: TimeSpan, read: (String) -> String?
  ) -> (commands: [ScriptedCommand]?, diagnostics: [Diagnostic]) {
    let report = Report()
    guard let root = YAMLDocument.root(of: text, keys: ["commands"], report: report),
      let entries = root.entries("commands", keys: ["at", "do"] + arguments)
    else { return (nil, report.sorted) }
    let commands = entries.compactMap { command($0, profile, span, read) }
    return (
      report.hasErrors ? nil : commands.sorted { $0.at < $1.at }, report.sorted
    )
  }

  private static func command(
    _ entry: Fields, _ profile: Profile, _ span: TimeSpan, _ read: (String) -> String?
  ) -> ScriptedCommand? {
    let at = entry.quantity("at", .duration)
    guard let word = entry.choice("do", among: verbs.map(\.rawValue)), let at,
      let verb = Verb(rawValue: word.value)
    else { return nil }
    if at.count >= span.count {
      entry.report.add(
        .badCommand, at: at.place,
        "the simulation lasts \(Format.span(span)): nothing is asked for at \(at.text.value); see --for"
      )
    }
    let known = taken(by: verb)
    for key in arguments where entry.present.contains(key) && !known.contains(key) {
      entry.report.add(
        .badCommand, at: entry.place(of: key), "'\(verb.rawValue)' takes no '\(key)'")
    }
    var request = WireRequest(verb)
    func argument(_ key: String) -> String? {
      entry.present.contains(key)
        ? entry.text(key, hint: "in a profile", isRequired: false)?.value : nil
    }
    request.dose = argument("dose")
    request.volume = argument("volume")
    request.over = argument("over")
    request.alarm = argument("alarm")
    request.for = argument("for")
    request.place = argument("place")
    request.confirm = entry.flag("confirm", isRequired: false)
    if let path = argument("profile") {
      request.profile = read(path)
      if request.profile == nil {
        entry.report.add(
          .badCommand, at: entry.place(of: "profile"), "'\(path)' can't be read: name a profile")
      }
    }
    if verb == .adopt, !entry.present.contains("profile") {
      entry.report.add(.badCommand, at: entry.place, "'adopt' takes a 'profile': name its file")
    }
    guard verb != .adopt, verb != .endOutage else {
      return ScriptedCommand(at: Instant(nanoseconds: at.count), verb: verb, request: request)
    }
    do {
      _ = try request.command(profile.concentration)
    } catch {
      entry.report.add(.badCommand, at: entry.place, error.message)
    }
    return ScriptedCommand(at: Instant(nanoseconds: at.count), verb: verb, request: request)
  }

  /// What goes with a request.
  private static func taken(by verb: Verb) -> Set<String> {
    switch verb {
    case .bolus, .prime: ["dose", "volume", "over", "confirm"]
    case .acknowledge: ["alarm"]
    case .silence: ["alarm", "for"]
    case .refill: ["volume"]
    case .anchor: ["place"]
    case .adopt: ["profile", "confirm"]
    case .endOutage: ["confirm"]
    case .status, .patientBolus, .cancelBolus, .suspend, .resume, .stop: []
    }
  }
}
