import ArgumentParser
import Foundation
import PumpFiles
import PumpFirmware
import PumpProfiles

/// `itpump compile`: a profile and a bench as the binary image that a controller without files loads.
struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Compile a profile for a board into the image that its firmware loads.",
    discussion: """
      The image holds the checked profile and what the controller must know of pump head, driver and \
      limits, with a version and a checksum. 'itpump run' loads it into a firmware; 'itpump simulate' \
      and 'itpump run' take it in place of the profile, on the bench that it was compiled for.
      """)

  @Argument(help: "The profile.", completion: .file(extensions: ["yaml"]))
  var profile: String

  @Option(name: .shortAndLong, help: .init("The image to write.", valueName: "file"))
  var output: String?

  @OptionGroup var options: FileOptions

  func run() throws {
    let path = output ?? Self.imagePath(of: profile)
    let (loaded, bench) = try options.load(profile, now: Date(), outputs: [path])
    let data = ImageFile.data(loaded.compiled(on: bench))
    try OutputFile.write(data, to: path)
    guard path != "-" else { return }
    let seal = data.suffix(8).prefix(4).reversed().map { String(format: "%02x", $0) }.joined()
    try ProjectFiles.print(
      """
      \(path): \(loaded.name) for \(bench.board.name), version \(ImageFormat.version), \(data.count) \
      bytes, checksum \(seal)

      """)
  }

  /// `PROFILE.image` beside where the command was given.
  private static func imagePath(of profile: String) -> String {
    PathParts.stem(of: profile) + ".image"
  }
}
