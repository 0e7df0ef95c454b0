import PumpDrive
import PumpHAL
import PumpMessages
import PumpTherapy
import PumpUnits

/// The drive behind its interrupt, and the lines that the supervisor alone touches: what the main loop reaches of
/// the first channel, between two of its edges.
///
/// Nothing runs beside the main loop but the interrupt: it keeps that away while it touches the drive.
struct InterruptDrive<B: Board>: ~Copyable {
  let side: UnsafeMutablePointer<DriveSide<B>>
  /// Why the therapy could not begin, or its bolus.
  private(set) var refusal: Refusal?
  private var takenEvents = 0
  private var answered: DriveAnswer?
  /// What the lines had counted when ENABLE was taken last.
  var heldCount: UInt64 = 0
  var buzzesUntil: Instant?
  private var wasFaultAsserted = false
  /// The clocks and the watchdog when the self-test first asked.
  var clockProof: (first: TimeSpan, second: TimeSpan)?
  var watchdogProof: UInt32?
  #if PUMP_TRIALS
    let lie: DriveFault?
    /// What is to go wrong with the head, from the therapy's beginning on.
    var headFault: (fault: HeadFault, from: TimeSpan, until: TimeSpan)?
  #else
    var lie: DriveFault? { nil }
  #endif

  init(_ side: UnsafeMutablePointer<DriveSide<B>>, lie: DriveFault?) {
    self.side = side
    #if PUMP_TRIALS
      self.lie = lie
    #endif
  }

  /// The pump's clock.
  var now: Instant { side.pointee.loop.hardware.real }

  /// Touches the drive between two edges, with its interrupt kept away.
  ///
  /// It waits for a gap, and where there is none for long it makes one: a late edge is told, a supervisor
  /// that never gets to its drive is worse.
  func withDrive<Result>(_ body: (inout DriveSide<B>) -> Result) -> Result {
    waitForGap()
    let result = body(&side.pointee)
    side.pointee.rearm()
    B.unmask()
    return result
  }

  /// Waits until no edge is due for as long as a touch may take, and deciding the edge; returns with interrupts masked.
  @inline(never)
  private func waitForGap() {
    let begun = B.now()
    while true {
      B.mask()
      let ahead = B.longestTouch + side.pointee.edgeLead
      if side.pointee.loop.engine.edgeDeadline > side.pointee.loop.hardware.real + ahead {
        return
      }
      if B.now().lessening(by: begun) > TimeSpan(milliseconds: 20) { return }
      B.unmask()
      sendTrace()
    }
  }

  /// A fault line can't wait for the drive's own round.
  private mutating func readFaultLine(at now: Instant) {
    let isAsserted = side.pointee.loop.hardware.head.isFaultAsserted(at: now)
    guard isAsserted != wasFaultAsserted else { return }
    wasFaultAsserted = isAsserted
    withDrive { side in
      side.loop.hardware.reckoned = side.loop.hardware.present
      side.loop.readSensors()
    }
  }
}

extension InterruptDrive: DriveLink {
  mutating func tend(at now: Instant) {
    endSound(at: now)
    readFaultLine(at: now)
  }

  mutating func report(at now: Instant, withSum: Bool) -> DriveReport {
    var report = withDrive { side in
      let present = side.loop.hardware.present
      var report = side.loop.engine.report(beat: side.beats, at: present)
      report.lineCount = side.loop.hardware.steps
      // The drive made steps while it was waited for: they are held against what is allowed by now.
      report.lookedAt = present
      return report
    }
    if let lie { report = lie.told(report) }
    // Nothing changes what the drive runs but what the main loop asks it to.
    if withSum { report.prescriptionSum = side.pointee.loop.engine.prescription.checksum }
    return report
  }

  mutating func detail(at now: Instant) -> DriveDetail {
    // Each by itself: what takes longer than a gap between two edges would make one late.
    var detail = DriveDetail(state: withDrive { $0.loop.engine.state })
    detail.planned = withDrive { $0.loop.engine.planned(at: $0.loop.hardware.present) }
    detail.flow = withDrive { $0.loop.engine.flow(at: $0.loop.hardware.present) }
    detail.place = withDrive { $0.loop.engine.place(at: $0.loop.hardware.present) }
    detail.bolus = withDrive { $0.loop.engine.runningBolus(at: $0.loop.hardware.present) }
    detail.fallBack = withDrive { $0.loop.engine.fallBackFlow }
    return detail
  }

  mutating func begin(_ beginning: Beginning, at now: Instant) {
    B.kickWatchdog()
    #if PUMP_TRIALS
      let headFault = headFault
    #endif
    refusal = withDrive { side in
      // Nothing is due before the start but the drive's own rounds: it may be decided ahead.
      side.loop.hardware.reckoned = max(side.loop.hardware.reckoned, beginning.at)
      #if PUMP_TRIALS
        if let headFault {
          side.loop.hardware.head.fail(
            headFault.fault, from: beginning.at + headFault.from,
            until: beginning.at + headFault.until)
        }
      #endif
      side.loop.hardware.forgetLateness()
      do throws(Refusal) {
        try side.loop.engine.begin(beginning, at: beginning.at)
        return nil
      } catch {
        return error
      }
    }
    B.kickWatchdog()
  }

  mutating func send(_ order: DriveOrder, at now: Instant) {
    switch order {
    case .hold(let isHeld):
      let count = isHeld ? heldCount : nil
      withDrive { $0.loop.engine.hold(isHeld, at: $0.loop.hardware.present, beyond: count) }
    case .grant(let grant):
      let heard = lie?.heard(grant) ?? grant
      withDrive { $0.loop.engine.accept(heard, at: $0.loop.hardware.present) }
    default: withDrive { $0.loop.engine.obey(order, at: $0.loop.hardware.present) }
    }
  }

  mutating func ask(_ command: Command, number: UInt64, at now: Instant) -> Bool {
    let refusal: Refusal? = withDrive { side in
      do throws(Refusal) {
        try side.loop.engine.perform(command, at: side.loop.hardware.present)
        return nil
      } catch {
        return error
      }
    }
    answered = DriveAnswer(number: number, refusal: refusal)
    return true
  }

  mutating func answer() -> DriveAnswer? {
    defer { answered = nil }
    return answered
  }

  mutating func event() -> TimedEvent? {
    while true {
      let number = takenEvents
      let (event, isLast) = withDrive {
        ($0.loop.engine.event(number), number >= $0.loop.engine.eventCount)
      }
      if isLast { return nil }
      if let event { return event }
      // It has given way in the recorder.
      takenEvents += 1
    }
  }

  mutating func takeEvent() { takenEvents += 1 }
}

extension DriveHardware {
  /// The present, and never before what the drive has reckoned with.
  var present: Instant { max(real, reckoned) }
}
