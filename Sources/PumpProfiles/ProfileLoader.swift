public import Foundation
import PumpMessages
import PumpPlan
import PumpSafety
import PumpTherapy
import PumpUnits

/// Reads dosing profiles: every problem of a file at once, each with its place.
public struct ProfileLoader: Sendable {
  /// The drug library.
  public var drugs: [Drug]
  /// The bench that the profile is to run on, for what the pump can reach.
  public var bench: Bench?
  /// For expiry dates and forecasts.
  public var now: Date

  /// Whether the drug has to be in date: what ran may have expired since.
  private let checksExpiry: Bool

  /// - Parameter now: `nil` for a profile of the past.
  public init(drugs: [Drug], bench: Bench?, now: Date?) {
    self.drugs = drugs
    self.bench = bench
    self.now = now ?? Date(timeIntervalSince1970: 0)
    checksExpiry = now != nil
  }

  static let keys = [
    "profile", "population", "drug", "reservoir", "catheter", "therapy", "periodic-bolus",
    "single-bolus", "patient-bolus", "prescribed", "confirmed",
  ]

  /// Reads a profile.
  ///
  /// - Returns: The profile, where there was no error, and every problem found, warnings included.
  public func load(_ text: String) -> (profile: Profile?, diagnostics: [Diagnostic]) {
    let report = Report()
    let profile = YAMLDocument.root(of: text, keys: Self.keys, report: report).flatMap(profile)
    return (report.hasErrors ? nil : profile, report.sorted)
  }

  /// Holds a profile that did not come from a text, an image's, against the drug library that is in force.
  ///
  /// - Returns: The profile with the library's limits, where there is no error, and every problem found.
  public func judge(_ profile: Profile) -> (profile: Profile?, diagnostics: [Diagnostic]) {
    let report = Report()
    let place = SourcePlace(line: 1, column: 1)
    guard let drug = drugs.first(where: { $0.name == profile.drug }),
      let limits = drug.populations[profile.population]
    else {
      report.add(
        .unknownDrug, at: place,
        "the drug library has no limits of '\(profile.drug)' for '\(profile.population)'")
      return (nil, report.sorted)
    }
    if !drug.concentrations.contains(profile.concentration) {
      report.add(
        .unknownConcentration, at: place,
        "\(drug.name) has no solution of \(Format.concentration(profile.concentration))")
    }
    checkExpiry(profile.expires, at: place, report)
    let reader = TherapyReader(
      report: report, concentration: profile.concentration, limits: limits, bench: bench)
    for bolus in profile.everyBolus { reader.checkLimits(of: bolus, at: place) }
    var profile = profile
    profile.limits = limits.doseLimits
    ProfileChecks(
      profile: profile, drug: drug, limits: limits, bench: bench, report: report, now: now
    ) { _ in place }.run()
    return (report.hasErrors ? nil : profile, report.sorted)
  }

  private func profile(_ root: Fields) -> Profile? {
    let report = root.report
    readConfirmed(root)
    let name = root.name("profile", hint: "adult-spinal-night")
    let population = root.choice("population", among: DrugLoader.populations)
    let drug = drug(root, population: population)
    let reservoir = reservoir(root)
    let catheter = catheter(root)
    let reader = TherapyReader(
      report: report, concentration: drug?.concentration,
      limits: drug?.library?.populations[population?.value ?? ""], bench: bench)
    let therapy = reader.therapy(root)
    let single = reader.bolus(root, "single-bolus", keys: ["dose", "over"])
    let patient = reader.patientBolus(root)
    if let single, let therapy { reader.checkReach(single, over: therapy.therapy.peakBasal) }
    if let patient, let therapy {
      reader.checkReach(
        .init(bolus: patient.rule.bolus, place: patient.place), over: therapy.therapy.peakBasal)
    }
    guard let name, let population, let drug, let library = drug.library,
      let concentration = drug.concentration, let lot = drug.lot, let expires = drug.expires,
      let limits = library.populations[population.value], let reservoir, let catheter, let therapy
    else { return nil }
    let profile = Profile(
      name: name.value, population: population.value, drug: library.name,
      concentration: concentration, lot: lot, expires: expires,
      reservoir: reservoir, catheterVolume: catheter, timeZone: therapy.timeZone,
      mode: therapy.mode,
      prescription: Prescription(
        therapy: therapy.therapy, concentration: concentration, patientBolus: patient?.rule),
      limits: limits.doseLimits, singleBolus: single?.bolus, patientBolusReason: patient?.reason,
      prescribed: prescribed(root))
    ProfileChecks(
      profile: profile, drug: library, limits: limits, bench: bench, report: report, now: now,
      placeOf: root.place(of:)
    ).run()
    return profile
  }

