/// Where a board's flash keeps what: two copies of the image, room for one that is being loaded, and the
/// journal's two copies.
enum FlashLayout<B: Board> {
  /// Words between two images.
  static var imageStride: Int { 2_048 }

  /// A copy of the image; the third place is for one that is being loaded.
  static func image(_ copy: Int) -> UnsafeMutablePointer<UInt64> { B.flash + copy * imageStride }

  static var journal: UnsafeMutablePointer<UInt64> { B.flash + 3 * imageStride }

  /// Reads a word of a copy.
  static func word(_ copy: Int) -> (Int) -> UInt64 {
    let base = image(copy)
    return { (base + $0).pointee }
  }

  /// Which copy is whole; the first where both are.
  static var wholeImage: Int? {
    for copy in 0...1 where isWhole(copy) { return copy }
    return nil
  }

  static func isWhole(_ copy: Int) -> Bool {
    (try? ImageFormat.check(count: imageStride, word: word(copy))) != nil
  }

  /// Whether both copies are whole, and the same.
  static var hasTwoImages: Bool {
    guard isWhole(0), isWhole(1) else { return false }
    for place in 0..<imageStride where (image(0) + place).pointee != (image(1) + place).pointee {
      return false
    }
    return true
  }

  /// Puts the loaded image in both places, one after the other.
  static func keepLoaded() {
    for copy in 0...1 {
      for place in 0..<imageStride { (image(copy) + place).pointee = (image(2) + place).pointee }
    }
  }
}
