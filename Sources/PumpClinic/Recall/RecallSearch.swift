public import Foundation
public import PumpProfiles

/// Holds a lot, or a device's serial number, against the public recalls.
///
/// There are three answers, and none of them is "safe".
public struct RecallSearch: Sendable {
  /// A recall that has the lot, or may have it.
  public struct Hit: Equatable, Sendable {
    public var number: String
    public var classification: String
    public var status: String
    public var firm: String
    public var reason: String
    public var product: String
    /// Why it is a hit, in words.
    public var because: String
  }

  public enum Answer: Equatable, Sendable {
    /// In these; and beside them in some that can't be told apart from the lot.
    case listed([Hit], possible: [Hit])
    /// A pattern, a range or a whole product that can't be told apart from the lot; or a file that proves nothing.
    case cannotBeExcluded([Hit], because: String?)
    /// Not a word of it among so many records; of which day the file is.
    case notFound(among: Int, of: CalendarDay)
  }

  /// A report with its words, which are looked at for each lot.
  private struct Report: Sendable {
    var record: RecallFile.Record
    var codes: [(name: String, words: LotTokens)]
    var description: LotTokens
    /// The words that name the product.
    var names: Set<String>

    init(_ record: RecallFile.Record) {
      self.record = record
      codes = []
      if let text = record.code_info, !text.isEmpty {
        codes.append((name: "code_info", words: LotTokens(text)))
      }
      if let text = record.more_code_info, !text.isEmpty {
        codes.append((name: "more_code_info", words: LotTokens(text)))
      }
      description = LotTokens(record.product_description ?? "")
      var told: [String] = []
      if let text = record.product_description { told.append(text) }
      if let annotation = record.openfda {
        told += annotation.generic_name ?? []
        told += annotation.brand_name ?? []
        told += annotation.substance_name ?? []
      }
      names = LotTokens.words(told.joined(separator: " "))
    }
  }

  private let reports: [Report]
  private let file: RecallFile
  private let oldest: Int

  /// Reads the reports' words once.
  ///
  /// - Parameter oldest: A file of more days ago says nothing of what was recalled since; the reports are renewed weekly.
  public init(_ file: RecallFile, oldestInDays oldest: Int = 14) {
    (self.file, self.oldest) = (file, oldest)
    reports = file.records.map(Report.init)
  }

  /// Whether a text can be a lot or a serial number: it has a letter or a digit, and is one, not several.
  public static func isLot(_ text: String) -> Bool {
    !LotTokens.lot(text).isEmpty && !text.contains(",") && !text.contains(";")
  }

  /// Asks for a lot of a drug.
  ///
  /// - Parameters:
  ///   - names: Its generic name and its brands, such as baclofen.
  ///   - today: For the age of the file.
  public func answer(lot: String, of names: [String], today: Date) -> Answer {
    let names = Set(names.flatMap(LotTokens.words))
    return answer(lot, kind: "Drugs", today: today) { Self.concern($0, names) }
  }

  /// Asks for a device's serial number, in a file of device recalls: those of implantable infusion pumps, those of no
  /// product code, and those that have a name.
  ///
  /// - Parameter names: The device's name or model, as its recalls would have it.
  public func answer(serial: String, of names: [String], today: Date) -> Answer {
    let names = Set(names.flatMap(LotTokens.words))
    return answer(serial, kind: "Devices", today: today) { report in
      guard let code = report.record.product_code, code != Self.implantablePump else {
        return .same
      }
      return report.names.isDisjoint(with: names) ? .other : .same
    }
  }

  /// The agency's product code of implantable infusion pumps.
  private static let implantablePump = "LKK"

  /// How a report's product stands to what is asked for.
  private enum Concern {
    case same
    /// Another product: only the lot itself says something.
    case other
    case none
  }

  private func answer(
    _ lot: String, kind: String, today: Date, _ concern: (Report) -> Concern
  ) -> Answer {
    let wanted = LotTokens.lot(lot)
    var (listed, possible): ([Hit], [Hit]) = ([], [])
    for report in reports {
      switch Self.judge(report, concern(report), wanted) {
      case .listed(let words): listed.append(Self.hit(report.record, words))
      case .possible(let words): possible.append(Self.hit(report.record, words))
      case .other: break
      }
    }
    guard listed.isEmpty else {
      return .listed(Self.gravest(listed), possible: Self.gravest(possible))
    }
    let doubt = doubt(kind, today)
    guard possible.isEmpty, doubt == nil, let day = file.lastUpdated else {
      return .cannotBeExcluded(Self.gravest(possible), because: doubt)
    }
    return .notFound(among: file.records.count, of: day)
  }