  /// What the file says is right though it looks like a slip: a reason for each kind of warning.
  private func readConfirmed(_ root: Fields) {
    let codes = DiagnosticCode.allCases.filter(\.mayBeConfirmed).map(\.rawValue)
    guard let fields = root.fields("confirmed", keys: codes, isRequired: false) else { return }
    for code in fields.present.sorted() {
      guard let reason = fields.text(code, hint: "\"why it is right\"") else { continue }
      guard reason.value.trimmingCharacters(in: .whitespaces).count >= 8 else {
        root.report.add(
          .badText, at: reason.place, "say in at least eight letters why '\(code)' is right")
        continue
      }
      root.report.confirmed.insert(code)
    }
  }

  private func prescribed(_ root: Fields) -> Profile.Prescribed {
    let keys = ["patient", "prescriber", "reason"]
    guard let fields = root.fields("prescribed", keys: keys, isRequired: false) else {
      return .init()
    }
    func text(_ key: String, _ hint: String) -> String? {
      fields.text(key, hint: hint, isRequired: false)?.value
    }
    return .init(
      patient: text("patient", "\"P-0042\""),
      prescriber: text("prescriber", "\"A. B., neurology\""),
      reason: text("reason", "\"night spasms\""))
  }

  private func checkExpiry(_ day: CalendarDay, at place: SourcePlace, _ report: Report) {
    guard checksExpiry else { return }
    let today = CalendarDay(now, in: .gmt)
    if day < today {
      report.add(
        .expiredDrug, at: place, "the drug expired on \(day); fill the reservoir from a valid lot")
    } else if day.year > today.year + 5 {
      // No label of baclofen's gives it as long [BG].
      report.ask(
        .expiryFar, at: place,
        "the drug would expire on \(day), in \(day.year - today.year) years: is the year right?")
    }
  }

  /// What the profile says of its drug, as far as it could be read.
  private struct DrugInUse {
    var library: Drug?
    var concentration: Concentration?
    var lot: String?
    var expires: CalendarDay?
  }

  private func drug(_ root: Fields, population: Text?) -> DrugInUse? {
    let keys = ["name", "concentration", "lot", "expires"]
    guard let fields = root.fields("drug", keys: keys) else { return nil }
    let name = fields.text("name", hint: "baclofen")
    let lot = fields.text("lot", hint: "\"A1234\"")
    let expires = fields.date("expires")
    let value = fields.quantity("concentration", .concentration)
    let library = name.flatMap { name in drugs.first { $0.name == name.value } }
    if let name, library == nil {
      root.report.add(
        .unknownDrug, at: name.place,
        "'\(name.value)' is not in the drug library, which has "
          + YAMLDocument.list(drugs.map(\.name).sorted()))
    }
    if let library, let population, library.populations[population.value] == nil {
      root.report.add(
        .unknownPopulation, at: population.place,
        "the library has no limits of \(library.name) for '\(population.value)'")
    }
    if let expires { checkExpiry(expires.day, at: expires.place, root.report) }
    return DrugInUse(
      library: library, concentration: value.flatMap { concentration($0, of: library, root) },
      lot: lot?.value, expires: expires?.day)
  }

