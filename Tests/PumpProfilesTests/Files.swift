import Foundation
import PumpProfiles

/// The project's own files, as the tests find them.
enum Files {
  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func names(in folder: String) -> [String] {
    let path = top.appendingPathComponent(folder).path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8)
  }

  static func drug() throws -> Drug? {
    DrugLoader.load(try text("Profiles/drugs/baclofen.yaml")).drug
  }

  static func bench() throws -> Bench? {
    guard let board = BenchLoader.board(try text("Hardware/boards/simulator.yaml")).board,
      let driver = BenchLoader.driver(try text("Hardware/drivers/drv8825.yaml")).driver,
      let pump = BenchLoader.pump(try text("Hardware/pumps/peristaltic-50ul.yaml")).pump
    else { return nil }
    return BenchLoader.bench(board: board, driver: driver, pump: pump).0
  }

  /// A loader at a fixed date, 2026-11-22.
  static func loader() throws -> ProfileLoader {
    ProfileLoader(
      drugs: [try drug()].compactMap { $0 }, bench: try bench(),
      now: Date(timeIntervalSince1970: 1_795_305_600))
  }

  /// All problems of a file of any kind, by its folder or its name.
  static func diagnostics(_ path: String, _ text: String, loader: ProfileLoader) -> [Diagnostic] {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    if path.hasPrefix("Profiles/drugs") { return DrugLoader.load(text).diagnostics }
    if path.hasPrefix("Profiles") { return loader.load(text).diagnostics }
    if path.contains("/boards/") || name.hasPrefix("board-") {
      return BenchLoader.board(text).diagnostics
    }
    if path.contains("/drivers/") || name.hasPrefix("driver-") {
      return BenchLoader.driver(text).diagnostics
    }
    return BenchLoader.pump(text).diagnostics
  }

  static let good = [
    "Profiles", "Profiles/drugs", "Hardware/boards", "Hardware/drivers", "Hardware/pumps",
  ].flatMap(names)

  static let broken = names(in: "Profiles/invalid") + names(in: "Hardware/invalid")
}
