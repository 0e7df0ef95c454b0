import Foundation
public import PumpMessages
import PumpProfiles
import PumpTherapy
public import PumpUnits

extension WireRequest {
  /// The command that this asks for.
  ///
  /// - Parameter concentration: What turns a dose into a volume.
  /// - Throws: `RequestReader.Problem`; for a verb that takes more than a request to read, too.
  public func command(_ concentration: Concentration) throws(RequestReader.Problem) -> Command {
    guard let verb = Verb(rawValue: verb) else {
      throw RequestReader.Problem(code: "unknown-verb", message: "'\(verb)' is no verb")
    }
    return try RequestReader.command(self, verb, concentration)
  }
}

/// Reads what a client asks for as strictly as a profile is read.
public enum RequestReader {
  /// What is wrong with a request.
  public struct Problem: Error {
    public var code: String
    public var message: String
  }

  /// The command of a request.
  ///
  /// - Parameters:
  ///   - request: What the client has sent.
  ///   - verb: Its verb, which is none that only looks.
  ///   - concentration: What turns a dose into a volume.
  static func command(_ request: WireRequest, _ verb: Verb, _ concentration: Concentration)
    throws(Problem) -> Command
  {
    let isConfirmed = request.confirm ?? false
    switch verb {
    case .bolus: return .bolus(try bolus(request, concentration), isConfirmed: isConfirmed)
    case .prime: return .prime(try bolus(request, concentration), isConfirmed: isConfirmed)
    case .patientBolus: return .patientBolus
    case .cancelBolus: return .cancelBolus
    case .suspend: return .suspend
    case .resume: return .resume
    case .stop: return .stop
    case .acknowledge: return .acknowledge(try alarm(request))
    case .silence:
      let span = try count(request.for, "for", .duration)
      return .silence(try alarm(request), TimeSpan(nanoseconds: span))
    case .refill: return .refill(Volume(femtolitres: try count(request.volume, "volume", .volume)))
    case .anchor:
      return .anchor(place: TimeSpan(nanoseconds: try count(request.place, "place", .duration)))
    case .adopt, .endOutage, .status:
      throw Problem(code: "unknown-verb", message: "\(verb.rawValue) is read elsewhere")
    }
  }

  private static func bolus(_ request: WireRequest, _ concentration: Concentration)
    throws(Problem) -> Bolus
  {
    let volume: Volume
    if let dose = request.dose {
      guard request.volume == nil else {
        throw Problem(code: "bad-argument", message: "either a dose or a volume, not both")
      }
      let mass = Mass(femtograms: try count(dose, "dose", .mass))
      guard let given = try? concentration.volume(of: mass) else {
        throw Problem(code: "bad-argument", message: "dose: more than any pump holds")
      }
      volume = given
    } else {
      volume = Volume(femtolitres: try count(request.volume, "dose", .volume))
    }
    let over = TimeSpan(nanoseconds: try count(request.over, "over", .duration))
    do throws(Bolus.Problem) { return try Bolus(volume: volume, duration: over) } catch {
      switch error {
      case .empty: throw Problem(code: "bad-argument", message: "a bolus delivers something")
      case .durationOutOfRange:
        throw Problem(code: "bad-argument", message: "over: a bolus takes 1 s to 24 h")
      case .tooFast: throw Problem(code: "bad-argument", message: "faster than any pump")
      }
    }
  }

  private static func alarm(_ request: WireRequest) throws(Problem) -> Alarm {
    guard let name = request.alarm else {
      throw Problem(code: "missing-argument", message: "alarm: name the alarm")
    }
    guard let alarm = Alarm.allCases.first(where: { $0.name == name }) else {
      throw Problem(
        code: "bad-argument", message: "there is no alarm '\(name)'; 'itpump status' names them")
    }
    return alarm
  }

  private static func count(_ text: String?, _ name: String, _ dimension: PumpProfiles.Dimension)
    throws(Problem) -> UInt64
  {
    guard let text else {
      throw Problem(
        code: "missing-argument", message: "\(name): expected, such as \(dimension.example)")
    }
    do throws(PumpProfiles.Dimension.Problem) { return try dimension.count(of: text) } catch {
      throw Problem(code: error.code.rawValue, message: "\(name): \(error.message)")
    }
  }
}
