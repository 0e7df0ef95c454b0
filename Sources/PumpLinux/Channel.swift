import CPumpLinux
import Glibc
public import PumpHAL
public import PumpMessages
import PumpSafety
import PumpTherapy
public import PumpUnits

/// What lies between the drive's process and the supervisor's: memory that both have.
///
/// Each box and counter has one writer, and no one ever waits for a lock: a process that is stopped or
/// killed in any place holds up nothing of the other but the one answer that the drive asks for.
public final class Channel: @unchecked Sendable {
  let memory: OpaquePointer
  private let shared: SharedMemory
  // Each process has its own copy of these.
  private var attended: UInt32 = 0
  var faults: UInt64 = 0
  var faultsSeen: UInt64 = 0
  private var hasLostSupervisor = false
  /// What each box held when this process read it whole last.
  private var read = [BoxWords?](repeating: nil, count: Box.allCases.count)

  enum Box: Int32, CaseIterable {
    case report
    case grant
    case orders
    case sensors
    case start
    case detail
  }

  /// Steps as the drive's lines saw them, one by one: they outlive its process.
  public enum Counter: Int32, CaseIterable, Sendable {
    /// STEP was about to rise.
    case begun
    /// It rose.
    case made
    /// It surely did not rise.
    case failed
    /// Nobody knows.
    case unknown
    /// It rose, and was booked as uncertain afterwards.
    case doubted
    /// No step: the supervisor's turns, the only counter that is its own.
    case supervised
    /// No step: 1 once the drive has its plan and its lines.
    case ready
  }

  /// How much memory it takes; a whole number of cache lines.
  public static var bytes: Int { pump_channel_bytes() }

  /// Makes one in memory of its own.
  ///
  /// - Returns: `nil` without memory.
  public convenience init?() {
    guard let shared = SharedMemory(bytes: Self.bytes, isGiven: false) else { return nil }
    self.init(in: shared, at: 0)
  }

  /// The one at a place of memory: made there, or the one that whoever made the memory has there.
  public init(in shared: SharedMemory, at offset: Int) {
    let place = shared.place(at: offset, bytes: Self.bytes)
    memory = shared.isNew ? pump_channel_lay(place) : OpaquePointer(place)
    self.shared = shared
  }

  // MARK: - What the drive tells

  /// Tells the supervisor how the drive is.
  public func tell(_ report: DriveReport) {
    var words = BoxWords()
    words[0] = report.beat
    words[1] = report.at.nanoseconds
    words[2] = report.delivered
    words[3] = report.uncertain
    words[4] = report.missed
    words[5] = report.owed
    words[6] = report.standing
    words[7] = report.present
    words[8] = (report.isDelivering ? 1 : 0) | (report.isTripped ? 2 : 0)
    words[9] = UInt64(report.prescriptionSum)
    put(.report, words)
  }

  /// What the drive told last; `nil` where it never told.
  public func report() -> DriveReport? {
    guard let words = get(.report) else { return nil }
    var report = DriveReport()
    report.beat = words[0]
    report.at = Instant(nanoseconds: words[1])
    report.delivered = words[2]
    report.uncertain = words[3]
    report.missed = words[4]
    report.owed = words[5]
    report.standing = words[6]
    report.present = words[7]
    report.isDelivering = words[8] & 1 == 1
    report.isTripped = words[8] & 2 == 2
    report.prescriptionSum = UInt32(truncatingIfNeeded: words[9])
    return report
  }

  /// Tells what people want to know of the drive.
  public func tell(_ detail: DriveDetail) {
    var words = BoxWords()
    for place in 0..<DriveDetail.wordCount { words[place] = detail.word(place) }
    put(.detail, words)
  }

  /// What it told people last; `nil` where it has not yet.
  public func detail() -> DriveDetail? {
    guard let words = get(.detail) else { return nil }
    return DriveDetail(word: { words[$0] })
  }

  /// Counts steps.
  public func count(_ counter: Counter, _ steps: UInt64 = 1) {
    pump_counter_add(memory, counter.rawValue, steps)
  }

  /// The steps counted.
  public subscript(counter: Counter) -> UInt64 { pump_counter_get(memory, counter.rawValue) }

  /// Steps that were told to have been made, or that nobody knows of.
  public var stepsTold: UInt64 { self[.made] + self[.unknown] }

  /// Steps that were made or may have been, the one that is being made included.
  public var stepsBegun: UInt64 { self[.begun] - min(self[.begun], self[.failed]) }

  /// What a drive that is gone has made, and what it may have: an edge that was begun and never told of.
  ///
  /// - Parameter count: What was made beyond this may not have moved the motor.
  public func finalCounts(notBeyond count: UInt64 = .max) -> (certain: UInt64, uncertain: UInt64) {
    let (made, doubted) = (self[.made], min(self[.made], self[.doubted]))
    let most = max(made, stepsBegun)
    let certain = min(made - doubted, count)
    return (certain, most - certain)
  }

