import PumpSafety
import PumpUnits

extension BenchLoader {
  /// Reads a pump file.
  public static func pump(_ text: String) -> (pump: Pump?, diagnostics: [Diagnostic]) {
    let report = Report()
    let keys = [
      "pump", "full-steps-per-revolution", "gear", "volume-per-revolution", "rollers", "pulsation",
      "index-pulses", "stall-tries", "tubing-volume", "checksum",
    ]
    guard let root = YAMLDocument.root(of: text, keys: keys, report: report) else {
      return (nil, report.sorted)
    }
    let pump = pump(root)
    checkChecksum(text, root)
    return (report.hasErrors ? nil : pump, report.sorted)
  }

  private static func pump(_ root: Fields) -> Pump? {
    let name = root.name("pump", hint: "peristaltic-50ul")
    let steps = root.count("full-steps-per-revolution", in: 1...10_000)
    let gear = root.text("gear", hint: "100:1").flatMap { text -> (UInt64, UInt64)? in
      guard let match = text.value.wholeMatch(of: /([1-9][0-9]{0,5}):([1-9][0-9]{0,5})/),
        let motor = UInt64(match.1), let head = UInt64(match.2)
      else {
        root.report.add(
          .badText, at: text.place,
          "'\(text.value)' is not a gear; write motor turns to head turns, as in 100:1")
        return nil
      }
      return (motor, head)
    }
    let volume = root.quantity("volume-per-revolution", .volume)
    let rollers = root.count("rollers", in: 1...24)
    let pulsation = root.quantity("pulsation", .percent)
    let pulses =
      root.present.contains("index-pulses") ? root.count("index-pulses", in: 1...10_000) : 1
    let tries =
      root.present.contains("stall-tries")
      ? root.count("stall-tries", in: 0...SupervisorSettings.mostStallTries)
      : SupervisorSettings.usualStallTries
    let tubing = root.quantity("tubing-volume", .volume)
    if let pulsation, pulsation.count > 100_000 {
      root.report.add(.outOfRange, at: pulsation.place, "a pulsation is at most 100 %")
    }
    if let volume, volume.count == 0 {
      root.report.add(.outOfRange, at: volume.place, "a revolution delivers some volume")
    }
    guard let name, let steps, let gear, let volume, let rollers, let pulsation, let pulses,
      let tries, let tubing
    else { return nil }
    return Pump(
      name: name.value, fullStepsPerRevolution: steps, gear: gear,
      volumePerRevolution: Volume(count: volume.count), rollers: rollers,
      pulsationPermille: pulsation.count / 100, indexPulses: pulses, stallTries: tries,
      tubingVolume: Volume(count: tubing.count))
  }
}
