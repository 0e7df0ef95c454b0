public import PumpUnits

/// The tubing and the catheter, in which the new drug pushes the old one ahead of it.
///
/// Plug flow with a sharp front; real drug mixes, so the front is where half of it has arrived.
public struct Catheter: Sendable {
  /// From the reservoir's exit to the tip.
  public var volume: Volume
  /// What fills it at first.
  public var old: Concentration
  /// What comes out of the reservoir.
  public var new: Concentration

  public init(volume: Volume, old: Concentration, new: Concentration) {
    self.volume = volume
    self.old = old
    self.new = new
  }

  /// The mass that has left the tip after the pump has delivered a volume.
  ///
  /// - Throws: `QuantityError.overflow`.
  public func massAtTip(afterPumping pumped: Volume) throws(QuantityError) -> Mass {
    let fromOld = try old.mass(in: min(pumped, volume))
    return try fromOld.adding(new.mass(in: pumped.lessening(by: volume)))
  }

  /// How far the front has come, in parts per million of the way to the tip.
  public func frontPPM(afterPumping pumped: Volume) -> UInt64 {
    (try? scaled(min(pumped, volume).femtolitres, by: 1_000_000, over: volume.femtolitres, .down))
      ?? 1_000_000
  }
}
