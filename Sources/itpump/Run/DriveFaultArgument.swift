public import ArgumentParser
public import PumpDrive
import PumpService

extension DriveFault: ExpressibleByArgument {
  public init?(argument: String) {
    guard let named = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = named
  }

  public static var allValueStrings: [String] { allCases.map(\.word) }

  public var defaultValueDescription: String { word }
}
