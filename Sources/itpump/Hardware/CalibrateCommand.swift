import ArgumentParser
import Foundation
import PumpEngine
import PumpHAL
import PumpLinux
import PumpPlan
import PumpPlant
import PumpProfiles
import PumpReplay
import PumpSafety
import PumpTherapy
import PumpUnits

/// `itpump hardware calibrate`: turns the motor a given volume, and makes a pump file of what the
/// scales say.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Turn the motor a given volume, weigh it, and write a calibrated pump file.",
    discussion: """
      First turn: --volume. The command prints the steps made and, on a terminal, asks for the \
      weight. Or weigh in peace and give both: --steps and --weighed. Use water, primed tubing, and \
      scales that read a thousandth of the volume's weight.
      """)

  @OptionGroup var target: BoardOptions

  @Option(help: .init("Turn the motor for this volume, such as 1mL.", valueName: "volume"))
  var volume: String?

  @Option(
    help: .init("Over this time; as fast as the motor starts, if not given.", valueName: "time"),
    transform: SpanArgument.parse)
  var over: SpanArgument?

  @Option(help: .init("Steps that were made before.", valueName: "number"))
  var steps: UInt64?

  @Option(help: .init("What they delivered on the scales, such as 0.981g.", valueName: "weight"))
  var weighed: String?

  @Option(help: .init("The liquid's density.", valueName: "density"))
  var density = "998.2mg/mL"

  @Option(help: .init("Write the calibrated pump file here.", valueName: "file"))
  var output: String?

  @OptionGroup(title: "Real time") var realTime: RealTimeOptions

  func validate() throws {
    guard (volume == nil) != (steps == nil) else {
      throw ValidationError("either --volume, to turn the motor, or --steps with --weighed")
    }
    guard steps == nil || weighed != nil else { throw ValidationError("--steps needs --weighed") }
    guard steps != 0 else { throw ValidationError("--steps: at least one") }
    _ = try quantity("--volume", volume ?? "1mL", .volume)
    _ = try quantity("--weighed", weighed ?? "1g", .weight)
    _ = try quantity("--density", density, .concentration)
  }

  private func quantity(_ option: String, _ text: String, _ dimension: PumpProfiles.Dimension)
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
    try checkOutput(files)
    if volume != nil { _ = try target.resolve(bench.board) }
    let made: UInt64
    if let steps {
      made = steps
    } else {
      made = try turn(bench, Volume(femtolitres: quantity("--volume", volume ?? "", .volume)))
    }
    try ProjectFiles.print("\(made) steps were made.\n")
    guard let weight = try weighed ?? ask() else {
      try ProjectFiles.print(
        "Weigh it, then: itpump hardware calibrate --board \(target.board) --steps \(made) "
          + "--weighed 0.000g --output FILE\n")
      return
    }
    try write(files, bench, made, weight)
  }

  /// Refuses an output that can't be written, before hours of turning.
  private func checkOutput(_ files: BenchFiles) throws {
    try ProjectFiles.checkOutputs([output], inputs: files.paths)
    if let output { try ProjectFiles.checkFolder(of: output) }
  }

  private func ask() throws -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return nil }
    try ProjectFiles.print("Weight delivered, such as 0.981g (empty to weigh later): ")
    while let answer = readLine(), !answer.isEmpty {
      do {
        _ = try quantity("weight", answer, .weight)
        return answer
      } catch {
        try ProjectFiles.print("\(error); again, such as 0.981g (empty to weigh later): ")
      }
    }
    return nil
  }

  private func write(_ files: BenchFiles, _ bench: Bench, _ made: UInt64, _ weight: String) throws {
    let calibration = Calibration(
      steps: made, weighedNanograms: try quantity("--weighed", weight, .weight),
      densityNanogramsPerMillilitre: try quantity("--density", density, .concentration))
    let perRevolution: Volume
    do throws(Calibration.Problem) {
      perRevolution = try calibration.volumePerRevolution(of: bench.pump, on: bench.driver)
    } catch {
      throw ProjectFiles.Problem(description: "calibration: error: \(Self.describe(error))")
    }
    let day = ISO8601DateFormatter().string(from: Date()).prefix(10)
    let note =
      "\(day): \(made) steps on \(bench.driver.name) gave \(weight) at \(density)"
    let text = Calibration.rewrite(
      files.pump.text, volumePerRevolution: perRevolution, note: note)
    let old = bench.pump.volumePerRevolution
    let change =
      (Double(perRevolution.femtolitres) / Double(old.femtolitres) - 1) * 100
    var report =
      "steps                  \(TextColumns.grouped(made))\n"
      + "delivered              \((try? calibration.delivered()).map(Format.volume) ?? "-")\n"
      + "volume per revolution  \(Format.volume(perRevolution)), was \(Format.volume(old)) "
      + String(format: "(%+.2f %%)\n", change)
    if let output {
      try ProjectFiles.write(text, to: output)
      report += "written to             \(output); name it in the board file's 'pump'\n"
    } else {
      report += "\n" + text
    }
    try ProjectFiles.print(report)
  }

  static func describe(_ problem: Calibration.Problem) -> String {
    switch problem {
    case .nothingWeighed: "no steps or no weight"
    case .implausible(let old, let new):
      "a revolution would deliver \(Format.volume(new)), and was \(Format.volume(old)): check the "
        + "weight's unit, the number of steps and the tubing"
    case .beyondArithmetic: "the weight is beyond the arithmetic"
    }
  }

  /// Turns the motor for a volume by the present calibration.
  ///
  /// - Returns: The steps that were made.
  private func turn(_ bench: Bench, _ volume: Volume) throws -> UInt64 {
    let start = bench.driver.motor.startRate
    let rate = max(1, (start == 0 ? bench.driver.motor.maximumRate : start) * 4 / 5)
    do {
      let fastest = try bench.step.flow(ofStepsPerSecond: rate)
      guard let span = over?.span ?? fastest.time(toDeliver: volume) else {
        throw ProjectFiles.Problem(description: "calibrate: error: the volume takes for ever")
      }
      let bolus = try Bolus(volume: volume, duration: span)
      // Water is no drug: one nanogram a millilitre, and limits far beyond.
      let water = Concentration(nanogramsPerMillilitre: 1)
      let beyond = DoseLimits.Limit(soft: Mass(micrograms: 1_000), hard: Mass(micrograms: 1_000))
      let backlog = try bench.step.steps(in: bench.board.backlogLimit)
      let settings = EngineSettings(
        step: bench.step, motor: bench.driver.motor, driver: bench.driver.timing,
        backlogLimit: max(1, backlog), limits: DoseLimits(perHour: beyond, perDay: beyond),
        reservoir: try Reservoir(
          capacity: volume + volume, filled: volume + volume, lowAlarm: Volume(femtolitres: 1),
          reserve: .zero))
      let engine = Engine(
        settings: settings, prescription: Prescription(therapy: .stopped, concentration: water),
        grant: .unlimited)
      return try turn(
        engine, bench,
        RunTask(singleBolus: bolus, span: span + TimeSpan(seconds: 12), isConfirmed: true), span)
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch let code as ExitCode {
      throw code
    } catch {
      throw ProjectFiles.Problem(
        description: "calibrate: error: \(Format.volume(volume)) can't be turned on this bench in "
          + "this time; take a smaller volume or a longer time")
    }
  }

  private func turn(
    _ engine: consuming Engine, _ bench: Bench, _ task: RunTask, _ span: TimeSpan
  ) throws -> UInt64 {
    StopSignal.block()
    let hardware = try RunCommand.claim(bench.board, clock: realTime.clock)
    let control = RunThread(
      engine: engine, hardware: hardware, task: task, isRecording: false
    ) { $0.trouble }
    guard let control, control.start(realTime.wish) else {
      throw ProjectFiles.Problem(description: "calibrate: error: no memory or no thread left")
    }
    Console.note("turning takes \(Format.span(span)); Ctrl-C stops")
    let monitor = RunMonitor(
      control: control, record: nil, display: RunDisplay(titled: "calibrating \(bench.board.name)"))
    monitor.endsWithBolus = true
    let ending = monitor.follow()
    guard let outcome = ending.outcome, outcome.refusal == nil else {
      throw ProjectFiles.Problem(
        description: "calibrate: error: "
          + (ending.outcome?.refusal.map(\.words) ?? "no result"))
    }
    let ledger = outcome.status.ledger
    guard outcome.isAtRest else {
      throw ProjectFiles.Problem(
        description: "calibrate: error: the motor is NOT DE-ENERGISED: cut its supply by hand")
    }
    if case .tripped(let alarm) = outcome.status.state {
      throw ProjectFiles.Problem(description: "calibrate: error: \(alarm.title); nothing to weigh")
    }
    guard monitor.troubles.isEmpty, ledger.uncertain == 0 else {
      throw ProjectFiles.Problem(
        description: "calibrate: error: \(monitor.troubles.joined(separator: "; ")): steps are "
          + "uncertain, so what was delivered can't be weighed against them")
    }
    if let pulses = monitor.indexPulses { Console.note("index pulses seen: \(pulses)") }
    return ledger.delivered
  }
}
