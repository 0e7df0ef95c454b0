import Foundation
import PumpJournal
import PumpMessages
import PumpSafety
import PumpUnits
import Testing

@testable import PumpService

@Suite("A pump that does not run is told, as loudly as it matters")
struct StoppedPumpTests {
  private func state(_ entries: JournalEntry...) -> JournalState {
    var journal = Journal(blank: MemoryStore(slots: 64))
    journal.append(
      .opened(boot: 1, clock: .hour, servedSince: .epoch, nil), at: .epoch, wallSeconds: 0)
    for entry in entries { journal.append(entry, at: .epoch, wallSeconds: 0) }
    return journal.state
  }

  private let begun = JournalEntry.command(.begin, 0, isAccepted: true)
  private let rest = JournalEntry.command(.outOfService, 0, isAccepted: true)

  @Test("An operator's stop is silent for a day, told after it, urgent after two")
  func stopped() {
    let state = state(begun, .event(.ended))
    let hours: [(UInt64, StoppedPump.Urgency)] = [
      (0, .silent), (23, .silent), (24, .nonCritical), (47, .nonCritical), (48, .critical),
      (1_000, .critical),
    ]
    for (hours, urgency) in hours {
      #expect(StoppedPump.urgency(state, idle: TimeSpan(hours: hours)) == urgency, "\(hours) h")
    }
    // Where no clock can tell, somebody is to look.
    #expect(StoppedPump.urgency(state, idle: nil) == .nonCritical)
  }

  @Test("A run that broke off or was tripped is urgent at once")
  func failed() {
    #expect(StoppedPump.urgency(state(begun), idle: .zero) == .critical)
    let tripped = state(begun, .event(.tripped(.driverFault)), .event(.ended))
    #expect(StoppedPump.urgency(tripped, idle: .zero) == .critical)
  }

  @Test("Out of service by name is silent, whatever happened; the next run ends that")
  func outOfService() {
    #expect(StoppedPump.urgency(state(begun, .event(.ended), rest), idle: .day + .day) == .silent)
    #expect(
      StoppedPump.urgency(state(begun, .event(.tripped(.driverFault)), rest), idle: nil) == .silent)
    #expect(
      StoppedPump.urgency(state(begun, .event(.ended), rest, begun), idle: .zero) == .critical)
    #expect(StoppedPump.urgency(state(), idle: nil) == .silent, "it never ran")
  }

  @Test("The command says how it stands, and takes no other board's name")
  func command() throws {
    let folder = try TemporaryFolder()
    let board = "Hardware/boards/simulator.yaml"
    #expect(
      try CommandLineTests.itpump(
        "run", "Profiles/adult-spinal-night.yaml", "--priority", "0", "--for", "1s", "--journal",
        folder("p.journal")
      ).code == 0)
    func alarm(_ more: String...) throws -> CommandLineTests.Run {
      try CommandLineTests.itpump(
        ["alarm", "--board", board, "--journal", folder("p.journal")] + more)
    }
    #expect(try alarm("--once").code == 0)
    #expect(try alarm("--out-of-service", "another", "--reason", "explanted, a test").code == 1)
    #expect(try alarm("--out-of-service", "simulator").code == 2, "without a reason")
    #expect(try alarm("--out-of-service", "simulator", "--reason", "explanted, a test").code == 0)
    #expect(try JournalFile.read(folder("p.journal")).state.isOutOfService)
    #expect(try CommandLineTests.itpump("log", folder("p.journal"), "--verify").code == 0)
  }
}
