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
    case listed([Hit])
    /// A pattern, a range or a whole product that can't be told apart from the lot; or a file that is too old, or does
    /// not say how old it is.
    case cannotBeExcluded([Hit], because: String?)
    /// Not a word of it among so many records; of which day the file is.
    case notFound(among: Int, of: CalendarDay)
  }

  public let file: RecallFile
  /// A file that is older says nothing about what was recalled since; the reports are renewed weekly.
  public var oldest: Int

  public init(_ file: RecallFile, oldestInDays oldest: Int = 14) {
    (self.file, self.oldest) = (file, oldest)
  }

  /// Asks for a lot of a drug.
  ///
  /// - Parameters:
  ///   - drug: Its generic name, such as baclofen.
  ///   - today: For the age of the file.
  public func answer(lot: String, of drug: String, today: Date) -> Answer {
    answer(lot, today: today) { Self.concerns($0, drug) }
  }

  /// Asks for a device's serial number, in a file of device recalls.
  ///
  /// - Parameter name: The device's name or model, as its recalls would have it.
  public func answer(serial: String, of name: String, today: Date) -> Answer {
    let words = LotTokens.normal(name)
    return answer(serial, today: today) { record in
      let told = Set(LotTokens.normal(record.product_description ?? ""))
      return record.product_description == nil || words.contains { told.contains($0) }
    }
  }

  private func answer(_ lot: String, today: Date, _ concerns: (RecallFile.Record) -> Bool)
    -> Answer
  {
    let wanted = LotTokens.normal(lot)
    var (listed, possible): ([Hit], [Hit]) = ([], [])
    for record in file.records where concerns(record) {
      switch Self.judge(record, wanted) {
      case .listed(let words): listed.append(Self.hit(record, words))
      case .possible(let words): possible.append(Self.hit(record, words))
      case .other: break
      }
    }
    guard listed.isEmpty else { return .listed(Self.gravest(listed)) }
    guard possible.isEmpty else {
      return .cannotBeExcluded(Self.gravest(possible), because: nil)
    }
    guard let day = file.lastUpdated else {
      return .cannotBeExcluded([], because: "the file does not say of which day it is")
    }
    guard let age = Self.days(from: day, to: today), age <= oldest else {
      return .cannotBeExcluded(
        [], because: "the file is of \(day): what was recalled since is not in it")
    }
    return .notFound(among: file.records.count, of: day)
  }

  private enum Verdict {
    case listed(String)
    case possible(String)
    case other
  }

  private static func judge(_ record: RecallFile.Record, _ lot: [String]) -> Verdict {
    let texts = [
      ("code_info", record.code_info), ("more_code_info", record.more_code_info),
      ("product_description", record.product_description),
    ]
    var possible: String?
    var hasCodes = false
    for (name, text) in texts {
      guard let text, !text.isEmpty else { continue }
      let isCodes = name != "product_description"
      let tokens = LotTokens(text)
      if isCodes { hasCodes = true }
      switch tokens.find(lot) {
      case .same: return .listed("the lot stands in \(name)")
      case .similar:
        possible =
          possible ?? "\(name) has a lot that is alike but for blanks, hyphens, zeros or letters O"
      case nil: break
      }
      guard isCodes else { continue }
      switch tokens.range(with: lot) {
      case .inside: return .listed("the lot lies in a range of \(name)")
      case .unreadable: possible = possible ?? "\(name) gives a range that can't be read"
      case .none: break
      }
      if let words = tokens.opens {
        possible = possible ?? "\(name) says '\(words.lowercased())'"
      }
    }
    if !hasCodes { possible = possible ?? "it names no lots" }
    return possible.map { .possible($0) } ?? .other
  }

  /// Whether a recall may be about a drug in the spinal fluid: by its name, unless it is for another route.
  private static func concerns(_ record: RecallFile.Record, _ drug: String) -> Bool {
    let name = LotTokens.normal(drug)
    let named =
      [record.product_description ?? ""] + (record.openfda?.generic_name ?? [])
      + (record.openfda?.substance_name ?? [])
    // Nothing that tells the product excludes none.
    guard named.contains(where: { !$0.isEmpty }) else { return true }
    let isNamed = named.contains { LotTokens($0).find(name) == .same }
    guard isNamed else { return false }
    let routes = (record.openfda?.route ?? []).map { $0.uppercased() }
    guard routes.isEmpty else { return routes.contains("INTRATHECAL") }
    let words = Set(LotTokens.normal(record.product_description ?? ""))
    return words.isDisjoint(with: ["ORAL", "TABLET", "TABLETS", "CAPSULES", "SUSPENSION", "CREAM"])
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
