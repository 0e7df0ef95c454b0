import Foundation
import Histogram
package import PumpUnits

/// cyclictest of rt-tests, where it is installed.
package enum Cyclictest {
  /// Runs it at 1 kHz, with a priority.
  package static func run(_ span: TimeSpan, priority: Int32) -> EdgeRow? {
    let paths = ["/usr/bin/cyclictest", "/usr/sbin/cyclictest"]
    guard let path = paths.first(where: FileManager.default.isExecutableFile) else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments =
      ["-q", "-t1", "-i1000", "-l\(span.nanoseconds / 1_000_000)", "-h10000", "-m"]
      + (priority > 0 ? ["-p\(priority)"] : [])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    // Lines of "microseconds count"; everything else is a comment.
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(whereSeparator: \.isWhitespace)
      guard parts.count == 2, let late = UInt64(parts[0]), let count = UInt64(parts[1]) else {
        continue
      }
      if count > 0 { _ = histogram.record(late * 1_000, count: count) }
    }
    guard histogram.totalCount > 0 else { return nil }
    return EdgeRow(histogram)
  }
}
