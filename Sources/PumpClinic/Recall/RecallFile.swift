public import Foundation
public import PumpProfiles

/// A file of the public enforcement reports, of drugs or of devices: what openFDA's `drug/enforcement` and
/// `device/enforcement` give, whole.
///
/// Fields may be missing; what is unknown is passed over.
public struct RecallFile: Sendable {
  /// One report.
  public struct Record: Decodable, Sendable {
    public var recall_number: String?
    public var classification: String?
    public var status: String?
    public var product_type: String?
    public var product_code: String?
    public var product_description: String?
    public var code_info: String?
    public var more_code_info: String?
    public var reason_for_recall: String?
    public var recalling_firm: String?
    public var openfda: Annotation?

    /// What is known of the product, where the agency has matched it with its label: of all strengths of that label,
    /// so it names a product and excludes none.
    public struct Annotation: Decodable, Sendable {
      public var route: [String]?
      public var generic_name: [String]?
      public var brand_name: [String]?
      public var substance_name: [String]?
    }
  }

  /// Why a file can't be read.
  public enum Problem: Error {
    /// It is not what the agency gives: what was expected is said.
    case notARecallFile(String)
  }

  public let records: [Record]
  /// When the agency renewed it; `nil` where it does not say so.
  public let lastUpdated: CalendarDay?
  /// How many reports there are in all, where it says so: a file of fewer is a part.
  public let total: Int?

  private struct Envelope: Decodable {
    struct Meta: Decodable {
      struct Part: Decodable { var total: Int? }
      var last_updated: String?
      var results: Part?
    }
    var meta: Meta?
    var results: [Record]
  }

  public init(_ data: Data) throws(Problem) {
    do {
      let envelope = try JSONDecoder().decode(Envelope.self, from: data)
      records = envelope.results
      lastUpdated = envelope.meta?.last_updated.flatMap(Self.day)
      total = envelope.meta?.results?.total
    } catch {
      throw .notARecallFile(
        "expected JSON with 'meta' and 'results', as the public enforcement reports are given")
    }
  }

  /// Reads `20260708`, `2026-07-08` and `07/08/2026`.
  public static func day(_ text: String) -> CalendarDay? {
    if let match = text.wholeMatch(of: /([0-9]{4})([0-9]{2})([0-9]{2})/) {
      return CalendarDay("\(match.1)-\(match.2)-\(match.3)")
    }
    if let match = text.wholeMatch(of: /([0-9]{1,2})\/([0-9]{1,2})\/([0-9]{4})/),
      let month = Int(match.1), let day = Int(match.2)
    {
      return CalendarDay("\(match.3)" + String(format: "-%02d-%02d", month, day))
    }
    return CalendarDay(text)
  }
}