  /// Why the file proves nothing of what is not in it.
  private func doubt(_ kind: String, _ today: Date) -> String? {
    guard !file.records.isEmpty else { return "the file has no report" }
    if let total = file.total, total != file.records.count {
      return "the file is a part: \(file.records.count) of \(total) reports"
    }
    if let other = file.records.compactMap(\.product_type).first(where: { $0 != kind }) {
      return "the file is of \(other.lowercased()), not of \(kind.lowercased())"
    }
    guard let day = file.lastUpdated else { return "the file does not say of which day it is" }
    guard let age = Self.days(from: day, to: today) else { return "the file's day is none" }
    guard age >= 0 else { return "the file is of \(day), a day that has not come" }
    guard age <= oldest else {
      return "the file is of \(day): what was recalled since is not in it"
    }
    return nil
  }

  private enum Verdict {
    case listed(String)
    case possible(String)
    case other
  }

  private static func judge(_ report: Report, _ concern: Concern, _ lot: [String]) -> Verdict {
    if case .none = concern { return .other }
    var isListed: String?
    var possible: String?
    let all: [(name: String, words: LotTokens)] =
      report.codes + [(name: "product_description", words: report.description)]
    for (name, words) in all {
      switch words.find(lot) {
      case .same: isListed = isListed ?? "the lot stands in \(name)"
      case .similar:
        possible =
          possible
          ?? "\(name) has one that is alike but for blanks, punctuation, zeros or letters O"
      case nil: break
      }
    }
    guard case .same = concern else {
      return isListed.map { .possible("\($0), of a product that is not said to be this one") }
        ?? .other
    }
    for (name, words) in report.codes {
      switch words.range(with: lot) {
      case .inside: isListed = isListed ?? "the lot lies in a range of \(name)"
      case .unreadable: possible = possible ?? "\(name) gives a range that can't be read"
      case .none: break
      }
      if let reason = words.opens { possible = possible ?? "\(name) \(reason)" }
    }
    if report.codes.isEmpty { possible = possible ?? "it names no lots" }
    return isListed.map { .listed($0) } ?? possible.map { .possible($0) } ?? .other
  }

  /// How a report's product stands to a drug in the spinal fluid: by its name, unless all that is said of it is by mouth.
  private static func concern(_ report: Report, _ names: Set<String>) -> Concern {
    // What tells no product excludes none.
    guard !report.names.isEmpty else { return .same }
    guard !report.names.isDisjoint(with: names) else { return .other }
    let routes = Set((report.record.openfda?.route ?? []).map { $0.uppercased() })
    let said = LotTokens.words(report.record.product_description ?? "")
    let isByMouth =
      routes == ["ORAL"]
      || !said.isDisjoint(with: ["ORAL", "TABLET", "TABLETS", "CAPSULE", "CAPSULES"])
    let isSpinal =
      routes.contains { $0.contains("THECAL") || $0.contains("SPINAL") }
      || !said.isDisjoint(with: [
        "INTRATHECAL", "INTRASPINAL", "SPINAL", "INJECTION", "INJECTABLE", "SYRINGE", "SYRINGES",
        "VIAL", "VIALS",
        "AMPULE", "AMPULES", "AMPOULE", "AMPOULES", "STERILE", "COMPOUNDED",
      ])
    return isByMouth && !isSpinal ? .none : .same
  }

  private static func hit(_ record: RecallFile.Record, _ because: String) -> Hit {
    Hit(
      number: record.recall_number ?? "without a number",
      classification: record.classification ?? "Not Yet Classified",
      status: record.status ?? "not said", firm: record.recalling_firm ?? "not said",
      reason: record.reason_for_recall ?? "not said",
      product: record.product_description ?? "not said", because: because)
  }

  /// The gravest first; what nobody has classified yet comes after the first class.
  private static func gravest(_ hits: [Hit]) -> [Hit] {
    let order = ["Class I", "Not Yet Classified", "Class II", "Class III"]
    func rank(_ hit: Hit) -> Int { order.firstIndex(of: hit.classification) ?? 1 }
    return hits.sorted { (rank($0), $0.number) < (rank($1), $1.number) }
  }

  private static func days(from day: CalendarDay, to today: Date) -> Int? {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = DateComponents(year: day.year, month: day.month, day: day.day)
    guard let then = calendar.date(from: parts) else { return nil }
    return calendar.dateComponents([.day], from: then, to: today).day
  }
}
