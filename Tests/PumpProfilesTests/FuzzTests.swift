import BigInt
import Foundation
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing
import Yams

/// Mutates text like a hand that slips: flips, cuts, doubles, swaps units and digits.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(max(1, bound)))
  }

  private static let pieces = [
    "ug", "mg", "ng", "/day", "/h", "mL", "uL", "min", "s", " ", ":", "- ", "{", "}", "[", "]",
    "\"",
    "0", "1", "9", ".", ",", "-", "\n", "&a", "*a", "!!int ", "|", ">", "#", "\t", "é", "µ", "null",
    "true", "~", "? ", "---\n", "rate", "dose", "00:00", "%", "e9", "0x",
  ]

  mutating func mutate(_ text: String) -> String {
    var characters = Array(text)
    for _ in 0...next(3) {
      guard !characters.isEmpty else { break }
      let at = next(characters.count)
      let piece = Array(Self.pieces[next(Self.pieces.count)])
      switch next(6) {
      case 0: characters.remove(at: at)
      case 1: characters.insert(contentsOf: piece, at: at)
      case 2: characters.replaceSubrange(at..<min(characters.count, at + piece.count), with: piece)
      case 3: characters.swapAt(at, next(characters.count))
      case 4: characters.removeSubrange(at..<min(characters.count, at + next(30)))
      default:
        let end = min(characters.count, at + next(40))
        characters.insert(contentsOf: Array(characters[at..<end]), at: next(characters.count))
      }
    }
    return String(characters)
  }
}

/// Reads the basal of a profile by itself: nodes, a number, a unit, exact fractions.
enum IndependentReader {
  /// fL/day of every basal rate in the file's order; `nil` where a text is not what it expects.
  static func flows(_ text: String) -> [BigInt]? {
    guard let root = try? Yams.compose(yaml: text),
      let strength = root["drug"]?["concentration"]?.string.flatMap({
        number($0, ["ug/mL": 1_000, "mcg/mL": 1_000, "µg/mL": 1_000, "mg/mL": 1_000_000])
      })
    else { return nil }
    guard let therapy = root["therapy"] else { return nil }
    if therapy.string == "stopped" { return [] }
    if let rate = therapy["continuous"]?.string { return flow(rate, strength).map { [$0] } }
    if let rate = therapy["minimum-rate"]?.string {
      return number(
        rate,
        [
          "uL/day": 1_000_000_000, "µL/day": 1_000_000_000, "mL/day": BigInt(10).power(12),
          "uL/h": 24_000_000_000, "µL/h": 24_000_000_000, "mL/h": 24 * BigInt(10).power(12),
        ]
      )
      .map { [$0.0 / $0.1] }
    }
    guard let flex = therapy["flex"] else { return nil }
    let days =
      flex["every-day"] != nil
      ? ["every-day"]
      : ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    var flows: [BigInt] = []
    for day in days {
      guard let entries = flex[day]?.sequence else { return nil }
      for entry in entries {
        guard let rate = entry["rate"]?.string else { continue }
        guard let flow = flow(rate, strength) else { return nil }
        flows.append(flow)
      }
    }
    return flows
  }

  /// A dose rate over a concentration, in fL/day, rounded down.
  private static func flow(_ text: String, _ strength: (BigInt, BigInt)) -> BigInt? {
    let micro = BigInt(1_000_000_000)
    let units = [
      "ug/day": micro, "mcg/day": micro, "µg/day": micro, "ug/h": 24 * micro, "mcg/h": 24 * micro,
      "µg/h": 24 * micro, "mg/day": 1_000 * micro, "mg/h": 24_000 * micro,
    ]
    guard let rate = number(text, units) else { return nil }
    return rate.0 * strength.1 * 1_000_000 / (rate.1 * strength.0)
  }

  /// A decimal times its unit, as a fraction.
  private static func number(_ text: String, _ units: [String: BigInt]) -> (BigInt, BigInt)? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    let joined = parts.joined()
    guard let start = joined.firstIndex(where: { !$0.isNumber && $0 != "." }) else { return nil }
    let digits = joined[..<start]
    guard let unit = units[String(joined[start...])], !digits.isEmpty else { return nil }
    let halves = digits.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = halves.count > 1 ? String(halves[1]) : ""
    guard halves.count <= 2, let value = BigInt(String(halves[0]) + fraction) else { return nil }
    return (value * unit, BigInt(10).power(fraction.count))
  }
}

@Suite("No mutation of a file crashes a loader, hangs it, or slips a wrong value through")
struct FuzzTests {
  static let runs = 3_000

  @Test("Profiles: a diagnostic, or a value that an independent reader reads too", arguments: 0..<4)
  func profiles(block: Int) throws {
    let loader = try Files.loader()
    let seeds = try Files.names(in: "Profiles").map(Files.text)
    var accepted = 0
    for run in 0..<Self.runs / 4 {
      let seed = UInt64(block * Self.runs + run + 1)
      var mutator = Mutator(seed: seed)
      let text = mutator.mutate(seeds[mutator.next(seeds.count)])
      let (profile, diagnostics) = loader.load(text)
      guard let profile else {
        #expect(diagnostics.contains { $0.severity == .error }, "seed \(seed): refused silently")
        continue
      }
      accepted += 1
      let flows = IndependentReader.flows(text)
      #expect(flows == Self.flows(profile.prescription.therapy), "seed \(seed):\n\(text)")
    }
    #expect(accepted > 20, "some mutations must be harmless")
  }

  @Test("Boards, drivers, pumps and drugs")
  func others() throws {
    let loader = try Files.loader()
    let files = try Files.good.filter { !$0.hasPrefix("Profiles/") || $0.contains("/drugs/") }
      .map { ($0, try Files.text($0)) }
    for seed in UInt64(1)...UInt64(Self.runs / 2) {
      var mutator = Mutator(seed: seed)
      let (path, text) = files[mutator.next(files.count)]
      let problems = Files.diagnostics(path, mutator.mutate(text), loader: loader)
      #expect(problems.allSatisfy { $0.place.line >= 1 && !$0.message.isEmpty }, "seed \(seed)")
    }
  }

  private static func flows(_ therapy: Therapy) -> [BigInt] {
    switch therapy {
    case .stopped: []
    case .minimumRate(let flow), .continuous(let flow): [BigInt(flow.count)]
    case .flex(let pattern): pattern.segments.map { BigInt($0.flow.count) }
    }
  }
}
