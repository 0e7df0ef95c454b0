/// Which way a conversion rounds: delivery down, alarm thresholds to the safe side.
public enum Rounding: Sendable {
  case down
  case up
}

/// The whole number `value × multiplier ÷ divisor`, rounded as asked, through 128 bits.
///
/// - Throws: `QuantityError` where the divisor is zero or the result needs more than 64 bits.
@inlinable @inline(never) public func scaled(
  _ value: UInt64, by multiplier: UInt64, over divisor: UInt64, _ rounding: Rounding
) throws(QuantityError) -> UInt64 {
  guard divisor != 0 else { throw .divisionByZero }
  let product = value.multipliedFullWidth(by: multiplier)
  guard product.high < divisor else { throw .overflow }
  let (quotient, remainder) = divided(product.high, product.low, by: divisor)
  guard rounding == .up, remainder != 0 else { return quotient }
  guard quotient < .max else { throw .overflow }
  return quotient + 1
}

/// A number of 128 bits over one of 64, where the quotient has no more than that: the high half is below
/// the divisor.
@inlinable @inline(never) func divided(
  _ high: UInt64, _ low: UInt64, by divisor: UInt64
) -> (quotient: UInt64, remainder: UInt64) {
  divisor.dividingFullWidth((high, low))
}

/// The greatest common divisor of two numbers, not both zero.
@inlinable public func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
  var (a, b) = (left, right)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
