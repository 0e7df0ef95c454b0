public import PumpProfiles
public import PumpUnits

/// The way from one daily dose to another in steps that the drug library calls usual, at most one in 24 h [S45].
///
/// Of a rise, each step is the population's usual increase or less; of a cut, its usual decrease. A step is a plan, and
/// no order: a clinician decides on each.
public struct TitrationLadder: Equatable, Sendable {
  /// The doses a day, from the first step on; the last is the wanted one.
  ///
  /// None where nothing changes.
  public let doses: [Mass]
  /// What the first step begins from.
  public let start: Mass

  public enum Problem: Error, Equatable {
    /// From nothing there is no step: a therapy begins with twice what a screening bolus needed.
    case fromNothing
    /// To nothing there is none: the last of the drug is taken out by a stop, with oral drug in its place.
    case toNothing
    /// The wanted dose is above what the library accepts at all.
    case aboveLimit(Mass)
    /// The library permits no step in this direction.
    case noStep
  }

  /// A ladder that is longer than a year of days is a slip.
  private static let most = 366

  /// Works the steps out, each rounded down to a thousandth of a microgram.
  public init(from start: Mass, to wanted: Mass, _ limits: Drug.Population) throws(Problem) {
    guard !start.isZero else { throw .fromNothing }
    guard !wanted.isZero else { throw .toNothing }
    guard wanted <= limits.hardHighPerDay else { throw .aboveLimit(limits.hardHighPerDay) }
    self.start = start
    var doses: [Mass] = []
    var dose = start
    while dose != wanted {
      let share =
        wanted > dose ? 100_000 + limits.softIncrease : 100_000 - min(100_000, limits.softDecrease)
      guard let exact = try? scaled(dose.femtograms, by: share, over: 100_000, .down) else {
        throw .noStep
      }
      let next = Mass(femtograms: exact - exact % 1_000_000)
      // A cut is rounded up to its grain, or it would be more than is usual.
      let grained =
        next.femtograms < exact && wanted < dose
        ? Mass(femtograms: next.femtograms + 1_000_000) : next
      let step = wanted > dose ? min(grained, wanted) : max(grained, wanted)
      guard step != dose, doses.count < Self.most else { throw .noStep }
      doses.append(step)
      dose = step
    }
    self.doses = doses
  }
}
