import ArgumentParser
import PumpBench
import PumpFiles
import PumpService

/// `itpump replay`: a recorded run once more through the engine, to the same actions.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Run a record through the engine again, and see that it does the same.",
    discussion: """
      A record holds the profile, the bench's files and every answer that the hardware gave, with \
      its instant. The engine is given them again; every call that it makes must be the recorded \
      one. Exits with 1 at the first difference, and names it.
      """)

  @Argument(help: "The record that 'itpump run --record' wrote.")
  var record: String

  @Option(help: .init("Write the run's edges as a VCD waveform.", valueName: "file"))
  var vcd: String?

  func validate() throws {
    guard vcd != "-" else { throw ValidationError("--vcd: name a file; a waveform is large") }
  }

  func run() throws {
    try ProjectFiles.checkOutputs([vcd], inputs: [record])
    let (text, isSame) = try Replay.run(
      try RecordReader(record), waveform: try vcd.map { try OutputFile($0) })
    try ProjectFiles.print(text)
    if !isSame { throw ExitCode(1) }
  }
}
