package import PumpUnits

/// Finds the highest step rate that a machine keeps.
package enum RateSearch {
  /// What became of one run at a rate.
  package struct Trial: Encodable {
    package var rate_steps_per_second: UInt64
    package var span_s: Double
    package var missed_steps: UInt64
    package var lateness: EdgeRow
    /// Whether the rate was kept: no step was given up, and at most one in a thousand was so late that the next was
    /// due.
    package let is_kept: Bool

    package init(rate: UInt64, span: TimeSpan, missed: UInt64, lateness: EdgeRow) {
      rate_steps_per_second = rate
      span_s = Double(span.nanoseconds) / 1e9
      missed_steps = missed
      self.lateness = lateness
      is_kept = missed == 0 && lateness.edges > 0 && lateness.p999_ns < 1_000_000_000 / rate
    }
  }

  /// The lowest rate that is tried, in steps a second.
  package static let lowest: UInt64 = 125

  /// Finds the highest rate that is kept.
  ///
  /// It doubles the rate until it is not kept, halves the distance until it is known to a twentieth, and proves the
  /// highest over the whole span; one that is not kept so long is lowered by a tenth. One hold-up decides nothing: what
  /// is not kept is tried once more.
  ///
  /// - Parameters:
  ///   - top: The highest rate to try.
  ///   - span: How long the rate must be kept in the end.
  ///   - trialSpan: How long one is tried before.
  ///   - run: Whether a rate is kept for so long.
  /// - Returns: The highest rate that was kept for the whole span; `nil` where even the lowest was not.
  package static func highest(
    upTo top: UInt64, for span: TimeSpan, trying trialSpan: TimeSpan,
    _ run: (UInt64, TimeSpan) throws -> Bool
  ) rethrows -> UInt64? {
    func isKept(_ rate: UInt64, _ span: TimeSpan) throws -> Bool {
      if try run(rate, span) { return true }
      return try run(rate, span)
    }
    var (kept, lost): (UInt64, UInt64?) = (0, nil)
    var rate = min(lowest, top)
    while lost == nil {
      guard try isKept(rate, trialSpan) else {
        lost = rate
        break
      }
      kept = rate
      guard rate < top else { break }
      rate = min(top, rate * 2)
    }
    while let above = lost, kept > 0, above - kept > max(1, kept / 20) {
      let middle = kept + (above - kept) / 2
      if try isKept(middle, trialSpan) { kept = middle } else { lost = middle }
    }
    kept = max(kept, min(lowest, top))
    while try !isKept(kept, span) {
      guard kept > lowest else { return nil }
      kept = max(lowest, kept * 9 / 10)
    }
    return kept
  }
}
