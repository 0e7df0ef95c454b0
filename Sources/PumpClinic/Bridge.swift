public import PumpProfiles
import PumpTherapy
public import PumpUnits

/// A change of concentration: how long the old solution still arrives at the tip, and what the patient gets where
/// nobody heeds it.
///
/// For a constant dose the bridge lasts V·C/D, with the line's volume V, the old concentration C and the dose a day D;
/// without one the tip gets C_old/C_new of the dose for V·C_new/D. Of a pattern, the same by its own flow.
public struct Bridge: Equatable, Sendable {
  public enum Problem: Error, Equatable {
    /// Both have the same solution.
    case sameConcentration
    /// Another drug, another catheter or another patient: that is no change of concentration.
    case otherPump
    /// The line would not be pushed through in a century: nothing flows, or next to nothing.
    case neverThrough(isOld: Bool)
    case beyondArithmetic
  }

  /// The pump's tubing and the catheter together.
  public let line: Volume
  public let old: Concentration
  public let new: Concentration
  /// How long the old therapy has to go on, at its own flow, until the new solution is at the tip.
  public let lasting: TimeSpan
  /// What the old solution in the line gives meanwhile: its own dose.
  public let dose: Mass
  /// How long the old solution would leave the tip at the new therapy's flow.
  public let unbridged: TimeSpan
  /// What the new therapy prescribes in that time; the tip would get `dose`.
  public let prescribed: Mass

  /// A century: no line takes as long.
  private static let longest = TimeSpan(days: 36_525)

  /// Works it out.
  ///
  /// - Parameters:
  ///   - old, new: The profile that runs, and the one with the other solution.
  ///   - tubing: The pump's own, from its file.
  ///   - oldPlace, newPlace: Where in its pattern each is when the change begins.
  public init(
    from old: Profile, to new: Profile, tubing: Volume, oldPlace: TimeSpan = .zero,
    newPlace: TimeSpan = .zero
  ) throws(Problem) {
    guard old.concentration != new.concentration else { throw .sameConcentration }
    guard old.drug == new.drug, old.catheterVolume == new.catheterVolume,
      old.prescribed.mayBeOfPatient(of: new.prescribed)
    else { throw .otherPump }
    do throws(QuantityError) {
      line = try tubing.adding(new.catheterVolume)
      dose = try old.concentration.mass(in: line, .up)
      prescribed = try new.concentration.mass(in: line, .up)
    } catch {
      throw .beyondArithmetic
    }
    guard let lasting = Self.time(toPush: line, by: old, from: oldPlace) else {
      throw .neverThrough(isOld: true)
    }
    guard let unbridged = Self.time(toPush: line, by: new, from: newPlace) else {
      throw .neverThrough(isOld: false)
    }
    (self.old, self.new) = (old.concentration, new.concentration)
    (self.lasting, self.unbridged) = (lasting, unbridged)
  }

  /// By how much too much, or too little, the tip would get without a bridge: in thousandths.
  public var factor: UInt64 {
    (try? scaled(
      old.nanogramsPerMillilitre, by: 1_000, over: new.nanogramsPerMillilitre, .down)) ?? .max
  }

  /// The least time in which a therapy delivers a volume.
  private static func time(toPush volume: Volume, by profile: Profile, from place: TimeSpan)
    -> TimeSpan?
  {
    func isThrough(_ span: UInt64) -> Bool {
      guard
        let pushed = try? profile.prescription.therapy.volume(
          from: place, lasting: TimeSpan(nanoseconds: span))
      else { return true }
      return pushed >= volume
    }
    var (below, through) = (UInt64(0), longest.nanoseconds)
    guard isThrough(through) else { return nil }
    while through - below > 1 {
      let middle = below + (through - below) / 2
      if isThrough(middle) { through = middle } else { below = middle }
    }
    return TimeSpan(nanoseconds: through)
  }
}
