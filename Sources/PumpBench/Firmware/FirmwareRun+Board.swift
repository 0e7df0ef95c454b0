import Foundation
import Glibc
import PumpFiles
import PumpFirmware
import PumpMessages
import PumpProfiles
import PumpReports
import PumpService

/// What is asked of the board.
extension FirmwareRun {
  /// Loads the profile's image, unless the board has it already.
  mutating func load(_ seal: UInt64) throws {
    let data = Array(ImageFile.data(profile.compiled(on: bench)))
    let words = stride(from: 0, to: data.count, by: 8).map { place in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[place + $1]) << UInt64(8 * $1) }
    }
    report.seal = words.last ?? 0
    if words.last != seal { try console.load(words) }
  }

  /// Ends the therapy that runs, and waits until it has ended.
  func end() throws {
    do { try order(.stop) } catch FirmwareConsole.Problem.refused(_, .noSession, _) { return }
    let latest = Date().addingTimeInterval(20)
    while latest.timeIntervalSinceNow > 0 {
      if try console.ask("status").answer.fields["state"] == "idle" { return }
    }
    throw problem("it does not end its therapy: cut the motor's supply by hand")
  }

  /// Asks the board as the user who runs this.
  @discardableResult
  func order(_ command: Command) throws -> Answered {
    try console.order(
      Ordered(
        command, ticket: .random(in: 1...UInt64.max), by: Operator(user: getuid(), role: .bench))
    )
  }

  func problem(_ text: String) -> ProjectFiles.Problem {
    ProjectFiles.Problem(description: "\(bench.board.name): error: \(text)")
  }
}
