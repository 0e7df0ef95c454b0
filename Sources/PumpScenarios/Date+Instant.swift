package import Foundation
package import PumpUnits

extension Date {
  /// The moment so long after, to the nanosecond that `Date` keeps.
  package func after(_ instant: Instant) -> Date {
    addingTimeInterval(Double(instant.nanoseconds) / 1e9)
  }
}
