import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

/// A therapy from the command to its end: the drive in the interrupt, and the supervisor beside it.
struct Session<B: Board>: ~Copyable {
  let drive: UnsafeMutablePointer<DriveSide<B>>
  var supervisor: Supervisor
  let singleBolus: Bolus?
  /// Where in its pattern the therapy is at an instant.
  var place: TimeSpan
  var placeAt: Instant
  /// Whether that place is the one to begin at, whenever that is.
  let isPlaceExact: Bool
  let isConfirmed: Bool
  /// For how long; `nil` until it is stopped.
  let span: TimeSpan?
  /// Whether what is prescribed waits for a clinician, at the minimum rate.
  var fallsBack = false
  /// Whether it takes up one that broke off: its single bolus is not given again.
  var isTakenUp = false
  #if PUMP_TRIALS
    let lie: DriveFault?
  #else
    var lie: DriveFault? { nil }
  #endif

  /// When the therapy began, or begins.
  var first: Instant?
  var hasBegun = false
  var isStopping = false
  var stopBy = Instant.never
  /// When the supervisor looks next.
  var lookAt: Instant
  var journaled = (drive: 0, supervisor: 0)
  var grantsGiven = 0
  var buzzesUntil: Instant?
  var wasFaultAsserted = false
  /// The clocks and the watchdog when the self-test first asked.
  var clockProof: (first: TimeSpan, second: TimeSpan)?
  var watchdogProof: UInt32?

  init(
    drive: UnsafeMutablePointer<DriveSide<B>>, supervisor: consuming Supervisor,
    singleBolus: Bolus?, place: TimeSpan, isPlaceExact: Bool, at now: Instant, isConfirmed: Bool,
    span: TimeSpan?, lie: DriveFault?
  ) {
    self.drive = drive
    self.supervisor = supervisor
    self.singleBolus = singleBolus
    self.place = place
    self.isPlaceExact = isPlaceExact
    placeAt = now
    self.isConfirmed = isConfirmed
    self.span = span
    #if PUMP_TRIALS
      self.lie = lie
    #endif
    lookAt = now
  }

  /// Touches the drive between two edges, with its interrupt kept away.
  ///
  /// It waits for a gap, and where there is none for long it makes one: a late edge is told, a supervisor
  /// that never gets to its drive is worse.
  func withDrive<Result>(_ body: (inout DriveSide<B>) -> Result) -> Result {
    waitForGap()
    let result = body(&drive.pointee)
    drive.pointee.rearm()
    B.unmask()
    return result
  }

  /// Waits until no edge is due for as long as a touch may take, and deciding the edge; returns with interrupts masked.
  @inline(never)
  private func waitForGap() {
    let begun = B.now()
    while true {
      B.mask()
      let ahead = B.longestTouch + drive.pointee.edgeLead
      if drive.pointee.loop.engine.edgeDeadline > drive.pointee.loop.hardware.real + ahead {
        return
      }
      if B.now().lessening(by: begun) > TimeSpan(milliseconds: 20) { return }
      B.unmask()
      sendTrace()
    }
  }

  /// Sends the edges that were made since last time, if anybody wants them.
  func sendTrace() {
    while let first = takeEdge() {
      var reply = Reply<B>()
      reply.text("t")
      var words = 1
      var next: UInt32? = first
      while let word = next {
        reply.text(" ")
        reply.hex(UInt64(word), digits: 8)
        next = words < 8 ? takeEdge() : nil
        words += 1
      }
      reply.end()
    }
  }

  @inline(never)
  private func takeEdge() -> UInt32? {
    B.mask()
    defer { B.unmask() }
    return drive.pointee.loop.hardware.trace.take()
  }
}
