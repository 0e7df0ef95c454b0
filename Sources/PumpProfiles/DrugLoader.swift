import PumpUnits

/// Reads the drug library.
public enum DrugLoader {
  static let keys = ["drug", "brands", "concentrations", "populations"]
  static let populationKeys = ["daily", "hourly", "bolus", "titration"]
  static let populations = ["adult-spinal", "adult-cerebral", "paediatric"]

  /// Reads one drug's file.
  ///
  /// - Returns: The drug, where there was no error, and every problem found.
  public static func load(_ text: String) -> (drug: Drug?, diagnostics: [Diagnostic]) {
    let report = Report()
    let drug = YAMLDocument.root(of: text, keys: keys, report: report).flatMap(drug)
    return (report.hasErrors ? nil : drug, report.sorted)
  }

  private static func drug(_ root: Fields) -> Drug? {
    let name = root.name("drug", hint: "baclofen")
    var screening: [Concentration] = []
    let concentrations = (root.sequence("concentrations") ?? []).compactMap {
      node -> Concentration? in
      let entry = Fields(
        node, keys: ["value", "use", "source"], what: "a concentration", report: root.report)
      let use = entry?.choice("use", among: ["screening", "maintenance"])
      _ = entry?.text("source", hint: "S108")
      guard let value = entry?.quantity("value", .concentration) else { return nil }
      guard value.count > 0 else {
        root.report.add(.outOfRange, at: value.place, "a concentration is never zero")
        return nil
      }
      let concentration = Concentration(nanogramsPerMillilitre: value.count)
      if use?.value == "screening" { screening.append(concentration) }
      return concentration
    }
    if concentrations.isEmpty, root.present.contains("concentrations") {
      root.report.add(
        .wrongShape, at: root.place(of: "concentrations"), "a drug has at least one concentration")
    }
    var populations: [String: Drug.Population] = [:]
    if let groups = root.fields("populations", keys: Self.populations) {
      for name in Self.populations where groups.present.contains(name) {
        populations[name] = groups.fields(name, keys: populationKeys).flatMap(population)
      }
      if groups.present.isEmpty {
        root.report.add(
          .wrongShape, at: groups.place, "a drug has limits for at least one population")
      }
    }
    let brands = (root.sequence("brands", isRequired: false) ?? []).compactMap {
      Fields.text($0, key: "brands", hint: "[Lioresal]", report: root.report)?.value
    }
    guard let name else { return nil }
    return Drug(
      name: name.value, brands: brands, concentrations: concentrations, screening: screening,
      populations: populations)
  }

  private static func population(_ fields: Fields) -> Drug.Population? {
    let daily = fields.fields("daily", keys: ["soft-low", "soft-high", "hard-high", "source"])
    let hourly = fields.fields("hourly", keys: ["soft-high", "hard-high", "source"])
    let bolus = fields.fields(
      "bolus", keys: ["soft-high", "hard-high", "shortest", "least-distance", "source"])
    let titration = fields.fields(
      "titration", keys: ["soft-increase", "hard-increase", "soft-decrease", "source"])
    for part in [daily, hourly, bolus, titration] { _ = part?.text("source", hint: "S45") }
    let softLow = daily?.quantity("soft-low", .mass)
    let softHigh = daily?.quantity("soft-high", .mass)
    let hardHigh = daily?.quantity("hard-high", .mass)
    let hourSoft = hourly?.quantity("soft-high", .mass)
    let hourHard = hourly?.quantity("hard-high", .mass)
    let bolusSoft = bolus?.quantity("soft-high", .mass)
    let bolusHard = bolus?.quantity("hard-high", .mass)
    let shortest = bolus?.quantity("shortest", .duration)
    let distance = bolus?.quantity("least-distance", .duration, example: "1 h", isRequired: false)
    let softStep = titration?.quantity("soft-increase", .percent)
    let hardStep = titration?.quantity("hard-increase", .percent)
    let softCut = titration?.quantity("soft-decrease", .percent)
    if let distance, distance.count > TimeSpan.day.count {
      fields.report.add(
        .outOfRange, at: distance.place,
        "'least-distance' of \(distance.text.value) is beyond 24 h: no more is remembered over a restart"
      )
    }
    for (soft, hard) in [
      (softLow, softHigh), (softHigh, hardHigh), (hourSoft, hourHard), (bolusSoft, bolusHard),
      (softStep, hardStep),
    ] {
      guard let soft, let hard, soft.count > hard.count else { continue }
      fields.report.add(
        .outOfRange, at: soft.place,
        "the limit \(soft.text.value) is above the harder one, \(hard.text.value)")
    }
    guard let softLow, let softHigh, let hardHigh, let hourSoft, let hourHard, let bolusSoft,
      let bolusHard, let shortest, let softStep, let hardStep, let softCut, !fields.report.hasErrors
    else { return nil }
    var population = Drug.Population(
      softLowPerDay: Mass(count: softLow.count), softHighPerDay: Mass(count: softHigh.count),
      hardHighPerDay: Mass(count: hardHigh.count), softHighPerHour: Mass(count: hourSoft.count),
      hardHighPerHour: Mass(count: hourHard.count), softBolus: Mass(count: bolusSoft.count),
      hardBolus: Mass(count: bolusHard.count), shortestBolus: TimeSpan(count: shortest.count),
      softIncrease: softStep.count, hardIncrease: hardStep.count,
      softDecrease: softCut.count)
    if let distance { population.leastDistance = TimeSpan(count: distance.count) }
    return population
  }
}
