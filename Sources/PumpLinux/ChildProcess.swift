import CPumpLinux
import Glibc

/// A program that this process has started.
public struct ChildProcess: Sendable {
  public let number: Int32

  /// How a process ended.
  public enum End: Equatable, BitwiseCopyable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Starts a program, from a process with any number of threads.
  ///
  /// - Parameters:
  ///   - program: Its file.
  ///   - name: What it is called by: its first argument, and its only one.
  ///   - files: The descriptors that it has from 3 on; no other of this process is open in it.
  /// - Throws: `LineFault`, with the error's number.
  public init(_ program: String, named name: String, files: [Int32]) throws(LineFault) {
    let number = pump_linux_spawn(program, name, files, Int32(files.count))
    guard number > 0 else { throw LineFault(number: -number) }
    self.number = number
  }

  /// Ends it at once.
  public func kill() { _ = Glibc.kill(number, SIGKILL) }

  /// How it ended; `nil` while it lives.
  public func end() -> End? {
    var status: Int32 = 0
    guard pump_linux_ended(number, &status) == 1 else { return nil }
    return status > 255 ? .killed(signal: status - 256) : .exited(status)
  }

  /// Gives the calling process a name of at most 15 characters, as `ps` shows it.
  public static func name(_ name: String) { pump_linux_name(name) }

  /// The file of the program that runs here, also where it was replaced or taken away since.
  public static var ownProgram: String { "/proc/self/exe" }
}
