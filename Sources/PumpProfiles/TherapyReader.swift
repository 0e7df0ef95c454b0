import Foundation
import PumpPlan
import PumpTherapy
import PumpUnits
import Yams

/// Reads the therapy and the boluses of a profile.
struct TherapyReader {
  let report: Report
  /// Unknown where the drug could not be read: then only shapes are checked.
  let concentration: Concentration?
  let limits: Drug.Population?
  let bench: Bench?

  /// A therapy with what only files know of it.
  struct Read {
    var therapy: Therapy
    var mode: Profile.Mode
    var timeZone: TimeZone
  }

  /// A bolus and where it stands.
  struct ReadBolus {
    var bolus: Bolus
    var place: SourcePlace
  }

  func therapy(_ root: Fields) -> Read? {
    let periodic = bolus(root, "periodic-bolus", keys: ["dose", "over", "every"])
    guard let node = root.node("therapy", hint: "{continuous: 300 ug/day}") else { return nil }
    if let word = node.scalar {
      guard word.string == "stopped" else {
        let isEmpty = word.string.isEmpty
        report.add(
          .wrongShape, at: node.place,
          isEmpty
            ? "'therapy' is empty: indent continuous, minimum-rate or flex by two spaces under it"
            : "'\(word.string.prefix(40))' is not a therapy; write stopped, or continuous, "
              + "minimum-rate or flex with its value")
        return nil
      }
      refusePeriodic(root)
      return Read(therapy: .stopped, mode: .stopped, timeZone: .gmt)
    }
    let kinds = ["continuous", "minimum-rate", "flex"]
    guard let fields = Fields(node, keys: kinds, what: "'therapy'", report: report) else {
      return nil
    }
    guard let kind = fields.present.first, fields.present.count == 1 else {
      report.add(
        fields.present.isEmpty ? .missingKey : .wrongShape, at: fields.place,
        "'therapy' is exactly one of stopped, continuous, minimum-rate and flex")
      return nil
    }
    switch kind {
    case "continuous":
      guard let flow = doseFlow(fields, "continuous") else { return nil }
      guard root.present.contains("periodic-bolus") else {
        guard !flow.isZero else {
          report.add(.outOfRange, at: fields.place, "this rate delivers nothing; write stopped")
          return nil
        }
        return Read(therapy: .continuous(flow), mode: .continuous, timeZone: .gmt)
      }
      return periodic.flatMap { periodicTherapy(root, flow: flow, bolus: $0) }
    case "minimum-rate":
      refusePeriodic(root)
      guard let flow = minimumRate(fields) else { return nil }
      return Read(therapy: .minimumRate(flow), mode: .minimumRate, timeZone: .gmt)
    default:
      refusePeriodic(root)
      return FlexReader(reader: self).flex(fields)
    }
  }

  private func refusePeriodic(_ root: Fields) {
    guard root.present.contains("periodic-bolus") else { return }
    report.add(
      .wrongShape, at: root.place(of: "periodic-bolus"),
      "a periodic bolus lies over a continuous therapy: write therapy: {continuous: 0 ug/day} for "
        + "boluses alone; in flex, write the boluses as entries with their times")
  }

  private func minimumRate(_ fields: Fields) -> FlowRate? {
    guard let value = fields.quantity("minimum-rate", .flow) else { return nil }
    let flow = FlowRate(count: value.count)
    guard value.count > 0 else {
      report.add(.outOfRange, at: value.place, "a minimum rate is not zero; write stopped")
      return nil
    }
    checkBasal(flow, at: value.place, written: value.text.value)
    return flow <= .maximum ? flow : nil
  }

  /// A basal dose rate as a flow of this drug.
  func doseFlow(_ fields: Fields, _ key: String) -> FlowRate? {
    guard let value = fields.quantity(key, .doseRate) else { return nil }
    if let limits { checkRate(value, limits, isPartOfDay: key == "rate") }
    guard let concentration else { return nil }
    guard let flow = try? concentration.flow(for: DoseRate(count: value.count)) else {
      report.add(
        .flowUnreachable, at: value.place, "no pump delivers \(value.text.value) of this solution")
      return nil
    }
    checkBasal(flow, at: value.place, written: value.text.value)
    return flow
  }

  /// A dose rate that, kept up for a day, is beyond the limits, and looks like a slip of unit.
  ///
  /// - Parameter isPartOfDay: Whether it runs for some hours of a day only; then it may be right.
  private func checkRate(_ value: Measured, _ limits: Drug.Population, isPartOfDay: Bool) {
    let perDay = Mass(count: value.count)
    let shown = Format.mass(perDay)
    let written = value.text.value
    let usual = limits.softLowPerDay...limits.softHighPerDay
    if written.contains("mg/"), perDay > limits.hardHighPerDay {
      let thousandth = Mass(count: value.count / 1_000)
      if perDay >= Mass(micrograms: 5_000), perDay <= Mass(micrograms: 120_000) {
        report.add(
          .oralDose, at: value.place,
          "'\(written)' is an oral dose of baclofen; intrathecal doses are about a hundredth of it, "
            + "in ug/day")
      } else if usual.contains(thousandth) {
        report.add(
          .milligramsForMicrograms, at: value.place,
          "'\(written)' is \(shown) a day; if \(Format.mass(thousandth)) were meant, write ug for mg"
        )
      }
    }
    let asWritten = Mass(count: value.count / 24)
    guard written.hasSuffix("/h"), perDay > limits.softHighPerDay, usual.contains(asWritten) else {
      return
    }
    guard !isPartOfDay else {
      return report.ask(
        .perHourForPerDay, at: value.place,
        "'\(written)' would be \(shown) in a whole day: was the number meant per day? Then write "
          + "ug/day")
    }
    report.add(
      .perHourForPerDay, at: value.place,
      "'\(written)' is \(shown) in a day, above the usual "
        + "\(Format.mass(limits.softHighPerDay)); if the number was meant per day, write ug/day"
        + (perDay > limits.hardHighPerDay
          ? "" : ", and if it is right, write what it is in a day: '\(Format.plain(perDay))/day'"))
  }

