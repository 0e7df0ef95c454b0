import Foundation
import PumpFiles
package import PumpProfiles

#if canImport(Glibc)
  import Glibc
#endif

/// The serial line to a firmware: a device, or the emulator that runs it as a child.
package final class FirmwareLine {
  private let input: Int32
  private let output: Int32
  private let emulator: Process?
  // Keeps the emulator's ends of the line open.
  private let pipes: [Pipe]
  private var received: [UInt8] = []

  /// Opens a board's line.
  ///
  /// - Parameters:
  ///   - console: The board file's.
  ///   - folder: What its paths are relative to.
  package init(_ console: Board.Console, in folder: String) throws {
    switch console {
    case .device(let path):
      // Without a carrier a line would keep us waiting here.
      let line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
      guard line >= 0 else {
        throw ProjectFiles.Problem(
          description:
            "\(path): error: can't be opened: \(String(cString: strerror(errno))); is the "
            + "board plugged in, and are you in its group (dialout)?")
      }
      var settings = termios()
      guard tcgetattr(line, &settings) == 0 else {
        close(line)
        throw ProjectFiles.Problem(description: "\(path): error: is no serial line")
      }
      cfmakeraw(&settings)
      cfsetspeed(&settings, speed_t(B115200))
      settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
      settings.c_cflag &= ~tcflag_t(CRTSCTS)
      guard tcsetattr(line, TCSANOW, &settings) == 0, fcntl(line, F_SETFL, 0) == 0 else {
        close(line)
        throw ProjectFiles.Problem(description: "\(path): error: can't be set to 115,200 baud")
      }
      tcflush(line, TCIOFLUSH)
      (input, output, emulator, pipes) = (line, line, nil, [])
    case .emulator(let command, let firmware):
      let path = firmware.hasPrefix("/") ? firmware : "\(folder)/\(firmware)"
      guard FileManager.default.fileExists(atPath: path) else {
        throw ProjectFiles.Problem(
          description: "\(path): error: there is no firmware; 'make firmware' builds it")
      }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        command.split(separator: " ").map(String.init) + [
          "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel", path,
        ]
      let (to, from) = (Pipe(), Pipe())
      process.standardInput = to
      process.standardOutput = from
      do { try process.run() } catch {
        throw ProjectFiles.Problem(
          description: "\(command): error: can't be started; Debian has it in qemu-system-arm")
      }
      input = from.fileHandleForReading.fileDescriptor
      output = to.fileHandleForWriting.fileDescriptor
      (emulator, pipes) = (process, [to, from])
    }
  }

  deinit {
    if let emulator {
      // It has this process's signals blocked, as Ctrl-C must not end it before the motor is at rest.
      kill(emulator.processIdentifier, SIGKILL)
      emulator.waitUntilExit()
    } else {
      close(input)
    }
  }

  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw FirmwareConsole.Problem.gone }
      sent += max(0, count)
    }
  }

  /// The next line without its end; `nil` where none came in time.
  package func line(within milliseconds: Int32) throws -> [UInt8]? {
    let end = Date().addingTimeInterval(Double(milliseconds) / 1_000)
    while true {
      if let stop = received.firstIndex(of: 0x0A) {
        defer { received.removeFirst(stop + 1) }
        return Array(received[..<stop])
      }
      let left = max(0, end.timeIntervalSinceNow * 1_000)
      var wish = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
      let ready = poll(&wish, 1, Int32(left))
      guard ready != 0 else { return nil }
      guard ready > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = read(input, &chunk, chunk.count)
      guard count > 0 else { throw FirmwareConsole.Problem.gone }
      received.append(contentsOf: chunk[..<count])
    }
  }
}
