import CPumpGPIO
import Glibc

/// A GPIO chip of this machine.
public struct GPIOChip: Equatable, Codable, Sendable {
  /// The device file, such as `/dev/gpiochip0`; the number differs from board to board and from
  /// kernel to kernel.
  public var path: String
  /// The kernel's name, such as `gpiochip0`.
  public var name: String
  /// What the driver calls itself, such as `pinctrl-bcm2711`: this names a chip for good.
  public var label: String
  public var lineCount: UInt32

  /// One of its lines, as the kernel describes it.
  public struct Line: Equatable, Sendable {
    public var offset: UInt32
    /// Empty where the chip names no lines.
    public var name: String
    /// Who holds it; empty for nobody.
    public var consumer: String
    public var isUsed: Bool
    public var isOutput: Bool
    public var isActiveLow: Bool
  }

  /// The libgpiod that the program was built with, for people.
  public static var library: String {
    pump_gpio_api() == 0
      ? "built without libgpiod"
      : "libgpiod \(String(cString: pump_gpio_version())) (API \(pump_gpio_api()))"
  }

  /// Every chip of this machine that can be opened, in the order of their numbers.
  ///
  /// - Throws: `GPIOFailure`; a kernel without any chip is one, and so is one where none opens.
  public static func all() throws(GPIOFailure) -> [GPIOChip] {
    guard pump_gpio_api() != 0 else { throw GPIOFailure(subject: "GPIO", cause: .noLibrary) }
    let paths = devices()
    guard !paths.isEmpty else { throw GPIOFailure(subject: "GPIO", cause: .noGPIO) }
    var chips: [GPIOChip] = []
    var refused: GPIOFailure?
    for path in paths {
      do throws(GPIOFailure) { chips.append(try GPIOChip(path: path)) } catch { refused = error }
    }
    if chips.isEmpty, let refused { throw refused }
    return chips
  }

  /// The chip that a board file names by its path, name or label.
  ///
  /// - Throws: `GPIOFailure`.
  public static func find(_ text: String) throws(GPIOFailure) -> GPIOChip {
    if text.hasPrefix("/") { return try GPIOChip(path: text) }
    let chips: [GPIOChip]
    do throws(GPIOFailure) { chips = try all() } catch {
      throw GPIOFailure(subject: "chip '\(text)'", cause: error.cause)
    }
    let matching = chips.filter { $0.name == text || $0.label == text }
    guard let first = matching.first else {
      throw GPIOFailure(
        subject: "chip '\(text)'", cause: .noSuchChip(present: chips.map(\.description)))
    }
    guard matching.count == 1 else {
      throw GPIOFailure(
        subject: "chip '\(text)'", cause: .ambiguousChip(matching.map(\.description)))
    }
    return first
  }

  init(path: String) throws(GPIOFailure) {
    var chip = pump_gpio_chip()
    let status = pump_gpio_chip_read(path, &chip)
    guard status == 0 else { throw .of(status, path) }
    self.path = path
    name = text(chip.name)
    label = text(chip.label)
    lineCount = chip.line_count
  }

  /// Its lines.
  ///
  /// - Throws: `GPIOFailure`.
  public func lines() throws(GPIOFailure) -> [Line] {
    var raw = [pump_gpio_line](repeating: pump_gpio_line(), count: Int(lineCount))
    let status = pump_gpio_lines_read(path, &raw, lineCount)
    guard status == 0 else { throw .of(status, description) }
    return raw.enumerated().map { offset, line in
      Line(
        offset: UInt32(offset), name: text(line.name), consumer: text(line.consumer),
        isUsed: line.is_used != 0, isOutput: line.is_output != 0,
        isActiveLow: line.is_active_low != 0)
    }
  }

  /// The offset of a line that a board file names, by its name or its offset.
  ///
  /// - Throws: `GPIOFailure`.
  public func offset(of line: String) throws(GPIOFailure) -> UInt32 {
    let lines = try lines()
    let named = lines.filter { $0.name == line }
    if named.count == 1 { return named[0].offset }
    guard named.isEmpty else {
      throw GPIOFailure(
        subject: "line '\(line)'",
        cause: .ambiguousLine(chip: description, offsets: named.map(\.offset)))
    }
    guard let offset = UInt32(line) else {
      throw GPIOFailure(subject: "line '\(line)'", cause: .noSuchLine(chip: description))
    }
    guard offset < lineCount else {
      throw GPIOFailure(
        subject: "line '\(line)'",
        cause: .offsetBeyondChip(chip: description, lineCount: lineCount))
    }
    return offset
  }

  private static func devices() -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/dev/gpiochip*", 0, nil, &found) == 0 else { return [] }
    // A link is another name of a chip that has one: Raspberry Pi OS makes gpiochip4 one of gpiochip0.
    func isLink(_ path: String) -> Bool {
      var status = stat()
      return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
    let paths = (0..<Int(found.gl_pathc)).compactMap {
      found.gl_pathv[$0].map { String(cString: $0) }
    }
    return paths.filter { !isLink($0) }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }
}

extension GPIOChip: CustomStringConvertible {
  public var description: String { "\(path) [\(label)]" }
}

/// The text in a C array of characters.
private func text<Characters>(_ characters: Characters) -> String {
  withUnsafeBytes(of: characters) { bytes in
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
