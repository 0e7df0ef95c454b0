import Foundation
import PumpJournal
import PumpMessages
import PumpProfiles
import PumpReports
import PumpSafety
import PumpUnits
import Testing

@testable import PumpBench
@testable import PumpFiles
@testable import PumpService
@testable import itpump

@Suite("hardware calibrate, as its user runs it")
struct CalibrateTests {
  private static let board = "Hardware/boards/raspberry-pi-4.yaml"

  private func calibrate(_ arguments: String...) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(
      ["hardware", "calibrate", "--board", Self.board, "--steps", "6400000"] + arguments)
  }

  /// Twenty revolutions of 50 µL are a millilitre: 998.2 mg of water without buoyancy.
  @Test("The weight, freed of buoyancy, makes a pump file that the loader accepts")
  func calibrates() throws {
    let folder = try TemporaryFolder()
    // 1.0151694 g × (8000 − 1.2) ÷ 8000 ÷ (998.2 − 1.2) mg/mL is 1.0180714 mL, a twentieth of it 50.9036 µL.
    let run = try calibrate(
      "--weighed", "1.0151694g", "--density", "998.2mg/mL", "--output", folder("pump.yaml"))
    #expect(run.code == 0, "\(run.err)")
    #expect(run.out.contains("50.9036 µL, was 50.0000 µL"), "\(run.out)")
    #expect(run.out.contains("(+1.81 %)"), "\(run.out)")
    let plain = try calibrate(
      "--weighed", "1.0151694g", "--density", "998.2mg/mL", "--air-density", "0mg/mL")
    #expect(plain.out.contains("volume-per-revolution: 50.850000 uL"), "\(plain.out)")
    let board = try String(
      contentsOfFile: CommandLineTests.top.path + "/Hardware/boards/simulator.yaml",
      encoding: .utf8
    ).replacingOccurrences(of: "../pumps/peristaltic-50ul.yaml", with: folder("pump.yaml"))
      .replacingOccurrences(of: "../", with: CommandLineTests.top.path + "/Hardware/")
    try board.write(toFile: folder("board.yaml"), atomically: true, encoding: .utf8)
    let check = try CommandLineTests.itpump(
      "check", "Profiles/adult-spinal-night.yaml", "--board", folder("board.yaml"))
    #expect(check.code == 0, "\(check.out)\(check.err)")
  }

  @Test("A weight off by a unit, without one, or none is refused")
  func nonsense() throws {
    for weight in ["1.0151694mg", "9g", "0g", "1.0"] {
      let refused = try calibrate("--weighed", weight)
      #expect(refused.code != 0, "\(weight)")
    }
  }

  @Test("A pump file that is there is replaced by --replace only, and else left as it was")
  func overwrites() throws {
    let folder = try TemporaryFolder()
    try "precious".write(toFile: folder("pump.yaml"), atomically: true, encoding: .utf8)
    let refused = try calibrate("--weighed", "998mg", "--output", folder("pump.yaml"))
    #expect(refused.code == 1)
    #expect(refused.err.contains("--replace"), "\(refused.err)")
    #expect(try String(contentsOfFile: folder("pump.yaml"), encoding: .utf8) == "precious")
    let replaced = try calibrate(
      "--weighed", "998mg", "--output", folder("pump.yaml"), "--replace")
    #expect(replaced.code == 0, "\(replaced.err)")
    #expect(try String(contentsOfFile: folder("pump.yaml"), encoding: .utf8).contains("checksum"))
  }

  @Test("A change of more than five per cent is accepted by the pump's name only")
  func bigChange() throws {
    let folder = try TemporaryFolder()
    // 5.5 % more than a millilitre weighs, and 5.5 % less; 4.5 % is let through.
    for (weight, isBig) in [("1.0531g", true), ("943.3mg", true), ("1.0431g", false)] {
      let run = try calibrate("--weighed", weight, "--output", folder("a.yaml"), "--replace")
      #expect((run.code != 0) == isBig, "\(weight): \(run.out)\(run.err)")
      guard isBig else { continue }
      #expect(run.err.contains("--confirm-change peristaltic-50ul"), "\(run.err)")
      #expect(!FileManager.default.fileExists(atPath: folder("a.yaml")))
      let other = try calibrate("--weighed", weight, "--confirm-change", "yes")
      #expect(other.code != 0)
      let named = try calibrate("--weighed", weight, "--confirm-change", "peristaltic-50ul")
      #expect(named.code == 0, "\(named.err)")
    }
  }

  @Test("Several runs give their mean and their spread, and the report says all that they stand on")
  func series() throws {
    let folder = try TemporaryFolder()
    let run = try calibrate(
      "--weighed", "990mg", "--weighed", "1000mg", "--weighed", "1010mg", "--temperature", "25",
      "--evaporation", "2mg", "--scales", "XY 0.1 mg, no. 7", "--report", folder("report.txt"))
    #expect(run.code == 0, "\(run.err)")
    // A hundredth either side of the middle: the sample's deviation is 10 ÷ 1002 of the mean.
    #expect(run.out.contains("1.00 % standard deviation of 3 runs"), "\(run.out)")
    #expect(run.out.contains("19,200,000 in 3 runs"))
    let report = try String(contentsOfFile: folder("report.txt"), encoding: .utf8)
    for words in [
      "XY 0.1 mg, no. 7", "997.047 mg/mL, water at 25.0 °C", "air of 1.200 mg/mL",
      "2mg added to each run", "1010mg on the scales", "peristaltic-50ul", "Not for human use",
    ] { #expect(report.contains(words), "\(words) in \(report)") }
  }

  @Test("Runs that differ by more than two per cent are accepted by the pump's name only")
  func bigSpread() throws {
    // 0.98 and 1.02 of the middle deviate by 2.83 %, 0.99 and 1.01 by 1.41 %.
    let far = try calibrate("--weighed", "978.24mg", "--weighed", "1018.16mg")
    #expect(far.code == 1)
    #expect(far.err.contains("a spread of 2.83 %"), "\(far.err)")
    #expect(try calibrate("--weighed", "988mg", "--weighed", "1008mg").code == 0)
  }

  @Test(
    "Water's density is that of the tables",
    arguments: [
      (5.0, 999.967), (10, 999.703), (15, 999.103), (20, 998.207), (25, 997.047), (30, 995.649),
      (40, 992.216),
    ])
  func density(celsius: Double, milligrams: Double) {
    // Tanaka et al. 2001, table 1, rounded.
    let have = Double(CalibrationSeries.Conditions.water(at: celsius)) / 1_000_000
    #expect(abs(have - milligrams) < 0.002, "\(celsius) °C: \(have)")
  }
}

