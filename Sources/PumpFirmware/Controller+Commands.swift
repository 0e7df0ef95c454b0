import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

extension Controller {
  /// Obeys the line that has come in.
  @inline(never)
  mutating func obey() {
    defer { inbox.clear() }
    do throws(Inbox.Problem) { try inbox.check() } catch {
      return no(error == .tooLong ? .lineTooLong : .badChecksum)
    }
    if inbox.isCommand("hello") { return hello() }
    if inbox.isCommand("status") { return status() }
    if inbox.isCommand("status-words") { return statusWords() }
    if inbox.isCommand("image") { return load() }
    if inbox.isCommand("keep") { return keep() }
    if inbox.isCommand("start") { return start() }
    if inbox.isCommand("log") { return log() }
    if inbox.isCommand("wall") { return setWallClock() }
    if inbox.isCommand("trace") { return setTrace() }
    if inbox.isCommand("figures") { return figures() }
    #if PUMP_TRIALS
      if inbox.isCommand("head-fault") { return failHead() }
      if inbox.isCommand("drive-fault") { return lieNext() }
      if inbox.isCommand("hang") { return hang() }
      if inbox.isCommand("flash-fault") { return failFlash() }
    #endif
    ask()
  }

  /// No time that a host may name is longer, in ns: sums of a few of them stay far within 64 bits.
  static var longest: UInt64 { TimeSpan(days: 3_660).nanoseconds }

  func ok() {
    var reply = Reply<B>()
    reply.text("ok")
    reply.end()
  }

  func no(_ problem: ConsoleProblem, detail: UInt64 = 0, as word: StaticString = "no") {
    var reply = Reply<B>()
    reply.text(word)
    reply.number("code", UInt64(problem.rawValue))
    reply.number("detail", detail)
    reply.end()
  }

  /// Who is there.
  func hello() {
    var reply = Reply<B>()
    reply.text("hello board=")
    reply.text(B.name)
    reply.text(" protocol=2")
    reply.number("image-version", UInt64(ImageFormat.version))
    if let copy = FlashLayout<B>.wholeImage {
      let word = FlashLayout<B>.word(copy)
      reply.hex("image-seal", word(Int(truncatingIfNeeded: word(1) >> 16) &- 1))
    }
    reply.number("was-reset", wasReset ? 1 : 0 as UInt64)
    reply.number("journal-problem", problemNumber)
    reply.number("runs", session == nil ? 0 : 1 as UInt64)
    reply.end()
  }

  private var problemNumber: UInt64 {
    switch journalProblem {
    case nil: 0
    case .damaged: 1
    case .chainBroken: 2
    case .laterFormat: 3
    case .unreadable: 4
    case .notAJournal: 5
    }
  }

  /// `image OFFSET WORD WORD …`: up to eight words of an image.
  private mutating func load() {
    guard session == nil else { return no(.sessionRuns) }
    guard let offset = inbox.argument(1), inbox.argument(2) != nil,
      offset <= UInt64(FlashLayout<B>.imageStride) - 8
    else { return no(.badArgument) }
    for number in 0..<8 {
      guard let word = inbox.argument(2 + number) else { break }
      (FlashLayout<B>.image(2) + Int(offset) + number).pointee = word
    }
    ok()
  }

  /// `keep`: takes the loaded image over, if it is whole and every value in it can be.
  private mutating func keep() {
    guard session == nil else { return no(.sessionRuns) }
    Arena.rewind()
    do throws(ImageProblem) {
      _ = try CompiledRun(
        count: FlashLayout<B>.imageStride, word: FlashLayout<B>.word(2), mostEntries: B.mostEntries)
    } catch {
      return no(.imageUnusable, detail: UInt64(error.rawValue))
    }
    FlashLayout<B>.keepLoaded()
    ok()
  }

