/// A small seeded generator, so that a run with one seed is the same run everywhere.
///
/// The constants are Steele, Lea and Flood's (OOPSLA 2014, "Fast splittable pseudorandom number
/// generators").
public struct SplitMix64: RandomNumberGenerator, BitwiseCopyable, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number between two bounds, both included; the bias is below 2⁻³² for ranges of a sensor.
  mutating func number(in range: ClosedRange<Int64>) -> Int64 {
    let width = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int64(next() % width)
  }
}