@Suite("What the kernel does with the outputs of a program that died")
struct ReleasedOutputsTests {
  /// One pin controller that keeps a level is enough: ENABLE may be one of its lines.
  @Test(
    "As the pin controllers' parameter says",
    arguments: [
      ([:], ReleasedOutputs.untold), (["pinctrl_rp1": "N"], .returned),
      (["pinctrl_bcm2835": "Y"], .kept), (["pinctrl_bcm2835": "N", "pinctrl_rp1": "Y"], .kept),
    ] as [([String: String], ReleasedOutputs)])
  func parameter(settings: [String: String], expected: ReleasedOutputs) throws {
    let folder = try TemporaryFolder()
    for (module, setting) in settings {
      let parameters = folder("\(module)/parameters")
      try FileManager.default.createDirectory(
        atPath: parameters, withIntermediateDirectories: true)
      try "\(setting)\n".write(
        toFile: "\(parameters)/persist_gpio_outputs", atomically: true, encoding: .utf8)
    }
    #expect(ReleasedOutputs.ofThisKernel(modules: folder("")) == expected)
  }
}

@Suite("What a board does not have is named before its run")
struct MissingPartsTests {
  private func words(without lines: [String]) throws -> [String] {
    let text = try String(
      contentsOfFile: CommandLineTests.top.path + "/Hardware/boards/raspberry-pi-4.yaml",
      encoding: .utf8)
    let kept = text.split(separator: "\n").filter { line in
      !lines.contains { line.hasPrefix("  \($0):") }
    }
    let board = try #require(BenchLoader.board(kept.joined(separator: "\n")).board)
    return MissingParts.of(board)
  }

