import PumpLinux
package import PumpTherapy

/// Four words of a prescription on its way to the drive's process: it has more than a slot of a ring holds.
package struct PrescriptionPart: Equatable, BitwiseCopyable, Sendable {
  /// How many words there are in all, and the place of the first of these.
  package var count: UInt32
  package var place: UInt32
  package var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  package static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.place == right.place && left.words == right.words
  }

  /// The parts of a prescription.
  package static func parts(of prescription: Prescription) -> [Self] {
    var all: [UInt64] = []
    prescription.encode { all.append($0) }
    return stride(from: 0, to: all.count, by: 4).map { place in
      func word(_ offset: Int) -> UInt64 { place + offset < all.count ? all[place + offset] : 0 }
      return Self(
        count: UInt32(all.count), place: UInt32(place),
        words: (word(0), word(1), word(2), word(3)))
    }
  }
}

/// Puts parts together again.
package struct PrescriptionParts {
  private var words: [UInt64] = []
  private var count = 0

  /// Takes the next part; one that begins anew forgets what came before.
  package mutating func take(_ part: PrescriptionPart) {
    if part.place == 0 {
      words = []
      count = Int(part.count)
    }
    guard words.count == Int(part.place), words.count < count,
      count <= Prescription.mostWords
    else { return }
    for word in [part.words.0, part.words.1, part.words.2, part.words.3]
    where words.count < count {
      words.append(word)
    }
  }

  /// The prescription, where it is whole and can be one.
  package var prescription: Prescription? {
    guard count > 0, words.count == count else { return nil }
    return try? Prescription(count: count) { words[$0] }
  }
}
