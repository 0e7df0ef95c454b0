public import PumpMessages
import PumpSafety
public import PumpUnits

/// What the supervisor wants of the drive, as it stands: a drive that missed a change still sees what
/// holds now, and by the counts that there was one.
public struct DriveOrders: Equatable, BitwiseCopyable, Sendable {
  /// How often ENABLE was taken.
  public var holds: UInt64 = 0
  /// Whether it is held now.
  public var isHeld = false
  /// Why it is held for good.
  public var cut: Alarm?
  /// The session's steps when ENABLE fell last.
  public var countAtHold: UInt64 = 0
  /// Steps of stalls that are to be booked as uncertain, all that there ever were.
  public var doubted: UInt64 = 0
  /// What is to run instead of the prescription, which is damaged.
  public var fallBack: FlowRate?
  /// Whether the therapy is to be held and the session ended.
  public var stops = false

  public init() {}

  init(_ words: BoxWords) {
    holds = words[0]
    isHeld = words[1] & 1 == 1
    stops = words[1] & 2 == 2
    fallBack = words[1] & 4 == 4 ? FlowRate(femtolitresPerDay: words[5]) : nil
    cut = words[2] == 0 ? nil : Alarm(rawValue: UInt8(truncatingIfNeeded: words[2] - 1))
    countAtHold = words[3]
    doubted = words[4]
  }

  var words: BoxWords {
    var words = BoxWords()
    words[0] = holds
    words[1] = (isHeld ? 1 : 0) | (stops ? 2 : 0) | (fallBack == nil ? 0 : 4)
    words[2] = cut.map { UInt64($0.rawValue) + 1 } ?? 0
    words[3] = countAtHold
    words[4] = doubted
    words[5] = fallBack?.femtolitresPerDay ?? 0
    return words
  }
}
