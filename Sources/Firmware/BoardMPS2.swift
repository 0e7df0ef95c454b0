#if BOARD_MPS2
  import CBoard
  import PumpFirmware
  import PumpHAL
  import PumpUnits

  /// Arm's MPS2 board with a Cortex-M4 at 25 MHz (application note AN386), as it is emulated.
  ///
  /// Clock: the FPGA's 32-bit counter; second clock: SysTick. The drive's interrupt: APB timer 0; the main
  /// loop's: APB timer 1. Lines: STEP and ENABLE are the two LEDs, DIR, kick and buzzer bits of the MISC
  /// register, so that all of them can be read back; a real board would use its headers.
  enum TheBoard: Board {
    static var name: StaticString { "mps2" }

    private static var fpga: UInt { 0x4002_8000 }
    private static var timer: UInt { 0x4000_0000 }
    private static var wakeTimer: UInt { 0x4000_1000 }
    private static var uart: UInt { 0x4000_4000 }
    private static var watchdog: UInt { 0x4000_8000 }
    private static var nanosecondsPerTick: UInt64 { 40 }

    nonisolated(unsafe) private static var systickHigh: UInt64 = 0
    nonisolated(unsafe) private static var systickLast: UInt32 = 0
    nonisolated(unsafe) private static var leds: UInt32 = 0
    nonisolated(unsafe) private static var misc: UInt32 = 0

    static func setUp() {
      board_write(uart + 0x10, 217)  // 115,200 baud
      board_write(uart + 0x08, 0b1011)  // send and receive, and an interrupt for what was received
      board_write(0xE000_E014, 0xFF_FFFF)  // SysTick: 24 bits
      board_write(0xE000_E018, 0)
      board_write(0xE000_E010, 0b101)  // processor clock, no interrupt
      board_write(fpga, 0)
      board_write(fpga + 0x4C, 0)
      // The drive's interrupt may interrupt the others.
      board_write(0xE000_E400, 0x0000_0040)
      board_write(0xE000_E400 + 8, 0x0000_4000)
      board_write(0xE000_E100, 1 << 8 | 1 << 9 | 1 << 0)
      board_write(watchdog + 0xC00, 0x1ACC_E551)
      // The interrupt after five seconds, the reset after ten.
      board_write(watchdog, 25_000_000 * 5)
      board_write(watchdog + 8, 0b11)
      board_write(watchdog + 0xC00, 0)
    }

    static func now() -> TimeSpan {
      TimeSpan(nanoseconds: board_ticks(fpga + 0x18) &* nanosecondsPerTick)
    }

    /// Good for spans between two calls of less than 0.6 s.
    static func secondClock() -> TimeSpan {
      let count = 0xFF_FFFF - board_read(0xE000_E018)
      if count < systickLast { systickHigh += 1 << 24 }
      systickLast = count
      return TimeSpan(nanoseconds: (systickHigh + UInt64(count)) &* nanosecondsPerTick)
    }

    /// A line's register and bit.
    private static func bit(_ line: BenchLine) -> (isLED: Bool, mask: UInt32) {
      switch line {
      case .step: (true, 1)
      case .enable: (true, 2)
      case .direction: (false, 1)
      case .watchdogKick: (false, 2)
      case .buzzer: (false, 4)
      case .index, .fault, .reservoirLow, .button: (false, 0)
      }
    }

    static func set(_ line: BenchLine, _ isAsserted: Bool) {
      let (isLED, mask) = bit(line)
      let saved = board_save_and_mask()
      if isLED {
        leds = isAsserted ? leds | mask : leds & ~mask
        board_write(fpga, leds)
      } else {
        misc = isAsserted ? misc | mask : misc & ~mask
        board_write(fpga + 0x4C, misc)
      }
      board_restore(saved)
    }

    static func readBack(_ line: BenchLine) -> Bool {
      let (isLED, mask) = bit(line)
      return board_read(fpga + (isLED ? 0 : 0x4C)) & mask != 0
    }

    static func attach(_ drive: UnsafeMutableRawPointer?) {
      board_mask()
      attached = drive
      if drive == nil { board_write(timer, 0) }
      board_unmask()
    }

    static func arm(at time: TimeSpan) { arm(timer, at: time) }

    static func armWake(at time: TimeSpan) { arm(wakeTimer, at: time) }

    private static func arm(_ timer: UInt, at time: TimeSpan) {
      let left = time.lessening(by: now()).nanoseconds
      let ticks = max(2, UInt32(clamping: left / nanosecondsPerTick))
      board_write(timer, 0)
      board_write(timer + 8, 0xFFFF_FFFF)  // never a second time before it is armed anew
      board_write(timer + 4, ticks)
      board_write(timer, 0b1001)
    }

    static func acknowledge() { board_write(timer + 0xC, 1) }

    static func acknowledgeWake() {
      board_write(wakeTimer + 0xC, 1)
      board_write(uart + 0xC, 0b10)
    }

    static func mask() { board_mask() }
    static func unmask() { board_unmask() }
    static var longestSleep: TimeSpan { TimeSpan(milliseconds: 500) }
    static func sleep() { board_sleep() }

    static func kickWatchdog() {
      board_write(watchdog + 0xC00, 0x1ACC_E551)
      board_write(watchdog + 0xC, 1)
      board_write(watchdog + 0xC00, 0)
    }

    static func watchdogLeft() -> UInt32 { board_read(watchdog + 4) }

    static func transmit(_ byte: UInt8) {
      while board_read(uart + 4) & 1 != 0 {}
      board_write(uart, UInt32(byte))
    }

    static var hasReceived: Bool { board_read(uart + 4) & 2 != 0 }

    static func receive() -> UInt8? {
      guard hasReceived else { return nil }
      return UInt8(truncatingIfNeeded: board_read(uart))
    }

    static var retained: UnsafeMutablePointer<UInt64> { board_retained_start() }
    static var flash: UnsafeMutablePointer<UInt64> { board_flash_start() }
    static var journalSlots: UInt64 { 2_048 }
    static var longestTouch: TimeSpan { TimeSpan(microseconds: 100) }
    static var mostEntries: Int { 64 }
    static func stackUsed() -> UInt32 { board_stack_used() }
  }
#endif
