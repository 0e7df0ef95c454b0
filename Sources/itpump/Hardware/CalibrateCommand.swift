import ArgumentParser
import Foundation
import PumpBench
import PumpFiles
import PumpLinux
import PumpProfiles
import PumpReports
import PumpService
import PumpUnits

/// `itpump hardware calibrate`: turns the motor a given volume, and makes a pump file of what the
/// scales say.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Turn the motor a given volume, weigh it, and write a calibrated pump file.",
    discussion: """
      First turn: --volume. The command prints the steps made and, on a terminal, asks for the \
      weight; --runs 3 does so three times. Or weigh in peace and give both: --steps and, once for each \
      run, --weighed. The mean of all runs counts. Use water, primed tubing, and scales that read a \
      thousandth of the volume's weight. Index pulses are held against the steps: where the head \
      stalls or slips, nothing is calibrated.
      """)

  @OptionGroup var target: BoardOptions

  @Option(help: .init("Turn the motor for this volume, such as 1mL.", valueName: "volume"))
  var volume: String?

  @Option(
    help: .init("Over this time; as fast as the motor starts, if not given.", valueName: "time"),
    transform: SpanArgument.parse)
  var over: SpanArgument?

  @Option(help: .init("So often, one weight each; needs a terminal.", valueName: "number"))
  var runs = 1

  @Option(help: .init("Steps that were made before, in each run.", valueName: "number"))
  var steps: UInt64?

  @Option(
    help: .init(
      "What they delivered on the scales, such as 0.981g; once for each run.", valueName: "weight"))
  var weighed: [String] = []

  @Option(
    help: .init(
      "The pump's journal, which books what is pumped; the board's own if not given and there.",
      valueName: "file"), completion: .file(extensions: ["journal"]))
  var journal: String?

  @OptionGroup(title: "Weighing") var conditions: WeighingConditions

  @Option(help: .init("Write the calibrated pump file here.", valueName: "file"))
  var output: String?

  @Flag(help: "Replace the pump file that is there.")
  var replace = false

  @Option(
    help: .init(
      "The pump's name, to accept a change above 5 % or a spread above 2 %.", valueName: "pump"))
  var confirmChange: String?

  @Option(help: .init("Write a report of the calibration here.", valueName: "file"))
  var report: String?

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  func validate() throws {
    guard (volume == nil) != (steps == nil) else {
      throw ValidationError("either --volume, to turn the motor, or --steps with --weighed")
    }
    guard steps == nil || !weighed.isEmpty else { throw ValidationError("--steps needs --weighed") }
    guard steps == nil || runs == 1 else {
      throw ValidationError("--runs goes with --volume; with --steps give --weighed for each run")
    }
    guard volume != nil || journal == nil else {
      throw ValidationError("--journal goes with --volume, which books what it turns")
    }
    guard volume == nil || weighed.isEmpty else {
      throw ValidationError("--weighed goes with --steps; with --volume the weight is asked for")
    }
    guard steps != 0 else { throw ValidationError("--steps: at least one") }
    guard (1...20).contains(runs) else { throw ValidationError("--runs: 1 to 20") }
    _ = try Self.quantity("--volume", volume ?? "1mL", .volume)
    for weight in weighed { _ = try Self.quantity("--weighed", weight, .weight) }
    try conditions.check()
  }

  static func quantity(_ option: String, _ text: String, _ dimension: PumpProfiles.Dimension)
    throws -> UInt64
  {
    do {
      let count = try dimension.count(of: text)
      guard count > 0 else { throw ValidationError("\(option): more than zero") }
      return count
    } catch let problem as PumpProfiles.Dimension.Problem {
      throw ValidationError("\(option): \(problem.message)")
    }
  }

  func run() throws {
    let files = try BenchFiles(board: ProjectFiles.board(target.board))
    let bench = try files.bench()
    try checkOutputs(files)
    var series = CalibrationSeries(bench: bench, conditions: try conditions.values())
    if let steps {
      for weight in weighed { try take(weight, of: steps, &series) }
    } else {
      _ = try target.resolve(bench.board)
      guard runs == 1 || isatty(STDIN_FILENO) == 1 else {
        throw ProjectFiles.Problem(
          description:
            "calibrate: error: --runs asks for each weight and needs a terminal; without one "
            + "turn once, weigh, and give all with --steps and --weighed")
      }
      let journal = self.journal ?? JournalFile.path(ofBoard: bench.board.name)
      let locks = try RunLock.both(bench.board, journal: journal)
      defer { withExtendedLifetime(locks) {} }
      let turn = CalibrationTurn(bench, over: over?.span, realTime.wish, realTime.pace)
      let wanted = Volume(femtolitres: try Self.quantity("--volume", volume ?? "", .volume))
      for run in 1...runs {
        if runs > 1 { try ProjectFiles.print("run \(run) of \(runs)\n") }
        let made = try turn.turn(wanted, booked: hasBooks(journal) ? journal : nil)
        try ProjectFiles.print("\(made) steps were made.\n")
        guard let weight = try ask() else {
          try ProjectFiles.print(
            "Weigh it, then: itpump hardware calibrate --board \(target.board) --steps \(made) "
              + "--weighed 0.000g --output FILE\n")
          return
        }
        try take(weight, of: made, &series)
      }
    }
    try write(files, series)
  }

  private func hasBooks(_ path: String) throws -> Bool {
    if FileManager.default.fileExists(atPath: path) { return true }
    guard journal == nil else {
      throw ProjectFiles.Problem(description: "\(path): error: no such journal")
    }
    Console.note("note: this board has no journal yet: what is pumped is booked nowhere")
    return false
  }

  /// Refuses an output that can't be written, before hours of turning.
  private func checkOutputs(_ files: BenchFiles) throws {
    try ProjectFiles.checkOutputs([output, report], inputs: files.paths)
    for path in [output, report].compactMap({ $0 }) { try ProjectFiles.checkFolder(of: path) }
    guard let output, !replace, FileManager.default.fileExists(atPath: output) else { return }
    throw ProjectFiles.Problem(
      description: "\(output): error: there is a file already; give another name, or --replace")
  }

  private func ask() throws -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return nil }
    try ProjectFiles.print("Weight delivered, such as 0.981g (empty to weigh later): ")
    while let answer = readLine(), !answer.isEmpty {
      do {
        _ = try Self.quantity("weight", answer, .weight)
        return answer
      } catch {
        try ProjectFiles.print("\(error); again, such as 0.981g (empty to weigh later): ")
      }
    }
    return nil
  }

  private func take(_ weight: String, of steps: UInt64, _ series: inout CalibrationSeries) throws {
    try series.take(
      steps: steps, nanograms: Self.quantity("--weighed", weight, .weight), weight: weight)
  }

  private func write(_ files: BenchFiles, _ series: CalibrationSeries) throws {
    let result = try series.result()
    let text = Calibration.rewrite(
      files.pump.text, volumePerRevolution: result.perRevolution, note: result.note)
    try ProjectFiles.print(result.summary)
    if let report { try ProjectFiles.write(result.report, to: report) }
    try confirm(result, series.bench.pump.name)
    if let output {
      try ProjectFiles.write(text, to: output)
      try ProjectFiles.print(
        "written to             \(output); name it in the board file's 'pump'\n")
    } else {
      try ProjectFiles.print("\n" + text)
    }
  }

  /// A head that delivers much more or less than before, or another volume each time, is more likely a
  /// mistake of the weighing: it is accepted by the pump's name only.
  private func confirm(_ result: CalibrationSeries.Result, _ pump: String) throws {
    var doubts: [String] = []
    if abs(result.changePercent) > 5 {
      doubts.append(String(format: "a change of %+.2f %% (more than 5 %%)", result.changePercent))
    }
    if let spread = result.spreadPercent, spread > 2 {
      doubts.append(String(format: "a spread of %.2f %% (more than 2 %%)", spread))
    }
    guard !doubts.isEmpty, confirmChange != pump else { return }
    let doubt = doubts.joined(separator: " and ")
    if confirmChange == nil, isatty(STDIN_FILENO) == 1 {
      try ProjectFiles.print("\(doubt). To accept it, type the pump's name, \(pump): ")
      if readLine() == pump { return }
    }
    throw ProjectFiles.Problem(
      description:
        "calibrate: error: \(doubt): weigh again, or accept it with --confirm-change \(pump)")
  }
}
