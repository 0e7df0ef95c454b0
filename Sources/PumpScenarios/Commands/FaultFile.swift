import PumpHAL
package import PumpPlant
package import PumpProfiles
package import PumpUnits

/// Reads a file of faults for the simulated plant.
package enum FaultFile {
  private static let kinds =
    [
      "stall", "missed-steps", "driver-fault", "late-wake", "slow-edge", "line-failure",
      "sensors-dead", "battery",
      "temperature", "wall-clock-forward", "wall-clock-back", "creep", "doubled-steps",
      "button-held", "wild-sensors", "reservoir-loss",
    ] + testedParts.keys.sorted()

  /// Parts of the bench that can fail their self-test for a time.
  private static let testedParts: [String: SelfTestPart] = [
    "enable-unread": .enable, "watchdog-dead": .watchdog, "index-unread": .index,
    "buzzer-dead": .alarm, "second-clock-off": .clock,
  ]

  /// Reads the faults.
  ///
  /// - Parameters:
  ///   - text: The file.
  ///   - seed: For the faults that are drawn by chance.
  ///   - span: The length of the run.
  package static func load(_ text: String, seed: UInt64, span: TimeSpan) -> (
    faults: [ScheduledFault]?, diagnostics: [Diagnostic]
  ) {
    let report = Report()
    guard
      let root = YAMLDocument.root(of: text, keys: ["faults", "random"], report: report)
    else { return (nil, report.sorted) }
    let entries =
      root.entries("faults", keys: ["at", "at-edge"] + kinds, isRequired: false) ?? []
    var faults = entries.compactMap(fault)
    if let count = root.fields("random", keys: ["count"], isRequired: false)?
      .count("count", in: 1...100_000)
    {
      faults += FaultSchedule.random(seed: seed, count: Int(count), over: span)
    }
    return (report.hasErrors ? nil : faults, report.sorted)
  }

  private static func fault(_ entry: Fields) -> ScheduledFault? {
    let named = kinds.filter(entry.present.contains)
    let hasTime = entry.present.contains("at")
    guard named.count == 1, hasTime != entry.present.contains("at-edge") else {
      entry.report.add(
        .badFault, at: entry.place,
        "a fault has one time ('at: 3 h' or 'at-edge: 1000') and one kind, such as 'stall: 10 min'")
      return nil
    }
    let trigger =
      hasTime
      ? entry.quantity("at", .duration).map { FaultTrigger.at(Instant(nanoseconds: $0.count)) }
      : entry.count("at-edge", in: 1...UInt64(1 << 60)).map { FaultTrigger.edge($0) }
    guard let kind = plantFault(named[0], entry), let trigger else { return nil }
    return ScheduledFault(trigger, kind)
  }

  private static func plantFault(_ kind: String, _ entry: Fields) -> PlantFault? {
    func span() -> TimeSpan? {
      bounded(.duration, TimeSpan(days: 3_660).nanoseconds).map { TimeSpan(nanoseconds: $0) }
    }
    func bounded(_ dimension: Dimension, _ most: UInt64) -> UInt64? {
      guard let value = entry.quantity(kind, dimension) else { return nil }
      guard value.count <= most else {
        entry.report.add(
          .outOfRange, at: value.place, "'\(value.text.value)' is more than a plant can have")
        return nil
      }
      return value.count
    }
    if let part = testedParts[kind] { return span().map { .testFails(part, $0) } }
    switch kind {
    case "stall": return span().map { .stall($0) }
    case "driver-fault": return span().map { .driverFault($0) }
    case "late-wake": return span().map { .lateWake($0) }
    case "slow-edge": return span().map { .slowEdge($0) }
    case "sensors-dead": return span().map { .sensorsDead($0) }
    case "wall-clock-forward":
      return span().map { .wallClock(Int64($0.nanoseconds / 1_000_000_000)) }
    case "wall-clock-back":
      return span().map { .wallClock(-Int64($0.nanoseconds / 1_000_000_000)) }
    case "creep": return span().map { .creep($0) }
    case "button-held": return span().map { .buttonHeld($0) }
    case "wild-sensors": return span().map { .wildSensors($0) }
    case "reservoir-loss":
      return bounded(.volume, Volume(microlitres: 1_000_000).femtolitres).map {
        .reservoirLoss(Volume(femtolitres: $0))
      }
    case "doubled-steps":
      return entry.count(kind, in: 1...UInt64(1 << 32)).map { .doubledSteps($0) }
    case "missed-steps":
      return entry.count(kind, in: 1...UInt64(1 << 32)).map { .missedSteps($0) }
    case "battery":
      return bounded(.voltage, 100_000).map { .battery(UInt32($0)) }
    case "temperature":
      return bounded(.temperature, 1_000_000).map { .temperature(Int32($0)) }
    default:
      let kinds: [String: FaultKind] = [
        "not-delivered": .notDelivered, "uncertain": .deliveryUncertain,
        "device-lost": .deviceLost,
      ]
      return entry.choice(kind, among: kinds.keys.sorted()).flatMap { kinds[$0.value] }
        .map { .lineFailure($0) }
    }
  }
}
