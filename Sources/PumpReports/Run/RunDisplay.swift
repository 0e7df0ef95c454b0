package import Foundation
package import Histogram
import PumpDrive
package import PumpMessages
package import PumpProfiles
import PumpSafety
import PumpScenarios
package import PumpService
import PumpUnits

/// Shows a run on a terminal, several lines drawn over each other; in a pipe only what happens.
package struct RunDisplay {
  package var status: RunStatus?
  /// What the keys do; `nil` where there are none.
  package var keys: String?
  private let concentration: Concentration?
  private let prescribed: (Instant) -> Volume?
  private let title: String
  private let moments: Moments
  private let start: Date
  private let isTerminal = isatty(STDERR_FILENO) == 1
  /// The time zone of what is shown, and how a therapy is called that gives nothing by itself.
  private let zone: String
  private let rest: String?
  private var bolus: Volume?
  private var standing: [Alarm] = []
  private var drawn = 0
  private var drawnAt = Date.distantPast

  package init(_ profile: Profile, on bench: Bench, start: Date) {
    concentration = profile.concentration
    self.start = start
    prescribed = { profile.prescribed(from: .epoch, to: $0, startingAt: start) }
    moments = Moments(profile.timeZone)
    zone = " " + profile.timeZone.identifier
    rest =
      profile.mode == .stopped
      ? "therapy stopped: nothing is delivered by itself"
      : profile.mode == .minimumRate ? "minimum rate: no treatment" : nil
    title =
      "\(profile.name) on \(bench.board.name): \(profile.drug) "
      + "\(Format.concentration(profile.concentration)), not for human use"
  }

  /// Shows a run that delivers no drug.
  package init(titled title: String) {
    self.title = title
    concentration = nil
    prescribed = { _ in nil }
    start = Date()
    moments = Moments(.current)
    (zone, rest) = ("", nil)
  }

  /// Takes note of an event, and tells it where a person or a log would want to know.
  package mutating func take(_ event: TimedEvent) {
    switch event.event {
    case .alarmRaised(let alarm):
      if !standing.contains(alarm) { standing.append(alarm) }
      note(at: event.at, "\(alarm.priority == .critical ? "CRITICAL" : "alarm"): \(alarm.title)")
    case .acknowledged(let alarm): standing.removeAll { $0 == alarm }
    case .forgone(let steps): note(at: event.at, "\(steps) steps are given up, never repaid")
    case .bolusBegan(_, let volume):
      bolus = volume
      note(at: event.at, "bolus of \(dose(volume)) begins")
    case .bolusEnded(_, let volume, let isWhole):
      bolus = nil
      note(at: event.at, "bolus ended with \(dose(volume))\(isWhole ? "" : ", NOT the whole")")
    case .tripped: note(at: event.at, "delivery has stopped")
    case .tested(let part, false):
      note(at: event.at, "self-test of the \(part.name) failed: \(part.remedy)")
    default: break
    }
  }

  private func dose(_ volume: Volume) -> String {
    guard let concentration else { return Format.volume(volume) }
    return Format.mass((try? concentration.mass(in: volume)) ?? .zero)
  }

  private mutating func note(at instant: Instant, _ text: String) {
    note("\(moments.second(start.after(instant))) \(text)")
  }

  /// Writes a line that stays.
  package mutating func note(_ text: String) {
    clear()
    Console.note(text)
  }

  /// Draws the status anew, five times a second at most.
  package mutating func refresh(_ lateness: Histogram<UInt64>) {
    guard isTerminal, let status, Date().timeIntervalSince(drawnAt) >= 0.2 else { return }
    drawnAt = Date()
    clear()
    let lines = lines(status, lateness)
    drawn = lines.count
    Console.write(lines.joined(separator: "\n") + "\n")
  }

  /// Takes the status off the terminal.
  package mutating func clear() {
    guard isTerminal, drawn > 0 else { return }
    Console.write("\u{1B}[\(drawn)A\u{1B}[J")
    drawn = 0
  }

  private func lines(_ status: RunStatus, _ lateness: Histogram<UInt64>) -> [String] {
    let rate = concentration.flatMap { try? $0.doseRate(of: status.flow) }.map {
      Format.decimal($0.femtogramsPerDay, per: 24_000_000_000) + " µg/h, "
    }
    let state = status.state == .delivering ? rest ?? status.state.words : status.state.words
    let missed = status.missed > 0 ? "; \(status.missed) steps MISSED" : ""
    let uncertain = status.uncertain > 0 ? "; \(status.uncertain) steps UNCERTAIN" : ""
    let added = bolus.map { ", with a bolus of \(dose($0))" } ?? ""
    let alarms = standing.isEmpty ? "none" : standing.map(\.name).joined(separator: ", ")
    var lines: [String] = [
      title,
      "  \(moments.second(start.after(status.at)))\(zone), running for \(clock(status.at)): \(state)",
      "  rate now    \(rate ?? "")\(Format.flow(status.flow))\(added)",
      "  prescribed  \(dose(prescribed(status.at) ?? status.planned)) by now",
      "  delivered   \(dose(status.delivered)), \(TextColumns.grouped(status.steps)) steps"
        + missed + uncertain,
      "  reservoir   \(Format.volume(status.reservoir))",
      "  wake-ups    \(Self.lateness(lateness))",
      "  alarms      \(alarms)",
    ]
    if let keys { lines.append("  \(keys)") }
    return lines + ["  Ctrl-C stops the run and de-energises the motor"]
  }

  /// Percentiles of lateness for people.
  package static func lateness(_ histogram: Histogram<UInt64>) -> String {
    guard histogram.totalCount > 0 else { return "none yet" }
    func micro(_ value: UInt64) -> String { String(format: "%.1f µs", Double(value) / 1e3) }
    return "late by p50 \(micro(histogram.valueAtPercentile(50))), p99 "
      + "\(micro(histogram.valueAtPercentile(99))), p99.9 "
      + "\(micro(histogram.valueAtPercentile(99.9))), worst \(micro(histogram.maxRecorded))"
  }

  private func clock(_ instant: Instant) -> String {
    let seconds = instant.nanoseconds / 1_000_000_000
    return String(format: "%llu:%02llu:%02llu", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }
}
