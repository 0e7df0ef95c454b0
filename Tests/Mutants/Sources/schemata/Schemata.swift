import SwiftParser
import SwiftSyntax

/// A source file with its bodies and their mutants.
struct SourceFile {
  let path: String
  private let bytes: [UInt8]
  let bodies: [Body]

  init(path: String, text: String) {
    self.path = path
    bytes = Array(text.utf8)
    let tree = Parser.parse(source: text)
    let lines = SourceLocationConverter(fileName: path, tree: tree)
    let finder = BodyFinder()
    finder.walk(tree)
    bodies = finder.bodies.map { body in
      var body = body
      let mutants = MutantFinder(body, in: path, lines: lines)
      body.mutants = mutants.mutants
      body.blocks = mutants.blocks
      return body
    }
  }

  private func text(_ start: Int, _ end: Int) -> String {
    String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Where a mutant stands in the written file, and which block a test must have come by to notice it.
  struct Placed: Encodable {
    let id: Int
    let file: String
    let firstLine: Int
    let lastLine: Int
    let block: Int
    /// The lines of all that was written for its function.
    var bodyFirstLine = 0
    var bodyLastLine = 0
  }

  /// The file with each wanted mutant behind the switch: its body is written once for each of them, before
  /// the body as it was, so that no two changes meet in one expression for the compiler to puzzle over.
  ///
  /// - Parameters:
  ///   - ids: The wanted mutants' numbers by their keys.
  ///   - nextBlock: The next block's number.
  func written(ids: [String: Int], nextBlock: inout Int) -> (text: String, placed: [Placed]) {
    var out = Output()
    var placed: [Placed] = []
    out.add("public import CMutant\n")
    var at = 0
    for body in bodies.sorted(by: { $0.start < $1.start }) {
      let wanted = body.mutants.filter { ids[$0.key] != nil }
      guard !wanted.isEmpty else { continue }
      out.add(text(at, body.start))
      at = body.end
      let (firstPlace, firstLine) = (placed.count, out.line)
      defer {
        for place in firstPlace..<placed.count {
          placed[place].bodyFirstLine = firstLine
          placed[place].bodyLastLine = out.line
        }
      }
      if body.isConstant {
        for mutant in wanted {
          guard let id = ids[mutant.key] else { continue }
          out.add("(pump_mutant_at(\(nextBlock)) == \(id) ? (")
          let first = out.line
          out.add(
            text(body.start, mutant.start) + mutant.after + text(mutant.end, body.end) + ") : ")
          placed.append(
            Placed(id: id, file: path, firstLine: first, lastLine: out.line, block: nextBlock))
        }
        nextBlock += 1
        out.add("(\(text(body.start, body.end)))" + String(repeating: ")", count: wanted.count))
        continue
      }
      let answer = body.value == nil ? "" : "return "
      out.add("\nswitch pump_mutant_now() {\n")
      let innermost = wanted.map { mutant in
        body.blocks.indices.filter {
          body.blocks[$0].start <= mutant.start && mutant.end <= body.blocks[$0].end
        }
        .min {
          body.blocks[$0].end - body.blocks[$0].start < body.blocks[$1].end - body.blocks[$1].start
        } ?? 0
      }
      var numbers: [Int: Int] = [:]
      for (mutant, block) in zip(wanted, innermost) {
        guard let id = ids[mutant.key] else { continue }
        let number = numbers[block] ?? nextBlock
        if numbers[block] == nil {
          numbers[block] = number
          nextBlock += 1
        }
        out.add("case \(id):\n")
        let first = out.line
        out.add(answer + text(body.start, mutant.start) + mutant.after + text(mutant.end, body.end))
        placed.append(
          Placed(id: id, file: path, firstLine: first, lastLine: out.line, block: number))
        out.add(body.isVoid ? "\nreturn\n" : "\n")
      }
      out.add("default: break\n}\n")
      if let number = numbers[0] { out.add("pump_touch(\(number));") }
      out.add(answer)
      var next = body.start
      for block in numbers.keys.filter({ $0 != 0 }).sorted(by: {
        body.blocks[$0].start < body.blocks[$1].start
      }) {
        out.add(text(next, body.blocks[block].start))
        out.add("pump_touch(\(numbers[block] ?? 0));")
        next = body.blocks[block].start
      }
      out.add(text(next, body.end))
    }
    out.add(text(at, bytes.count))
    return (out.text, placed)
  }

  private struct Output {
    private(set) var text = ""
    private(set) var line = 1

    mutating func add(_ more: String) {
      text += more
      for byte in more.utf8 where byte == 0x0A { line += 1 }
    }
  }
}
