import Foundation
import PumpFiles

/// Values as JSON holds them; numbers at the edge, where exactness has done its work.
package enum JSONOutput {
  package static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Visible.json(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n"
  }
}
