package import Foundation
package import PumpClinic
import PumpFiles
import PumpProfiles
package import PumpUnits

/// What a change of concentration asks for, and what comes of it unheeded.
package struct BridgeReport: Encodable {
  package var before: String
  package var now: String
  package var concentration_before_ug_per_ml: Double
  package var concentration_now_ug_per_ml: Double
  package var tubing_ul: Double
  package var catheter_ul: Double
  package var bridge_h: Double
  package var bridge_dose_ug: Double
  package var without_bridge_h: Double
  package var without_bridge_prescribed_ug: Double
  package var without_bridge_received_ug: Double

  private enum CodingKeys: CodingKey {
    case before, now, concentration_before_ug_per_ml, concentration_now_ug_per_ml, tubing_ul,
      catheter_ul, bridge_h, bridge_dose_ug, without_bridge_h, without_bridge_prescribed_ug,
      without_bridge_received_ug
  }
  private let bridge: Bridge
  private let ends: String
  private let tubing: Volume

  /// Tells of a bridge.
  ///
  /// - Parameters:
  ///   - before, now: The files' names.
  ///   - tubing: The pump's own, which is part of the line.
  ///   - date: When the change would begin.
  package init(_ bridge: Bridge, tubing: Volume, before: String, now: String, at date: Date) {
    ends = Moments(.current).full(
      date.addingTimeInterval(Double(bridge.lasting.nanoseconds) / 1e9))
    (self.bridge, self.tubing, self.before, self.now) = (bridge, tubing, before, now)
    func solution(_ of: Concentration) -> Double { Double(of.nanogramsPerMillilitre) / 1_000 }
    func hours(_ span: TimeSpan) -> Double { Double(span.nanoseconds) / 3.6e12 }
    concentration_before_ug_per_ml = solution(bridge.old)
    concentration_now_ug_per_ml = solution(bridge.new)
    tubing_ul = Double(tubing.femtolitres) / 1e9
    catheter_ul = Double(bridge.line.femtolitres - tubing.femtolitres) / 1e9
    bridge_h = hours(bridge.lasting)
    bridge_dose_ug = Double(bridge.dose.femtograms) / 1e9
    without_bridge_h = hours(bridge.unbridged)
    without_bridge_prescribed_ug = Double(bridge.prescribed.femtograms) / 1e9
    without_bridge_received_ug = Double(bridge.dose.femtograms) / 1e9
  }

  package var text: String {
    let catheter = Volume(femtolitres: bridge.line.femtolitres - tubing.femtolitres)
    let factor =
      bridge.factor >= 1_000
      ? "\(Format.decimal(bridge.factor, per: 1_000)) times the dose"
      : "\(Format.decimal(bridge.factor, per: 10)) % of the dose"
    return """
      \(before), and now \(now): from \(Format.concentration(bridge.old)) to \
      \(Format.concentration(bridge.new))
        line             \(Format.volume(bridge.line)): \(Format.volume(tubing)) of the pump's tubing, \
      \(Format.volume(catheter)) of the catheter, full of the old solution
        bridge           \(Self.hours(bridge.lasting)) at the old therapy's own flow, begun now until \(ends): \
      \(Format.mass(bridge.dose)) of the old solution still arrive at the tip
        without one      \(factor) for \(Self.hours(bridge.unbridged)): the tip gets \
      \(Format.mass(bridge.dose)) where \(Format.mass(bridge.prescribed)) are prescribed
      Reckoned as plug flow. Fronts mix: the new solution arrives earlier, and the last of the old one later.
      Boluses of the patient, and others that no pattern has, shorten the bridge.
      A running pump knows no bridge: 'itpump run' and 'itpump adopt' refuse another concentration.

      """
  }

  /// To the minute: a bridge that is cut short by an hour gives the rest of the line at the wrong flow.
  private static func hours(_ span: TimeSpan) -> String {
    let minutes = (span.nanoseconds + 30_000_000_000) / 60_000_000_000
    return "\(minutes / 60) h \(minutes % 60) min"
  }
}
