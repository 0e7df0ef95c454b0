/// The parts of a path, as text.
///
/// Not Foundation's, whose `deletingLastPathComponent` and `lastPathComponent` end the program for a path of one letter
/// (Swift 6.2 on Linux).
package enum PathParts {
  /// The folder of a file: empty where the path names none, `/` at the top.
  package static func folder(of path: String) -> String {
    let path = withoutEnd(path)
    guard let slash = path.lastIndex(of: "/") else { return "" }
    let folder = withoutEnd(String(path[..<slash]))
    return folder.isEmpty ? "/" : folder
  }

  /// What comes after the last slash.
  package static func name(of path: String) -> String {
    let path = withoutEnd(path)
    guard let slash = path.lastIndex(of: "/"), path != "/" else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// The name without its last extension.
  package static func stem(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// A path that a file in a folder names: from the folder on, unless it is a whole one; `a/b/../c` is written `a/c`.
  package static func joined(_ folder: String, _ path: String) -> String {
    let whole = path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !whole.hasPrefix("/") {
        parts.append(part)
      }
    }
    let text = parts.joined(separator: "/")
    return whole.hasPrefix("/") ? "/" + text : text.isEmpty ? "." : text
  }

  /// Slashes at the end say nothing, but for the one that is all.
  private static func withoutEnd(_ path: String) -> String {
    var text = path[...]
    while text.count > 1, text.last == "/" { text.removeLast() }
    return String(text)
  }
}
