import ArgumentParser
import Foundation
import PumpClinic
import PumpFiles
import PumpProfiles
import PumpReports

/// `itpump bridge`: what a change of concentration does at the catheter's tip.
struct BridgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge",
    abstract:
      "Say how long the old solution still reaches the tip after a change of concentration.",
    discussion: """
      The new solution pushes the old one through the pump's tubing and the catheter. Until it has, the pump has to \
      go on at the old therapy's flow: the bridge. Says too what the tip would get without one.
      """)

  @Argument(help: "The profile that runs now.", completion: .file(extensions: ["yaml"])) var old:
    String
  @Argument(help: "The profile with the new solution.", completion: .file(extensions: ["yaml"]))
  var new: String
  @Flag(help: "Print JSON instead of text.") var json = false
  @OptionGroup var options: FileOptions

  func run() throws {
    let now = Date()
    let before = try options.files.inputs(old).load(now: nil).profile
    let after = try options.load(new, now: now)
    let tubing = after.bench.pump.tubingVolume
    let bridge: Bridge
    do throws(Bridge.Problem) {
      bridge = try Bridge(
        from: before, to: after.profile, tubing: tubing, oldPlace: before.place(at: now),
        newPlace: after.profile.place(at: now))
    } catch {
      throw ProjectFiles.Problem(description: "\(new): error: \(error.words(from: old, to: new))")
    }
    let report = BridgeReport(
      bridge, tubing: tubing, before: ProjectFiles.profile(old), now: ProjectFiles.profile(new),
      at: now)
    try ProjectFiles.print(json ? JSONOutput.text(report) : report.text)
  }
}
