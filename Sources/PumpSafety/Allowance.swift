import PumpTherapy
import PumpUnits

/// The volume that may have left the pump by an instant, worked out from the prescription alone.
///
/// It integrates the therapy by its closed form, and lays commanded boluses over it as if the motor
/// had no ramp: more than an honest drive ever delivers, and less than a step more where nothing was
/// ramped or late. What a drive did not deliver in time is forfeited: it may not be repaid as a burst.
struct Allowance: ~Copyable {
  private let inPlace = InPlace()
  /// A commanded bolus.
  struct Laid {
    var bolus: Bolus
    var from: Instant
    /// Allowed until then only: it was cancelled.
    var cut = Instant.never

    var end: Instant { min(from + bolus.duration, cut) }

    /// What of it is allowed by an instant, rounded up.
    func part(by now: Instant) -> Volume {
      let time = min(now, cut).elapsed(since: from)
      guard time < bolus.duration else { return bolus.volume }
      return (try? bolus.flow.volume(in: time, .up)) ?? bolus.volume
    }
  }

  private var therapy = Therapy.stopped
  private var anchor: Instant
  private var place = TimeSpan.zero
  /// What was allowed before the anchor.
  private var settled = Volume.zero
  private var laid: Laid?
  /// What was not delivered in time.
  private(set) var forfeited = Volume.zero

  // The present piece of constant flow.
  private var pieceFrom: Instant
  private var pieceEnd: Instant
  private var atPiece = Volume.zero
  private var flow = FlowRate.zero

  init(from start: Instant) {
    anchor = start
    pieceFrom = start
    pieceEnd = .never
  }

  /// Where a sum stands, to be gone back to.
  struct Mark {
    fileprivate var therapy: Therapy
    fileprivate var anchor: (at: Instant, place: TimeSpan)
    fileprivate var settled: Volume
    fileprivate var laid: Laid?
    fileprivate var forfeited: Volume
    fileprivate var piece: (from: Instant, end: Instant, at: Volume, flow: FlowRate)
  }

  /// Where it stands.
  var mark: Mark {
    Mark(
      therapy: therapy, anchor: (anchor, place), settled: settled, laid: laid,
      forfeited: forfeited, piece: (pieceFrom, pieceEnd, atPiece, flow))
  }

  /// Goes back to where it stood, as if nothing had been begun, laid or cut since.
  mutating func restore(_ mark: Mark) {
    therapy = mark.therapy
    (anchor, place) = mark.anchor
    settled = mark.settled
    laid = mark.laid
    forfeited = mark.forfeited
    (pieceFrom, pieceEnd, atPiece, flow) = mark.piece
  }

  /// Begins another therapy at a place of its pattern, or none.
  mutating func begin(_ therapy: Therapy, place: TimeSpan, at now: Instant) {
    settled = total(by: now).lessening(by: laid?.part(by: now) ?? .zero)
    self.therapy = therapy
    self.place = place
    anchor = now
    beginPiece(at: now)
  }

  /// Lays a commanded bolus over the therapy.
  mutating func lay(_ bolus: Bolus, at now: Instant) {
    settle(at: now)
    laid = Laid(bolus: bolus, from: now)
    beginPiece(at: now)
  }

  /// Cuts the commanded bolus short, with the time that the motor needs to slow down.
  mutating func cut(at now: Instant, braking: TimeSpan) {
    let allowed = total(by: now)
    if var bolus = laid {
      bolus.cut = min(bolus.cut, now + braking)
      laid = bolus
    }
    // What was allowed stays allowed.
    let by = total(by: now)
    settled += allowed.lessening(by: by)
    beginPiece(at: now)
  }

  /// What may have been delivered by an instant since the start, forfeits taken off.
  ///
  /// - Parameter now: Not before the last call's.
  mutating func volume(by now: Instant) -> Volume {
    while now >= pieceEnd { beginPiece(at: pieceEnd) }
    let inPiece = (try? flow.volume(in: now.elapsed(since: pieceFrom), .up)) ?? .zero
    return (atPiece + inPiece).lessening(by: forfeited)
  }