  /// A bolus with dose and duration, checked against the drug's limits.
  func bolus(_ root: Fields, _ key: String, keys: [String]) -> ReadBolus? {
    guard let fields = root.fields(key, keys: keys, isRequired: false) else { return nil }
    if keys.contains("every") { _ = fields.quantity("every", .duration, example: "6 h") }
    return bolus(fields)
  }

  func bolus(_ fields: Fields) -> ReadBolus? {
    let dose = fields.quantity("dose", .mass)
    let over = fields.quantity("over", .duration)
    if let dose, let limits { checkDose(dose, limits) }
    if let over { checkDuration(over) }
    guard let dose, let over, let concentration else { return nil }
    guard let volume = try? concentration.volume(of: Mass(count: dose.count)) else {
      report.add(.outOfRange, at: dose.place, "'\(dose.text.value)' is beyond any dose")
      return nil
    }
    guard let bolus = try? Bolus(volume: volume, duration: TimeSpan(count: over.count)) else {
      if dose.count == 0 {
        report.add(.outOfRange, at: dose.place, "a bolus delivers something")
      } else if over.count >= 1_000_000_000, over.count <= TimeSpan.day.count {
        report.add(
          .flowUnreachable, at: dose.place,
          "this bolus is \(Format.volume(volume)) in \(over.text.value): above the "
            + "\(Format.flow(.maximum)) that any bench may deliver: check dose and time")
      }
      return nil
    }
    return ReadBolus(bolus: bolus, place: dose.place)
  }

  /// Holds a bolus that was not read from a text against the drug's limits.
  func checkLimits(of bolus: Bolus, at place: SourcePlace) {
    guard let concentration, let dose = try? concentration.mass(in: bolus.volume, .up) else {
      return report.add(.outOfRange, at: place, "a bolus that is beyond any dose")
    }
    let shown = Text(value: Format.mass(dose), place: place)
    // Volumes were rounded to the femtolitre: a limit itself is not above the limit.
    let grain: UInt64 = 1_000_000
    if let limits {
      checkDose(Measured(count: dose.count - min(dose.count, grain), text: shown), limits)
    }
    let span = Text(value: Format.span(bolus.duration), place: place)
    checkDuration(Measured(count: bolus.duration.count, text: span))
  }

  private func checkDose(_ dose: Measured, _ limits: Drug.Population) {
    let mass = Mass(count: dose.count)
    if mass > limits.hardBolus {
      let thousandth = Mass(count: dose.count / 1_000)
      let isSlip = dose.text.value.hasSuffix("mg") && thousandth <= limits.softBolus
      report.add(
        .bolusAboveHardLimit, at: dose.place,
        "a bolus of \(dose.text.value) is above the limit of \(Format.mass(limits.hardBolus))"
          + (isSlip ? "; if \(Format.mass(thousandth)) were meant, write ug for mg" : ""))
    } else if mass > limits.softBolus {
      report.add(
        .bolusAboveSoftLimit, at: dose.place,
        "a bolus of \(dose.text.value) is above the usual \(Format.mass(limits.softBolus)); "
          + ProfileChecks.howToConfirm,
        severity: .warning)
    }
  }

  private func checkDuration(_ over: Measured) {
    let shortest = limits?.shortestBolus ?? TimeSpan(seconds: 1)
    if over.count < max(shortest.count, 1_000_000_000) {
      report.add(
        .bolusTooShort, at: over.place,
        "a bolus takes at least \(Format.span(shortest)), not \(over.text.value)")
    } else if over.count > TimeSpan.day.count {
      report.add(
        .bolusTooLong, at: over.place, "a bolus takes at most 24 h, not \(over.text.value)")
    }
  }

  private func periodicTherapy(_ root: Fields, flow: FlowRate, bolus: ReadBolus) -> Read? {
    let keys = ["dose", "over", "every"]
    guard let fields = root.fields("periodic-bolus", keys: keys),
      let every = fields.quantity("every", .duration, example: "6 h")
    else { return nil }
    guard every.count >= bolus.bolus.duration.count else {
      report.add(
        .bolusLongerThanLockout, at: every.place,
        "the bolus takes \(Format.span(bolus.bolus.duration)), longer than its interval of "
          + every.text.value)
      return nil
    }
    if let distance = limits?.leastDistance, every.count < distance.count {
      report.add(
        .bolusTooNear, at: every.place,
        "'every' of \(every.text.value) is less than the drug library asks for between two boluses: "
          + Format.span(distance))
    }
    guard every.count <= TimeSpan(days: 7).count else {
      report.add(.outOfRange, at: every.place, "a periodic bolus comes at least once in 7 days")
      return nil
    }
    checkReach(bolus, over: flow)
    guard
      let pattern = try? FlexPattern(
        period: TimeSpan(count: every.count), segments: [.init(start: .zero, flow: flow)],
        boluses: [.init(start: .zero, bolus: bolus.bolus)])
    else { return nil }
    return Read(therapy: .flex(pattern), mode: .periodic, timeZone: .gmt)
  }
}
