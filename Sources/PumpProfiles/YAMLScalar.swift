/// A single value as our files are written.
package enum YAMLScalar {
  /// A text as YAML reads it back, in quotation marks where it is not plain; `nil` where no file of ours can hold it.
  ///
  /// - Parameter isQuoted: Whether it stands in quotation marks though it need not.
  package static func written(_ text: String, isQuoted: Bool = false) -> String? {
    let odd = text.unicodeScalars.contains { $0 == "\"" || $0 == "\\" || $0.value < 0x20 }
    guard !odd else { return nil }
    let isPlain = text.wholeMatch(of: /[A-Za-z0-9µ][A-Za-z0-9µ .\/%\-]*/) != nil
    return isPlain && !isQuoted ? text : "\"\(text)\""
  }
}
