package import PumpUnits

/// Finds the highest step rate that a machine keeps.
package enum RateSearch {
  /// What became of one run at a rate.
  package struct Trial: Encodable {
    package var rate_steps_per_second: UInt64
    package var span_s: Double
    package var missed_steps: UInt64
    package var lateness: EdgeRow

    package init(rate: UInt64, span: TimeSpan, missed: UInt64, lateness: EdgeRow) {
      rate_steps_per_second = rate
      span_s = Double(span.nanoseconds) / 1e9
      missed_steps = missed
      self.lateness = lateness
    }

    /// Whether the rate was kept: no step was given up, and at most one in a thousand was so late that the next was
    /// due.
    package var isKept: Bool {
      missed_steps == 0 && lateness.edges > 0
        && lateness.p999_ns < 1_000_000_000 / rate_steps_per_second
    }
  }

  /// The lowest rate that is tried, in steps a second.
  package static let lowest: UInt64 = 125

  /// Doubles the rate until it is not kept, halves the distance until it is known to a twentieth, and proves the
  /// highest over the whole span; one that is not kept so long is lowered by a tenth.
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
    var (kept, lost): (UInt64, UInt64?) = (0, nil)
    var rate = min(lowest, top)
    while lost == nil {
      guard try run(rate, trialSpan) else {
        lost = rate
        break
      }
      kept = rate
      guard rate < top else { break }
      rate = min(top, rate * 2)
    }
    while let above = lost, kept > 0, above - kept > max(1, kept / 20) {
      let middle = kept + (above - kept) / 2
      if try run(middle, trialSpan) { kept = middle } else { lost = middle }
    }
    while kept > 0 {
      if try run(kept, span) { return kept }
      kept = kept > lowest ? max(lowest, kept * 9 / 10) : 0
    }
    return nil
  }
}
