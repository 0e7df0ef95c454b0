/// Labels beside one another in a few rows, none over another.
package struct LabelRows {
  package struct Label {
    package var text: String
    /// Where its mark is, and where the text begins.
    package var mark: Double
    package var x: Double
    /// From the lowest, 0.
    package var row: Int
  }

  package private(set) var labels: [Label] = []

  /// Places labels.
  ///
  /// - Parameters:
  ///   - wanted: Where the mark of each is, from left to right, and its text.
  ///   - rows: How many rows there are.
  /// - Returns: `nil` where there is no room for all.
  package init?(
    _ wanted: [(at: Double, text: String)], rows: Int, from left: Double, to right: Double
  ) {
    var ends = [Double](repeating: -.infinity, count: rows)
    for (mark, text) in wanted {
      // A character of this size is at most so wide.
      let width = 6.7 * Double(text.count)
      let x = min(max(left, mark - 5), right - width)
      guard let row = ends.firstIndex(where: { $0 + 10 <= x }) else { return nil }
      ends[row] = x + width
      labels.append(Label(text: text, mark: mark, x: x, row: row))
    }
  }
}
