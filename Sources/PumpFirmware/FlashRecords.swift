import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSession
import PumpUnits

/// The journal in a board's flash, which outlives every session that writes it.
struct FlashRecords<B: Board>: RecordLink, ~Copyable {
  let records: UnsafeMutablePointer<DirectRecords<FlashStore>>
  private var hasTwoImages: Bool?
  #if PUMP_TRIALS
    let lie: DriveFault?
    private var grants = 0
  #endif

  init(_ records: UnsafeMutablePointer<DirectRecords<FlashStore>>, lie: DriveFault?) {
    self.records = records
    #if PUMP_TRIALS
      self.lie = lie
    #endif
    records.pointee.forget()
  }

  mutating func write(_ entry: JournalEntry, at now: Instant, wallSeconds: Int64) -> Bool {
    records.pointee.write(entry, at: now, wallSeconds: wallSeconds)
  }

  mutating func keep(_ entry: JournalEntry, number: UInt64, at now: Instant, wallSeconds: Int64)
    -> Bool
  {
    records.pointee.keep(entry, number: number, at: now, wallSeconds: wallSeconds)
  }

  mutating func grant(
    _ counts: StepCounts, upTo: UInt64, until: Instant, at now: Instant, wallSeconds: Int64
  ) -> Bool {
    #if PUMP_TRIALS
      grants += 1
      // A drive that heeds no grant has to be told none to be found out.
      if lie == .deaf, grants > 1 { return false }
    #endif
    return records.pointee.grant(
      counts, upTo: upTo, until: until, at: now, wallSeconds: wallSeconds)
  }

  /// The profile is here the image, of which the flash has two.
  mutating func prove(_ part: SelfTestPart) -> Bool {
    guard part == .profile else { return records.pointee.prove(part) }
    hasTwoImages = FlashLayout<B>.hasTwoImages
    return true
  }

  mutating func answer() -> RecordAnswer? {
    if let isGood = hasTwoImages {
      hasTwoImages = nil
      return .proved(.profile, isGood)
    }
    return records.pointee.answer()
  }
}
