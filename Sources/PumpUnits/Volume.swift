/// A volume of drug solution, in femtolitres.
///
/// 64 bits reach 18 litres, so no sum that a pump of 40 mL can make in its life overflows; one
/// microstep of a geared rotary head is about 156,250 fL.
public struct Volume: Amount {
  /// Femtolitres; 1 µL is 1,000,000,000 of them.
  public let femtolitres: UInt64

  @inlinable public init(femtolitres: UInt64) { self.femtolitres = femtolitres }

  @inlinable public init(count: UInt64) { self.init(femtolitres: count) }

  @inlinable public init(microlitres: UInt64) {
    self.init(femtolitres: microlitres * 1_000_000_000)
  }

  @inlinable public var count: UInt64 { femtolitres }
}
