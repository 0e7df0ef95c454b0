/// A fixed number of elements in storage made once.
///
/// The one mutable storage of the core: windows, rings and tables of alarms live in it, made before
/// delivery starts and never grown. On bare metal its memory comes from the `Arena`.
public struct FixedBuffer<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  private let inPlace = InPlace()

  /// How many elements there are.
  public let count: Int

  /// Makes the storage; the only allocation it ever does.
  ///
  /// - Precondition: `count` is at least 1.
  public init(repeating element: Element, count: Int) {
    precondition(count > 0, "a buffer holds at least one element")
    #if hasFeature(Embedded)
      base = Arena.take(Element.self, count: count)
    #else
      base = .allocate(capacity: count)
    #endif
    base.initialize(repeating: element, count: count)
    self.count = count
  }

  #if !hasFeature(Embedded)
    deinit {
      base.deallocate()
    }
  #endif

  /// The element at a place.
  ///
  /// - Precondition: `0 <= index < count`.
  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "a buffer is read within its bounds")
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count, "a buffer is written within its bounds")
      base[index] = newValue
    }
  }
}

// The buffer owns its memory and is never copied, so it moves between threads whole.
extension FixedBuffer: @unchecked Sendable where Element: Sendable {}
