import CPumpLinux

/// The words of a channel's box, on the stack: nothing is allocated between a deadline and its edge.
struct BoxWords: BitwiseCopyable {
  private typealias Line = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
  private var lines: (Line, Line) = ((0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0, 0))

  static var count: Int32 { Int32(PUMP_BOX_WORDS) }

  subscript(index: Int) -> UInt64 {
    get { withUnsafeBytes(of: lines) { $0.load(fromByteOffset: 8 * index, as: UInt64.self) } }
    set {
      withUnsafeMutableBytes(of: &lines) {
        $0.storeBytes(of: newValue, toByteOffset: 8 * index, as: UInt64.self)
      }
    }
  }

  func withWords<Result>(_ body: (UnsafePointer<UInt64>?) -> Result) -> Result {
    withUnsafeBytes(of: lines) { body($0.bindMemory(to: UInt64.self).baseAddress) }
  }

  mutating func withMutableWords<Result>(_ body: (UnsafeMutablePointer<UInt64>?) -> Result)
    -> Result
  {
    withUnsafeMutableBytes(of: &lines) { body($0.bindMemory(to: UInt64.self).baseAddress) }
  }
}