  @Test("A board with all its parts has none missing; each that is not there is named, once")
  func named() throws {
    #expect(try words(without: []).isEmpty)
    let parts = ["buzzer": "warning", "watchdog-kick": "warning", "index": "note", "fault": "note"]
    for (line, level) in parts {
      let told = try words(without: [line])
      #expect(told.count == 1, "\(line)")
      #expect(told.first?.hasPrefix("\(level): ") == true, "\(told)")
    }
    #expect(try words(without: Array(parts.keys)).count == 4)
  }
}

@Suite("What a calibration pumps stands in the pump's journal")
struct CalibrationBooksTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder("a.journal") }

  private func run(_ more: String...) throws -> CommandLineTests.Run {
    try CommandLineTests.itpump(
      [
        "run", "Profiles/adult-spinal-night.yaml", "--for", "1s", "--priority", "0", "--journal",
        path,
      ] + more)
  }

  private func bench() throws -> Bench {
    try BenchFiles(board: CommandLineTests.top.path + "/Hardware/boards/simulator.yaml").bench()
  }

  private func state() throws -> JournalState { try JournalFile.read(path).state }

  @Test("The reservoir counts it, the dose limits do not, and the next run goes on with the drug")
  func booked() throws {
    try #require(try run().code == 0)
    let before = try state()
    do {
      let books = try CalibrationBooks(path, bench())
      try books.permit(6_400_001, within: TimeSpan(minutes: 20))
      try books.book(certain: 6_400_000, uncertain: 3)
    }
    let after = try state()
    #expect(after.counts.certain == before.counts.certain + 6_400_000)
    #expect(after.counts.uncertain == before.counts.uncertain + 3)
    #expect(after.counts.atFill == before.counts.atFill)
    #expect(after.binding == before.binding)
    #expect(after.lastRunAt == before.lastRunAt)
    // 20 revolutions of 50 µL; 1 mL of this drug, 2 mg, would pass the limits of a day.
    let next = try run()
    #expect(next.code == 0, "\(next.out)\(next.err)")
    #expect(next.out.contains("17 mL left"), "\(next.out)")
    #expect(try CommandLineTests.itpump(["log", path, "--verify"]).code == 0)
  }

  @Test("A calibration that is killed leaves what was permitted uncertain, and the drug known")
  func killed() throws {
    try #require(try run().code == 0)
    let before = try state()
    do {
      let books = try CalibrationBooks(path, bench())
      try books.permit(1_000, within: TimeSpan(minutes: 1))
    }
    #expect(try state().carried.uncertain == before.counts.uncertain + 1_000)
    let next = try run()
    #expect(next.err.contains("1,000 steps"), "\(next.err)")
    #expect(!next.err.contains("bridge"), "\(next.err)")
    #expect(try state().binding == before.binding)
  }

  @Test("A journal of another head is refused, and so is one that was put back")
  func refused() throws {
    try #require(try run().code == 0)
    var other = try bench()
    other.step = try StepVolume(delivering: Volume(microlitres: 60), inSteps: 320_000)
    #expect(throws: (any Error).self) { _ = try CalibrationBooks(self.path, other) }
    let copy = try Data(contentsOf: URL(fileURLWithPath: path))
    try #require(try run().code == 0)
    try copy.write(to: URL(fileURLWithPath: path))
    #expect(throws: (any Error).self) { _ = try CalibrationBooks(self.path, try self.bench()) }
  }
}
