import CPumpGPIO
import Glibc

/// A line to be claimed, resolved on its chip.
public struct LineRequest: Equatable, Codable, Sendable {
  /// What the board file calls it: its role and its name, for messages.
  public var title: String
  public var offset: UInt32
  public var isActiveLow: Bool
  public var bias: Bias
  public var drive: Drive

  /// The resistor inside the chip.
  public enum Bias: UInt8, CaseIterable, Codable, Sendable {
    case asIs
    case disabled
    case pullUp
    case pullDown
  }

  /// How an output drives its two voltages.
  public enum Drive: UInt8, CaseIterable, Codable, Sendable {
    case pushPull
    case openDrain
    case openSource
  }

  public init(
    title: String, offset: UInt32, isActiveLow: Bool, bias: Bias = .asIs, drive: Drive = .pushPull
  ) {
    self.title = title
    self.offset = offset
    self.isActiveLow = isActiveLow
    self.bias = bias
    self.drive = drive
  }

  func raw(watches: Bool) -> pump_gpio_request {
    pump_gpio_request(
      offset: offset, is_active_low: isActiveLow ? 1 : 0, bias: bias.rawValue,
      drive: drive.rawValue, initial: 0, watches: watches ? 1 : 0)
  }

  /// What a refused claim means; a busy line is asked who holds it.
  func failure(_ status: Int32, on chip: GPIOChip) -> GPIOFailure {
    guard status == -EBUSY else { return .of(status, title) }
    let consumer = (try? chip.lines())?.first { $0.offset == offset }?.consumer
    return GPIOFailure(subject: title, cause: .busy(consumer: consumer ?? ""))
  }
}
