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
  /// Of `not-found`: among how many reports, and of which day they are.
  package var among: Int?
  package var reports_of: String?

  package init(_ answer: RecallSearch.Answer, asked: String, from: String?) {
    (self.asked, self.from) = (asked, from)
    switch answer {
    case .listed(let hits):
      self.answer = "listed"
      recalls = hits.map(Self.recall)
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

  /// Whether nobody has to look further.
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
    for each in recalls {
      lines.append(
        "  \(each.number), \(each.classification), \(each.status), \(each.firm): \(each.because)")
      lines.append("    \(Visible.line(each.product))")
      lines.append("    \(Visible.line(each.reason))")
    }
    if answer == "listed" {
      lines.append(
        "  Tell the prescriber and the pharmacy. Never stop the pump abruptly: withdrawal can kill. Keep it running, "
          + "and plan a refill from another lot.")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
