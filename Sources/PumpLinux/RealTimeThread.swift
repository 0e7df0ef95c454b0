import CPumpLinux
import Glibc

/// A thread that asks Linux for real-time scheduling, and makes do without.
public final class RealTimeThread: @unchecked Sendable {
  /// What it asks for.
  public struct Wish: Equatable, Sendable {
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
  public struct Denial: Equatable, Sendable, CustomStringConvertible {
    public var description: String
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
        thread.task.carryOut(without: thread.become())
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

  private func become() -> [Denial] {
    var raw = pump_linux_wish(
      priority: wish.priority, cpu: wish.processor ?? -1, locks_memory: wish.locksMemory ? 1 : 0)
    let denied = pump_linux_become_realtime(&raw)
    var denials: [Denial] = []
    func add(_ number: Int32, _ what: String, _ remedy: String) {
      guard number != 0 else { return }
      let why = String(cString: strerror(number))
      denials.append(Denial(description: "\(what) (\(why)); \(remedy)"))
    }
    add(
      denied.scheduler, "no real-time scheduling, so edges may be late",
      "run by Hardware/systemd/itpump@.service, or as a user with rtprio "
        + "\(wish.priority) in /etc/security/limits.d")
    add(
      denied.memory, "memory is not locked, so edges may be late",
      "run by Hardware/systemd/itpump@.service, or with memlock unlimited in /etc/security/limits.d"
    )
    add(denied.affinity, "not bound to processor \(wish.processor ?? -1)", "name one that is there")
    add(
      denied.latency, "processors may sleep deeply, so edges may be late",
      "install Hardware/systemd/60-itpump.rules, which opens /dev/cpu_dma_latency to group gpio")
    return denials
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
