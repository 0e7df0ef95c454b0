import PumpMessages
import PumpSafety
public import PumpUnits

/// A drug library's entry: what may be in the reservoir, and how much of it for whom.
public struct Drug: Sendable {
  public var name: String
  /// What it is sold as: recalls name it by these.
  public var brands: [String] = []
  public var concentrations: [Concentration]
  /// Those of them that are for screening only.
  public var screening: [Concentration]
  public var populations: [String: Population]

  /// The limits of one group of patients.
  public struct Population: Sendable {
    /// Below this a daily dose is unusual.
    public var softLowPerDay: Mass
    /// Above this a daily dose is unusual.
    public var softHighPerDay: Mass
    /// Above this it is refused.
    public var hardHighPerDay: Mass
    public var softHighPerHour: Mass
    public var hardHighPerHour: Mass
    /// The largest single bolus that is usual, and that is accepted.
    public var softBolus: Mass
    public var hardBolus: Mass
    /// The shortest time for a bolus.
    public var shortestBolus: TimeSpan
    /// The least time from one bolus' beginning to the next one's; zero where the library asks for none.
    public var leastDistance: TimeSpan = .zero
    /// The largest increase of a daily dose in 24 h, in thousandths of a percent.
    public var softIncrease: UInt64
    public var hardIncrease: UInt64
    /// The largest usual decrease, in thousandths of a percent; there is no hard one, for an
    /// overdose must be cut at once.
    public var softDecrease: UInt64

    /// The limits of any hour and any day, as the dose guard holds them.
    var doseLimits: DoseLimits {
      DoseLimits(
        perHour: .init(soft: softHighPerHour, hard: hardHighPerHour),
        perDay: .init(soft: softHighPerDay, hard: hardHighPerDay),
        bolus: .init(
          dose: .init(soft: softBolus, hard: hardBolus), shortest: shortestBolus,
          distance: leastDistance))
    }
  }
}
