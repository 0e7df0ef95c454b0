/// Why a command is not obeyed; the numbers are the protocol's and never change.
public enum ConsoleProblem: UInt8, Error {
  case lineTooLong = 1
  case badChecksum = 2
  case unknownCommand = 3
  case badArgument = 4
  case noImage = 5
  case sessionRuns = 6
  case noSession = 7
  /// The journal can't be used; `detail` says why, and of which record.
  case journalUnusable = 8
  /// The journal counts another drug: a change of concentration needs a bridge.
  case concentrationDiffers = 9
  /// Another pump head, or another filling, and nobody said that the reservoir was filled.
  case fillingDiffers = 10
  /// The engine refuses; `detail` is the refusal's number.
  case refused = 11
  /// The image can't be used; `detail` is the problem's number.
  case imageUnusable = 12
  /// The supervisor has cut the pump; `detail` is the alarm's number.
  case alarm = 13
  /// The drive did not say in time: it may have been done. The same ticket asks again.
  case unknown = 14
}
