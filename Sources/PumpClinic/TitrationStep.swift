public import PumpProfiles
public import PumpUnits

/// A therapy's daily dose changed by one factor: each rate and each bolus of the pattern alike, so that the day keeps
/// its shape.
///
/// The patient's bolus and a single one are no part of it: they are doses of their own.
public struct TitrationStep: Sendable {
  /// What is asked for.
  public enum Wish: Equatable, Sendable {
    /// More by so many thousandths of a percent; less where it is below zero.
    case by(thousandths: Int64)
    /// This dose a day, on the mean of the pattern.
    case to(Mass)
  }

  public enum Problem: Error, Equatable {
    /// Nothing is given, or a rate that is no treatment: a therapy is begun, and not titrated.
    case nothingToTitrate
    /// It would leave nothing of a dose: stopping is an order of its own.
    case leavesNothing(path: String)
    case beyondArithmetic(path: String)
    case text(ProfileText.Problem)
  }

  /// A dose that changes, as the file has it.
  public struct Change: Equatable, Sendable {
    public var path: String
    public var before: String
    public var now: String
  }

  public let changes: [Change]
  /// The profile with the new doses; everything else is as it was.
  public let text: ProfileText

  /// Works the doses out, each rounded down to a thousandth of a microgram, or of a microgram an hour or a day.
  ///
  /// - Parameters:
  ///   - text: The profile's text.
  ///   - profile: What it says.
  public init(_ wish: Wish, of text: ProfileText, _ profile: Profile) throws(Problem) {
    let mean = profile.meanDosePerDay
    guard !mean.isZero, profile.mode != .minimumRate else { throw .nothingToTitrate }
    var changes: [Change] = []
    for value in text.values {
      guard let dimension = Self.dimension(of: value.path),
        let count = try? dimension.count(of: value.text), count > 0
      else { continue }
      let scaled: UInt64?
      switch wish {
      case .by(let thousandths):
        guard thousandths > -100_000 else { throw .leavesNothing(path: value.path) }
        scaled = try? PumpUnits.scaled(
          count, by: UInt64(100_000 + thousandths), over: 100_000, .down)
      case .to(let dose):
        scaled = try? PumpUnits.scaled(count, by: dose.femtograms, over: mean.femtograms, .down)
      }
      guard let scaled else { throw .beyondArithmetic(path: value.path) }
      let now = dimension.written(scaled, like: value.text)
      guard let rounded = try? dimension.count(of: now), rounded > 0 else {
        throw .leavesNothing(path: value.path)
      }
      if rounded != count {
        changes.append(Change(path: value.path, before: value.text, now: now))
      }
    }
    self.changes = changes
    do throws(ProfileText.Problem) {
      self.text = try text.replacing(changes.map { ($0.path, $0.now) })
    } catch {
      throw .text(error)
    }
  }

  /// What a value of the therapy is, where it is a dose.
  private static func dimension(of path: String) -> Dimension? {
    let keys = path.split(separator: ".")
    switch (keys.first, keys.last) {
    case ("therapy", "continuous"), ("therapy", "rate"): return .doseRate
    case ("therapy", "dose"), ("periodic-bolus", "dose"): return .mass
    default: return nil
    }
  }
}
