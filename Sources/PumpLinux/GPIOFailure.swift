import CPumpGPIO
import Glibc

/// Why a chip or a line can't be used, in words that say what to do.
public struct GPIOFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The chip or the line, as the board file names it.
  public var subject: String
  public var cause: Cause

  /// What went wrong.
  public enum Cause: Equatable, Sendable {
    /// The program was built without libgpiod.
    case noLibrary
    /// The kernel has no GPIO character device at all.
    case noGPIO
    /// No chip has this path, name or label; these are there.
    case noSuchChip(present: [String])
    /// Several chips answer to it.
    case ambiguousChip([String])
    /// The chip has no line of this name.
    case noSuchLine(chip: String)
    /// Several lines of the chip have this name, at these offsets.
    case ambiguousLine(chip: String, offsets: [UInt32])
    /// The chip's lines end before this offset.
    case offsetBeyondChip(chip: String, lineCount: UInt32)
    /// Another program holds the line.
    case busy(consumer: String)
    /// The system refused, with this error number.
    case system(Int32)
  }

  public init(subject: String, cause: Cause) {
    self.subject = subject
    self.cause = cause
  }

  public var description: String { "\(subject): \(what)" }

  private var what: String {
    switch cause {
    case .noLibrary:
      "this program was built without libgpiod; install libgpiod-dev and build again"
    case .noGPIO:
      "this kernel has no GPIO character device (/dev/gpiochip*); run on a Raspberry Pi or in the "
        + "virtual bench"
    case .noSuchChip(let present):
      "no chip has this path, name or label; there are \(present.joined(separator: ", "))"
    case .ambiguousChip(let chips):
      "several chips have this label: \(chips.joined(separator: ", ")); name one by its path"
    case .noSuchLine(let chip):
      "\(chip) has no line of this name; 'itpump hardware list' shows them, and an offset works too"
    case .ambiguousLine(let chip, let offsets):
      "\(chip) has several lines of this name, at \(offsets.map { "\($0)" }.joined(separator: ", "))"
        + "; write the offset"
    case .offsetBeyondChip(let chip, let count):
      "\(chip) has lines 0 to \(max(count, 1) - 1) only"
    case .busy(let consumer):
      "the line is in use"
        + (consumer.isEmpty ? "" : " by '\(consumer)'")
        + "; end the program or overlay that holds it"
    case .system(let number): Self.describe(number)
    }
  }

  static func describe(_ number: Int32) -> String {
    let name = String(cString: strerror(number))
    switch number {
    case EACCES, EPERM:
      return
        "\(name); join the group that owns the device ('sudo usermod -aG gpio $USER', then log "
        + "in anew) and install Hardware/systemd/60-itpump.rules"
    case ENODEV, ENXIO: return "the chip is gone; plug it in again and start anew"
    case ENOENT: return "there is no such device file"
    case ENOTTY: return "this is not a GPIO chip"
    case EINVAL, EOPNOTSUPP:
      return "\(name): the chip can't do what the board file asks of this line (bias, drive, edges)"
    default: return "\(name) (errno \(number))"
    }
  }
}

extension GPIOFailure {
  /// The failure behind a negated errno of the shim.
  static func of(_ status: Int32, _ subject: String) -> GPIOFailure {
    GPIOFailure(
      subject: subject,
      cause: status == -ENOTSUP && pump_gpio_api() == 0
        ? .noLibrary : .system(-status))
  }
}
