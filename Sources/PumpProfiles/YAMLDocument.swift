import Foundation
import Yams

/// Collects the problems of one file.
package final class Report {
  package private(set) var diagnostics: [Diagnostic] = []
  /// The kinds of warning that the file says are right as they are, and those of them that were met.
  package var confirmed: Set<String> = []
  private var met: Set<String> = []

  package init() {}

  package func add(
    _ code: DiagnosticCode, at place: SourcePlace, _ message: String,
    severity: Diagnostic.Severity = .error
  ) {
    if severity == .warning, confirmed.contains(code.rawValue) {
      met.insert(code.rawValue)
      return
    }
    let diagnostic = Diagnostic(code, at: place, message, severity: severity)
    if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
  }

  /// Adds a warning that the file itself may answer.
  package func ask(_ code: DiagnosticCode, at place: SourcePlace, _ message: String) {
    add(
      code, at: place,
      message + (message.hasSuffix("?") ? " If" : "; if")
        + " it is right, say so in the file: confirmed: {\(code.rawValue): \"why\"}",
      severity: .warning)
  }

  /// What is confirmed and was never met, in order.
  package var unusedConfirmations: [String] { confirmed.subtracting(met).sorted() }

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// The problems in the file's order.
  package var sorted: [Diagnostic] {
    diagnostics.sorted { ($0.place, $0.code.rawValue) < ($1.place, $1.code.rawValue) }
  }
}

/// Turns text into YAML nodes with their places, and refuses what no file of ours needs.
package enum YAMLDocument {
  /// Larger than any profile; a file beyond it is a mistake.
  static let mostBytes = 256 * 1024
  static let deepest = 24

  /// Reads one document.
  ///
  /// - Returns: Its root mapping; `nil`, with the reason reported, where it has none.
  package static func root(of text: String, keys: [String], report: Report) -> Fields? {
    let start = SourcePlace(line: 1, column: 1)
    guard text.utf8.count <= mostBytes else {
      report.add(.unreadable, at: start, "the file is larger than \(mostBytes / 1024) KiB")
      return nil
    }
    if let place = tooDeep(text) {
      report.add(.wrongShape, at: place, "nested deeper than \(deepest) levels")
      return nil
    }
    OddCharacters.check(text, report)
    DecimalCommas.check(text, report)
    guard !report.hasErrors else { return nil }
    do {
      guard let node = try Yams.compose(yaml: text) else {
        report.add(.wrongShape, at: start, "the file is empty; expected \(list(keys))")
        return nil
      }
      return Fields(node, keys: keys, what: "the file", report: report)
    } catch let error as YamlError {
      report.add(error: error, in: text)
    } catch {
      report.add(.notYAML, at: start, "not YAML: \(error)")
    }
    return nil
  }

  /// The first place where brackets, dashes or indentation nest too deep, counted roughly and on
  /// the safe side, before a recursive parser sees it.
  private static func tooDeep(_ text: String) -> SourcePlace? {
    var brackets = 0
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      var dashes = 0
      var onlyDashes = true
      for character in line.utf8 {
        switch character {
        case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
        case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"): dashes += onlyDashes ? 1 : 0
        case UInt8(ascii: " "): break
        default: onlyDashes = false
        }
      }
      let indentation = line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
      if brackets > deepest || dashes > deepest || indentation > 20 * deepest {
        return SourcePlace(line: number + 1, column: 1)
      }
    }
    return nil
  }

  /// The keys as a sentence has them.
  static func list(_ keys: [String]) -> String {
    keys.map { "'\($0)'" }.joined(separator: ", ")
  }
}

extension Report {
  func add(error: YamlError, in text: String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let place = SourcePlace(line: max(1, mark.line), column: max(1, mark.column))
      let (told, words) = YAMLWords.describe(problem, at: place, in: text)
      add(.notYAML, at: told, words)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let mark = context.mark
      let keys = duplicates.map { "'\($0)'" }.sorted()
      add(
        .duplicateKey, at: SourcePlace(line: max(1, mark.line), column: max(1, mark.column)),
        "\(keys.joined(separator: ", ")) stands twice here; keep one")
    default:
      add(
        .notYAML, at: SourcePlace(line: 1, column: 1),
        "the file can't be read as 'key: value' lines; compare it with one of the shipped profiles")
    }
  }
}

extension Node {
  var place: SourcePlace {
    SourcePlace(line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
  }
}

/// A text and where it stands.
package struct Text {
  package var value: String
  package var place: SourcePlace
}
