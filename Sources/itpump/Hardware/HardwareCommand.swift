import ArgumentParser
import PumpBench
import PumpFiles
import PumpHAL
import PumpLinux
import PumpProfiles
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
      let text: String
      do { text = try GPIOChip.listing(withLines: !chips) } catch {
        throw ProjectFiles.Problem(description: "error: \(error)")
      }
      try ProjectFiles.print(text)
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
      let check = try BoardCheck(bench.board, resolved)
      try ProjectFiles.print(check.text)
      if check.busyLines > 0 { throw ExitCode(1) }
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
      let count = try BoardTrial(bench.board, resolved).blink(request, times: times)
      try ProjectFiles.print("\(request.title): blinked \(count) times, released now\n")
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
      // A board without the line has nothing to release.
      guard try BoardTrial(bench.board, resolved).release() else { return }
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
