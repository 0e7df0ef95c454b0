import CPumpLinux
public import PumpUnits

/// CLOCK_MONOTONIC, counted from an origin, and waiting that spins the last part.
///
/// Suspend is not counted: a machine that sleeps delivers nothing, and its wall clock then tells.
public struct PacedClock: ~Copyable {
  private var waiter: pump_linux_waiter
  /// CLOCK_MONOTONIC at the clock's first instant, and that instant.
  private var origin: UInt64
  private var first: Instant

  /// How the clock waits.
  public struct Pace: Equatable, BitwiseCopyable, Sendable {
    /// So much before a deadline it wakes and spins; zero only sleeps.
    public var window: TimeSpan
    /// At most so many thousandths of the time are spent spinning.
    public var budgetPermille: UInt64

    /// - Parameters:
    ///   - window: 100 µs are more than most wake-ups take on an idle machine.
    ///   - budgetPermille: 120 leave the process below 15 % of one core at 1 kHz.
    public init(window: TimeSpan = TimeSpan(microseconds: 100), budgetPermille: UInt64 = 120) {
      self.window = window
      self.budgetPermille = budgetPermille
    }

    /// Only sleeps.
    public static var asleep: Pace { Pace(window: .zero, budgetPermille: 0) }
  }

  /// Starts a clock at `.epoch`.
  public init(pace: Pace) {
    let now = pump_linux_now()
    origin = now
    first = .epoch
    waiter = pump_linux_waiter(
      window_ns: pace.window.nanoseconds, budget_permille: pace.budgetPermille,
      credit_ns: pace.window.nanoseconds, credited_at_ns: now)
  }

  /// Starts it anew, its first instant a little ahead; until then it reads that instant.
  ///
  /// So what is set up "at the first instant" is set up before it, and not late.
  public mutating func restart(ahead: TimeSpan) {
    start(at: .epoch, onMonotonic: monotonicNanoseconds() + ahead.nanoseconds)
  }

  /// Starts it anew: it reads `first` when CLOCK_MONOTONIC reads so many nanoseconds, and before.
  ///
  /// Two processes that start their clocks alike read the same time.
  public mutating func start(at first: Instant, onMonotonic nanoseconds: UInt64) {
    self.first = first
    origin = nanoseconds
  }

  /// A second clock of the same origin, which waits on its own account.
  public var copy: PacedClock { PacedClock(waiter: waiter, origin: origin, first: first) }

  private init(waiter: pump_linux_waiter, origin: UInt64, first: Instant) {
    self.waiter = waiter
    self.origin = origin
    self.first = first
  }

  /// Waits for each multiple of a period in a bare C loop that shares nothing with this clock.
  ///
  /// - Returns: By how many nanoseconds each wake-up was late.
  public static func bareLoop(window: TimeSpan, period: TimeSpan, count: Int) -> [UInt64] {
    var lateness = [UInt64](repeating: 0, count: count)
    pump_linux_bare_loop(window.nanoseconds, period.nanoseconds, &lateness, UInt64(count))
    return lateness
  }

  /// The present instant.
  public func read() -> Instant { instant(pump_linux_now()) }

  /// What CLOCK_MONOTONIC reads at an instant.
  public func monotonic(at instant: Instant) -> UInt64 {
    let (end, isNever) = origin.addingReportingOverflow(instant.elapsed(since: first).nanoseconds)
    return isNever || instant == .never ? .max : end
  }

  private func instant(_ monotonic: UInt64) -> Instant {
    first + TimeSpan(nanoseconds: monotonic > origin ? monotonic - origin : 0)
  }

  /// Waits until a deadline; never returns earlier.
  public mutating func wait(until deadline: Instant) -> Instant {
    guard deadline > first else { return read() }
    return instant(pump_linux_wait(&waiter, monotonic(at: deadline)))
  }
}

/// CLOCK_MONOTONIC, in nanoseconds.
public func monotonicNanoseconds() -> UInt64 { pump_linux_now() }

/// The wall clock, in seconds since 1970.
public func wallClockSeconds() -> Int64 { pump_linux_wall_seconds() }

/// The processor time that the calling thread has used.
public func threadProcessorTime() -> TimeSpan {
  TimeSpan(nanoseconds: pump_linux_thread_cpu())
}
