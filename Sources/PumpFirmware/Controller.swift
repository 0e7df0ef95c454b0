import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

/// The main loop's side: supervisor, journal, and the console that a host speaks to.
public struct Controller<B: Board>: ~Copyable {
  /// The journal, which outlives every session that writes it.
  let records: UnsafeMutablePointer<DirectRecords<FlashStore>>
  var session: UnsafeMutablePointer<Session<B>>?
  var inbox: Inbox
  /// The pump's clock at the board's start.
  let origin: Instant
  var wallOffset: Int64
  /// Which count of the clock this is: one that a loss of power begins.
  let boot: UInt64
  /// Whether memory outlived what ended the last start: a reset, and no loss of power.
  let wasReset: Bool
  /// Why there is no journal to work with.
  let journalProblem: JournalProblem?
  var traces = false
  #if PUMP_TRIALS
    var lie: DriveFault?
    var headFault: (fault: HeadFault, from: TimeSpan, until: TimeSpan)?
  #else
    /// Only a firmware for trials can be told to go wrong.
    var lie: DriveFault? { nil }
    var headFault: (fault: HeadFault, from: TimeSpan, until: TimeSpan)? { nil }
  #endif
  private var kickedAt = TimeSpan.zero

  /// Runs for ever.
  ///
  /// - Parameters:
  ///   - arena: The memory of everything that a session makes.
  ///   - bytes: How much of it there is.
  public static func run(arena: UnsafeMutableRawPointer, bytes: Int) -> Never {
    Arena.open(arena, bytes: bytes)
    var controller = Self()
    controller.wake()
    while true { controller.turn() }
  }

  /// Opens the journal that the last start left.
  @inline(never)
  init() {
    inbox = Inbox()
    B.kickWatchdog()
    let store = FlashStore(FlashLayout<B>.journal, slots: B.journalSlots)
    records = Arena.room(for: DirectRecords<FlashStore>.self)
    do throws(JournalProblem) {
      records.initialize(to: DirectRecords(try Journal(opening: store)))
      journalProblem = nil
    } catch {
      records.initialize(to: DirectRecords(Journal(blank: store)))
      journalProblem = error
    }
    Arena.keep()
    let kept = RetainedClock<B>.kept
    wasReset = kept != nil
    let before = records.pointee.journal.state.boot
    boot = wasReset ? max(1, before) : before &+ 1
    // The clock never goes back behind a record.
    origin = max(kept?.now ?? .epoch, records.pointee.journal.state.at)
    wallOffset = kept?.wallOffset ?? 0
  }

  /// The pump's clock.
  var now: Instant { origin + B.now() }

  /// Says who is there, and goes on with what was broken off.
  mutating func wake() {
    hello()
    if !records.pointee.journal.state.isEnded { takeUp() }
  }

  /// One round of the main loop: whoever asks, the session, and sleep until the next.
  mutating func turn() {
    if B.now().lessening(by: kickedAt) >= TimeSpan(milliseconds: 500) {
      kickedAt = B.now()
      B.kickWatchdog()
    }
    while let byte = B.receive() { if inbox.take(byte) { obey() } }
    var wake = B.now() + B.longestSleep
    if session != nil {
      runSession()
      session?.pointee.running.pump.sendTrace()
      if let look = session?.pointee.lookAt { wake = min(wake, look.elapsed(since: origin)) }
    }
    B.armWake(at: wake)
    B.mask()
    if B.now() < wake, !hasTrace, !B.hasReceived { B.sleep() }
    B.unmask()
  }

  private var hasTrace: Bool {
    mutating get { session?.pointee.side.pointee.loop.hardware.trace.isEmpty == false }
  }
}
