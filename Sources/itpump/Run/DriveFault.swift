public import ArgumentParser
public import PumpEngine
import PumpHAL
import PumpLinux

extension DriveFault: ExpressibleByArgument {
  public init?(argument: String) {
    guard let named = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = named
  }

  public static var allValueStrings: [String] { allCases.map(\.word) }

  public var defaultValueDescription: String { word }

  /// What a person calls it.
  var word: String {
    switch self {
    case .doubleSteps: "double-steps"
    case .doubleRate: "double-rate"
    case .early: "early"
    case .deaf: "deaf"
    case .halfTold: "half-told"
    case .aheadTold: "ahead-told"
    case .silent: "silent"
    }
  }

  /// When it can show at the earliest.
  var shows: String {
    switch self {
    case .doubleSteps: "by an index sensor only, within two or three of its pulses"
    case .doubleRate, .early: "within a few steps"
    case .deaf: "when the first grant ends: 70 s, 13 s in a bolus"
    case .halfTold: "within a hundred steps or so"
    case .aheadTold: "after a hundred steps"
    case .silent: "after three seconds"
    }
  }
}

/// Lines on which each step may be two.
struct FaultyLines<Base: StepperLines & ~Copyable>: StepperLines, ~Copyable {
  var base: Base
  let fault: DriveFault?

  mutating func releaseEnable() throws(LineFault) -> LineLevel { try base.releaseEnable() }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(LineFault) {
    try base.set(line, level)
    guard fault == .doubleSteps, line == .step, level == .asserted else { return }
    try base.set(line, .released)
    try base.set(line, .asserted)
  }

  mutating func readBack(_ line: DriverLine) throws(LineFault) -> LineLevel {
    try base.readBack(line)
  }
}
