import CFuzz
import Foundation

// One reader under libFuzzer, which looks for inputs that reach new code: the first argument names it, the
// others are libFuzzer's options. The program's own sources are compiled in, for an executable can't be imported.

/// What one kind of file is read with, and what makes its checksums right again.
struct FileKind: Sendable {
  var read: @Sendable ([UInt8]) -> Void
  var reseal: @Sendable (inout [UInt8]) -> Void

  // libFuzzer calls a C function, which can't bring anything along.
  nonisolated(unsafe) static var chosen = FileKind(read: { _ in }, reseal: { _ in })

  static let all: [String: FileKind] = [
    "image": FileKind(read: Readers.image, reseal: Reseal.image),
    "recording": FileKind(read: Readers.recording, reseal: Reseal.recording),
    "journal": FileKind(read: Readers.journal, reseal: Reseal.journal),
  ]
}

let name = CommandLine.arguments.dropFirst().first ?? ""
guard let kind = FileKind.all[name] else {
  print("fuzz: there is no reader '\(name)'; there are image, recording and journal")
  exit(2)
}
FileKind.chosen = kind
let words = ["fuzz"] + CommandLine.arguments.dropFirst(2)
var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
var count = Int32(words.count)
arguments.withUnsafeMutableBufferPointer { buffer in
  var start = buffer.baseAddress
  let code = LLVMFuzzerRunDriver(&count, &start) { start, size in
    var bytes = Array(UnsafeBufferPointer(start: start, count: size))
    FileKind.chosen.read(bytes)
    FileKind.chosen.reseal(&bytes)
    FileKind.chosen.read(bytes)
    return 0
  }
  exit(code)
}