  /// What may have been delivered by a later instant, if nothing changes meanwhile.
  func volume(ahead instant: Instant) -> Volume { total(by: instant).lessening(by: forfeited) }

  /// Forfeits what is further behind than a drive may still make good.
  mutating func forfeit(all volume: Volume) { forfeited += volume }

  /// The most that a bolus which began lately may be behind because the motor was ramped.
  ///
  /// A bolus counts for twice its time and a minute more.
  func rampSlack(at now: Instant) -> Volume {
    var most = Volume.zero
    func isRecent(_ since: TimeSpan, _ bolus: Bolus) -> Bool {
      since <= bolus.duration + bolus.duration + TimeSpan(minutes: 1)
    }
    if let laid, isRecent(now.elapsed(since: laid.from), laid.bolus) { most = laid.bolus.volume }
    guard case .flex(let pattern) = therapy else { return most }
    let here = placeNow(now, pattern).nanoseconds
    for entry in pattern.boluses {
      let start = entry.start.nanoseconds
      let since = here >= start ? here - start : here + pattern.period.nanoseconds - start
      if isRecent(TimeSpan(nanoseconds: since), entry.bolus) {
        most = max(most, entry.bolus.volume)
      }
    }
    return most
  }

  /// Whether a bolus runs, or ran lately: then grants are short.
  func isBolusNear(_ now: Instant) -> Bool { !rampSlack(at: now).isZero }

  private mutating func settle(at now: Instant) {
    guard let laid else { return }
    settled += laid.part(by: now)
    self.laid = nil
  }

  /// All that may have been delivered by an instant, forfeits included: the closed form.
  private func total(by now: Instant) -> Volume {
    let time = now.elapsed(since: anchor)
    let own = (try? therapy.volume(from: place, lasting: time)) ?? .zero
    // Of a bolus that had begun before the anchor the therapy gives nothing.
    let begun = (try? therapy.bolusBegun(before: place, within: time)) ?? .zero
    return settled + own.lessening(by: begun) + (laid?.part(by: now) ?? .zero)
  }

  private func placeNow(_ now: Instant, _ pattern: FlexPattern) -> TimeSpan {
    let elapsed = now.elapsed(since: anchor).nanoseconds % pattern.period.nanoseconds
    return TimeSpan(
      nanoseconds: (elapsed + place.nanoseconds % pattern.period.nanoseconds)
        % pattern.period.nanoseconds)
  }

  private mutating func beginPiece(at now: Instant) {
    pieceFrom = now
    atPiece = total(by: now)
    (flow, pieceEnd) = flowFrom(now)
    guard let laid, now < laid.end else { return }
    flow = (try? flow.adding(laid.bolus.flow)) ?? flow
    pieceEnd = min(pieceEnd, laid.end)
  }

  /// The therapy's flow at an instant, the pattern's boluses included, and until when it lasts.
  private func flowFrom(_ now: Instant) -> (FlowRate, Instant) {
    switch therapy {
    case .stopped: return (.zero, .never)
    case .minimumRate(let flow), .continuous(let flow): return (flow, .never)
    case .flex(let pattern):
      let here = placeNow(now, pattern)
      var (flow, lasts) = pattern.basal(at: here)
      for entry in pattern.boluses {
        let start = entry.start.nanoseconds
        let since =
          here.nanoseconds >= start
          ? here.nanoseconds - start : here.nanoseconds + pattern.period.nanoseconds - start
        let duration = entry.bolus.duration.nanoseconds
        if since < duration, since <= now.elapsed(since: anchor).nanoseconds {
          flow = (try? flow.adding(entry.bolus.flow)) ?? flow
          lasts = min(lasts, TimeSpan(nanoseconds: duration - since))
        } else {
          lasts = min(lasts, TimeSpan(nanoseconds: pattern.period.nanoseconds - since))
        }
      }
      return (flow, now + lasts)
    }
  }
}