  /// `start PLACE SPAN FLAGS`: place and span in ns, no span for 0; flags: 1 confirmed, 2 reservoir
  /// filled, 4 begin at exactly this place, 8 a clinician has looked after an outage.
  private mutating func start() {
    guard session == nil else { return no(.sessionRuns) }
    guard let place = inbox.argument(1), let span = inbox.argument(2),
      let flags = inbox.argument(3), place < Self.longest, span < Self.longest
    else { return no(.badArgument) }
    let order = StartOrder(
      place: TimeSpan(nanoseconds: place), isPlaceExact: flags & 4 != 0,
      span: span == 0 ? nil : TimeSpan(nanoseconds: span), isConfirmed: flags & 1 != 0,
      isRefilled: flags & 2 != 0, isAfterOutage: flags & 8 != 0)
    if let (problem, detail) = open(order) {
      forgetFaults()
      return no(problem, detail: detail)
    }
    ok()
  }

  /// `log FIRST`: up to sixteen records from a sequence on, as they are stored.
  private mutating func log() {
    guard let first = inbox.argument(1) else { return no(.badArgument) }
    let next = records.pointee.journal.next
    var sequence = max(min(first, next), records.pointee.journal.first)
    let end = min(sequence + 16, next)
    while sequence < end {
      let slot = records.pointee.journal.store.slot(of: sequence)
      guard let block = try? records.pointee.journal.store.read(slot) else { break }
      var reply = Reply<B>()
      reply.text("record")
      for place in 0..<16 {
        reply.text(" ")
        reply.hex(block[place])
      }
      reply.end()
      sequence += 1
    }
    var reply = Reply<B>()
    reply.text("ok")
    reply.number("next", max(sequence, min(first, next)))
    reply.number("end", next)
    reply.end()
  }

  /// `wall SECONDS`: since 1970, and less than 2⁴⁰.
  private mutating func setWallClock() {
    guard let seconds = inbox.argument(1), seconds < 1 << 40 else { return no(.badArgument) }
    wallOffset = Int64(bitPattern: seconds) - Int64(now.nanoseconds / 1_000_000_000)
    session?.pointee.running.pump.withDrive { $0.loop.hardware.wallOffset = wallOffset }
    ok()
  }

  private mutating func setTrace() {
    traces = inbox.argument(1) == 1
    session?.pointee.running.pump.setTrace(traces)
    ok()
  }

  #if PUMP_TRIALS
    /// `head-fault KIND FROM LENGTH`: of the emulated head, from the therapy's beginning on, in ns.
    private mutating func failHead() {
      guard session == nil else { return no(.sessionRuns) }
      guard let kind = inbox.argument(1), kind < 256, let from = inbox.argument(2),
        let length = inbox.argument(3), from < Self.longest, length < Self.longest
      else { return no(.badArgument) }
      headFault = HeadFault(rawValue: UInt8(kind)).map {
        (
          $0, TimeSpan(nanoseconds: from),
          TimeSpan(nanoseconds: from) + TimeSpan(nanoseconds: length)
        )
      }
      ok()
    }

    /// `drive-fault KIND`: the next session's drive lies.
    private mutating func lieNext() {
      guard session == nil else { return no(.sessionRuns) }
      guard let kind = inbox.argument(1), kind < 256 else { return no(.badArgument) }
      lie = DriveFault(rawValue: UInt8(kind))
      ok()
    }

    /// `flash-fault 1`: the journal's flash takes nothing more; 0: it does again.
    private mutating func failFlash() {
      records.pointee.journal.store.isBroken = inbox.argument(1) == 1
      ok()
    }

    /// `hang WHAT`: 1 the main loop, 2 the interrupt, until the watchdog ends it.
    private func hang() {
      guard let what = inbox.argument(1), what == 1 || what == 2 else { return no(.badArgument) }
      ok()
      if what == 2 { B.mask() }
      // A loop that touches nothing would be no loop to the compiler.
      while true { _ = B.watchdogLeft() }
    }
  #endif

}

extension PumpState {
  var word: StaticString {
    switch self {
    case .idle: "idle"
    case .delivering: "delivering"
    case .suspended: "suspended"
    case .tripped: "tripped"
    }
  }
}
