import Glibc
import PumpUnits
import Testing

@testable import PumpLinux

@Suite("A supervisor that stands still is told from a drive that looks late")
struct SupervisorWatchTests {
  private static let slice: UInt64 = 20_000_000

  @Test("Silent after the time-out and not before, and back with its first turn")
  func silence() {
    var watch = SupervisorWatch(timeout: TimeSpan(seconds: 2))
    var now: UInt64 = 5_000_000_000
    watch.look(turns: 7, isLost: false, at: now)
    for _ in 0..<99 {
      now += Self.slice
      watch.look(turns: 7, isLost: false, at: now)
      #expect(!watch.isSilent)
    }
    now += Self.slice
    watch.look(turns: 7, isLost: false, at: now)
    #expect(watch.isSilent)
    watch.look(turns: 8, isLost: false, at: now + 1)
    #expect(!watch.isSilent)
  }

  @Test("A machine that stood still as a whole says nothing about the supervisor")
  func bothAway() {
    var watch = SupervisorWatch(timeout: TimeSpan(seconds: 2))
    var now: UInt64 = 0
    for _ in 0..<10 {
      watch.look(turns: 1, isLost: false, at: now)
      // An hour away each time counts as a tenth of a second.
      now += 3_600_000_000_000
    }
    #expect(!watch.isSilent)
  }

  @Test("A supervisor that never took a turn falls silent too")
  func neverSeen() {
    var watch = SupervisorWatch(timeout: TimeSpan(milliseconds: 500))
    for turn in UInt64(0)...25 { watch.look(turns: 0, isLost: false, at: turn * Self.slice) }
    #expect(watch.isSilent)
  }

  @Test("One that died is silent at once, and does not come back")
  func lost() {
    var watch = SupervisorWatch(timeout: TimeSpan(seconds: 2))
    watch.look(turns: 1, isLost: false, at: 0)
    watch.look(turns: 2, isLost: true, at: 1)
    #expect(watch.isSilent)
    watch.look(turns: 2, isLost: true, at: 2)
    #expect(watch.isSilent)
  }

  // An emulated processor on another's kernel (qemu-user) has no robust mutexes.
  @Test(
    "A thread that ends in the middle of its work is told as lost; one that ends it is not",
    .enabled(if: Self.kernelMarksDeadOwners))
  func threads() throws {
    final class Work: RealTimeTask {
      let channel: Channel
      let isCut: Bool
      init(_ channel: Channel, isCut: Bool) { (self.channel, self.isCut) = (channel, isCut) }
      func carryOut(without denials: [RealTimeThread.Denial]) {
        guard isCut else { return channel.superviseWhile {} }
        // The thread ends with the work unfinished, as a killed one does.
        channel.beginSupervising()
      }
    }
    for isCut in [false, true] {
      let channel = try #require(Channel())
      #expect(!channel.isSupervisorLost)
      let thread = try #require(
        RealTimeThread.start(
          .init(priority: 0, locksMemory: false), Work(channel, isCut: isCut)))
      thread.join()
      // It is asked 50 times a second, and does not come back.
      for look in 0..<10 { #expect(channel.isSupervisorLost == isCut, "look \(look)") }
    }
  }

  /// Whether a robust mutex tells that its owner's thread ended, by the C library alone.
  static let kernelMarksDeadOwners: Bool = {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    defer { mutex.deallocate() }
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_setrobust(&attributes, CInt(PTHREAD_MUTEX_ROBUST))
    pthread_mutex_init(mutex, &attributes)
    var owner = pthread_t()
    let takeAndEnd: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
      if let mutex = $0?.assumingMemoryBound(to: pthread_mutex_t.self) { pthread_mutex_lock(mutex) }
      return nil
    }
    guard pthread_create(&owner, nil, takeAndEnd, mutex) == 0 else { return false }
    pthread_join(owner, nil)
    let answer = pthread_mutex_trylock(mutex)
    // The kernel has it on this thread's list of mutexes until it is unlocked.
    if answer == 0 || answer == EOWNERDEAD { pthread_mutex_unlock(mutex) }
    return answer == EOWNERDEAD
  }()
}
