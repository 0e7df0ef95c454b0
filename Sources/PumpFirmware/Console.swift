import PumpUnits

/// A line that is being sent: words, a checksum, an end.
///
/// Every line of either side ends with ` *` and the CRC-32C of what stands before that, eight hexadecimal
/// digits: a line that was garbled on the way commands nothing and reports nothing.
struct Reply<B: Board> {
  private var sum = CRC32C()

  private mutating func put(_ byte: UInt8) {
    sum.add(byte)
    B.transmit(byte)
  }

  // A literal ends with a zero byte: its address is all that a call has to carry.
  @inline(__always)
  mutating func text(_ text: StaticString) { word(text.utf8Start) }

  /// A name and a whole number: ` name=123`.
  @inline(__always)
  mutating func number(_ name: StaticString, _ value: UInt64) { number(value, name.utf8Start) }

  /// A name and a word: ` name=0123456789abcdef`.
  @inline(__always)
  mutating func hex(_ name: StaticString, _ value: UInt64) { hex(value, name.utf8Start) }

  @inline(never)
  private mutating func word(_ text: UnsafePointer<UInt8>) {
    var next = text
    while next.pointee != 0 {
      put(next.pointee)
      next += 1
    }
  }

  @inline(never)
  private mutating func number(_ value: UInt64, _ name: UnsafePointer<UInt8>) {
    self.name(name)
    decimal(value)
  }

  @inline(never)
  private mutating func hex(_ value: UInt64, _ name: UnsafePointer<UInt8>) {
    self.name(name)
    hex(value)
  }

  mutating func hex(_ value: UInt64, digits: Int = 16) {
    var place = digits
    while place > 0 {
      place -= 1
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * place)) & 15
      put(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }

  private mutating func name(_ name: UnsafePointer<UInt8>) {
    put(0x20)
    word(name)
    put(0x3D)
  }

  private mutating func decimal(_ value: UInt64) {
    var scale: UInt64 = 10_000_000_000_000_000_000
    while scale > max(1, value) { scale /= 10 }
    while scale > 0 {
      put(0x30 + UInt8(truncatingIfNeeded: value / scale % 10))
      scale /= 10
    }
  }

  mutating func end() {
    let value = sum.value
    text(" *")
    hex(UInt64(value), digits: 8)
    put(0x0A)
  }
}

/// A line that is being received.
struct Inbox: ~Copyable {
  private var bytes = FixedBuffer<UInt8>(repeating: 0, count: 160)
  private var count = 0
  private var isTooLong = false
  /// Where the words begin that are asked for.
  private var from = 0
  /// Where the words end and the checksum begins, once a whole line is there.
  private var end = 0

  /// Why a line commands nothing.
  enum Problem: UInt8, Error {
    case tooLong = 1
    case badChecksum = 2
  }

  /// Takes a byte.
  ///
  /// - Returns: Whether a line is whole.
  mutating func take(_ byte: UInt8) -> Bool {
    if byte == 0x0A { return count > 0 || isTooLong }
    if count < bytes.count {
      bytes[count] = byte
      count += 1
    } else {
      isTooLong = true
    }
    return false
  }

  /// Checks the line.
  mutating func check() throws(Problem) {
    guard !isTooLong else { throw .tooLong }
    guard count >= 10, bytes[count - 10] == 0x20, bytes[count - 9] == 0x2A else {
      throw .badChecksum
    }
    end = count - 10
    var sum = CRC32C()
    for place in 0..<end { sum.add(bytes[place]) }
    guard let told = hex(from: count - 8, to: count), UInt64(sum.value) == told else {
      throw .badChecksum
    }
  }

  /// Forgets the line.
  mutating func clear() {
    count = 0
    from = 0
    end = 0
    isTooLong = false
  }

  /// Whether the line's first word is this one.
  @inline(__always)
  func isCommand(_ word: StaticString) -> Bool { begins(with: word.utf8Start) }

  @inline(never)
  private func begins(with word: UnsafePointer<UInt8>) -> Bool {
    var place = from
    var next = word
    while next.pointee != 0 {
      guard place < end, bytes[place] == next.pointee else { return false }
      place += 1
      next += 1
    }
    return place == end || bytes[place] == 0x20
  }

  /// Takes off the line's first words: what follows them is a line of its own.
  mutating func skip(_ words: Int) {
    for _ in 0..<words {
      while from < end, bytes[from] != 0x20 { from += 1 }
      if from < end { from += 1 }
    }
  }

  /// A whole number after the command, counted from 1, in hexadecimal; `nil` where none is there.
  func argument(_ number: Int) -> UInt64? {
    var (place, seen) = (from, 0)
    while place < end {
      let start = place
      while place < end, bytes[place] != 0x20 { place += 1 }
      if seen == number { return hex(from: start, to: place) }
      seen += 1
      place += 1
    }
    return nil
  }

  private func hex(from start: Int, to end: Int) -> UInt64? {
    guard end > start, end - start <= 16 else { return nil }
    var value: UInt64 = 0
    for place in start..<end {
      let digit: UInt8
      switch bytes[place] {
      case 0x30...0x39: digit = bytes[place] - 0x30
      case 0x61...0x66: digit = bytes[place] - 0x57
      default: return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}
