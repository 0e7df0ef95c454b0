public import Foundation
public import PumpUnits

/// A trial of single boluses before a pump: what is to be given next, and the dose that a pump begins with.
///
/// The ladder and its rules are the product's labelling [S113]: 50, 75 and 100 µg, each over a minute or more, at least
/// 24 h apart; the pump begins with twice what worked, over 24 h, or with once where it worked for over 8 h or was not
/// borne well.
public struct Screening: Equatable, Sendable {
  /// One bolus that was given, and what was seen.
  public struct Trial: Equatable, Sendable {
    public var given: Date
    public var dose: Mass
    public var over: TimeSpan
    public var observed: Observation

    public init(given: Date, dose: Mass, over: TimeSpan, observed: Observation) {
      (self.given, self.dose, self.over, self.observed) = (given, dose, over, observed)
    }
  }

  /// What was seen after a bolus.
  public enum Observation: Equatable, Sendable {
    /// Nobody has written it down.
    case notYet
    case noResponse
    case response(lasting: TimeSpan)
    /// It worked, and was not borne well.
    case responseWithReaction(lasting: TimeSpan)

    var lasting: TimeSpan? {
      switch self {
      case .response(let lasting), .responseWithReaction(let lasting): lasting
      case .notYet, .noResponse: nil
      }
    }
  }

  public enum Next: Equatable, Sendable {
    case give(Mass, notBefore: Date)
    /// The last bolus has to be observed first.
    case observe(Mass)
    /// A pump may be begun with this dose a day.
    case start(perDay: Mass, because: Reason)
    /// Nothing worked, at the last step of the ladder.
    case noCandidate
  }

  /// Why a pump begins with the dose that it does.
  public enum Reason: Equatable, Sendable {
    case twiceTheEffectiveDose
    case workedForLong
    case reaction
  }

  /// Why a trial is none that counts.
  public enum Problem: Error, Equatable {
    /// It is not the dose that the ladder has next.
    case wrongStep(given: Mass, expected: Mass)
    case tooSoon(given: Date, notBefore: Date)
    case tooFast(over: TimeSpan)
    /// More than an hour is no bolus, and no response is one that lasts for no time, or for over two days.
    case tooSlow(over: TimeSpan)
    case impossibleResponse(lasting: TimeSpan)
    /// A further bolus was given before the last one's effect was written down.
    case notObserved(Mass)
    /// A further bolus was given after one that worked, or after the last step.
    case afterTheEnd(Mass)
  }

  public static let ladder = [50, 75, 100].map { Mass(micrograms: $0) }
  /// What a very small patient may begin with, before the ladder [S113, S114].
  public static let small = Mass(micrograms: 25)
  /// Above these a record is taken for a slip [BG].
  public static let slowest = TimeSpan.hour
  public static let longestResponse = TimeSpan(days: 2)
  public static let apart = TimeSpan.day
  public static let shortest = TimeSpan(seconds: 60)
  /// A response of longer than this halves the first day's dose.
  public static let long = TimeSpan(seconds: 8 * 3_600)

  public let first: Date
  public private(set) var trials: [Trial] = []

  /// Begins.
  ///
  /// - Parameter first: When the first bolus may be given.
  public init(from first: Date) { self.first = first }

  /// Takes down a trial.
  public mutating func take(_ trial: Trial) throws(Problem) {
    switch next {
    case .observe(let dose): throw .notObserved(dose)
    case .start, .noCandidate: throw .afterTheEnd(trial.dose)
    case .give(let dose, let notBefore):
      let isSmall = trials.isEmpty && trial.dose == Self.small
      guard trial.dose == dose || isSmall else {
        throw .wrongStep(given: trial.dose, expected: dose)
      }
      guard trial.given >= notBefore else {
        throw .tooSoon(given: trial.given, notBefore: notBefore)
      }
      guard trial.over >= Self.shortest else { throw .tooFast(over: trial.over) }
      guard trial.over <= Self.slowest else { throw .tooSlow(over: trial.over) }
      if let lasting = trial.observed.lasting, lasting.isZero || lasting > Self.longestResponse {
        throw .impossibleResponse(lasting: lasting)
      }
    }
    trials.append(trial)
  }

  public var next: Next {
    guard let last = trials.last else { return .give(Self.ladder[0], notBefore: first) }
    switch last.observed {
    case .notYet: return .observe(last.dose)
    case .noResponse:
      guard let step = Self.ladder.first(where: { $0 > last.dose }) else { return .noCandidate }
      let due = last.given.addingTimeInterval(Double(Self.apart.nanoseconds / 1_000_000_000))
      return .give(step, notBefore: due)
    case .responseWithReaction: return .start(perDay: last.dose, because: .reaction)
    case .response(let lasting):
      guard lasting <= Self.long else { return .start(perDay: last.dose, because: .workedForLong) }
      let twice = Mass(femtograms: last.dose.femtograms * 2)
      return .start(perDay: twice, because: .twiceTheEffectiveDose)
    }
  }
}
