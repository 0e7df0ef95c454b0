import PumpMessages
public import PumpTherapy
public import PumpUnits

/// The least distance between two boluses, by this channel's own sum of the pattern.
extension Supervisor {
  /// Takes note of when the last bolus of an earlier session began, for the least distance between two.
  public mutating func recallBolus(at instant: Instant) { lastBolus = instant }

  /// When the last bolus began, the pattern's own by this channel's own sum.
  func latestBolus(by now: Instant) -> Instant? {
    var latest = lastBolus
    patternBoluses(at: now) { since, _ in
      guard since <= now.elapsed(since: begunAt) else { return }
      let at = now.preceding(by: since)
      latest = max(latest ?? at, at)
    }
    return latest
  }

  /// When the pattern's next bolus begins; `nil` where it has none.
  func nextBolus(after now: Instant) -> Instant? {
    var next: Instant?
    patternBoluses(at: now) { _, wait in next = min(next ?? now + wait, now + wait) }
    return next
  }

  /// Tells of each bolus of the pattern that runs how long ago it began last, and in how long it does next.
  private func patternBoluses(
    at now: Instant, _ tell: (_ since: TimeSpan, _ wait: TimeSpan) -> Void
  ) {
    guard isBegun, case .flex(let pattern) = therapy else { return }
    let period = pattern.period.nanoseconds
    let place = self.place(at: now).nanoseconds % period
    for entry in pattern.boluses {
      let start = entry.start.nanoseconds
      let since = place >= start ? place - start : place + period - start
      tell(TimeSpan(nanoseconds: since), TimeSpan(nanoseconds: period - since))
    }
  }

  /// Whether a bolus may begin with the therapy, by this channel's own sum.
  public mutating func mayBegin(_ bolus: Bolus, at now: Instant) -> Bool {
    refusal(of: bolus, at: now) == nil && distanceRefusal(at: now) == nil
  }

  /// Why a bolus is too near another one, by this channel's own sum of the pattern.
  func distanceRefusal(at now: Instant) -> Refusal? {
    if let end = settings.limits.wait(at: now, since: latestBolus(by: now)) {
      return .bolusTooSoon(until: end)
    }
    // The pattern's next one is not given up for one that could wait.
    guard let next = nextBolus(after: now), settings.limits.wait(at: next, since: now) != nil else {
      return nil
    }
    return .overlapsScheduledBolus(at: next)
  }
}
