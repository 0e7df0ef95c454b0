import Foundation
import PumpFiles
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// A history as one HTML file that needs nothing else, made to be printed.
package struct HistoryPage {
  private let report: HistoryReport

  package init(_ report: HistoryReport) { self.report = report }

  private var history: DeliveryHistory { report.history }
  private func safe(_ text: String) -> String { Visible.xml(text) }

  package var html: String {
    let name = report.prescription?.plan?.profile.name ?? report.journal
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width"/>
      <title>\(safe(name)): report of a pump</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <p class="notice">Bench equipment: not a medical device, not for human use.</p>
      <h1>\(safe(name))</h1>
      <p>Journal \(safe(report.journal)): \(history.records) records, \(history.sessions) \
      session\(history.sessions == 1 ? "" : "s"), \(safe(report.period)).<br/>
      Made \(report.moments.full(report.printed)), \(safe(history.zone.identifier)).</p>

      """
        + ([delivered, prescription, boluses, reservoir, alarms, changes, assumptions]
        as [String]).joined(separator: "\n") + "</body>\n</html>\n"
  }

  private static let style = """
    body{font:11pt/1.4 sans-serif;max-width:60em;margin:1em auto;padding:0 1em;color:#111}
    h1{font-size:16pt;margin:.2em 0}h2{font-size:13pt;margin:1.4em 0 .3em;border-bottom:1px solid #999}
    table{border-collapse:collapse;width:100%}thead{display:table-header-group}tr{break-inside:avoid}
    th,td{text-align:left;padding:.2em .6em .2em 0;border-bottom:1px solid #ddd;vertical-align:top}
    pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:9pt;background:#f6f6f6;padding:.6em}
    svg{width:100%;height:auto}.notice,.warn{color:#a00;font-weight:bold}
    .sign td{padding-top:2.2em;border-bottom:1px solid #111}.sign th{border:0;font-weight:normal;color:#444}
    @page{margin:15mm}@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}h2{break-after:avoid}}
    """

  // MARK: - What was given, and what was prescribed

  private var delivered: String {
    let total = report.days.total
    var rows = [["given, by the count of steps", report.mass(total.certain_ug)]]
    rows.append(["may have been given besides", report.mass(total.uncertain_ug)])
    rows.append(["due, not given, never repaid", report.mass(total.missed_ug)])
    rows.append(["whole days", report.wholeDays])
    let isRising = report.trend?.is_flagged ?? false
    if !isRising { rows.append(["trend", report.trendWords]) }
    let charts = HistoryCharts(report)
    return "<h2>Delivered</h2>\n" + table([], rows)
      + (isRising ? "<p class=\"warn\">\(safe(report.trendWords)).</p>\n" : "")
      + charts.dailyDoses + charts.dosesByHour
  }

  private var prescription: String {
    guard let kept = report.prescription else {
      return "<h2>Prescription</h2>\n<p>The journal holds no whole prescription.</p>\n"
    }
    var parts = ["<h2>Prescription at the journal's end</h2>"]
    if let plan = kept.plan {
      parts.append(PlanPlot(plan).svg)
    } else {
      parts.append(
        "<p class=\"warn\">It can't be worked out here: its board, its pump or its drug library is not there.</p>"
      )
    }
    if let summary = kept.summary { parts.append("<pre>\(lines(summary))</pre>") }
    parts.append("<h2>Its text, as it was confirmed</h2>\n<pre>\(lines(kept.text))</pre>")
    parts.append(
      """
      <table class="sign"><tr><td></td><td></td><td></td></tr>
      <tr><th>prescriber</th><th>date</th><th>signature</th></tr></table>
      """)
    return parts.joined(separator: "\n") + "\n"
  }

  /// A text of several lines; what can't be seen in one is made visible.
  private func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { safe(String($0)) }.joined(separator: "\n")
  }

  // MARK: - Tables

  private static let most = 500

  /// A bolus of the pattern that was given whole is counted; every other one has a row.
  private var boluses: String {
    let told = history.boluses.filter { $0.kind != .scheduled || !$0.isWhole }
    let counted = history.boluses.count - told.count
    let rows = told.suffix(Self.most).map { bolus in
      func dose(_ volume: Volume?) -> String {
        guard let volume else { return "unknown" }
        return bolus.worth?.mass(in: volume).map { Format.mass($0) } ?? Format.volume(volume)
      }
      return [
        report.stamp(bolus.at), bolus.end.map { report.stamp($0.at) } ?? "not recorded",
        bolus.kind.map { "\($0)" } ?? "scheduled", dose(bolus.asked), dose(bolus.end?.given),
        bolus.kind == nil
          ? "NOT given"
          : bolus.end == nil ? "its end is not recorded" : bolus.isWhole ? "" : "NOT the whole",
      ]
    }
    let note =
      counted > 0
      ? "<p>\(counted) of the pattern \(counted == 1 ? "was" : "were") given whole\(told.isEmpty ? "." : "; the others:")</p>\n"
      : ""
    return "<h2>Boluses</h2>\n" + note
      + (told.isEmpty && counted > 0
        ? "" : listed(["began", "ended", "kind", "asked", "given", ""], rows, of: told.count))
  }

  private var reservoir: String {
    let rows = history.fillings.suffix(Self.most).map { filling in
      [
        report.stamp(filling.at), filling.before.map { Format.volume($0) } ?? "unknown",
        Format.volume(filling.to),
      ]
    }
    let lots = report.pastFillings.map { past in
      [past.drug, past.concentration, past.lot, past.expires, past.period(report.moments)]
    }
    return "<h2>Reservoir</h2>\n" + HistoryCharts(report).reservoir
      + (lots.isEmpty
        ? "" : table(["drug", "concentration", "lot", "expires", "in the pump"], lots))
      + listed(
        ["refilled", "left by the ledger before", "filled to"], rows, of: history.fillings.count)
  }

  private var alarms: String {
    let rows = history.alarms.suffix(Self.most).map { past in
      [
        report.stamp(past.raised),
        (past.alarm.priority == .critical ? "CRITICAL " : "") + past.alarm.name,
        past.alarm.title, past.causeGone.map(report.stamp) ?? "",
        past.acknowledged.map(report.stamp) ?? "",
      ]
    }
    return "<h2>Alarms</h2>\n<p>At the journal's end: \(safe(report.standingWords)).</p>\n"
      + listed(
        ["raised", "alarm", "what it says", "cause gone", "acknowledged"], rows,
        of: history.alarms.count)
  }

  private var changes: String {
    let rows = history.changes.suffix(Self.most).map {
      [
        report.stamp($0.at), $0.who,
        $0.what + ($0.outcome == .unanswered ? ": no answer in the journal" : ""),
      ]
    }
    return "<h2>What was asked for and changed</h2>\n"
      + listed(["when", "who", "what"], rows, of: history.changes.count)
  }

  private var assumptions: String {
    var notes = [
      "Doses are counted in steps of the motor at the concentration and the step volume that each session names. Nobody has weighed them here.",
      "A count has no moment of each step: the steps between two counts are spread evenly over the time in which they were permitted.",
      "Times are the pump's wall clock, in the zone that is named above; where that clock was moved, the list of changes says so. A run that was begun with --start has its pattern's place from there, and its times from the clock.",
      "A day is whole where a therapy ran on all of it, an hour at most left out.",
      "Uncertain steps were permitted and never reported, as when the power fails. They may have been made.",
    ]
    let settled = history.settled
    if settled.made + settled.notMade > 0 {
      notes.append(
        "A clinician has settled uncertain steps: \(settled.made) were made, \(settled.notMade) were not. Those that were made count as given at the earliest times that were uncertain."
      )
    }
    if report.unknownSteps > 0 {
      notes.append(
        "\(report.unknownSteps) steps are in no dose: their sessions do not say what a step is worth."
      )
    }
    let undated = report.days.undated
    if undated.certain_ug + undated.uncertain_ug > 0 {
      notes.append(
        "\(report.mass(undated.certain_ug)) of what was given, and \(report.mass(undated.uncertain_ug)) of what is uncertain, are in no day: the clock had not been set."
      )
    }
    return "<h2>What is assumed, and what is not known</h2>\n<ul>\n"
      + notes.map { "<li>\(safe($0))</li>\n" }.joined() + "</ul>\n"
  }

  private func listed(_ heading: [String], _ rows: [[String]], of count: Int) -> String {
    guard count > 0 else { return "<p>None.</p>\n" }
    let left = count - rows.count
    let note =
      left > 0
      ? "<p>The latest \(rows.count); the JSON of this report has \(left) earlier ones.</p>\n" : ""
    return note + table(heading, rows)
  }

  private func table(_ heading: [String], _ rows: [[String]]) -> String {
    let head =
      heading.isEmpty
      ? ""
      : "<thead><tr>" + heading.map { "<th>\(safe($0))</th>" }.joined() + "</tr></thead>\n"
    return "<table>\n\(head)<tbody>\n"
      + rows.map { "<tr>" + $0.map { "<td>\(safe($0))</td>" }.joined() + "</tr>\n" }.joined()
      + "</tbody>\n</table>\n"
  }
}
