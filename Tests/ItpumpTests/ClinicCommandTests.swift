import Foundation
import Testing

@Suite("A clinic's commands, as their users type them")
struct ClinicCommandTests {
  private let folder: TemporaryFolder
  private static let night = "Profiles/adult-spinal-night.yaml"

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder(name), encoding: .utf8)
  }

  private func isThere(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder(name))
  }

  @Test(
    "titrate writes the day with each dose by one factor, shows it, and check takes it after the old one"
  )
  func titrate() throws {
    let new = folder("new.yaml")
    let run = try CommandLineTests.itpump("titrate", Self.night, "--by", "15%", "-o", new)
    #expect(run.code == 0, "\(run.err)")
    #expect(run.out.contains("251 µg before, 288.65 µg now (+15 %)"))
    #expect(try text("new.yaml").contains("{from: \"22:00\", dose: 28.75 ug, over: 10 min}"))
    let check = try CommandLineTests.itpump("check", new, "--after", Self.night)
    #expect(check.code == 0 && check.out.contains("clean"), "\(check.out)")
  }

  @Test(
    "A rise beyond the limit, an unlikely share, and the profile itself as the output are refused, and write nothing"
  )
  func refusedTitration() throws {
    let new = folder("new.yaml")
    let rise = try CommandLineTests.itpump("titrate", Self.night, "--by", "61%", "-o", new)
    #expect(rise.code == 1 && rise.out.contains("[dose-step-above-hard-limit]"), "\(rise.out)")
    #expect(rise.err.contains("not written") && !isThere("new.yaml"))
    for (share, word) in [
      ("15", "no unit"), ("1500%", "no titration"), ("-100%", "would be nothing"),
    ] {
      let run = try CommandLineTests.itpump("titrate", Self.night, "--by=\(share)", "-o", new)
      #expect(
        run.code != 0 && run.err.contains(word) && !isThere("new.yaml"), "\(share): \(run.err)")
    }
    // A file that is there is never written over: it may be another patient's.
    try "profile: other\n".write(toFile: folder("other.yaml"), atomically: true, encoding: .utf8)
    for arguments in [
      ["titrate", Self.night, "--by", "5%"], ["edit", Self.night, "drug.lot=B77"],
    ] {
      let run = try CommandLineTests.itpump(arguments + ["-o", folder("other.yaml")])
      #expect(run.code == 1 && run.err.contains("it is there already"), "\(run.err)")
      #expect(try text("other.yaml") == "profile: other\n")
    }
  }

  @Test("A ladder is printed as a plan, and writes nothing")
  func ladder() throws {
    let run = try CommandLineTests.itpump(
      "titrate", "Profiles/adult-spinal-patient-bolus.yaml", "--to", "400 ug/day", "--ladder")
    #expect(run.code == 0 && run.out.contains("now 240 µg a day"), "\(run.out) \(run.err)")
    // 240 × 1.3 = 312, and 400 is within 30 % of that.
    #expect(run.out.contains(/312 µg +a day +\(\+30 %\)/), "\(run.out)")
    #expect(run.out.contains(/400 µg +a day +\(\+28.21 %\)/), "\(run.out)")
    let nothing = try CommandLineTests.itpump(
      "titrate", "Profiles/minimum-rate.yaml", "--to", "400 ug/day", "--ladder")
    #expect(nothing.code == 1 && nothing.err.contains("by no ladder"), "\(nothing.err)")
    let wrongs = [
      ["--ladder", "--by", "5%"], ["--to", "400 ug/day"],
      ["--ladder", "--to", "1 ug/day", "-o", "x"],
    ]
    for wrong in wrongs {
      #expect(try CommandLineTests.itpump(["titrate", Self.night] + wrong).code == 2, "\(wrong)")
    }
  }

  @Test(
    "A share has one sign, and less is asked for as the help says; to a pipe goes the profile alone"
  )
  func shares() throws {
    let less = try CommandLineTests.itpump("titrate", Self.night, "--by", "-10%", "-o", "-")
    #expect(
      less.code == 0 && less.out.hasPrefix("# More at night") && less.out.contains("22.5 ug,"),
      "\(less.err)")
    #expect(less.err.contains("251 µg before, 225.9 µg now"))
    for share in ["+-10%", "--15%", "++15%", "%", ""] {
      let run = try CommandLineTests.itpump("titrate", Self.night, "--by=\(share)", "-o", "-")
      #expect(run.code == 2 && run.out.isEmpty, "\(share): \(run.err)")
    }
  }

  @Test(
    "edit changes single values and keeps comments; lists what there is; a value that check refuses is not written"
  )
  func edit() throws {
    let new = folder("new.yaml")
    let run = try CommandLineTests.itpump(
      "edit", Self.night, "drug.lot=B 77", "therapy.flex.every-day.06:30.rate=9 ug/h", "-o", new)
    #expect(run.code == 0 && run.out.contains("A1234 before, B 77 now"), "\(run.out) \(run.err)")
    let text = try text("new.yaml")
    #expect(text.hasPrefix("# More at night") && text.contains("lot: \"B 77\""))
    let list = try CommandLineTests.itpump("edit", Self.night)
    #expect(list.out.contains("therapy.flex.every-day.22:00.dose  25 ug"))
    let other = folder("other.yaml")
    let wrong = try CommandLineTests.itpump(
      "edit", Self.night, "drug.concentration=2000 mg/mL", "-o", other)
    #expect(wrong.code == 1 && !isThere("other.yaml"), "\(wrong.err)")
    let misspelt = try CommandLineTests.itpump("edit", Self.night, "drug.lto=B77", "-o", other)
    #expect(
      misspelt.code == 1 && misspelt.err.contains("did you mean 'drug.lot'?"), "\(misspelt.err)")
    #expect(try CommandLineTests.itpump("edit", Self.night, "drug.lot=B77").code == 2)
  }

  @Test(
    "new asks until the answers are right, and writes a profile that check calls clean; broken off, it writes nothing"
  )
  func new() throws {
    let answers = [
      "night", "P-0042", "", "", "baclofen", "adult-spinal", "20000 ug/mL", "2000 ug/mL", "A1",
      "2028-03-31", "20 mL",
      "18 mL", "2 mL", "72 cm", "2.2 uL/cm", "continuous", "300", "<", "continuous", "300 ug/day",
    ]
    let path = folder("new.yaml")
    let run = try CommandLineTests.itpump(
      ["new", path, "--drugs", "Profiles/drugs", "--board", "simulator"],
      input: answers.joined(separator: "\n") + "\n")
    #expect(run.code == 0 && run.out.contains("clean"), "\(run.out) \(run.err)")
    #expect(run.err.contains("no solution of 20000 ug/mL") && run.err.contains("no unit"))
    #expect(try text("new.yaml").contains("continuous: 300 ug/day"))
    #expect(try text("new.yaml").contains("patient: \"P-0042\""))
    let again = try CommandLineTests.itpump(["new", path], input: "")
    #expect(again.code == 1 && again.err.contains("it is there already"))
    let broken = try CommandLineTests.itpump(
      ["new", folder("other.yaml"), "--drugs", "Profiles/drugs", "--board", "simulator"],
      input: "night\n")
    #expect(broken.code == 1 && broken.err.contains("broken off") && !isThere("other.yaml"))
  }

  @Test("bridge says how long the old solution still arrives; the same solution needs none")
  func bridge() throws {
    let weak = folder("weak.yaml")
    try String(contentsOf: CommandLineTests.top.appendingPathComponent(Self.night), encoding: .utf8)
      .replacingOccurrences(of: "2000 ug/mL", with: "500 ug/mL")
      .write(toFile: weak, atomically: true, encoding: .utf8)
    let options = ["--drugs", "Profiles/drugs", "--board", "simulator"]
    let run = try CommandLineTests.itpump(["bridge", Self.night, weak] + options)
    #expect(run.code == 0 && run.out.contains("4 times the dose for"), "\(run.out) \(run.err)")
    #expect(run.out.contains(/bridge +[0-9]+ h [0-9]+ min at the old/))
    #expect(run.out.contains("298.4 µL: 140 µL of the pump's tubing, 158.4 µL of the catheter"))
    let same = try CommandLineTests.itpump(["bridge", Self.night, Self.night] + options)
    #expect(same.code == 1 && same.err.contains("no bridge is needed"))
  }

  @Test("screening says the next step, and recall what the reports have of a profile's lot")
  func screeningAndRecall() throws {
    let record = folder("screening.yaml")
    let first = "  - {at: \"2026-11-02 09:00\", dose: 50 ug, over: 1 min, seen: none}\n"
    let head = "screening: P-0042\ntime-zone: Europe/Berlin\ntrials:\n"
    try (head + first).write(toFile: record, atomically: true, encoding: .utf8)
    let run = try CommandLineTests.itpump("screening", record)
    #expect(
      run.code == 0
        && run.out.contains("next: 75 µg over at least 1 min, not before 2026-11-03 09:00"),
      "\(run.out)")
    let reports = folder("reports.json")
    try """
    {"meta": {"last_updated": "\(ISO8601DateFormatter().string(from: Date()).prefix(10))"}, "results": [
      {"recall_number": "D-0001-2026", "classification": "Class II", "status": "Ongoing",
       "product_description": "Baclofen injection, intrathecal", "code_info": "Lot A1234, Exp 03/28"}]}
    """.write(toFile: reports, atomically: true, encoding: .utf8)
    let listed = try CommandLineTests.itpump("recall", "--against", reports, Self.night)
    #expect(
      listed.code == 3 && listed.out.contains("lot A1234 of baclofen: LISTED"), "\(listed.out)")
    #expect(listed.out.contains("Never stop the pump abruptly"))
    let other = try CommandLineTests.itpump("recall", "--against", reports, "--lot", "B1")
    #expect(other.code == 0 && other.out.contains("not found among 1 reports"), "\(other.out)")
  }

  @Test(
    "A recalled lot is found in a pump that has had it, with its session, also after another one was filled in"
  )
  func recalledPast() throws {
    let other = folder("other.yaml")
    try String(contentsOf: CommandLineTests.top.appendingPathComponent(Self.night), encoding: .utf8)
      .replacingOccurrences(of: "A1234", with: "B77").write(
        toFile: other, atomically: true, encoding: .utf8)
    let journal = folder("p.journal")
    let common = [
      "--for", "1s", "--priority", "0", "--journal", journal, "--board", "simulator", "--drugs",
      "Profiles/drugs",
    ]
    let first = try CommandLineTests.itpump(["run", Self.night] + common)
    #expect(first.code == 0, "\(first.err)")
    let second = try CommandLineTests.itpump(["run", other, "--changed"] + common)
    #expect(second.code == 0, "\(second.err)")
    try """
    {"meta": {"last_updated": "\(ISO8601DateFormatter().string(from: Date()).prefix(10))"}, "results": [
      {"recall_number": "D-0001-2026", "classification": "Class II", "status": "Ongoing",
       "product_description": "Baclofen injection, intrathecal", "code_info": "Lot A1234, Exp 03/28"}]}
    """.write(toFile: folder("reports.json"), atomically: true, encoding: .utf8)
    let recall = try CommandLineTests.itpump(
      "recall", "--against", folder("reports.json"), journal)
    #expect(recall.code == 3, "\(recall.err)")
    #expect(
      recall.out.contains(/p.journal, session 1, from .* to .*: lot A1234 of baclofen: LISTED/))
    #expect(
      recall.out.contains(
        /p.journal, session 2, from .*, in the pump: lot B77 of baclofen: not found/))
    let report = try CommandLineTests.itpump("report", journal, "-o", folder("page.html"))
    #expect(report.code == 0, "\(report.err)")
    let page = try text("page.html")
    #expect(page.contains("<td>A1234</td>") && page.contains("<td>B77</td>"))
  }
}
