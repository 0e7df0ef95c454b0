import PumpPlan
import PumpUnits

extension BenchLoader {
  /// The checksum of a pump file: CRC-32C of every byte before the line that holds it.
  public static func checksum(of text: String) -> String? {
    var sum = CRC32C()
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("checksum:") { return sum.hexadecimal }
      for byte in line.utf8 { sum.add(byte) }
      sum.add(UInt8(ascii: "\n"))
    }
    return nil
  }

  static func checkChecksum(_ text: String, _ root: Fields) {
    guard let written = root.text("checksum", hint: "0x1a2b3c4d") else { return }
    guard written.value.wholeMatch(of: /0x[0-9a-f]{8}/) != nil else {
      root.report.add(
        .badText, at: written.place,
        "'\(written.value)' is not a checksum; write 0x and eight hexadecimal digits")
      return
    }
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.isEmpty }
    guard let actual = checksum(of: text), lines.last?.hasPrefix("checksum:") == true else {
      root.report.add(
        .badChecksum, at: written.place,
        "the checksum must stand in the file's last line, as 'checksum:' at its beginning, or it "
          + "would not cover everything")
      return
    }
    guard actual != written.value else { return }
    root.report.add(
      .badChecksum, at: written.place,
      "the checksum says \(written.value), the calibration above it gives \(actual): if you "
        + "changed it on purpose, write that; if not, restore the file")
  }

  /// Puts a bench together, and checks what only the whole can show.
  public static func bench(board: Board, driver: Driver, pump: Pump) -> (Bench?, String?) {
    let steps = pump.fullStepsPerRevolution * driver.microsteps * pump.gear.motor
    let volume = try? pump.volumePerRevolution.multiplied(by: pump.gear.head)
    guard let volume, let step = try? StepVolume(delivering: volume, inSteps: steps) else {
      return (
        nil,
        "a microstep of pump '\(pump.name)' on driver '\(driver.name)' is beyond the arithmetic: "
          + "at most 270 nL, and a fraction of at most 4096 parts of a femtolitre"
      )
    }
    let pulses = pump.indexPulses * pump.gear.head
    guard steps % pulses == 0 else {
      return (
        nil,
        "the index pulses of pump '\(pump.name)' don't come after a whole number of microsteps: "
          + "\(steps) microsteps, \(pulses) pulses"
      )
    }
    // A pulse is asserted for half of its distance, about.
    let shortest = TimeSpan(
      nanoseconds: steps / pulses * 1_000_000_000 / driver.motor.maximumRate / 2)
    if let index = board.lines["index"], index.debounce >= shortest {
      return (
        nil,
        "at the motor's maximum rate an index pulse lasts \(Format.span(shortest)), and 'debounce' takes all "
          + "below \(Format.span(index.debounce)) for glitches: write a shorter one for 'index'"
      )
    }
    let most = Volume(microlitres: 1)
    guard let backlog = try? step.steps(in: board.backlogLimit), backlog >= 1,
      board.backlogLimit <= most
    else {
      return (
        nil,
        "the backlog limit must be at least one microstep and at most \(Format.volume(most)): what "
          + "is late beyond it is missed, not made up"
      )
    }
    return (Bench(board: board, driver: driver, pump: pump, step: step), nil)
  }
}

extension CRC32C {
  /// The checksum as files hold it.
  var hexadecimal: String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}
