import PumpPlan
import PumpUnits

/// Reads board, driver and pump files.
public enum BenchLoader {
  /// The lines that a board may have; the first three it must.
  static let lineRoles = [
    "step", "dir", "enable", "watchdog-kick", "buzzer", "index", "fault", "reservoir-low",
    "button",
  ]

  static let inputRoles = ["index", "fault", "reservoir-low", "button"]

  /// Reads a board file.
  public static func board(_ text: String) -> (board: Board?, diagnostics: [Diagnostic]) {
    let report = Report()
    let keys = [
      "board", "chip", "driver", "pump", "lines", "backlog-limit", "supervisor-timeout", "watchdog",
      "console",
    ]
    let board = YAMLDocument.root(of: text, keys: keys, report: report).flatMap(board)
    return (report.hasErrors ? nil : board, report.sorted)
  }

  private static func board(_ root: Fields) -> Board? {
    let name = root.name("board", hint: "simulator")
    let chip = root.text("chip", hint: "pinctrl-bcm2711")
    let driver = root.text("driver", hint: "../drivers/drv8825.yaml")
    let pump = root.text("pump", hint: "../pumps/peristaltic-50ul.yaml")
    let limit = root.quantity("backlog-limit", .volume, example: "10 nL")
    var lines: [String: Board.Line] = [:]
    var owners: [String: String] = [:]
    if let fields = root.fields("lines", keys: lineRoles) {
      for role in lineRoles {
        let isRequired = lineRoles.firstIndex(of: role).map { $0 < 3 } ?? false
        let isInput = inputRoles.contains(role)
        let keys = ["line", "active", "bias"] + (isInput ? ["debounce"] : ["drive"])
        guard let entry = fields.fields(role, keys: keys, isRequired: isRequired) else { continue }
        let bias = entry.choice(
          "bias", among: Board.Bias.allCases.map(\.rawValue), isRequired: false)
        let drive = entry.choice(
          "drive", among: Board.Drive.allCases.map(\.rawValue), isRequired: false)
        guard let line = entry.text("line", hint: "GPIO17"),
          let active = entry.choice("active", among: ["high", "low"])
        else { continue }
        if let owner = owners[line.value] {
          root.report.add(
            .lineTwice, at: line.place, "'\(line.value)' is the line of '\(owner)' already")
        }
        owners[line.value] = role
        var debounce = TimeSpan.zero
        // A chip's own reservoir switch is a level that is read now and then.
        if isInput, role != "reservoir-low" { debounce = Board.usualDebounce }
        if role == "button" { debounce = Board.usualButtonDebounce }
        if let given = entry.quantity("debounce", .duration, example: "2 ms", isRequired: false) {
          if given.count > 1_000_000_000 {
            root.report.add(
              .badTiming, at: given.place, "'debounce' of \(given.text.value) is beyond 1 s")
          }
          debounce = TimeSpan(count: given.count)
        }
        if role == "enable" {
          checkRest(
            entry, isActiveLow: active.value == "low", bias?.value, drive?.value, root.report)
        }
        lines[role] = Board.Line(
          name: line.value, isActiveLow: active.value == "low",
          bias: bias.flatMap { Board.Bias(rawValue: $0.value) } ?? .asIs,
          drive: drive.flatMap { Board.Drive(rawValue: $0.value) } ?? .pushPull,
          debounce: debounce)
      }
    }
    let timeout = supervisorTimeout(root)
    let watchdog = watchdog(root)
    let console = console(root)
    guard let name, let chip, let driver, let pump, let limit else { return nil }
    return Board(
      name: name.value, chip: chip.value, lines: lines, backlogLimit: Volume(count: limit.count),
      supervisorTimeout: timeout, watchdog: watchdog, console: console, driverFile: driver.value,
      pumpFile: pump.value)
  }

