import Foundation
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// A history as JSON has it.
package struct HistoryMachine: Encodable {
  package struct Day: Encodable {
    package var date: String
    package var is_whole: Bool
    package var certain_ug: Double
    package var uncertain_ug: Double
    package var missed_ug: Double
    package var reservoir_ul: Double?
  }

  package struct Bolus: Encodable {
    package var at: String
    package var ended: String?
    package var kind: String
    package var asked_ug: Double?
    package var given_ug: Double?
    package var is_whole: Bool
  }

  package struct Lot: Encodable {
    package var drug: String
    package var lot: String
    package var concentration: String
    package var expires: String
    package var session: UInt32
    package var from: String
    package var until: String?
  }

  package struct AlarmPast: Encodable {
    package var alarm: String
    package var is_critical: Bool
    package var raised: String
    package var cause_gone: String?
    package var acknowledged: String?
  }

  package struct Change: Encodable {
    package var at: String
    package var who: String
    package var what: String
    /// `done`, `refused`, `unknown`, `failed` or `unanswered`.
    package var outcome: String
  }

  package struct Filling: Encodable {
    package var at: String
    package var before_ul: Double?
    package var to_ul: Double
  }

  package var notice = "bench equipment: not a medical device, not for human use"
  package var journal: String
  package var time_zone: String
  package var records: UInt64
  package var sessions: UInt32
  package var from: String?
  package var until: String?
  package var certain_ug: Double
  package var uncertain_ug: Double
  package var missed_ug: Double
  /// Of the certain dose: what was given while the clock had not been set, and is in no day.
  package var undated_ug: Double
  /// Steps of sessions that do not say what a step is worth: they are in no dose.
  package var steps_without_dose: UInt64
  package var steps_settled_as_made: UInt64
  package var steps_settled_as_not_made: UInt64
  /// What was given in each hour of the clock on the mean of the whole days, 24 values or none.
  package var mean_of_hours_ug: [Double]
  package var trend: DoseTrend?
  package var days: [Day]
  package var boluses: [Bolus]
  package var refills: [Filling]
  /// The drugs and lots that were written down, the first one first; the last one is in the pump.
  package var lots: [Lot]
  package var alarms: [AlarmPast]
  package var changes: [Change]

  package init(_ report: HistoryReport) {
    let (history, days, moments) = (report.history, report.days, report.moments)
    func text(_ date: Date) -> String { moments.machine(date) }
    journal = report.journal
    time_zone = history.zone.identifier
    (records, sessions) = (history.records, history.sessions)
    from = history.first.map(text)
    until = history.last.map(text)
    certain_ug = days.total.certain_ug
    uncertain_ug = days.total.uncertain_ug
    missed_ug = days.total.missed_ug
    undated_ug = days.undated.certain_ug
    steps_without_dose = history.worthless.certain + history.worthless.uncertain
    steps_settled_as_made = history.settled.made
    steps_settled_as_not_made = history.settled.notMade
    mean_of_hours_ug = days.meanOfHours
    trend = report.trend
    self.days = days.days.map {
      Day(
        date: report.day($0.begin), is_whole: $0.isWhole, certain_ug: $0.dose.certain_ug,
        uncertain_ug: $0.dose.uncertain_ug, missed_ug: $0.dose.missed_ug,
        reservoir_ul: $0.reservoir?.microlitres)
    }
    boluses = history.boluses.map { bolus in
      Bolus(
        at: text(bolus.at), ended: bolus.end.map { text($0.at) },
        kind: bolus.kind.map { "\($0)" } ?? "not-given",
        asked_ug: bolus.worth?.mass(in: bolus.asked)?.micrograms,
        given_ug: bolus.end.flatMap { bolus.worth?.mass(in: $0.given)?.micrograms },
        is_whole: bolus.isWhole)
    }
    refills = history.fillings.map {
      Filling(at: text($0.at), before_ul: $0.before?.microlitres, to_ul: $0.to.microlitres)
    }
    lots = report.pastFillings.map {
      Lot(
        drug: $0.drug, lot: $0.lot, concentration: $0.concentration, expires: $0.expires,
        session: $0.session, from: text($0.from), until: $0.until.map(text))
    }
    alarms = history.alarms.map {
      AlarmPast(
        alarm: $0.alarm.name, is_critical: $0.alarm.priority == .critical, raised: text($0.raised),
        cause_gone: $0.causeGone.map(text), acknowledged: $0.acknowledged.map(text))
    }
    changes = history.changes.map {
      Change(at: text($0.at), who: $0.who, what: $0.what, outcome: $0.outcome.rawValue)
    }
  }
}
