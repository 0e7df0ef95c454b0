import Foundation
public import PumpProfiles
import PumpUnits

/// The questions that a prescription answers, in its order, and the profile that comes of them.
///
/// Each answer is held against the drug library at once: the profile so far is read as any other would be, with
/// harmless values in the place of what was not asked yet.
public struct PrescriptionForm: Sendable {
  /// What is asked next.
  public struct Question: Sendable {
    /// The key in the profile, with those above it.
    public var path: String
    public var words: String
    /// What may be answered, with the limits that hold.
    public var hint: String
    /// Whether nothing may be answered.
    public var isOptional: Bool
  }

  /// Why an answer was not taken; the same is asked again.
  public struct Refusal: Error, Equatable, Sendable {
    public var messages: [String]
  }

  let loader: ProfileLoader
  var answers: [String: String] = [:]
  var rows: [FlexRow] = []
  /// The next question's place in `questions`; a pattern's rows are asked for until nothing is answered.
  private var place = 0

  /// A row of a day's pattern, as the file has it.
  struct FlexRow {
    var from: String
    var rest: String
    var line: String { "      - {from: \"\(from)\", \(rest)}" }
  }

  public init(_ loader: ProfileLoader) { self.loader = loader }

  // MARK: The questions

  public var next: Question? {
    let all = questions
    return place < all.count ? all[place] : nil
  }

  var library: Drug? { loader.drugs.first { $0.name == answers["drug.name"] } }
  private var limits: Drug.Population? { library?.populations[answers["population"] ?? ""] }

  /// All questions that the answers so far lead to.
  private var questions: [Question] {
    func ask(_ path: String, _ words: String, _ hint: String, optional: Bool = false) -> Question {
      Question(path: path, words: words, hint: hint, isOptional: optional)
    }
    let drugs = loader.drugs.map(\.name).sorted().joined(separator: ", ")
    let solutions =
      library?.concentrations.filter { library?.screening.contains($0) == false }
      .map { Format.concentration($0) }.joined(separator: ", ") ?? ""
    var all = [
      ask("profile", "The profile's name", "small letters, digits and dashes"),
      ask(
        "prescribed.patient", "Patient", "a reference such as P-0042, never a name", optional: true),
      ask("prescribed.prescriber", "Prescriber", "who answers for it", optional: true),
      ask("prescribed.reason", "Reason", "why it is prescribed", optional: true),
      ask("drug.name", "Drug", drugs),
      ask("population", "Population", "adult-spinal, adult-cerebral or paediatric"),
      ask(
        "drug.concentration", "Concentration, from the vial", "\(solutions); there is no default"),
      ask("drug.lot", "Lot, from the vial", "such as A1234"),
      ask("drug.expires", "Expires", "year-month-day, such as 2028-03-31"),
      ask("reservoir.capacity", "The reservoir holds", "such as 20 mL"),
      ask("reservoir.volume", "Filled to", "such as 18 mL"),
      ask("reservoir.low-alarm", "Low alarm at", "above the reserve of 1 mL; 2 mL is usual"),
      ask("catheter.length", "Catheter's length", "30 to 110 cm are usual"),
      ask("catheter.volume-per-length", "It holds", "such as 2.2 uL/cm, from its label"),
      ask("mode", "Therapy", Self.modes.joined(separator: ", ")),
    ]
    let daily =
      limits.map {
        "usual \(Format.plain($0.softLowPerDay)) to \(Format.plain($0.softHighPerDay)) a day, never above "
          + "\(Format.plain($0.hardHighPerDay)); the first day gives at most twice what a screening bolus needed"
      } ?? ""
    let bolus =
      limits.map {
        "usual up to \(Format.plain($0.softBolus)), never above \(Format.plain($0.hardBolus))"
      } ?? ""
    let shortest = limits.map { "at least \(Format.span($0.shortestBolus))" } ?? ""
    switch answers["mode"] {
    case "continuous":
      all.append(ask("therapy.continuous", "Dose", "such as 300 ug/day; \(daily)"))
    case "periodic":
      all += [
        ask("therapy.continuous", "Basal dose", "0 ug/day for boluses alone; with them \(daily)"),
        ask("periodic-bolus.dose", "Each bolus", "such as 40 ug; \(bolus)"),
        ask("periodic-bolus.over", "It takes", "such as 5 min; \(shortest)"),
        ask("periodic-bolus.every", "It comes every", "such as 6 h"),
      ]
    case "flex":
      all.append(
        ask(
          "therapy.flex.time-zone", "Time zone",
          "such as Europe/Berlin: the clock's of the times below"))
      all += (0..<(rows.count + 1)).map { number in
        ask(
          "therapy.flex.every-day", "Row \(number + 1)",
          number == 0
            ? "from midnight, such as 00:00 12 ug/h; \(daily)"
            : "such as 06:30 8 ug/h, or a bolus: 22:00 25 ug over 10 min (\(bolus)); Enter alone ends the day",
          optional: number > 0)
      }
    case "minimum-rate":
      all.append(
        ask(
          "therapy.minimum-rate", "Flow",
          "such as 6 uL/day: keeps the lumen open, and is no treatment"))
    default: break
    }
    return all
  }