  private func concentration(_ value: Measured, of library: Drug?, _ root: Fields)
    -> Concentration?
  {
    guard value.count > 0 else {
      root.report.add(.outOfRange, at: value.place, "a concentration is never zero")
      return nil
    }
    let concentration = Concentration(nanogramsPerMillilitre: value.count)
    if let library, !library.concentrations.contains(concentration) {
      let known = library.concentrations.map(Format.concentration).joined(separator: ", ")
      root.report.add(
        .unknownConcentration, at: value.place,
        "\(library.name) has no solution of \(value.text.value); the library has \(known)")
    }
    return concentration
  }

  private func reservoir(_ root: Fields) -> Reservoir? {
    let keys = ["capacity", "volume", "low-alarm", "reserve"]
    guard let fields = root.fields("reservoir", keys: keys) else { return nil }
    let capacity = fields.quantity("capacity", .volume, example: "20 mL")
    let volume = fields.quantity("volume", .volume)
    let alarm = fields.quantity("low-alarm", .volume, example: "2 mL")
    let reserve = fields.quantity(
      "reserve", .volume, example: "1 mL", isRequired: false)
    guard let capacity, let volume, let alarm else { return nil }
    if fields.present.contains("reserve"), reserve == nil { return nil }
    // An implanted pump's computed empty level (S70).
    let kept = reserve?.count ?? Volume(microlitres: 1_000).count
    if capacity.count > Volume(microlitres: 100_000).count {
      root.report.add(
        .outOfRange, at: capacity.place,
        "a reservoir holds at most 100 mL, not "
          + capacity.text.value)
    }
    if volume.count > capacity.count {
      root.report.add(
        .reservoirOverfilled, at: volume.place,
        "\(volume.text.value) do not fit in \(capacity.text.value)")
    }
    if alarm.count <= kept {
      root.report.add(
        .reservoirAlarm, at: alarm.place,
        "the low alarm must come above the reserve of \(Format.volume(Volume(count: kept))), at which "
          + "delivery stops: 2 mL is usual")
    } else if alarm.count >= volume.count {
      root.report.add(
        .reservoirAlarm, at: alarm.place,
        "the low alarm at \(alarm.text.value) would sound at once: only \(volume.text.value) are "
          + "in the reservoir; fill in more, or set the alarm well below it")
    }
    return try? Reservoir(
      capacity: Volume(count: capacity.count), filled: Volume(count: volume.count),
      lowAlarm: Volume(count: alarm.count), reserve: Volume(count: kept))
  }

  private func catheter(_ root: Fields) -> Volume? {
    let keys = ["length", "volume-per-length"]
    guard let fields = root.fields("catheter", keys: keys) else { return nil }
    let length = fields.quantity("length", .length)
    let volume = fields.quantity("volume-per-length", .volumePerLength)
    guard let length, let volume else { return nil }
    if length.count == 0 || length.count > 2_000_000 {
      root.report.add(.outOfRange, at: length.place, "a catheter is up to 200 cm long")
      return nil
    }
    // Implanted catheters are cut to length; 30 to 110 cm are what is sold [BG].
    if !(200_000...1_200_000).contains(length.count) {
      root.report.ask(
        .catheterLength, at: length.place,
        "\(length.text.value) is \(Format.decimal(length.count, per: 10_000)) cm: a usual catheter is "
          + "30 to 110 cm long; check the unit")
    }
    guard let total = try? scaled(length.count, by: volume.count, over: 10_000, .up),
      total <= Volume(microlitres: 5_000).count
    else {
      root.report.add(
        .outOfRange, at: volume.place,
        "the catheter would hold more than 5 mL; a usual one holds "
          + "0.1 to 0.3 mL")
      return nil
    }
    return Volume(count: total)
  }
}
