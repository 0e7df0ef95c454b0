package import Foundation
package import PumpProfiles
import PumpTherapy
package import PumpUnits

extension Profile {
  /// The prescription's closed form over a stretch of a run: therapy and single bolus.
  package func prescribed(from: Instant, to: Instant, startingAt start: Date) -> Volume {
    let place = place(at: start) + TimeSpan(nanoseconds: from.nanoseconds)
    let therapy = prescription.therapy
    let all = (try? therapy.volume(from: place, lasting: to - from)) ?? .zero
    // A bolus that would have begun before the run is none of its business.
    let before = self.place(at: start)
    func tail(_ span: TimeSpan) -> Volume {
      (try? therapy.bolusBegun(before: before, within: span)) ?? .zero
    }
    let own = all.lessening(
      by: tail(to - .epoch).lessening(by: tail(from - .epoch)))
    guard let bolus = singleBolus else { return own }
    func given(_ at: Instant) -> Volume {
      let span = TimeSpan(nanoseconds: at.nanoseconds)
      return span >= bolus.duration
        ? bolus.volume : (try? bolus.flow.volume(in: span)) ?? .zero
    }
    return own + (given(to) - given(from))
  }
}
