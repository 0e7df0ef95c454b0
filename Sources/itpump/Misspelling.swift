import ArgumentParser
import PumpProfiles

/// Finds the command that was meant by a word that is none.
enum Misspelling {
  /// What to say of the first word, or the second below a command with commands of its own; `nil` where
  /// there is nothing to say.
  static func message(_ arguments: [String]) -> String? {
    var commands = ITPump.configuration.subcommands
    for word in arguments {
      guard !commands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      let names = commands.compactMap { $0.configuration.commandName }
      guard let place = names.firstIndex(of: word) else {
        // A command that has a default takes other words too.
        guard commands.count == ITPump.configuration.subcommands.count else { return nil }
        let near = names.map { ($0, Spelling.distance($0, word)) }.min { $0.1 < $1.1 }
        let hint = near.flatMap { $0.1 <= 2 ? "; did you mean '\($0.0)'?" : nil }
        return "'\(word)' is not a command\(hint ?? ": there are \(names.joined(separator: ", "))")"
      }
      commands = commands[place].configuration.subcommands
    }
    return nil
  }
}
