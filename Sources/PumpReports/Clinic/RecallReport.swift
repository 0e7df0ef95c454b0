package import PumpClinic
import PumpFiles
import PumpProfiles

/// What the public recalls say of one lot, or of a device.
package struct RecallReport: Encodable {
  /// A recall, as far as it is told.
  package struct Recall: Encodable {
    package var number: String
    package var classification: String
    package var status: String
    package var firm: String
    package var reason: String
    package var product: String
    package var because: String
  }

  /// What was asked for, such as `lot A1234 of baclofen`.
  package var asked: String
  /// The file, pump or profile that has it; absent where it was typed.
  package var from: String?
  /// `listed`, `cannot-be-excluded` or `not-found`.
  package var answer: String
  package var because: String?
  package var recalls: [Recall]
  /// Of `listed`: those beside them that can't be excluded.
  package var possible_recalls: [Recall]?
  /// Of `not-found`: among how many reports, and of which day they are.
  package var among: Int?
  package var reports_of: String?

  private enum CodingKeys: CodingKey {
    case asked, from, answer, because, recalls, possible_recalls, among, reports_of
  }
  private let isDevice: Bool

  /// - Parameter isDevice: Whether a pump's serial number was asked for, and no lot.
  package init(_ answer: RecallSearch.Answer, asked: String, from: String?, isDevice: Bool = false)
  {
    (self.asked, self.from, self.isDevice) = (asked, from, isDevice)
    switch answer {
    case .listed(let hits, let possible):
      self.answer = "listed"
      recalls = hits.map(Self.recall)
      possible_recalls = possible.isEmpty ? nil : possible.map(Self.recall)
    case .cannotBeExcluded(let hits, let because):
      self.answer = "cannot-be-excluded"
      self.because = because
      recalls = hits.map(Self.recall)
    case .notFound(let among, let day):
      self.answer = "not-found"
      recalls = []
      self.among = among
      reports_of = "\(day)"
    }
  }

  /// Whether nothing was found, which is not to say that it is safe.
  package var isNotFound: Bool { answer == "not-found" }

  private static func recall(_ hit: RecallSearch.Hit) -> Recall {
    Recall(
      number: hit.number, classification: hit.classification, status: hit.status, firm: hit.firm,
      reason: hit.reason, product: hit.product, because: hit.because)
  }

  package var text: String {
    let place = from.map { "\($0): " } ?? ""
    var lines: [String]
    switch answer {
    case "listed":
      lines = [
        "\(place)\(asked): LISTED in \(recalls.count) recall\(recalls.count == 1 ? "" : "s")"
      ]
    case "not-found":
      lines = [
        "\(place)\(asked): not found among \(among ?? 0) reports of \(reports_of ?? "an unknown day"); that is "
          + "not to say that it is safe"
      ]
    default:
      lines = ["\(place)\(asked): CANNOT BE EXCLUDED" + (because.map { ": \($0)" } ?? "")]
    }
    lines += recalls.flatMap(Self.lines)
    if let possible_recalls {
      lines.append("  these can't be excluded besides:")
      lines += possible_recalls.flatMap(Self.lines)
    }
    if answer == "listed" { lines.append(isDevice ? Self.deviceAdvice : Self.lotAdvice) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let lotAdvice =
    "  Tell the prescriber and the pharmacy. Never stop the pump abruptly: withdrawal can kill. Keep it running, and "
    + "plan a refill from another lot."
  private static let deviceAdvice =
    "  Tell the prescriber and the maker. Never stop the pump abruptly: withdrawal can kill. The recall says what is to "
    + "be done."

  /// A recall in three lines; whatever its text holds, it makes no line of its own.
  private static func lines(_ each: Recall) -> [String] {
    [
      "  \(each.number), \(each.classification), \(each.status), \(each.firm): \(each.because)",
      "    \(each.product)", "    \(each.reason)",
    ].map { Visible.line($0) }
  }
}
