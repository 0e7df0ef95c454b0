/// A value that is laid down once and never changes: on bare metal in the arena, where everybody who holds
/// it reads the same words; elsewhere the value itself.
public struct Fixed<Value> {
  #if hasFeature(Embedded)
    @usableFromInline let place: UnsafeMutablePointer<Value>

    /// Lays a value down.
    public init(_ value: Value) {
      place = Arena.room(for: Value.self)
      place.initialize(to: value)
    }

    /// The value.
    @inlinable public var value: Value { place.pointee }
  #else
    /// The value.
    public let value: Value

    /// Keeps a value.
    @inlinable public init(_ value: Value) { self.value = value }
  #endif
}

extension Fixed: @unchecked Sendable where Value: Sendable {}

extension Fixed: Equatable where Value: Equatable {
  @inlinable public static func == (left: Self, right: Self) -> Bool { left.value == right.value }
}

extension Fixed: Hashable where Value: Hashable {
  /// Adds the value.
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