  /// Asks the supervisor for a level of ENABLE, and waits for what it read back.
  ///
  /// - Throws: `LineFault`, also where the supervisor does not answer in time.
  public func askEnable(_ level: LineLevel, within limit: TimeSpan) throws(LineFault) -> LineLevel {
    let answer = pump_enable_ask(memory, Int32(level.rawValue), limit.nanoseconds)
    guard answer >= 0 else { throw LineFault(number: -answer) }
    return answer == 0 ? .released : .asserted
  }

  // MARK: - What the supervisor tells

  /// Answers the drive's request for ENABLE, if there is one.
  ///
  /// - Parameter follow: Given the level; says what was read back, or `nil` for a line that failed.
  /// - Returns: Whether there was a request.
  @discardableResult
  public func serveEnable(_ follow: (LineLevel) -> LineLevel?) -> Bool {
    let asked = pump_enable_asked(memory)
    guard asked >= 0 else { return false }
    let level = follow(asked & 1 == 0 ? .released : .asserted)
    pump_enable_answer(memory, asked, level.map { Int32($0.rawValue) } ?? -1)
    return true
  }

  /// Lets the drive have a grant; the journal has it already.
  public func give(_ grant: Grant) {
    var words = BoxWords()
    words[0] = grant.number
    words[1] = grant.upTo
    words[2] = grant.until.nanoseconds
    put(.grant, words)
    pump_attention_call(memory)
  }

  /// The latest grant.
  public func grant() -> Grant? {
    guard let words = get(.grant) else { return nil }
    return Grant(number: words[0], upTo: words[1], until: Instant(nanoseconds: words[2]))
  }

  /// Lets the drive have its orders.
  public func order(_ orders: DriveOrders) {
    put(.orders, orders.words)
    pump_attention_call(memory)
  }

  /// The latest orders.
  public func orders() -> DriveOrders? { get(.orders).map { DriveOrders($0) } }

  /// Whether the supervisor's process is gone, as the drive has noticed.
  public private(set) var isOrphaned = false
  private var supervisor: Int32 = 0

  /// Takes note whose child this process is; called in the drive's process.
  public func follow(_ supervisor: Int32) { self.supervisor = supervisor }

  /// Looks whether the supervisor's process is still there.
  public func lookForSupervisor() {
    if supervisor != 0, getppid() != supervisor { isOrphaned = true }
  }

  /// Marks what the calling thread does as the supervisor's work: its death is then told to the drive at once,
  /// well before the kernel has freed what it had.
  public func superviseWhile(_ work: () -> Void) {
    beginSupervising()
    work()
    pump_life_end(memory)
  }

  func beginSupervising() { pump_life_begin(memory) }

  /// Whether the supervisor's thread died at its work, kept for good: the C library's trylock says so twice, and
  /// then as if the owner lived.
  public var isSupervisorLost: Bool {
    if !hasLostSupervisor { hasLostSupervisor = pump_life_is_lost(memory) != 0 }
    return hasLostSupervisor
  }

  /// Takes note that the supervisor takes a turn.
  public func supervise() { pump_counter_add(memory, Counter.supervised.rawValue, 1) }

  /// Asks the drive to look at what it is told.
  public func callAttention() { pump_attention_call(memory) }

  /// Whether the drive was asked to look at its grant and orders, and has not yet.
  public var hasNews: Bool { pump_attention(memory) != attended }

  /// Takes note that the drive looks now; before it does.
  public func attend() { attended = pump_attention(memory) }

  /// Lets the drive begin: both clocks read `first` when CLOCK_MONOTONIC reads `monotonic`.
  ///
  /// - Parameter isHeld: Whether the therapy is held back from its first moment.
  public func start(
    at first: Instant, place: TimeSpan, onMonotonic monotonic: UInt64, isHeld: Bool = false
  ) {
    var words = BoxWords()
    words[0] = first.nanoseconds
    words[1] = place.nanoseconds
    words[2] = monotonic
    words[3] = isHeld ? 1 : 0
    put(.start, words)
    pump_attention_call(memory)
  }

  /// When and where in its pattern the drive is to begin; `nil` before it is told.
  public func startOrder() -> (first: Instant, place: TimeSpan, monotonic: UInt64)? {
    guard let words = get(.start) else { return nil }
    return (Instant(nanoseconds: words[0]), TimeSpan(nanoseconds: words[1]), words[2])
  }

  /// Whether it is held back from its first moment.
  public var startsHeld: Bool { self.get(.start).map { $0[3] == 1 } ?? false }

  func put(_ box: Box, _ words: BoxWords) {
    words.withWords { pump_box_put(memory, box.rawValue, $0, BoxWords.count) }
  }

  /// What a box holds, or held before its writer stood still or died in the middle of it.
  ///
  /// A loaded machine takes the processor from a writer in any place: that is no news from it.
  ///
  /// - Returns: `nil` where nothing was ever put.
  func get(_ box: Box) -> BoxWords? {
    var words = BoxWords()
    let puts = words.withMutableWords { pump_box_get(memory, box.rawValue, $0, BoxWords.count) }
    let number = Int(box.rawValue)
    if puts != 0, puts != UInt64.max { read[number] = words }
    return read[number]
  }
}
