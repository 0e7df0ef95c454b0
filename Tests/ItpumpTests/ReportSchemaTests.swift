import Foundation
import FoundationXML
import Testing

@Suite("What a program gets is what the schema of reports says, no key more and none less")
struct ReportSchemaTests {
  private let folder: TemporaryFolder
  private static let night = "Profiles/adult-spinal-night.yaml"

  init() throws { folder = try TemporaryFolder() }

  /// The first thing in which a report is not what its definition says; empty where there is none.
  private func complaint(_ report: String, _ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = [
      "Tests/PumpProfilesTests/validate.py", "Profiles/schema/report.schema.json#\(report)", path,
    ]
    process.currentDirectoryURL = CommandLineTests.top
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let told = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "python3-jsonschema must be there")
    return told.hasPrefix("good ") ? "" : told
  }

  /// What a command wrote to its standard output, as a file.
  private func written(_ run: CommandLineTests.Run, to name: String) throws -> String {
    try run.out.write(toFile: folder(name), atomically: true, encoding: .utf8)
    return folder(name)
  }

  @Test("check, of a file that loads and of one that does not")
  func check() throws {
    let run = try CommandLineTests.itpump(
      "check", Self.night, "Profiles/invalid/oral-dose.yaml",
      "Profiles/adult-spinal-patient-bolus.yaml",
      "--json")
    #expect(try complaint("check", written(run, to: "check.json")) == "")
  }

  @Test(
    "plan and simulate, with patient boluses, faults and requests or without",
    arguments: ["adult-spinal-night", "adult-spinal-patient-bolus", "adult-spinal-periodic"])
  func planned(profile: String) throws {
    let file = "Profiles/\(profile).yaml"
    let plan = try CommandLineTests.itpump("plan", file, "--json", folder("plan.json"))
    #expect(plan.code == 0, "\(plan.err)")
    #expect(try complaint("plan", folder("plan.json")) == "")
    try """
    commands:
      - {at: 1 h, do: bolus, dose: 1 ug, over: 10 min}
      - {at: 2 h, do: resume}
      - {at: 3 h, do: suspend}
    """.write(toFile: folder("script.yaml"), atomically: true, encoding: .utf8)
    let simulated = try CommandLineTests.itpump(
      "simulate", file, "--for", "30h", "--commands", folder("script.yaml"), "--json",
      folder("simulation.json"))
    #expect(simulated.code == 0, "\(simulated.err)")
    #expect(try complaint("simulation", folder("simulation.json")) == "")
  }

  @Test("bridge, screening and recall")
  func clinic() throws {
    let weak = folder("weak.yaml")
    try String(contentsOf: CommandLineTests.top.appendingPathComponent(Self.night), encoding: .utf8)
      .replacingOccurrences(of: "2000 ug/mL", with: "500 ug/mL")
      .write(toFile: weak, atomically: true, encoding: .utf8)
    let bridge = try CommandLineTests.itpump(
      "bridge", Self.night, weak, "--drugs", "Profiles/drugs", "--board", "simulator", "--json")
    #expect(try complaint("bridge", written(bridge, to: "bridge.json")) == "")
    for trials in [
      "", "trials:\n  - {at: \"2026-11-02 09:00\", dose: 50 ug, over: 1 min, seen: none}\n",
    ] {
      try "screening: P-0042\ntime-zone: UTC\n\(trials)"
        .write(toFile: folder("screening.yaml"), atomically: true, encoding: .utf8)
      let next = try CommandLineTests.itpump("screening", folder("screening.yaml"), "--json")
      #expect(try complaint("screening", written(next, to: "next.json")) == "", "\(next.err)")
    }
    try """
    {"meta": {"last_updated": "2026-01-01"}, "results": [
      {"product_description": "Baclofen, intrathecal", "code_info": "Lot A1234"}]}
    """.write(toFile: folder("reports.json"), atomically: true, encoding: .utf8)
    let recall = try CommandLineTests.itpump(
      "recall", "--against", folder("reports.json"), Self.night, "--lot", "B1", "--json")
    #expect(try complaint("recall", written(recall, to: "recall.json")) == "")
    let fresh = try CommandLineTests.itpump(
      "recall", "--against", folder("reports.json"), "--lot", "B1", "--oldest", "36500", "--json")
    #expect(try complaint("recall", written(fresh, to: "fresh.json")) == "")
  }

  @Test("diff, of profiles that differ and of one with itself")
  func diff() throws {
    for other in ["adult-spinal-continuous", "adult-spinal-night"] {
      let run = try CommandLineTests.itpump("diff", Self.night, "Profiles/\(other).yaml", "--json")
      #expect(try complaint("diff", written(run, to: "diff.json")) == "")
    }
  }

  @Test("run, and what status, log and report tell of its journal")
  func run() throws {
    let run = try CommandLineTests.itpump(
      "run", Self.night, "--start", "2026-11-22T21:59:59", "--for", "2s", "--priority", "0",
      "--journal", folder("p.journal"), "--json", folder("run.json"))
    #expect(run.code == 0, "\(run.err)")
    #expect(try complaint("run", folder("run.json")) == "")
    let status = try CommandLineTests.itpump("status", folder("p.journal"), "--json")
    #expect(try complaint("status", written(status, to: "status.json")) == "")
    let log = try CommandLineTests.itpump(
      "log", folder("p.journal"), "--json", folder("log.json"))
    #expect(log.code == 0, "\(log.err)")
    #expect(try complaint("log", folder("log.json")) == "")
    let report = try CommandLineTests.itpump(
      "report", folder("p.journal"), "--json", folder("history.json"), "-o", folder("page.html"))
    #expect(report.code == 0, "\(report.err)")
    #expect(try complaint("history", folder("history.json")) == "")
    let page = try String(contentsOfFile: folder("page.html"), encoding: .utf8)
    // What a page loads from elsewhere is not there when it is printed.
    #expect(!page.contains("<script") && !page.contains("src=") && !page.contains("href="))
    let parser = XMLParser(data: Data(page.utf8))
    #expect(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
  }

  @Test("A report with a key that nobody described is told")
  func unknownKey() throws {
    try #"[{"file": "x", "errors": 0, "warnings": 0, "problems": [], "verdict": "good"}]"#
      .write(toFile: folder("check.json"), atomically: true, encoding: .utf8)
    #expect(try complaint("check", folder("check.json")).contains("verdict"))
  }
}
