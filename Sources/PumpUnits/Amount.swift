/// A quantity that is a whole count of one small unit, never negative.
///
/// Sums and differences exist only between amounts of one kind; a conversion between kinds is a
/// named operation that states its rounding. The operators trap on overflow: inside the core every
/// amount has been checked at the edge, so an overflow is a programmer's error. Edges use the
/// throwing forms.
public protocol Amount: Comparable, Hashable, BitwiseCopyable, Sendable {
  /// The count of the kind's own unit.
  var count: UInt64 { get }

  /// Creates an amount from a count of the kind's own unit.
  init(count: UInt64)
}

/// A sum, product or conversion left the range of its type.
public enum QuantityError: Error, Equatable, Sendable {
  /// The result needs more than 64 bits of its unit.
  case overflow
  /// A division by a zero quantity.
  case divisionByZero
}

extension Amount {
  /// Nothing of this kind.
  @inlinable public static var zero: Self { Self(count: 0) }

  /// Whether there is nothing.
  @inlinable public var isZero: Bool { count == 0 }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.count < right.count }

  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inlinable
  #endif
  public static func + (left: Self, right: Self) -> Self {
    Self(count: left.count + right.count)
  }

  @inlinable public static func += (left: inout Self, right: Self) { left = left + right }

  /// The difference.
  ///
  /// - Precondition: `right` is not more than `left`.
  @inlinable public static func - (left: Self, right: Self) -> Self {
    Self(count: left.count - right.count)
  }

  @inlinable public static func -= (left: inout Self, right: Self) { left = left - right }

  @inlinable public static func * (left: Self, right: UInt64) -> Self {
    Self(count: left.count * right)
  }

  /// The difference, or nothing where `other` is more.
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inlinable
  #endif
  public func lessening(by other: Self) -> Self {
    other > self ? .zero : self - other
  }

  /// The sum, for values that come from outside.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func adding(_ other: Self) throws(QuantityError) -> Self {
    let (sum, overflow) = count.addingReportingOverflow(other.count)
    guard !overflow else { throw .overflow }
    return Self(count: sum)
  }

  /// The product, for values that come from outside.
  ///
  /// - Throws: `QuantityError.overflow`.
  @inlinable public func multiplied(by factor: UInt64) throws(QuantityError) -> Self {
    let (product, overflow) = count.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw .overflow }
    return Self(count: product)
  }
}
