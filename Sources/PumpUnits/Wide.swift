#if hasFeature(Embedded)
  /// A whole number of 128 bits, whose arithmetic traps on overflow.
  ///
  /// A 32-bit processor does each operation in dozens of instructions, and a compiler that knows the
  /// type writes them out at every use: a quarter of a firmware was nothing else. So here they are
  /// functions; elsewhere the type is `UInt128` itself.
  public struct Wide: Comparable, Hashable, BitwiseCopyable, Sendable, ExpressibleByIntegerLiteral {
    var value: UInt128

    init(value: UInt128) { self.value = value }

    public init(_ narrow: UInt64) { value = UInt128(narrow) }

    public init(integerLiteral value: UInt64) { self.value = UInt128(value) }

    @inline(never) public static func + (left: Self, right: Self) -> Self {
      Self(value: left.value + right.value)
    }

    @inline(never) public static func - (left: Self, right: Self) -> Self {
      Self(value: left.value - right.value)
    }

    @inline(never) public static func * (left: Self, right: Self) -> Self {
      Self(value: left.value * right.value)
    }

    /// By a divisor of more than 64 bits bit by bit: the quotients of those are small.
    @inline(never) public static func / (left: Self, right: Self) -> Self {
      precondition(right.value != 0, "nothing is divided by zero")
      if right.value >> 64 == 0 {
        let divisor = UInt64(truncatingIfNeeded: right.value)
        let high = UInt64(truncatingIfNeeded: left.value >> 64)
        let (low, _) = divided(
          high % divisor, UInt64(truncatingIfNeeded: left.value), by: divisor)
        return Self(value: UInt128(high / divisor) << 64 | UInt128(low))
      }
      var (rest, by, quotient, bits) = (left.value, right.value, UInt128(0), 1)
      while by < rest, by >> 127 == 0 {
        by <<= 1
        bits += 1
      }
      while bits > 0 {
        quotient <<= 1
        if rest >= by {
          rest -= by
          quotient |= 1
        }
        by >>= 1
        bits -= 1
      }
      return Self(value: quotient)
    }

    @inline(never) public static func < (left: Self, right: Self) -> Bool {
      left.value < right.value
    }

    public static func += (left: inout Self, right: Self) { left = left + right }

    @inline(never) public static func >> (left: Self, right: Int) -> Self {
      Self(value: left.value >> right)
    }

    /// How often a divisor goes into it, and what is left.
    public func quotientAndRemainder(dividingBy divisor: Self) -> (quotient: Self, remainder: Self)
    {
      let quotient = self / divisor
      return (quotient, self - quotient * divisor)
    }

    public var leadingZeroBitCount: Int {
      @inline(never) get { value.leadingZeroBitCount }
    }
  }

  extension UInt64 {
    /// The same number, which must fit.
    @inline(never) public init(_ wide: Wide) { self = UInt64(wide.value) }

    public init(truncatingIfNeeded wide: Wide) { self = UInt64(truncatingIfNeeded: wide.value) }
  }
#else
  /// A whole number of 128 bits, whose arithmetic traps on overflow.
  public typealias Wide = UInt128
#endif
