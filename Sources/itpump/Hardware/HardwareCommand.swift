import ArgumentParser
import Foundation
import PumpFiles
import PumpHAL
import PumpLinux
import PumpProfiles
import PumpReports
import PumpService

/// `itpump hardware`: what is there, and what is wired.
struct HardwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hardware",
    abstract: "List GPIO chips, check a board file against them, try lines, calibrate a head.",
    subcommands: [
      ListCommand.self, CheckBoardCommand.self, BlinkCommand.self, CalibrateCommand.self,
      SafeCommand.self, ConformCommand.self,
    ])

  /// `itpump hardware list`.
  struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the GPIO chips of this machine, and their lines.")

    @Flag(help: "Only the chips.")
    var chips = false

    func run() throws {
      do {
        var text = "\(GPIOChip.library)\n"
        for chip in try GPIOChip.all() {
          text += "\(chip.path) '\(chip.label)', \(chip.lineCount) lines\n"
          guard !chips else { continue }
          for line in try chip.lines() { text += Self.row(line) }
        }
        try ProjectFiles.print(text)
      } catch let failure as GPIOFailure {
        throw ProjectFiles.Problem(description: "error: \(failure)")
      }
    }

    private static func row(_ line: GPIOChip.Line) -> String {
      let name = line.name.isEmpty ? "-" : line.name
      return TextColumns.right("\(line.offset)", 6) + "  "
        + name.padding(toLength: 24, withPad: " ", startingAt: 0)
        + (line.isOutput ? " output" : " input ")
        + (line.isUsed ? "  in use by '\(line.consumer)'" : "") + "\n"
    }
  }

  /// `itpump hardware check`.
  struct CheckBoardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Check a board file against the chips of this machine; nothing is claimed.")

    @OptionGroup var target: BoardOptions

    func run() throws {
      let bench = try target.bench()
      let resolved = try target.resolve(bench.board)
      let lines = try present(resolved.chip)
      var busy = 0
      var text = "\(bench.board.name): chip \(resolved.chip)\n"
      for role in BenchLine.allCases {
        guard let request = resolved.requests[role] else {
          text += "  \(role.role): not on this board\n"
          continue
        }
        let line = lines.first { $0.offset == request.offset }
        let isBusy = line?.isUsed ?? false
        busy += isBusy ? 1 : 0
        text +=
          "  \(role.role): offset \(request.offset)"
          + (line.map { $0.name.isEmpty ? "" : " '\($0.name)'" } ?? "")
          + ", \(role.isOutput ? "output" : "input"), active \(request.isActiveLow ? "low" : "high")"
          + (isBusy ? "  IN USE by '\(line?.consumer ?? "")'" : ", free") + "\n"
      }
      text += "  outputs of a program that has died: \(ReleasedOutputs.ofThisKernel().words)\n"
      text += busy == 0 ? "ready\n" : "\(busy) lines are in use\n"
      try ProjectFiles.print(text)
      if busy > 0 { throw ExitCode(1) }
    }

    private func present(_ chip: GPIOChip) throws -> [GPIOChip.Line] {
      do { return try chip.lines() } catch {
        throw ProjectFiles.Problem(description: "error: \(error)")
      }
    }
  }

  /// `itpump hardware blink`.
  struct BlinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "blink",
      abstract: "Assert and release one output twice a second, to find it with a meter or an ear.",
      discussion: "Blinking 'enable' energises the motor; blinking 'step' while it is not, moves "
        + "nothing.")

    @OptionGroup var target: BoardOptions

    @Option(help: .init("Which line, by its role in the board file.", valueName: "role"))
    var line: String

    @Option(help: .init("How often, 1 to 1000.", valueName: "number"))
    var times = 5

    func validate() throws {
      guard (1...1000).contains(times) else { throw ValidationError("--times: 1 to 1000") }
      guard let role = BenchLine.allCases.first(where: { $0.role == line }), role.isOutput else {
        let roles = BenchLine.allCases.filter(\.isOutput).map(\.role)
        throw ValidationError("--line: one of \(roles.joined(separator: ", "))")
      }
    }

    func run() throws {
      let bench = try target.bench()
      let resolved = try target.resolve(bench.board)
      guard let role = BenchLine.allCases.first(where: { $0.role == line }),
        let request = resolved.requests[role]
      else {
        throw ProjectFiles.Problem(
          description: "\(bench.board.name): error: the board has no line '\(line)'")
      }
      StopSignal.block()
      do {
        let output = try OutputLine(request, on: resolved.chip)
        var count = 0
        while count < times {
          try output.set(.asserted)
          let signal = StopSignal.take(within: 250)
          try output.set(.released)
          count += 1
          if signal != nil || StopSignal.take(within: 250) != nil { break }
        }
        try ProjectFiles.print("\(request.title): blinked \(count) times, released now\n")
      } catch let failure as GPIOFailure {
        throw ProjectFiles.Problem(description: "error: \(failure)")
      } catch let fault as LineFault {
        throw ProjectFiles.Problem(description: "error: \(request.title): \(fault)")
      }
    }
  }

  /// `itpump hardware safe`.
  struct SafeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "safe",
      abstract: "De-energise the motor after a controller has died, and read that back.",
      discussion: "The service runs this whenever the controller has ended, however it did: some "
        + "kernels keep a dead program's outputs driven.")

    @OptionGroup var target: BoardOptions

    func run() throws {
      let bench = try target.bench()
      let resolved = try target.resolve(bench.board)
      let byHand = "cut the motor's supply by hand"
      do {
        // ENABLE alone: no other line may stand in its way.
        guard let request = resolved.requests[.enable] else { return }
        let enable = try OutputLine(request, on: resolved.chip)
        try enable.set(.released)
        guard try enable.read() == .released else {
          throw ProjectFiles.Problem(
            description: "\(bench.board.name): error: ENABLE reads back as asserted: \(byHand)")
        }
        if let step = resolved.requests[.step] {
          // A STEP that stays high moves nothing while the motor is de-energised.
          try? OutputLine(step, on: resolved.chip).set(.released)
        }
      } catch let failure as GPIOFailure {
        throw ProjectFiles.Problem(
          description: "\(bench.board.name): error: \(failure): \(byHand)")
      } catch let fault as LineFault {
        throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(fault): \(byHand)")
      }
      try ProjectFiles.print("\(bench.board.name): ENABLE is released and reads back so\n")
    }
  }
}

/// The board file that a hardware command is about.
struct BoardOptions: ParsableArguments {
  @Option(
    help: .init("The board file of the bench.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var board: String

  func bench() throws -> Bench { try BenchFiles(board: ProjectFiles.board(board)).bench() }

  func resolve(_ board: Board) throws -> BenchWiring.Resolved {
    guard !board.isSimulated else {
      throw ProjectFiles.Problem(
        description: "\(board.name): error: this board is simulated: it has no lines to try")
    }
    do { return try board.wiring.resolve() } catch {
      throw ProjectFiles.Problem(description: "\(board.name): error: \(error)")
    }
  }
}
