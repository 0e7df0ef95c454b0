import Foundation

// schemata list ROOT FILE...        every mutant, a JSON object a line
// schemata write ROOT KEYS FILE...  writes the mutants that KEYS names (id, tab, key) into the files of ROOT,
//                                   and tells where each one stands
let usage = "usage: schemata list ROOT FILE... | schemata write ROOT KEYS FILE..."
let arguments = CommandLine.arguments.dropFirst()

func stop(_ why: String) -> Never {
  FileHandle.standardError.write(Data("schemata: \(why)\n".utf8))
  exit(2)
}

func tell(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

func source(_ file: String, in root: URL) throws -> SourceFile {
  SourceFile(path: file, text: try String(contentsOf: root.appending(path: file), encoding: .utf8))
}

guard let verb = arguments.first, arguments.count > 2 else { stop(usage) }
let root = URL(filePath: arguments[arguments.startIndex + 1])
let rest = arguments.dropFirst(2)
do {
  switch verb {
  case "list":
    for file in rest {
      for mutant in try source(file, in: root).bodies.flatMap(\.mutants) { try tell(mutant) }
    }
  case "write":
    guard let keys = rest.first else { stop(usage) }
    var ids: [String: Int] = [:]
    for line in try String(contentsOfFile: keys, encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2, let id = Int(fields[0]) else {
        stop("\(keys): not an id and a key: \(line)")
      }
      ids[String(fields[1])] = id
    }
    var block = 0
    for file in rest.dropFirst() {
      let written = try source(file, in: root).written(ids: ids, nextBlock: &block)
      guard !written.placed.isEmpty else { continue }
      try written.text.write(to: root.appending(path: file), atomically: true, encoding: .utf8)
      for place in written.placed { try tell(place) }
    }
  default: stop(usage)
  }
} catch {
  stop("\(error)")
}
