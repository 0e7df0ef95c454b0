import Glibc
import PumpHAL
import PumpMessages
import PumpUnits
import Testing

@testable import PumpLinux

@Suite(
  "Memory that two processes map: each finds in it what the other has put there, and nobody can cut it"
)
struct SharedMemoryTests {
  /// A second mapping of the same memory, as another process has it.
  private func other(_ memory: SharedMemory) throws -> SharedMemory {
    try #require(SharedMemory(opening: dup(memory.file)))
  }

  @Test("A ring and a channel of one mapping are those of the other, both ways")
  func twoMappings() throws {
    let ringBytes = SlotRing<UInt64>.bytes(slots: 8)
    let memory = try #require(SharedMemory(bytes: ringBytes + Channel.bytes))
    let ring = SlotRing<UInt64>(slots: 8, in: memory, at: 0)
    let channel = Channel(in: memory, at: ringBytes)
    for number in UInt64(0)..<5 { ring.writer.put(number) }
    let seen = try other(memory)
    #expect(seen.bytes == memory.bytes)
    let (otherRing, otherChannel) = (
      SlotRing<UInt64>(slots: 8, in: seen, at: 0), Channel(in: seen, at: ringBytes)
    )
    // What was put before it was opened is there, and what is taken there is gone here.
    #expect(otherRing.take() == 0)
    #expect(ring.take() == 1)
    otherRing.writer.put(77)
    for number in UInt64(2)..<5 { #expect(ring.take() == number) }
    #expect(ring.take() == 77 && otherRing.take() == nil)
    channel.give(Grant(number: 3, upTo: 40, until: .epoch + TimeSpan(seconds: 1)))
    #expect(otherChannel.grant()?.upTo == 40)
    otherChannel.count(.made, 12)
    #expect(channel[.made] == 12)
    otherChannel.ring()
    #expect(channel.bell == 1)
  }

  @Test("It keeps its size, and is told from any other descriptor")
  func sealed() throws {
    let memory = try #require(SharedMemory(bytes: 8_192))
    #expect(ftruncate(memory.file, 0) == -1 && errno == EPERM)
    #expect(ftruncate(memory.file, 1 << 20) == -1 && errno == EPERM)
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    #expect(SharedMemory(opening: null) == nil)
    #expect(SharedMemory(opening: -1) == nil)
    let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
    #expect(SharedMemory(opening: file) == nil)
  }
}
