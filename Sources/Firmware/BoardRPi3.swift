#if BOARD_RPI3
  import CBoard
  import PumpFirmware
  import PumpHAL
  import PumpUnits

  /// A Raspberry Pi 3 without an operating system.
  ///
  /// Clock: the processor's counter; second clock: the BCM2837's 1 MHz system timer. The drive's interrupt:
  /// the physical timer; the main loop's: the virtual one. Lines on the header, as the Linux board file has
  /// them: GPIO17 STEP, 27 DIR, 22 ENABLE (active low), 23 kick, 24 buzzer. UART: the PL011.
  enum TheBoard: Board {
    static var name: StaticString { "rpi3" }

    private static var io: UInt { 0x3F00_0000 }
    private static var gpio: UInt { io + 0x20_0000 }
    private static var uart: UInt { io + 0x20_1000 }
    private static var power: UInt { io + 0x10_0000 }
    private static var password: UInt32 { 0x5A00_0000 }

    nonisolated(unsafe) private static var first: UInt64 = 0
    nonisolated(unsafe) private static var frequency: UInt64 = 62_500_000

    static func setUp() {
      frequency = board_counter_frequency()
      first = board_counter()
      for line in [BenchLine.enable, .step, .direction, .watchdogKick, .buzzer] {
        set(line, false)
        let pin = pin(line)
        let select = gpio + UInt(pin / 10) * 4
        let shift = pin % 10 * 3
        board_write(select, board_read(select) & ~(7 << shift) | 1 << shift)
      }
      board_write(uart + 0x30, 0)
      board_write(uart + 0x24, 26)  // 115,200 baud of 48 MHz
      board_write(uart + 0x28, 3)
      board_write(uart + 0x2C, 0x70)  // 8 bits, queues
      board_write(uart + 0x30, 0x301)
      board_write(0x4000_0040, 0b1010)  // both timers to this core
      kickWatchdog()
    }

    private static func pin(_ line: BenchLine) -> UInt32 {
      switch line {
      case .step: 17
      case .direction: 27
      case .enable: 22
      case .watchdogKick: 23
      case .buzzer: 24
      case .index, .fault, .reservoirLow, .button: 25
      }
    }

    private static func time(_ count: UInt64) -> TimeSpan {
      let (seconds, rest) = count.quotientAndRemainder(dividingBy: frequency)
      return TimeSpan(nanoseconds: seconds &* 1_000_000_000 &+ rest &* 1_000_000_000 / frequency)
    }

    private static func count(_ time: TimeSpan) -> UInt64 {
      let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
      return first &+ seconds &* frequency &+ rest &* frequency / 1_000_000_000
    }

    static func now() -> TimeSpan { time(board_counter() &- first) }

    static func secondClock() -> TimeSpan {
      var high = board_read(io + 0x3008)
      while true {
        let low = board_read(io + 0x3004)
        let again = board_read(io + 0x3008)
        if again == high { return TimeSpan(microseconds: UInt64(high) << 32 | UInt64(low)) }
        high = again
      }
    }

    static func set(_ line: BenchLine, _ isAsserted: Bool) {
      let isHigh = isAsserted != (line == .enable)
      board_write(gpio + (isHigh ? 0x1C : 0x28), 1 << pin(line))
    }

    static func readBack(_ line: BenchLine) -> Bool {
      let isHigh = board_read(gpio + 0x34) & 1 << pin(line) != 0
      return isHigh != (line == .enable)
    }

    static func attach(_ drive: UnsafeMutableRawPointer?) {
      board_mask()
      attached = drive
      if drive == nil { board_disarm_physical() }
      board_unmask()
    }

    static func arm(at time: TimeSpan) { board_arm_physical(count(time)) }
    static func armWake(at time: TimeSpan) { board_arm_virtual(count(time)) }

    /// Which of the two timers it was.
    static func isPending(wake: Bool) -> Bool {
      board_read(0x4000_0060) & (wake ? 0b1000 : 0b10) != 0
    }

    static func acknowledge() { board_disarm_physical() }
    static func acknowledgeWake() { board_disarm_virtual() }

    static func mask() { board_mask() }
    static func unmask() { board_unmask() }
    /// Sixteen bytes have room until then: 1,600 a second.
    static var longestSleep: TimeSpan { TimeSpan(milliseconds: 10) }
    static func sleep() { board_sleep() }

    /// Sets the count, 65,536 to the second, to fifteen seconds, and does not arm it: the emulated board
    /// takes the order to reset when it has run out for one to reset at once.
    static func kickWatchdog() { board_write(power + 0x24, password | 15 << 16) }

    static func watchdogLeft() -> UInt32 { board_read(power + 0x24) }

    static func transmit(_ byte: UInt8) {
      while board_read(uart + 0x18) & 1 << 5 != 0 {}
      board_write(uart, UInt32(byte))
    }

    static var hasReceived: Bool { board_read(uart + 0x18) & 1 << 4 == 0 }

    static func receive() -> UInt8? {
      guard hasReceived else { return nil }
      return UInt8(truncatingIfNeeded: board_read(uart))
    }

    static var retained: UnsafeMutablePointer<UInt64> { board_retained_start() }
    static var flash: UnsafeMutablePointer<UInt64> { board_flash_start() }
    static var journalSlots: UInt64 { 2_048 }
    static var longestTouch: TimeSpan { TimeSpan(microseconds: 20) }
    static var mostEntries: Int { 336 }
    static func stackUsed() -> UInt32 { board_stack_used() }
  }

  /// Every interrupt: one vector has them all.
  @c(board_interrupt) func interrupt() {
    if TheBoard.isPending(wake: false) { driveInterrupt() }
    if TheBoard.isPending(wake: true) { wakeInterrupt() }
  }
#endif
