public import PumpHAL
public import PumpUnits

/// Which lines of which chip a bench needs, as its board file says it.
public struct BenchWiring: Sendable {
  /// The chip's path, name or label.
  public var chip: String
  public var lines: [BenchLine: Line]

  /// One line, by its name on the chip or its offset.
  public struct Line: Sendable {
    public var name: String
    public var isActiveLow: Bool
    public var bias: LineRequest.Bias
    public var drive: LineRequest.Drive
    /// Of an input: what is over sooner is a glitch.
    public var debounce: TimeSpan

    public init(
      name: String, isActiveLow: Bool, bias: LineRequest.Bias = .asIs,
      drive: LineRequest.Drive = .pushPull, debounce: TimeSpan = .zero
    ) {
      self.debounce = debounce
      self.name = name
      self.isActiveLow = isActiveLow
      self.bias = bias
      self.drive = drive
    }
  }

  /// The wiring as found on this machine.
  public struct Resolved: Sendable {
    public var chip: GPIOChip
    public var requests: [BenchLine: LineRequest]
    /// Of each input: what is over sooner is a glitch.
    public var debounce: [BenchLine: TimeSpan] = [:]

    public init(
      chip: GPIOChip, requests: [BenchLine: LineRequest], debounce: [BenchLine: TimeSpan] = [:]
    ) {
      self.chip = chip
      self.requests = requests
      self.debounce = debounce
    }
  }

  public init(chip: String, lines: [BenchLine: Line]) {
    self.chip = chip
    self.lines = lines
  }

  /// Finds the chip and the lines; claims nothing.
  ///
  /// - Throws: `GPIOFailure`, with the line's role and name.
  public func resolve() throws(GPIOFailure) -> Resolved {
    let chip = try GPIOChip.find(self.chip)
    var requests: [BenchLine: LineRequest] = [:]
    for role in BenchLine.allCases {
      guard let line = lines[role] else { continue }
      let title = "line '\(line.name)' (\(role.role))"
      do throws(GPIOFailure) {
        requests[role] = LineRequest(
          title: title, offset: try chip.offset(of: line.name), isActiveLow: line.isActiveLow,
          bias: line.bias, drive: line.drive)
      } catch {
        throw GPIOFailure(subject: title, cause: error.cause)
      }
    }
    return Resolved(chip: chip, requests: requests, debounce: lines.mapValues(\.debounce))
  }
}

extension BenchLine: Codable {}

extension BenchWiring.Resolved {
  /// The request of a line that every bench must have.
  func required(_ line: BenchLine) throws(GPIOFailure) -> LineRequest {
    guard let request = requests[line] else {
      throw GPIOFailure(
        subject: "line '\(line.role)'", cause: .noSuchLine(chip: chip.description))
    }
    return request
  }

  func output(_ line: BenchLine) throws(GPIOFailure) -> OutputLine? {
    guard let request = requests[line] else { return nil }
    return try OutputLine(request, on: chip)
  }

  func input(_ line: BenchLine) throws(GPIOFailure) -> InputLine? {
    guard let request = requests[line] else { return nil }
    return try InputLine(request, on: chip)
  }
}