  private static func supervisorTimeout(_ root: Fields) -> TimeSpan {
    guard
      let given = root.quantity(
        "supervisor-timeout", .duration, example: "2 s", isRequired: false)
    else { return Board.usualSupervisorTimeout }
    let timeout = TimeSpan(count: given.count)
    if !Board.supervisorTimeouts.contains(timeout) {
      root.report.add(
        .badTiming, at: given.place,
        "'supervisor-timeout' of \(given.text.value) is not within 500 ms and 10 s: a busy machine holds "
          + "a supervisor up for less, and a watchdog on the bench waits no longer")
    }
    return timeout
  }

  /// ENABLE must not energise the motor while nobody drives the line: at boot, and after a program has died.
  private static func checkRest(
    _ entry: Fields, isActiveLow: Bool, _ bias: String?, _ drive: String?, _ report: Report
  ) {
    let pulled = bias == "pull-up" ? true : bias == "pull-down" ? false : nil
    if let pulled, pulled != isActiveLow {
      report.add(
        .energisesAtRest, at: entry.place(of: "bias"),
        "ENABLE is active \(isActiveLow ? "low" : "high"), and '\(bias ?? "")' pulls it there: the motor would "
          + "be energised whenever nobody drives the line; write \(isActiveLow ? "pull-up" : "pull-down")"
      )
    }
    // An output that can drive one voltage only asserts ENABLE by letting go of the other.
    let asserts =
      drive == "open-drain" ? !isActiveLow : drive == "open-source" ? isActiveLow : false
    if asserts {
      report.add(
        .energisesAtRest, at: entry.place(of: "drive"),
        "ENABLE would be asserted by letting go of the line: the motor would be energised whenever nobody drives "
          + "it; write push-pull")
    }
  }

  private static func console(_ root: Fields) -> Board.Console? {
    guard
      let entry = root.fields(
        "console", keys: ["device", "emulator", "firmware"], isRequired: false)
    else { return nil }
    if entry.node("device", isRequired: false) != nil {
      for key in ["emulator", "firmware"] where entry.node(key, isRequired: false) != nil {
        root.report.add(
          .unknownKey, at: entry.place(of: key),
          "a console is a 'device', or an 'emulator' with its 'firmware'")
      }
      return entry.text("device", hint: "/dev/ttyACM0").map { .device($0.value) }
    }
    guard let command = entry.text("emulator", hint: "qemu-system-arm -M mps2-an386"),
      let firmware = entry.text("firmware", hint: "../../.build-firmware/mps2/firmware.elf")
    else { return nil }
    return .emulator(command: command.value, firmware: firmware.value)
  }

  private static func watchdog(_ root: Fields) -> Board.Watchdog? {
    guard
      let entry = root.fields("watchdog", keys: ["device", "timeout"], isRequired: false),
      let device = entry.text("device", hint: "/dev/watchdog"),
      let timeout = entry.quantity("timeout", .duration, example: "15 s")
    else { return nil }
    // It is kicked every second, and not at all for three while its self-test runs.
    guard (5_000_000_000...600_000_000_000).contains(timeout.count) else {
      root.report.add(
        .badTiming, at: timeout.place, "'timeout' of \(timeout.text.value) is outside 5 s to 10 min"
      )
      return nil
    }
    return Board.Watchdog(device: device.value, timeout: TimeSpan(count: timeout.count))
  }

  /// Reads a driver file.
  public static func driver(_ text: String) -> (driver: Driver?, diagnostics: [Diagnostic]) {
    let report = Report()
    let keys = ["driver", "source", "microsteps", "timing", "motion", "energise"]
    let driver = YAMLDocument.root(of: text, keys: keys, report: report).flatMap(driver)
    return (report.hasErrors ? nil : driver, report.sorted)
  }

