public import PumpTherapy
import PumpUnits

/// A command as fixed words: how it crosses from one process to another, and how a recording keeps it.
///
/// An adoption carries a prescription, which has as many words as its pattern is long and goes beside it.
public struct CommandWords: Equatable, BitwiseCopyable, Sendable {
  public var kind: CommandKind
  public var isConfirmed: Bool
  public var first: UInt64
  public var second: UInt64

  public init(kind: CommandKind, isConfirmed: Bool = false, first: UInt64 = 0, second: UInt64 = 0) {
    self.kind = kind
    self.isConfirmed = isConfirmed
    self.first = first
    self.second = second
  }

  /// Codes a command.
  public init(_ command: Command) {
    self.init(kind: command.kind)
    switch command {
    case .begin(let isConfirmed): self.isConfirmed = isConfirmed
    case .bolus(let bolus, let isConfirmed), .prime(let bolus, let isConfirmed):
      self.isConfirmed = isConfirmed
      (first, second) = (bolus.volume.femtolitres, bolus.duration.nanoseconds)
    case .adopt(_, let place, let isConfirmed):
      self.isConfirmed = isConfirmed
      first = place.nanoseconds
    case .anchor(let place): first = place.nanoseconds
    case .refill(let volume): first = volume.femtolitres
    case .acknowledge(let alarm): first = UInt64(alarm.rawValue)
    case .silence(let alarm, let span):
      (first, second) = (UInt64(alarm.rawValue), span.nanoseconds)
    case .suspend, .resume, .cancelBolus, .patientBolus, .stop: break
    }
  }

  /// The command of these words; `nil` where they are none's.
  ///
  /// - Parameter prescription: What is to be adopted.
  public func command(adopting prescription: Prescription? = nil) -> Command? {
    let bolus = try? Bolus(
      volume: Volume(femtolitres: first), duration: TimeSpan(nanoseconds: second))
    let alarm = Alarm(rawValue: UInt8(clamping: first))
    switch kind {
    case .begin: return .begin(isConfirmed: isConfirmed)
    case .suspend: return .suspend
    case .resume: return .resume
    case .adopt:
      return prescription.map {
        .adopt($0, place: TimeSpan(nanoseconds: first), isConfirmed: isConfirmed)
      }
    case .bolus: return bolus.map { .bolus($0, isConfirmed: isConfirmed) }
    case .prime: return bolus.map { .prime($0, isConfirmed: isConfirmed) }
    case .cancelBolus: return .cancelBolus
    case .patientBolus: return .patientBolus
    case .anchor: return .anchor(place: TimeSpan(nanoseconds: first))
    case .refill: return .refill(Volume(femtolitres: first))
    case .acknowledge: return alarm.map { .acknowledge($0) }
    case .silence: return alarm.map { .silence($0, TimeSpan(nanoseconds: second)) }
    case .stop: return .stop
    case .reconcile, .outOfService: return nil
    }
  }
}
