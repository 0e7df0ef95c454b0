import CPumpLinux
import Glibc

/// A thread that asks Linux for real-time scheduling, and makes do without.
public final class RealTimeThread: @unchecked Sendable {
  /// What it asks for.
  public struct Wish: Equatable, BitwiseCopyable, Sendable {
    /// SCHED_FIFO's priority, 1 to 99; 0 stays an ordinary thread.
    public var priority: Int32
    /// The processor to stay on; `nil` for any.
    public var processor: Int32?
    /// Whether all memory is locked, so that no page is read back between a deadline and its edge.
    public var locksMemory: Bool

    public init(priority: Int32 = 50, processor: Int32? = nil, locksMemory: Bool = true) {
      self.priority = priority
      self.processor = processor
      self.locksMemory = locksMemory
    }
  }

  /// Something it could not have, and the remedy.
  public struct Denial: Equatable, BitwiseCopyable, Sendable, CustomStringConvertible {
    /// What it could not have.
    public enum Subject: UInt8, BitwiseCopyable, Sendable {
      case scheduling
      case memory
      case processor
      case latency
    }

    public var subject: Subject
    /// The system's error number.
    public var number: Int32
    var wish: Wish

    public var description: String {
      let (what, remedy) = words
      return "\(what) (\(String(cString: strerror(number)))); \(remedy)"
    }

    private var words: (String, String) {
      let service = "run by Hardware/systemd/itpump@.service, or "
      switch subject {
      case .scheduling:
        return (
          "no real-time scheduling, so edges may be late",
          service + "as a user with rtprio \(wish.priority) in /etc/security/limits.d"
        )
      case .memory:
        return (
          "memory is not locked, so edges may be late",
          service + "with memlock unlimited in /etc/security/limits.d"
        )
      case .processor:
        return ("not bound to processor \(wish.processor ?? -1)", "name one that is there")
      case .latency:
        return (
          "processors may sleep deeply, so edges may be late",
          "install Hardware/systemd/60-itpump.rules, which opens /dev/cpu_dma_latency to group gpio"
        )
      }
    }
  }

  private let wish: Wish
  private let task: any RealTimeTask
  private var thread: OpaquePointer?

  private init(_ wish: Wish, _ task: any RealTimeTask) {
    self.wish = wish
    self.task = task
  }

  /// Starts a thread that carries out a task.
  ///
  /// - Returns: `nil` where the system has no thread left.
  public static func start(_ wish: Wish, _ task: any RealTimeTask) -> RealTimeThread? {
    let made = RealTimeThread(wish, task)
    let context = Unmanaged.passRetained(made)
    made.thread = pump_linux_thread_start(
      { context in
        guard let context else { return }
        let thread = Unmanaged<RealTimeThread>.fromOpaque(context).takeRetainedValue()
        thread.task.carryOut(without: RealTimeThread.become(thread.wish))
      }, context.toOpaque())
    guard made.thread != nil else {
      context.release()
      return nil
    }
    return made
  }

  /// Waits until the task has been carried out.
  public func join() {
    if let thread { pump_linux_thread_join(thread) }
    thread = nil
  }

  /// Makes the calling thread one, as far as the system lets it.
  ///
  /// - Returns: What it could not have.
  public static func become(_ wish: Wish) -> [Denial] {
    var raw = pump_linux_wish(
      priority: wish.priority, cpu: wish.processor ?? -1, locks_memory: wish.locksMemory ? 1 : 0)
    let denied = pump_linux_become_realtime(&raw)
    let numbers: [(Denial.Subject, Int32)] = [
      (.scheduling, denied.scheduler), (.memory, denied.memory), (.processor, denied.affinity),
      (.latency, denied.latency),
    ]
    return numbers.filter { $0.1 != 0 }.map { Denial(subject: $0.0, number: $0.1, wish: wish) }
  }
}

/// What a real-time thread does.
public protocol RealTimeTask: AnyObject, Sendable {
  /// Does it, on the thread that was started for it.
  ///
  /// - Parameter denials: What the thread could not have.
  func carryOut(without denials: [RealTimeThread.Denial])
}

/// Signals that end a run: SIGINT, SIGTERM, SIGHUP, and those that would end or halt the program with
/// the motor energised.
public enum StopSignal {
  /// Keeps them from ending the process, and a broken pipe too; before any thread is started.
  public static func block() {
    pump_linux_fill_descriptors()
    pump_linux_block_signals()
    pump_linux_ignore_broken_pipes()
  }

  /// Waits for one, so long at most.
  ///
  /// - Returns: Its number, or `nil` where none came.
  public static func take(within milliseconds: UInt64) -> Int32? {
    let number = pump_linux_take_signal(milliseconds * 1_000_000)
    return number == 0 ? nil : number
  }
}
