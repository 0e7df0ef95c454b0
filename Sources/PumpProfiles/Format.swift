public import PumpUnits

/// Quantities as people read them: rounded to what matters, always with a unit.
public enum Format {
  /// A mass in µg.
  public static func mass(_ mass: Mass) -> String {
    decimal(mass.femtograms, per: 1_000_000_000) + " µg"
  }

  /// A mass in µg with the unit as files have it.
  public static func plain(_ mass: Mass) -> String {
    decimal(mass.femtograms, per: 1_000_000_000) + " ug"
  }

  /// A volume in mL from 1 mL on, else in µL.
  public static func volume(_ volume: Volume) -> String {
    volume >= Volume(femtolitres: 999_995_000_000)
      ? decimal(volume.femtolitres, per: 1_000_000_000_000) + " mL"
      : decimal(volume.femtolitres, per: 1_000_000_000) + " µL"
  }

  /// A flow in µL/h.
  public static func flow(_ flow: FlowRate) -> String {
    decimal(flow.femtolitresPerDay, per: 24_000_000_000) + " µL/h"
  }

  /// A dose rate in µg/day.
  public static func doseRate(_ rate: DoseRate) -> String {
    decimal(rate.femtogramsPerDay, per: 1_000_000_000) + " µg/day"
  }

  /// A concentration in µg/mL.
  public static func concentration(_ concentration: Concentration) -> String {
    decimal(concentration.nanogramsPerMillilitre, per: 1_000) + " µg/mL"
  }

  /// A length of time in its largest fitting units.
  public static func span(_ span: TimeSpan) -> String {
    let seconds = span.nanoseconds / 1_000_000_000
    if seconds == 0 {
      return span.nanoseconds < 1_000_000
        ? "\(decimal(span.nanoseconds, per: 1_000)) µs"
        : "\(decimal(span.nanoseconds, per: 1_000_000)) ms"
    }
    let parts = [
      (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"),
      (seconds % 60, "s"),
    ]
    return parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }

  /// A count as a decimal of a larger unit: two decimals, more for what is small, none that say
  /// nothing.
  ///
  /// - Parameter unit: At most 10^14, so that no count overflows.
  public static func decimal(_ count: UInt64, per unit: UInt64) -> String {
    let isSmall = count < unit / 10
    let places: UInt64 = isSmall ? 10_000 : 100
    let (units, part) = count.quotientAndRemainder(dividingBy: unit)
    let rounded = (part * places * 10 / unit + 5) / 10
    let whole = units + rounded / places
    let digits = String(places + rounded % places).dropFirst()
    let trimmed = String(digits.reversed().drop { $0 == "0" }.reversed())
    return trimmed.isEmpty ? "\(whole)" : "\(whole).\(trimmed)"
  }
}
