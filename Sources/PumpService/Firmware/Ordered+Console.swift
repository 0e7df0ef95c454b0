import PumpFirmware
import PumpMessages

extension Ordered {
  /// The line that asks a firmware for it, whose numbers are hexadecimal; one that no console can be asked for is
  /// a line that no firmware knows.
  var consoleLine: String {
    let words = CommandWords(command)
    let heading = [
      ticket, UInt64(by.user), UInt64(by.role.rawValue), basis ?? ConsoleRequest.anyPosition,
    ]
    var parts = ["order"] + heading.map { String($0, radix: 16) }
    guard let form = ConsoleRequest.form(of: words.kind) else {
      return (parts + ["\(words.kind)"]).joined(separator: " ")
    }
    let numbers = [words.first, words.second, words.isConfirmed ? 1 : 0].prefix(form.numbers)
    parts.append("\(form.word)")
    return (parts + numbers.map { String($0, radix: 16) }).joined(separator: " ")
  }
}