  private static let modes = ["continuous", "periodic", "flex", "minimum-rate", "stopped"]

  // MARK: Answers

  /// Takes an answer to the next question.
  ///
  /// - Returns: What the answer means, where that can be said in another way: a rate as the dose of a day.
  public mutating func answer(_ text: String) throws(Refusal) -> String? {
    guard let question = next else { return nil }
    let text = text.trimmingCharacters(in: .whitespaces)
    guard !text.isEmpty else {
      guard question.isOptional else {
        throw Refusal(messages: ["this has no default: \(question.hint)"])
      }
      place = question.path == "therapy.flex.every-day" ? questions.count : place + 1
      return nil
    }
    guard YAMLScalar.written(text) != nil else {
      throw Refusal(messages: ["type it without quotation marks and backslashes"])
    }
    var form = self
    try form.take(text, question.path)
    let refused = form.problems(of: question.path)
    guard refused.isEmpty else { throw Refusal(messages: refused) }
    form.place += 1
    self = form
    return echo(text, question.path)
  }

  /// Goes back to the question before, whose answer is forgotten.
  public mutating func back() {
    guard place > 0 else { return }
    place = min(place, questions.count) - 1
    let path = questions[place].path
    if path == "therapy.flex.every-day" { _ = rows.popLast() } else { answers[path] = nil }
  }

  private mutating func take(_ text: String, _ path: String) throws(Refusal) {
    switch path {
    case "mode":
      guard Self.modes.contains(text) else {
        throw Refusal(messages: ["'\(text)' is not one of \(Self.modes.joined(separator: ", "))"])
      }
      answers[path] = text
    case "therapy.flex.every-day": rows.append(try Self.row(text))
    default: answers[path] = text
    }
  }

  /// Reads `06:30 8 ug/h` and `22:00 25 ug over 10 min`.
  private static func row(_ text: String) throws(Refusal) -> FlexRow {
    guard let match = text.wholeMatch(of: /([0-9]{1,2}:[0-9]{2}) +(.+?)(?: +over +(.+))?/) else {
      throw Refusal(messages: [
        "'\(text)' is no row: write 06:30 8 ug/h, or for a bolus 22:00 25 ug over 10 min"
      ])
    }
    let (from, dose) = (String(match.1), String(match.2))
    guard match.3 != nil || dose.contains("/") else {
      throw Refusal(messages: ["a bolus says how long it takes: \(from) \(dose) over 10 min"])
    }
    do {
      guard let over = match.3 else {
        _ = try PumpProfiles.Dimension.doseRate.count(of: dose)
        return FlexRow(from: from, rest: "rate: \(dose)")
      }
      _ = try PumpProfiles.Dimension.mass.count(of: dose)
      _ = try PumpProfiles.Dimension.duration.count(of: String(over))
      return FlexRow(from: from, rest: "dose: \(dose), over: \(over)")
    } catch {
      throw Refusal(messages: [error.message])
    }
  }

  /// What the drug library says of an answer.
  private func problems(of path: String) -> [String] {
    let (text, lines) = drafted(isWhole: false)
    let asked = lines[path] ?? []
    // Where nothing can be read, the last answer made it so.
    return loader.load(text).diagnostics
      .filter { $0.severity == .error && (asked.contains($0.place.line) || $0.code == .notYAML) }
      .map(\.message)
  }

  private func echo(_ text: String, _ path: String) -> String? {
    let rate = path == "therapy.flex.every-day" ? rateOf(text) : text
    if path.hasPrefix("therapy.") || path == "therapy.flex.every-day",
      let perDay = try? Dimension.doseRate.count(of: rate), rate.contains("/h")
    {
      return "\(Format.mass(Mass(femtograms: perDay))) in a whole day"
    }
    if path == "drug.concentration", let count = try? Dimension.concentration.count(of: text),
      count > 0
    {
      let solution = Concentration(nanogramsPerMillilitre: count)
      return "\(Format.concentration(solution)), \(Format.decimal(count, per: 1_000_000)) mg/mL"
    }
    return nil
  }

  private func rateOf(_ row: String) -> String {
    row.split(separator: " ", maxSplits: 1).last.map(String.init) ?? row
  }
}
