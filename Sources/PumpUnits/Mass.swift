/// A mass of drug, in femtograms.
///
/// Fine enough for one microstep of the weakest drug (50 µg/mL × 156,250 fL = 7,812 fg), wide
/// enough for the strongest reservoir's life (40 mL of 2,000 µg/mL is 8 × 10¹³ fg of 1.8 × 10¹⁹).
public struct Mass: Amount {
  /// Femtograms; 1 µg is 1,000,000,000 of them.
  public let femtograms: UInt64

  @inlinable public init(femtograms: UInt64) { self.femtograms = femtograms }

  @inlinable public init(count: UInt64) { self.init(femtograms: count) }

  @inlinable public init(micrograms: UInt64) { self.init(femtograms: micrograms * 1_000_000_000) }

  @inlinable public var count: UInt64 { femtograms }
}
