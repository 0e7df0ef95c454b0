import PumpTherapy
public import PumpUnits

/// The doses of a profile that matter: any hour, any day, and where in the pattern they are the most.
public struct DoseFigures: Sendable {
  /// The most that a window can hold.
  public struct Most: Sendable {
    /// Therapy by itself, single bolus and permitted patient boluses together.
    public var dose: Mass
    /// Where in the pattern the therapy's own most begins; `nil` without a pattern.
    public var from: TimeSpan?
  }

  public let hour: Most
  public let day: Most

  /// Works them out from the prescription's closed form.
  ///
  /// - Returns: `nil` where a dose is beyond the arithmetic.
  public init?(_ profile: Profile) {
    guard let hour = Self.most(profile, inAny: .hour), let day = Self.most(profile, inAny: .day)
    else { return nil }
    self.hour = hour
    self.day = day
  }

  private static func most(_ profile: Profile, inAny window: TimeSpan) -> Most? {
    guard var volume = try? profile.prescription.mostVolume(inAny: window) else { return nil }
    if let bolus = profile.singleBolus {
      let part = (try? bolus.part(min(window, bolus.duration), .up)) ?? bolus.volume
      guard let sum = try? volume.adding(part) else { return nil }
      volume = sum
    }
    guard let dose = try? profile.concentration.mass(in: volume) else { return nil }
    return Most(dose: dose, from: place(of: profile.prescription.therapy, window))
  }

  /// Where the window with the most begins: at a corner of the pattern, or so that it ends at one.
  private static func place(of therapy: Therapy, _ window: TimeSpan) -> TimeSpan? {
    guard case .flex(let pattern) = therapy, window < pattern.period else { return nil }
    let period = pattern.period.nanoseconds
    var corners = pattern.segments.map(\.start.nanoseconds)
    for entry in pattern.boluses {
      corners.append(entry.start.nanoseconds)
      corners.append((entry.start + entry.bolus.duration).nanoseconds % period)
    }
    let places = corners + corners.map { ($0 + period - window.nanoseconds) % period }
    var best: (place: TimeSpan, volume: Volume)?
    for place in places.sorted().map({ TimeSpan(nanoseconds: $0) }) {
      guard let volume = try? therapy.volume(from: place, lasting: window) else { return nil }
      if volume > best?.volume ?? .zero { best = (place, volume) }
    }
    return best?.place
  }
}
