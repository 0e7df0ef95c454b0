import PumpMessages
public import PumpUnits

/// What the journal's two copies of the profile are worth.
public enum ProfileCopies: Equatable, BitwiseCopyable, Sendable {
  /// None was ever written.
  case absent
  /// Both are whole, and the same.
  case whole
  /// One of them is not.
  case damaged
  /// Neither is.
  case lost
}

/// A profile's text, and when it was written down.
public struct KeptProfile: Sendable {
  public let text: [UInt8]
  public let session: UInt32
  public let at: Instant
  public let wallSeconds: Int64
}

extension Journal where Store: ~Copyable {
  /// Writes two copies of a profile's text, unless the latest copies are of the same text.
  ///
  /// - Parameter text: At most 64 KiB.
  /// - Throws: The store's failure.
  public mutating func keepProfile(_ text: [UInt8], at now: Instant, wallSeconds: Int64)
    throws(Store.StoreFailure)
  {
    let sum = CRC32C.sum(of: text)
    if let kept = state.profile, kept.length == UInt32(text.count), kept.sum == sum,
      profileCopies == .whole
    {
      return
    }
    for copy in UInt8(0)...1 {
      for part in 0..<Self.parts(text.count) {
        var words = JournalText()
        for place in 0..<JournalText.size where part * JournalText.size + place < text.count {
          words[place] = text[part * JournalText.size + place]
        }
        try append(
          .profile(
            copy: copy, part: UInt16(part), length: UInt32(text.count), sum: sum, words),
          at: now, wallSeconds: wallSeconds)
      }
    }
  }

  /// Reads the latest profile's two copies back.
  public var profileCopies: ProfileCopies {
    mutating get {
      // A ring's profile gives way like any record.
      guard let kept = state.profile, kept.first >= first else { return .absent }
      let intact = (readProfile(copy: 0) != nil, readProfile(copy: 1) != nil)
      switch (intact.0, intact.1) {
      case (true, true): return .whole
      case (false, false): return .lost
      default: return .damaged
      }
    }
  }

  /// The latest profile's text, from whichever copy is whole; `nil` where neither is.
  public var latestProfile: [UInt8]? {
    mutating get { readProfile(copy: 0) ?? readProfile(copy: 1) }
  }

  /// Reads a copy of the latest profile's text; `nil` where it is not whole.
  public mutating func readProfile(copy: Int) -> [UInt8]? {
    guard let kept = state.profile else { return nil }
    return read(kept, copy: copy)
  }

  /// What was kept within the day before an instant, and what was in force when that day began; the latest first.
  public mutating func profiles(ofDayBefore now: Instant) -> [KeptProfile] {
    profiles { $0 + .day <= now }
  }

  /// Every profile that the journal still has, the latest first.
  public var allProfiles: [KeptProfile] {
    mutating get { profiles { _ in false } }
  }

  /// Profiles back to the first that was written when the condition holds.
  private mutating func profiles(until isFarBack: (Instant) -> Bool) -> [KeptProfile] {
    var found: [KeptProfile] = []
    var latest: UInt64?
    var sequence = next
    while sequence > first {
      sequence -= 1
      guard let record = record(sequence),
        case .profile(let copy, part: 0, let length, let sum, _) = record.entry
      else { continue }
      // Either copy stands for both: the other's first record may be damaged, or have given way.
      let before = UInt64(copy) * UInt64(Self.parts(Int(length)))
      guard copy <= 1, sequence >= before, sequence - before != latest else { continue }
      let kept = (first: sequence - before, length: length, sum: sum)
      if let text = read(kept, copy: 0) ?? read(kept, copy: 1) {
        found.append(
          KeptProfile(
            text: text, session: record.session, at: record.at, wallSeconds: record.wallSeconds))
        latest = kept.first
      }
      if isFarBack(record.at) { break }
    }
    return found
  }

  private mutating func read(
    _ kept: (first: UInt64, length: UInt32, sum: UInt32), copy: Int
  ) -> [UInt8]? {
    let parts = Self.parts(Int(kept.length))
    var text: [UInt8] = []
    for part in 0..<parts {
      let sequence = kept.first + UInt64(copy * parts + part)
      guard let record = record(sequence),
        case .profile(UInt8(copy), UInt16(part), kept.length, kept.sum, let words) = record.entry
      else { return nil }
      for place in 0..<JournalText.size where text.count < Int(kept.length) {
        text.append(words[place])
      }
    }
    return CRC32C.sum(of: text) == kept.sum ? text : nil
  }

  private static func parts(_ length: Int) -> Int {
    max(1, (length + JournalText.size - 1) / JournalText.size)
  }

  /// Writes a text in as many records as it takes: a reason, a name.
  public mutating func note(_ text: [UInt8], at now: Instant, wallSeconds: Int64)
    throws(Store.StoreFailure)
  {
    for part in 0..<Self.parts(text.count) {
      var words = JournalText()
      for place in 0..<JournalText.size where part * JournalText.size + place < text.count {
        words[place] = text[part * JournalText.size + place]
      }
      try append(
        .text(part: UInt16(part), length: UInt32(text.count), words), at: now,
        wallSeconds: wallSeconds)
    }
  }
}
