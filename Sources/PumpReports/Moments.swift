package import Foundation
import PumpUnits

/// Writes moments as people and programs read them.
package struct Moments {
  private let short: DateFormatter
  private let long: DateFormatter
  private let exact: DateFormatter
  private let iso: ISO8601DateFormatter

  package init(_ zone: TimeZone) {
    short = DateFormatter()
    long = DateFormatter()
    exact = DateFormatter()
    for formatter in [short, long, exact] {
      formatter.locale = Locale(identifier: "en_US_POSIX")
      formatter.timeZone = zone
    }
    short.dateFormat = "HH:mm"
    long.dateFormat = "EEE yyyy-MM-dd HH:mm"
    exact.dateFormat = "yyyy-MM-dd HH:mm:ss"
    iso = ISO8601DateFormatter()
    iso.timeZone = zone
  }

  package func time(_ date: Date) -> String { short.string(from: date) }
  package func full(_ date: Date) -> String { long.string(from: date) }
  package func second(_ date: Date) -> String { exact.string(from: date) }
  package func machine(_ date: Date) -> String { iso.string(from: date) }
}
