package import Foundation
package import PumpProfiles

/// A file that a command read: where it was, and what it said.
package struct InputFile: Codable {
  package var path: String
  package var text: String

  package init(_ path: String) throws {
    self.path = path
    text = try ProjectFiles.text(path)
  }

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  package static func drugs(_ files: [InputFile]) throws -> [Drug] {
    try files.map { file in
      let (drug, diagnostics) = DrugLoader.load(file.text)
      return try ProjectFiles.usable(drug, diagnostics, file.path)
    }
  }
}

/// A board file with the driver's and the pump's that it names.
package struct BenchFiles: Codable {
  package var board: InputFile
  package var driver: InputFile
  package var pump: InputFile

  package init(board path: String) throws {
    board = try InputFile(path)
    let (loaded, diagnostics) = BenchLoader.board(board.text)
    let usable = try ProjectFiles.usable(loaded, diagnostics, path)
    let folder = PathParts.folder(of: path)
    var missing: [String] = []
    func read(_ name: String) throws -> InputFile? {
      do { return try InputFile(PathParts.joined(folder, name)) } catch let problem
        as ProjectFiles.Problem
      {
        missing.append("\(problem.description), named in \(path)")
        return nil
      }
    }
    let driver = try read(usable.driverFile)
    let pump = try read(usable.pumpFile)
    guard let driver, let pump else {
      throw ProjectFiles.Problem(description: missing.joined(separator: "\n"))
    }
    self.driver = driver
    self.pump = pump
  }

  /// Where they are.
  package var paths: [String] { [board.path, driver.path, pump.path] }

  /// The bench that they describe.
  package func bench() throws -> Bench {
    let (loadedBoard, boardProblems) = BenchLoader.board(board.text)
    let (loadedDriver, driverProblems) = BenchLoader.driver(driver.text)
    let (loadedPump, pumpProblems) = BenchLoader.pump(pump.text)
    let (bench, problem) = BenchLoader.bench(
      board: try ProjectFiles.usable(loadedBoard, boardProblems, board.path),
      driver: try ProjectFiles.usable(loadedDriver, driverProblems, driver.path),
      pump: try ProjectFiles.usable(loadedPump, pumpProblems, pump.path))
    guard let bench else {
      throw ProjectFiles.Problem(description: "\(board.path): error: \(problem ?? "unusable")")
    }
    return bench
  }
}

/// Everything that a run of a profile depends on, as text: a record keeps it with the run.
package struct ProfileInputs: Codable {
  package var profile: InputFile
  package var bench: BenchFiles
  package var drugs: [InputFile]

  /// Where they are.
  package var paths: [String] { [profile.path] + bench.paths + drugs.map(\.path) }

  /// Reads them, or fails with every problem.
  ///
  /// - Parameter now: `nil` for a profile of the past, whose drug may have expired since.
  package func load(now: Date?) throws -> (profile: Profile, bench: Bench, warnings: [String]) {
    let (loaded, bench, diagnostics) = try judged(now: now)
    let usable = try ProjectFiles.usable(loaded, diagnostics, profile.path)
    return (usable, bench, diagnostics.map { $0.line(file: profile.path) })
  }

  /// Reads them, and tells every problem of the profile; none is returned where one is an error.
  ///
  /// - Throws: `ProjectFiles.Problem`, where another file is wrong, or an image is no image for this bench.
  package func judged(now: Date?) throws -> (
    profile: Profile?, bench: Bench, diagnostics: [Diagnostic]
  ) {
    let bench = try bench.bench()
    let loader = ProfileLoader(drugs: try InputFile.drugs(drugs), bench: bench, now: now)
    if let image = try ImageFile.compiled(from: profile.text, profile.path) {
      let read = try Profile(image, on: bench, profile.path)
      let (judged, diagnostics) = loader.judge(read)
      return (judged, bench, diagnostics)
    }
    let (loaded, diagnostics) = loader.load(profile.text)
    return (loaded, bench, diagnostics)
  }
}