  private static func driver(_ root: Fields) -> Driver? {
    let name = root.name("driver", hint: "drv8825")
    _ = root.text("source", hint: "the data sheet's number and table")
    let microsteps = root.count("microsteps", in: 1...256)
    if let microsteps, microsteps & (microsteps - 1) != 0 {
      root.report.add(
        .outOfRange, at: root.place(of: "microsteps"), "microsteps are a power of two, as in 16")
    }
    let energise = root.choice("energise", among: ["always", "around-strokes"])
    let timing = root.fields(
      "timing", keys: ["step-high", "step-low", "dir-setup", "dir-hold", "wake-up", "hold"])
    func span(_ key: String, from least: UInt64, to most: UInt64) -> TimeSpan? {
      guard let value = timing?.quantity(key, .duration) else { return nil }
      guard (least...most).contains(value.count) else {
        root.report.add(
          .badTiming, at: value.place,
          "'\(key)' of \(value.text.value) is outside \(least) ns to \(most / 1_000_000) ms")
        return nil
      }
      return TimeSpan(count: value.count)
    }
    let high = span("step-high", from: 1, to: 1_000_000)
    let low = span("step-low", from: 1, to: 1_000_000)
    let setUp = span("dir-setup", from: 0, to: 10_000_000)
    let hold = span("dir-hold", from: 0, to: 10_000_000)
    let wakeUp = span("wake-up", from: 0, to: 1_000_000_000)
    let isHoldGiven = timing?.present.contains("hold") ?? false
    let rest = isHoldGiven ? span("hold", from: 1, to: 1_000_000_000) : .zero
    if energise?.value == "around-strokes", !isHoldGiven, let timing {
      root.report.add(
        .missingKey, at: timing.place,
        "'timing' lacks 'hold', as in 'hold: 20 ms': a motor that loses its power right after a STEP edge "
          + "does not turn; measure how long a step takes, it is never zero")
    }
    let motor = motor(root)
    guard let name, let rest, let microsteps, let energise, let high, let low, let setUp, let hold,
      let wakeUp, let motor
    else { return nil }
    if high + low > motor.ratedInterval {
      root.report.add(
        .badTiming, at: root.place(of: "motion"),
        "at the maximum rate a step lasts \(motor.ratedInterval.nanoseconds) ns, less than STEP "
          + "high and low together")
      return nil
    }
    return Driver(
      name: name.value, microsteps: microsteps,
      timing: DriverTiming(
        stepHigh: high, stepLow: low, directionSetUp: setUp, directionHold: hold,
        hold: rest, wakeUp: wakeUp,
        energise: energise.value == "always" ? .always : .aroundStrokes),
      motor: motor)
  }

  private static func motor(_ root: Fields) -> MotorLimits? {
    let keys = ["start-rate", "maximum-rate", "acceleration", "follows-delay"]
    guard let motion = root.fields("motion", keys: keys) else { return nil }
    let start = motion.quantity("start-rate", .stepRate)
    let maximum = motion.quantity("maximum-rate", .stepRate)
    let acceleration = motion.quantity("acceleration", .acceleration)
    let delay =
      motion.present.contains("follows-delay") ? motion.quantity("follows-delay", .duration) : nil
    guard let start, let maximum, let acceleration else { return nil }
    do {
      return try MotorLimits(
        startRate: start.count, maximumRate: maximum.count, acceleration: acceleration.count,
        followsDelay: delay.map { TimeSpan(count: $0.count) } ?? .zero)
    } catch {
      let (place, message) =
        switch error {
        case .maximumRateOutOfRange:
          (maximum.place, "the maximum rate must be 1 to 1000000 steps/s")
        case .startAboveMaximum:
          (start.place, "the start rate is above the maximum rate")
        case .accelerationTooLow:
          (acceleration.place, "the ramp to the maximum rate must take less than 4.2 s")
        case .delayTooLong:
          (
            delay?.place ?? motion.place,
            "no motor follows a step that is more than "
              + "\(MotorLimits.longestDelay.nanoseconds / 1_000_000) ms late: measure yours"
          )
        }
      root.report.add(.outOfRange, at: place, message)
      return nil
    }
  }
}
