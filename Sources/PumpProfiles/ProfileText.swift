import Yams

/// A profile's text, in which single values are replaced and everything else stays as its author wrote it: comments,
/// order, spelling.
///
/// A value has a path: the keys above it, joined by dots. An entry of a pattern is named by its time, so that
/// `therapy.flex.every-day.06:30.rate` is what runs from half past six.
public struct ProfileText: Sendable {
  /// One value of the text.
  public struct Value: Sendable {
    public var path: String
    public var text: String
    public var place: SourcePlace
  }

  /// Why a text can't be changed so.
  public enum Problem: Error, Equatable {
    /// It is not a profile that can be read: 'itpump check' says why.
    case unreadable
    /// No value has this path; those that are like it.
    case unknown(path: String, near: [String])
    /// Several values have this path.
    case ambiguous(path: String)
    /// It is to be changed to two things at once.
    case twice(path: String)
    /// The value stands on several lines, or would not be read back as what was asked for.
    case unwritable(path: String, value: String)
  }

  public let text: String
  /// Every value, in the file's order.
  public let values: [Value]

  public init(_ text: String) throws(Problem) {
    // A file without an end is not read at all, and what nests too deep never reaches the parser.
    let report = Report()
    guard YAMLDocument.root(of: text, keys: ProfileLoader.keys, report: report) != nil,
      let node = try? Yams.compose(yaml: text)
    else { throw .unreadable }
    self.text = text
    values = Self.values(of: node, at: "").sorted { $0.place < $1.place }
  }

  /// The text with other values.
  ///
  /// - Parameter changes: New texts by path.
  public func replacing(_ changes: [(path: String, value: String)]) throws(Problem) -> ProfileText {
    // By scalars: to a Swift character, a line that ends with CR and LF has no line feed.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Array($0) }
    var wanted: [String: String] = [:]
    var edits: [(place: SourcePlace, old: String, new: String, path: String)] = []
    for (path, value) in changes {
      let found = values.filter { $0.path == path }
      guard let old = found.first else { throw .unknown(path: path, near: near(path)) }
      guard found.count == 1 else { throw .ambiguous(path: path) }
      guard wanted.updateValue(value, forKey: path) == nil else { throw .twice(path: path) }
      edits.append((old.place, old.text, value, path))
    }
    // From the end, so that no place moves before it is used.
    for edit in edits.sorted(by: { $0.place > $1.place }) {
      let index = edit.place.line - 1
      guard lines.indices.contains(index),
        let line = Self.replaced(lines[index], edit.place.column, edit.old, by: edit.new)
      else { throw .unwritable(path: edit.path, value: edit.new) }
      lines[index] = line
    }
    let changed = lines.map { Self.string($0[...]) }.joined(separator: "\n")
    guard let result = try? ProfileText(changed) else {
      throw .unwritable(
        path: edits.map(\.path).joined(separator: ", "),
        value: edits.map(\.new).joined(separator: ", "))
    }
    try check(result, against: wanted)
    return result
  }

  /// Holds what came of it against what was asked for: each value that was named is the new one, every other is as
  /// it was.
  private func check(_ result: ProfileText, against wanted: [String: String]) throws(Problem) {
    // The time that names an entry may be what was changed.
    let isRenamed = wanted.keys.contains { $0.hasSuffix(".from") }
    for (old, new) in zip(values, result.values) {
      let expected = wanted[old.path] ?? old.text
      guard new.text == expected, isRenamed || new.path == old.path else {
        throw .unwritable(path: old.path, value: expected)
      }
    }
    guard values.count == result.values.count else {
      throw .unwritable(path: wanted.keys.sorted().joined(separator: ", "), value: "")
    }
  }

  private func near(_ path: String) -> [String] {
    let last = path.split(separator: ".").last.map(String.init) ?? path
    return values.map(\.path).filter { each in
      Spelling.distance(each, path) <= 2
        || each.split(separator: ".").last.map { Spelling.distance(String($0), last) <= 1 } ?? false
    }
  }

  private static func values(of node: Node, at path: String) -> [Value] {
    func below(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    switch node {
    case .scalar(let scalar):
      return [Value(path: path, text: scalar.string, place: node.place)]
    case .mapping(let mapping):
      return mapping.flatMap { key, value in values(of: value, at: below(key.scalar?.string ?? ""))
      }
    case .sequence(let entries):
      return entries.enumerated().flatMap { number, entry in
        values(of: entry, at: below(entry.mapping?["from"]?.scalar?.string ?? "\(number + 1)"))
      }
    default: return []
    }
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// A line with another value at a column, quoted as the old one was or where the new one needs it.
  private static func replaced(
    _ line: [Unicode.Scalar], _ column: Int, _ old: String, by new: String
  ) -> [Unicode.Scalar]? {
    let start = column - 1
    guard line.indices.contains(start) else { return nil }
    let mark = line[start]
    let isQuoted = mark == "\"" || mark == "'"
    let end: Int
    if isQuoted {
      guard let close = line[(start + 1)...].firstIndex(of: mark) else { return nil }
      end = close + 1
    } else {
      end = start + old.unicodeScalars.count
      guard end <= line.count, string(line[start..<end]) == old else { return nil }
    }
    guard let written = YAMLScalar.written(new, isQuoted: isQuoted) else { return nil }
    return line[..<start] + Array(written.unicodeScalars) + line[end...]
  }
}
