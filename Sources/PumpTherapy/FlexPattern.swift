public import PumpUnits

/// A basal that changes over a day or a week, with boluses at fixed places, repeated for ever.
///
/// Its places are elapsed time since the pattern's start, never wall time: summer time or a moved
/// clock neither shifts, repeats nor skips a dose.
public struct FlexPattern: Hashable, Sendable {
  /// A basal segment, from its place until the next one's.
  public struct BasalSegment: Hashable, BitwiseCopyable, Sendable {
    /// Where it begins, since the pattern's start.
    public let start: TimeSpan
    /// The flow from there on.
    public let flow: FlowRate

    public init(start: TimeSpan, flow: FlowRate) {
      self.start = start
      self.flow = flow
    }
  }

  /// A bolus at a place in the pattern.
  public struct ScheduledBolus: Hashable, BitwiseCopyable, Sendable {
    /// Where it begins, since the pattern's start.
    public let start: TimeSpan
    /// What is given.
    public let bolus: Bolus

    public init(start: TimeSpan, bolus: Bolus) {
      self.start = start
      self.bolus = bolus
    }
  }

  /// The time after which the pattern repeats: a day, a week, or a periodic bolus's interval.
  @inlinable public var period: TimeSpan { parts.value.period }
  /// At least one; the first begins at the pattern's start.
  @inlinable public var segments: Table<BasalSegment> { parts.value.segments }
  /// In order, never overlapping.
  @inlinable public var boluses: Table<ScheduledBolus> { parts.value.boluses }
  /// The fastest and the slowest of the segments' flows.
  @inlinable public var peak: FlowRate { parts.value.peak }
  @inlinable public var least: FlowRate { parts.value.least }

  @usableFromInline struct Parts: Hashable, Sendable {
    @usableFromInline var period: TimeSpan
    @usableFromInline var segments: Table<BasalSegment>
    @usableFromInline var boluses: Table<ScheduledBolus>
    @usableFromInline var peak: FlowRate
    @usableFromInline var least: FlowRate
  }
  @usableFromInline let parts: Fixed<Parts>

  /// The most entries of each kind: seven days of 48.
  public static var mostEntries: Int { 336 }

  /// The longest period: ten years, far beyond a pump's life, and sums of a few stay within 64 bits.
  public static var longestPeriod: TimeSpan { TimeSpan(days: 3_660) }

  /// Why a pattern can't be used; `index` counts entries of the kind named.
  public enum Problem: Error, Equatable, Sendable {
    case emptyPeriod
    case periodTooLong
    case tooManyEntries
    /// No basal segment begins at the pattern's start, so the first flow would be unknown.
    case noFirstSegment
    case segmentOutOfOrder(index: Int)
    case bolusOutOfOrder(index: Int)
    /// An entry begins at or past the period's end.
    case segmentPastPeriod(index: Int)
    case bolusPastPeriod(index: Int)
    /// A bolus would still run when the next one starts, the first of the next period included.
    case bolusesOverlap(index: Int)
  }

  /// Creates a pattern.
  ///
  /// - Throws: `Problem`, the first one found.
  public init(period: TimeSpan, segments: Table<BasalSegment>, boluses: Table<ScheduledBolus>)
    throws(Problem)
  {
    guard !period.isZero else { throw .emptyPeriod }
    guard period <= Self.longestPeriod else { throw .periodTooLong }
    guard segments.count <= Self.mostEntries, boluses.count <= Self.mostEntries else {
      throw .tooManyEntries
    }
    guard let first = segments.first, first.start.isZero else { throw .noFirstSegment }
    for index in segments.indices {
      guard segments[index].start < period else { throw .segmentPastPeriod(index: index) }
      guard index == 0 || segments[index - 1].start < segments[index].start else {
        throw .segmentOutOfOrder(index: index)
      }
    }
    for index in boluses.indices {
      let bolus = boluses[index]
      guard bolus.start < period else { throw .bolusPastPeriod(index: index) }
      guard index == 0 || boluses[index - 1].start < bolus.start else {
        throw .bolusOutOfOrder(index: index)
      }
      let isLast = index + 1 == boluses.count
      let next = isLast ? boluses[0].start + period : boluses[index + 1].start
      guard bolus.start + bolus.bolus.duration <= next else { throw .bolusesOverlap(index: index) }
    }
    parts = Fixed(
      Parts(
        period: period, segments: segments, boluses: boluses,
        peak: segments.reduce(.zero) { max($0, $1.flow) },
        least: segments.reduce(first.flow) { min($0, $1.flow) }))
  }

  /// The basal segment at a place.
  ///
  /// - Returns: Its flow, and how far past `place` the next one begins.
  public func basal(at place: TimeSpan) -> (flow: FlowRate, lasts: TimeSpan) {
    let index = segmentIndex(at: place)
    let next = index + 1 < segments.count ? segments[index + 1].start : period
    return (segments[index].flow, next - place)
  }

  /// The first bolus that begins at a place or after it.
  ///
  /// - Returns: The bolus, and how far past `place` it begins; `nil` where the pattern has none.
  public func nextBolus(from place: TimeSpan) -> (bolus: Bolus, after: TimeSpan)? {
    guard let first = boluses.first else { return nil }
    var low = 0
    var high = boluses.count
    while low < high {
      let middle = (low + high) / 2
      if boluses[middle].start < place { low = middle + 1 } else { high = middle }
    }
    guard low < boluses.count else { return (first.bolus, period - place + first.start) }
    return (boluses[low].bolus, boluses[low].start - place)
  }

  private func segmentIndex(at place: TimeSpan) -> Int {
    var low = 0
    var high = segments.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if segments[middle].start <= place { low = middle } else { high = middle }
    }
    return low
  }
}
