import CFuzz
import Foundation

// One reader under libFuzzer, which looks for inputs that reach new code: the first argument names it, the
// others are libFuzzer's options. The program's own sources are compiled in, for an executable can't be imported.

private func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: start, count: count))
}

let reader = CommandLine.arguments.dropFirst().first ?? ""
let words = ["fuzz"] + CommandLine.arguments.dropFirst(2)
var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
var count = Int32(words.count)
arguments.withUnsafeMutableBufferPointer { buffer in
  var start = buffer.baseAddress
  let code: Int32
  switch reader {
  case "image":
    code = LLVMFuzzerRunDriver(&count, &start) { start, size in
      var bytes = bytes(start, size)
      Readers.image(bytes)
      Reseal.image(&bytes)
      Readers.image(bytes)
      return 0
    }
  case "recording":
    code = LLVMFuzzerRunDriver(&count, &start) { start, size in
      var bytes = bytes(start, size)
      Readers.recording(bytes)
      Reseal.recording(&bytes)
      Readers.recording(bytes)
      return 0
    }
  case "journal":
    code = LLVMFuzzerRunDriver(&count, &start) { start, size in
      var bytes = bytes(start, size)
      Readers.journal(bytes)
      Reseal.journal(&bytes)
      Readers.journal(bytes)
      return 0
    }
  default:
    print("fuzz: there is no reader '\(reader)'; there are image, recording and journal")
    code = 2
  }
  exit(code)
}
