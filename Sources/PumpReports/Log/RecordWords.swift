package import PumpJournal
package import PumpMessages
import PumpProfiles
package import PumpRecords
import PumpSafety
import PumpTherapy
package import PumpUnits

extension RecordKind {
  /// The name that queries and files use.
  package var name: String { "\(self)" }
}

extension JournalEntry {
  /// What it says, for people.
  ///
  /// - Parameters:
  ///   - now: When it was written.
  ///   - worth: What steps and volumes hold in its session; `nil` where nobody knows. The counts of a grant are sums
  ///     over all sessions, which may have had other heads and drugs: they have no one dose.
  package func words(at now: Instant, _ worth: JournalBinding? = nil) -> String {
    switch self {
    case .opened(_, _, _, let binding, _):
      "session begins"
        + (binding.map { ", \(Format.concentration($0.concentration))" } ?? "")
    case .grant(let counts, let upTo, let until):
      "\(TextColumns.grouped(counts.certain)) steps certain"
        + (counts.uncertain > 0 ? ", \(TextColumns.grouped(counts.uncertain)) uncertain" : "")
        + (counts.missed > 0 ? ", \(TextColumns.grouped(counts.missed)) missed" : "")
        + (upTo > counts.highest
          ? "; \(TextColumns.grouped(upTo - counts.highest)) more permitted"
            + worth.dose(ofSteps: upTo - counts.highest) + " for "
            + Format.span(until.elapsed(since: now)) : "; none permitted")
    case .event(.silenced(let alarm, let until)):
      "\(alarm.name) is silent for \(Format.span(until.elapsed(since: now)))"
    case .event(let event): event.words(worth)
    case .command(let command, let value, let isAccepted):
      command.words + Self.describe(command, value, worth) + (isAccepted ? "" : ", REFUSED")
    case .asked(let ticket, let command, let value, let by):
      "\(by.words) asks for " + command.words + Self.describe(command, value, worth)
        + Self.mark(ticket)
    case .answered(let ticket, let command, let value, let result):
      command.words + Self.describe(command, value, worth) + result.words + Self.mark(ticket)
    case .profile(let copy, let part, let length, _, _):
      "profile of \(length) bytes, copy \(Int(copy) + 1), part \(Int(part) + 1)"
    case .text(let part, let length, let text):
      "\(part == 0 ? "" : "… ")\(text.words(part, length))"
    case .unknown(let kind): "of kind \(kind), which this version does not know"
    }
  }

  /// A ticket, short enough for people to tell two apart.
  private static func mark(_ ticket: UInt64) -> String {
    " [\(String(ticket, radix: 16).suffix(4))]"
  }

  private static func describe(
    _ command: CommandKind, _ value: UInt64, _ worth: JournalBinding?
  ) -> String {
    let volume = Volume(femtolitres: value)
    return switch command {
    case .bolus, .prime: " \(Format.volume(volume))" + worth.dose(in: volume)
    case .refill: " \(Format.volume(volume))"
    case .acknowledge, .silence:
      Alarm(rawValue: UInt8(truncatingIfNeeded: value)).map { " \($0.name)" } ?? ""
    case .reconcile: ": \(TextColumns.grouped(value)) of the uncertain steps were made"
    case .begin, .suspend, .resume, .adopt, .cancelBolus, .patientBolus, .anchor, .stop,
      .outOfService:
      ""
    }
  }
}

extension CommandKind {
  /// What it is, by the name that people ask for it with.
  package var words: String {
    switch self {
    case .begin: "begin"
    case .suspend: "suspend"
    case .resume: "resume"
    case .adopt: "adopt"
    case .bolus: "bolus"
    case .prime: "prime"
    case .cancelBolus: "cancel-bolus"
    case .patientBolus: "patient-bolus"
    case .anchor: "anchor"
    case .refill: "refill"
    case .acknowledge: "acknowledge"
    case .silence: "silence"
    case .reconcile: "reconcile"
    case .stop: "stop"
    case .outOfService: "out of service"
    }
  }
}

extension Operator {
  /// Who, for people.
  package var words: String {
    self == .button ? "the patient's button" : "\(role) (user \(user))"
  }
}

extension Answered.Result {
  /// What became of it, for the end of a sentence.
  package var words: String {
    switch self {
    case .accepted: ""
    case .refused(let refusal): ", REFUSED: \(refusal.words)"
    case .unknown: ", UNKNOWN: the drive did not answer in time"
    }
  }
}

extension JournalText {
  /// Its part of a text.
  package func words(_ part: UInt16, _ length: UInt32) -> String {
    let left = max(0, Int(length) - Int(part) * Self.size)
    return String(decoding: (0..<min(Self.size, left)).map { self[$0] }, as: UTF8.self)
  }
}

extension PumpEvent {
  /// What happened, for people.
  package var words: String { words(nil) }

  /// What happened, for people, with the doses where it is known what volumes and steps hold.
  package func words(_ worth: JournalBinding?) -> String {
    switch self {
    case .began: "the therapy begins"
    case .suspended: "the therapy is held"
    case .resumed: "the therapy goes on"
    case .adopted: "another therapy runs"
    case .anchored(let place): "the pattern is anchored at \(Format.span(place))"
    case .bolusBegan(let kind, let volume):
      "\(kind) bolus of \(Format.volume(volume))\(worth.dose(in: volume)) begins"
    case .bolusEnded(let kind, let volume, let isWhole):
      "\(kind) bolus ended with \(Format.volume(volume))\(worth.dose(in: volume))"
        + (isWhole ? "" : ", NOT the whole")
    case .bolusDropped(let volume):
      "a bolus of \(Format.volume(volume))\(worth.dose(in: volume)) was NOT given"
    case .late(let span): "\(Format.span(span)) late"
    case .forgone(let steps):
      "\(TextColumns.grouped(steps)) steps\(worth.dose(ofSteps: steps)) are given up, never repaid"
    case .tripped(let alarm): "delivery has stopped: \(alarm.name)"
    case .alarmRaised(let alarm):
      "\(alarm.priority == .critical ? "CRITICAL" : "alarm") \(alarm.name): \(alarm.title)"
    case .alarmCauseGone(let alarm): "the cause of \(alarm.name) has gone"
    case .acknowledged(let alarm): "\(alarm.name) was acknowledged"
    case .silenced(let alarm, _): "\(alarm.name) is silent for a while"
    case .wallClockMoved(let seconds): "the wall clock was moved by \(seconds) s"
    case .refilled(let volume): "reservoir filled to \(Format.volume(volume))"
    case .stallEnded(let steps):
      "the motor turns again; \(TextColumns.grouped(steps)) steps may be lost"
    case .held(let isHeld): isHeld ? "ENABLE is held" : "ENABLE follows the drive again"
    case .restarted(let span, let uncertain):
      "started anew after \(Format.span(span)); \(TextColumns.grouped(uncertain)) steps uncertain"
    case .reconciled(let made, let notMade):
      "reconciled: \(TextColumns.grouped(made)) of the uncertain steps were made, "
        + "\(TextColumns.grouped(notMade)) were not"
    case .ended: "session ended in good order"
    case .wallClockKept: "a time service keeps the wall clock from here on"
    case .fellBack: "the prescription is given up for the minimum rate until a clinician has looked"
    case .tested(let part, let passed):
      "self-test of the \(part.name): \(passed ? "no fault" : "FAILED")"
    }
  }
}
