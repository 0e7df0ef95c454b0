import ArgumentParser
import Foundation
import PumpBench
import PumpUnits

/// `itpump reconcile`: settles the steps that a crash left uncertain.
struct ReconcileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Settle the steps that a crash left uncertain, with a reason.",
    discussion: """
      After a crash the true count lies between certain and certain + uncertain, and limits assume \
      the larger. When the volume is known from elsewhere, from scales or a refill's residual, say how \
      many of the uncertain steps were made; the others were not. The journal keeps who decided what: \
      the reason is in it. No run may be in progress.
      """)

  @Argument(help: "The journal.", completion: .file(extensions: ["journal"]))
  var journal: String

  @Option(help: .init("How many of the uncertain steps were made.", valueName: "steps"))
  var made: UInt64?

  @Option(help: .init("Why, and who says so.", valueName: "text"))
  var reason: String?

  func validate() throws {
    guard made == nil || (reason?.trimmingCharacters(in: .whitespaces).count ?? 0) >= 8 else {
      throw ValidationError("--reason: at least eight letters, such as 'weighed 1.02 g, dr. A. B.'")
    }
    guard (reason?.utf8.count ?? 0) <= 1_000 else {
      throw ValidationError("--reason: at most 1,000 bytes")
    }
    guard
      !(reason ?? "").unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { throw ValidationError("--reason: one line of text") }
  }

  func run() throws {
    let books = Reconciliation(journal)
    guard let made, let reason else { return try books.show() }
    try books.settle(made: made, because: reason)
  }
}
