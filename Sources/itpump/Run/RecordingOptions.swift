import ArgumentParser

/// Whether and how a run is recorded.
struct RecordingOptions: ParsableArguments {
  @Option(help: .init("Keep every input with its instant, for 'itpump replay'.", valueName: "file"))
  var record: String?

  @Option(
    help: .init(
      "The recording ends at so many megabytes, and the run goes on; an hour at 20 steps/s takes about one.",
      valueName: "MB"))
  var recordLimit: UInt64 = 256

  @Option(
    help: .init(
      "Keep so many earlier recordings of the name, as FILE.1 and on; with none a file that is there is "
        + "never overwritten.", valueName: "number"))
  var recordKeep = 0

  /// Bytes at which a recording ends.
  var most: UInt64 { recordLimit * 1_000_000 }

  func validate() throws {
    guard record != "-" else { throw ValidationError("--record: name a file") }
    guard (1...100_000).contains(recordLimit) else {
      throw ValidationError("--record-limit: 1 to 100000 megabytes")
    }
    guard (0...1_000).contains(recordKeep) else {
      throw ValidationError("--record-keep: 0 to 1000")
    }
  }
}
