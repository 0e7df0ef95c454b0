#if hasFeature(Embedded)
  /// Values that were laid down once and never change: on bare metal in the arena, elsewhere an array.
  public struct Table<Element: BitwiseCopyable>: RandomAccessCollection {
    private let values: UnsafeMutablePointer<Element>
    public let count: Int

    /// Lays down so many values, each by its place.
    ///
    /// - Throws: What `value` throws.
    public init<Problem: Error>(
      count: Int, _ value: (Int) throws(Problem) -> Element
    ) throws(Problem) {
      self.count = count
      values = Arena.take(Element.self, count: Swift.max(1, count))
      for place in 0..<count { (values + place).initialize(to: try value(place)) }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    /// The value at a place.
    ///
    /// - Precondition: `0 <= index < count`.
    public subscript(index: Int) -> Element {
      precondition(index >= 0 && index < count, "a table is read within its bounds")
      return values[index]
    }
  }

  extension Table: Equatable where Element: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
      guard left.count == right.count else { return false }
      for index in 0..<left.count where left[index] != right[index] { return false }
      return true
    }
  }

  extension Table: Hashable where Element: Hashable {
    /// Adds every value in its order.
    public func hash(into hasher: inout Hasher) {
      for index in 0..<count { hasher.combine(self[index]) }
    }
  }

  extension Table: @unchecked Sendable where Element: Sendable {}
#else
  /// Values that were laid down once and never change: on bare metal in the arena, elsewhere an array.
  public typealias Table<Element> = [Element]

  extension Array {
    /// Lays down so many values, each by its place.
    ///
    /// - Throws: What `value` throws.
    public init<Problem: Error>(
      count: Int, _ value: (Int) throws(Problem) -> Element
    ) throws(Problem) {
      self = try (0..<count).map(value)
    }
  }
#endif
