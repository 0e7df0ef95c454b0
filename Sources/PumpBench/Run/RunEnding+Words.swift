import PumpLinux
import PumpReports
package import PumpService

extension JournalPlace {
  /// Says where the records of a journal are whose file was taken from its name.
  ///
  /// - Returns: The file that has them.
  package func tell(of path: String) -> String {
    switch self {
    case .restored:
      Console.note(
        "warning: \(path) was removed while the run wrote to it: a copy has its name again")
      return path
    case .moved(let number):
      let kept = "\(path).kept-\(number)"
      Console.note(
        "warning: \(path) was replaced while the run wrote to it: this run's records are in \(kept); put "
          + "that in its place before the next run")
      return kept
    case .lost:
      Console.note(
        "error: \(path) was removed while the run wrote to it, and no copy could be made: write down the "
          + "steps below")
      return path
    }
  }
}

extension ChildProcess.End {
  /// How it ended, after its name.
  package var words: String {
    switch self {
    case .exited(let code): "ended with code \(code)"
    case .killed(let signal): "was killed by signal \(signal)"
    }
  }
}
