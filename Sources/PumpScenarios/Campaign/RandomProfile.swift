import PumpPlant

/// Profiles as people might write them, drawn by chance: the same seed gives the same text.
package struct RandomProfile {
  private var random: SplitMix64

  package init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
    range.lowerBound + random.next() % (range.upperBound - range.lowerBound + 1)
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int(random.next() % UInt64(values.count))]
  }

  /// The text of a profile that expires late enough for any test of today's.
  package mutating func text(expires: String) -> String {
    let concentration = pick(["500 ug/mL", "1000 ug/mL", "2000 ug/mL"])
    let filled = number(1...20)
    // A small fill has a small reserve.
    let alarm = filled > 4 ? "2 mL" : "\(filled * 400) uL"
    let reserve = filled > 4 ? "1 mL" : "\(filled * 200) uL"
    return """
      profile: drawn-by-chance
      population: \(pick(["adult-spinal", "adult-cerebral"]))
      drug: {name: baclofen, concentration: \(concentration), lot: "A1", expires: \(expires)}
      reservoir: {capacity: 20 mL, volume: \(filled) mL, low-alarm: \(alarm), reserve: \(reserve)}
      catheter: {length: \(number(30...110)) cm, volume-per-length: 2.2 uL/cm}
      \(therapy())

      """
  }

  private mutating func therapy() -> String {
    switch random.next() % 8 {
    case 0: return "therapy: {minimum-rate: \(number(6...48)) uL/day}"
    case 1: return "therapy: stopped\nsingle-bolus: {dose: \(number(10...50)) ug, over: 30 min}"
    case 2:
      return "therapy: {continuous: \(number(30...300)) ug/day}\nperiodic-bolus: {dose: "
        + "\(number(5...25)) ug, over: \(number(5...20)) min, every: \(number(4...12)) h}"
    case 3:
      return "therapy: {continuous: \(number(30...400)) ug/day}\nsingle-bolus: {dose: "
        + "\(number(5...50)) ug, over: \(number(5...60)) min}"
    case 4, 5: return "therapy: {continuous: \(number(22...800)) ug/day}"
    default: return flex()
    }
  }

  private mutating func flex() -> String {
    let zone = pick(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
    let days =
      random.next() & 1 == 0
      ? ["every-day"]
      : ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    var lines = ["therapy:", "  flex:", "    time-zone: \(zone)"]
    for day in days {
      lines.append("    \(day):")
      lines.append("      - {from: \"00:00\", rate: \(number(1...16)) ug/h}")
      for hour in stride(from: number(1...6), to: 23, by: Int(number(3...9))) {
        let time = (hour < 10 ? "0\(hour)" : "\(hour)") + ":" + pick(["00", "15", "30", "47"])
        lines.append(
          random.next() & 1 == 0
            ? "      - {from: \"\(time)\", rate: \(number(0...18)) ug/h}"
            : "      - {from: \"\(time)\", dose: \(number(2...20)) ug, over: \(number(2...40)) min}"
        )
      }
    }
    return lines.joined(separator: "\n")
  }
}
