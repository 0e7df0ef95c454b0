import ArgumentParser
import PumpLinux
import PumpSession
import PumpUnits

/// How the real-time thread is scheduled and how it waits.
struct RealTimeOptions: ParsableArguments {
  @Option(
    help: .init(
      "SCHED_FIFO priority, 1 to 99; 0 for an ordinary thread without locked memory.",
      valueName: "number"))
  var priority: Int32 = 50

  @Option(help: .init("The processor to stay on; any if not given.", valueName: "number"))
  var cpu: Int32?

  @Option(
    help: .init(
      "Wake so much before each edge and spin the rest; 100us if not given, 10ms at most.",
      valueName: "time"),
    transform: SpanArgument.parse)
  var spin = SpanArgument(PacedClock.Pace().window)

  @Option(
    help: .init("Spin at most so many percent of the time; 0 only sleeps.", valueName: "percent"))
  var spinShare: UInt64 = 12

  func validate() throws {
    guard (0...99).contains(priority) else { throw ValidationError("--priority: 0 to 99") }
    guard (cpu ?? 0) >= 0 else { throw ValidationError("--cpu: a processor's number, from 0") }
    guard spinShare <= 100 else { throw ValidationError("--spin-share: 0 to 100") }
    guard spin.span <= TimeSpan(milliseconds: 10) else {
      throw ValidationError("--spin: at most 10ms")
    }
  }

  var wish: RealTimeThread.Wish {
    RealTimeThread.Wish(priority: priority, processor: cpu, locksMemory: priority > 0)
  }

  /// The supervisor comes before the drive.
  var guardsWish: RealTimeThread.Wish {
    RealTimeThread.Wish(
      priority: priority == 0 ? 0 : min(99, priority + 1), locksMemory: priority > 0)
  }

  var pace: PacedClock.Pace {
    spinShare == 0
      ? .asleep : PacedClock.Pace(window: spin.span, budgetPermille: spinShare * 10)
  }

  var clock: PacedClock { PacedClock(pace: pace) }
}
