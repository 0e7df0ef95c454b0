public import PumpUnits

extension Therapy {
  /// The volume that the therapy delivers by itself in a stretch of its pattern, scheduled boluses
  /// included, rounded up.
  ///
  /// A closed form over the prescription's own entries, which shares nothing with the planner.
  ///
  /// - Parameters:
  ///   - place: Where in the pattern the stretch begins; of no meaning without a pattern.
  ///   - span: How long it is.
  /// - Throws: `QuantityError.overflow`.
  public func volume(from place: TimeSpan, lasting span: TimeSpan) throws(QuantityError) -> Volume {
    switch self {
    case .stopped:
      return .zero
    case .minimumRate(let flow), .continuous(let flow):
      return try flow.volume(in: span, .up)
    case .flex(let pattern):
      let start = place.nanoseconds % pattern.period.nanoseconds
      let (end, overflow) = start.addingReportingOverflow(span.nanoseconds)
      guard !overflow else { throw .overflow }
      let (whole, rest) = end.quotientAndRemainder(dividingBy: pattern.period.nanoseconds)
      let periods = try pattern.volumePerPeriod(.up).multiplied(by: whole)
      let upToEnd = try periods.adding(pattern.volume(upTo: TimeSpan(nanoseconds: rest), .up))
      return upToEnd.lessening(by: try pattern.volume(upTo: TimeSpan(nanoseconds: start), .down))
    }
  }

  /// The most that the therapy delivers by itself in any window of a length, scheduled boluses
  /// included, rounded up.
  ///
  /// The volume in a sliding window is piecewise linear in the window's place, so the most is found
  /// where the window begins or ends at a corner of the pattern.
  ///
  /// - Throws: `QuantityError.overflow`.
  public func mostVolume(inAny window: TimeSpan) throws(QuantityError) -> Volume {
    guard case .flex(let pattern) = self else { return try volume(from: .zero, lasting: window) }
    var most = Volume.zero
    let period = pattern.period.nanoseconds
    let back = window.nanoseconds % period
    for number in 0..<pattern.cornerCount {
      let place = pattern.corner(number).nanoseconds % period
      let before = TimeSpan(nanoseconds: (place + period - back) % period)
      most = max(most, try volume(from: TimeSpan(nanoseconds: place), lasting: window))
      most = max(most, try volume(from: before, lasting: window))
    }
    return most
  }
}

extension Therapy {
  /// What is left at a place of a bolus that began before it, of which a therapy that begins there
  /// gives nothing.
  ///
  /// - Parameters:
  ///   - place: Where in the pattern the therapy begins.
  ///   - span: How much of the time after it counts.
  /// - Throws: `QuantityError.overflow`.
  public func bolusBegun(before place: TimeSpan, within span: TimeSpan) throws(QuantityError)
    -> Volume
  {
    guard case .flex(let pattern) = self else { return .zero }
    let here = place.nanoseconds % pattern.period.nanoseconds
    for entry in pattern.boluses {
      let start = entry.start.nanoseconds
      let since = here >= start ? here - start : here + pattern.period.nanoseconds - start
      let duration = entry.bolus.duration.nanoseconds
      guard since > 0, since < duration else { continue }
      return try entry.bolus.flow.volume(
        in: TimeSpan(nanoseconds: min(duration - since, span.nanoseconds)), .up)
    }
    return .zero
  }
}

extension FlexPattern {
  /// The volume of one whole period.
  fileprivate func volumePerPeriod(_ rounding: Rounding) throws(QuantityError) -> Volume {
    var sum = try basalVolume(upTo: period, rounding)
    for entry in boluses { sum = try sum.adding(entry.bolus.volume) }
    return sum
  }

  /// The volume from the pattern's start to a place in it, the rest of a bolus that the period
  /// before began included.
  fileprivate func volume(upTo place: TimeSpan, _ rounding: Rounding) throws(QuantityError)
    -> Volume
  {
    var sum = try basalVolume(upTo: place, rounding)
    for entry in boluses {
      let untilEnd = period - entry.start
      let crossed = entry.bolus.duration.lessening(by: untilEnd)
      let inThis = min(entry.bolus.duration, place.lessening(by: entry.start))
      sum = try sum.adding(entry.bolus.part(inThis, rounding))
      sum = try sum.adding(entry.bolus.part(min(crossed, place), rounding))
    }
    return sum
  }

  private func basalVolume(upTo place: TimeSpan, _ rounding: Rounding) throws(QuantityError)
    -> Volume
  {
    var sum = Volume.zero
    for (index, segment) in segments.enumerated() where segment.start < place {
      let end = index + 1 < segments.count ? segments[index + 1].start : period
      sum = try sum.adding(segment.flow.volume(in: min(end, place) - segment.start, rounding))
    }
    return sum
  }

  /// The places where the flow changes; a bolus past the period's end wraps.
  fileprivate var cornerCount: Int { segments.count + 2 * boluses.count }

  fileprivate func corner(_ number: Int) -> TimeSpan {
    guard number >= segments.count else { return segments[number].start }
    let place = number - segments.count
    let entry = boluses[place % boluses.count]
    return place < boluses.count ? entry.start : entry.start + entry.bolus.duration
  }
}

extension Bolus {
  /// What is delivered in the first part of its time, or in any other of that length.
  public func part(_ span: TimeSpan, _ rounding: Rounding) throws(QuantityError) -> Volume {
    span == duration ? volume : try flow.volume(in: span, rounding)
  }
}
