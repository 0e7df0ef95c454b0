import Foundation
import PumpProfiles
import Testing

@Suite("The schemas and the loaders agree on every file")
struct SchemaTests {
  /// Each schema, and how its files are told.
  static let schemas: [(schema: String, isIts: @Sendable (String) -> Bool)] = [
    (
      "Profiles/schema/profile.schema.json",
      { $0.hasPrefix("Profiles/") && !$0.hasPrefix("Profiles/drugs") }
    ),
    ("Profiles/schema/drug.schema.json", { $0.hasPrefix("Profiles/drugs") }),
    (
      "Hardware/schema/board.schema.json",
      { $0.hasPrefix("Hardware/boards") || $0.contains("invalid/board-") }
    ),
    (
      "Hardware/schema/driver.schema.json",
      { $0.hasPrefix("Hardware/drivers") || $0.contains("invalid/driver-") }
    ),
    (
      "Hardware/schema/pump.schema.json",
      { $0.hasPrefix("Hardware/pumps") || $0.contains("invalid/pump-") }
    ),
  ]

  @Test(
    "A file whose shape the loader refuses is refused by its schema, and no other",
    arguments: 0..<5)
  func agree(index: Int) throws {
    let (schema, isIts) = Self.schemas[index]
    let files = (Files.good + Files.broken).filter(isIts)
    #expect(files.count > 0)
    let verdicts = try Self.validate(schema, files)
    #expect(verdicts.count == files.count)
    let loader = try Files.loader()
    for (file, verdict) in zip(files, verdicts) {
      let problems = Files.diagnostics(file, try Files.text(file), loader: loader)
      // A character that nobody sees is no matter of a schema's.
      if problems.contains(where: { $0.code == .oddCharacter }) { continue }
      let hasBadShape = problems.contains { $0.severity == .error && $0.code.isShape }
      #expect(
        verdict.hasPrefix(hasBadShape ? "bad" : "good"),
        "\(file): the schema says \(verdict), the loader \(problems.map(\.code.rawValue))")
    }
  }

  /// What Python's jsonschema says of each file.
  static func validate(_ schema: String, _ files: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["Tests/PumpProfilesTests/validate.py", schema] + files
    process.currentDirectoryURL = Files.top
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "python3-jsonschema and python3-yaml must be there")
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
