import Foundation
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits

/// A moment of the pump, worked out for people.
struct Outlook {
  let facts: PumpFacts
  let status: SessionStatus

  private func moment(_ instant: Instant) -> String {
    StatusReport.moment(facts.date(instant), facts)
  }

  private func micrograms(_ volume: Volume) -> Double {
    let mass = (try? facts.profile.concentration.mass(in: volume)) ?? .zero
    return Double(mass.femtograms) / 1e9
  }

  private func micrograms(_ flow: FlowRate) -> Double {
    micrograms((try? flow.volume(in: .day, .down)) ?? .zero) / 24
  }

  /// The pattern runs only while the state says so.
  private var therapy: Therapy {
    status.drive.state == .delivering ? running.therapy : .stopped
  }

  /// What runs, or would if it was resumed.
  private var running: Prescription {
    let prescribed = facts.profile.prescription
    guard let flow = status.drive.fallBack else { return prescribed }
    return Prescription(
      therapy: flow.isZero ? .stopped : .minimumRate(flow),
      concentration: prescribed.concentration)
  }

  func report(_ last: StatusReport.LastCommand?) -> StatusReport {
    let drive = status.drive
    let profile = facts.profile
    let next = nextRate
    let nextBolus = nextBolus
    let uncertain = steps(status.counts.uncertain)
    let end = reservoirEnd(drive.reservoir, therapy, from: drive.place)
    return StatusReport(
      state: drive.state.words, profile: profile.name, drug: profile.drug, lot: profile.lot,
      concentration_ug_per_ml: Double(profile.concentration.nanogramsPerMillilitre) / 1e3,
      board: facts.board, journal: facts.journal, began: moment(facts.opened),
      started_by: facts.startedBy, at: moment(status.at),
      time_zone: profile.timeZone.identifier, position: status.position,
      rate_ug_per_h: micrograms(drive.flow), next_rate_ug_per_h: next.map { micrograms($0.flow) },
      next_rate_at: next.map { moment($0.at) },
      next_bolus_ug: nextBolus.map { micrograms($0.volume) },
      next_bolus_at: nextBolus.map { moment($0.at) },
      bolus: drive.bolus.map {
        .init(
          kind: "\($0.kind)", dose_ug: micrograms($0.volume), given_ug: micrograms($0.given),
          ends: moment($0.end))
      },
      delivered_ug: micrograms(
        steps(status.counts.certain - min(status.counts.certain, status.carried.certain))),
      uncertain_ug: micrograms(uncertain),
      missed_ug: micrograms(
        steps(status.counts.missed - min(status.counts.missed, status.carried.missed))),
      may_have_left_last_hour_ug: Double(status.lastHour.femtograms) / 1e9,
      may_have_left_last_24h_ug: Double(status.lastDay.femtograms) / 1e9,
      prescribed_next_24h_ug: micrograms(ahead(therapy, from: drive.place) + openBolus),
      reservoir_ml: Double(drive.reservoir.femtolitres) / 1e12,
      refill_due: end.alarm.map { moment($0) }, stops_due: end.reserve.map { moment($0) },
      alarms: alarms, is_testing: status.isTesting,
      waits_for: status.waitsFor?.name, is_fallen_back: drive.fallBack != nil,
      last_command: last)
  }

  private var alarms: [StatusReport.StandingAlarm] {
    Alarm.allCases.filter { status.stands($0) }.map { alarm in
      let isCritical = status.critical & alarm.bit != 0
      return .init(
        name: alarm.name, title: alarm.title, is_critical: isCritical,
        has_escalated: isCritical && alarm.priority != .critical ? true : nil,
        is_cause_present: status.present & alarm.bit != 0)
    }.sorted { $0.is_critical && !$1.is_critical }
  }

  /// What would be otherwise after a command.
  func preview(of command: Command) -> Preview {
    let drive = status.drive
    let now = side(therapy, from: drive.place, reservoir: drive.reservoir, flow: drive.flow)
    var then = now
    switch command {
    case .bolus(let bolus, _), .prime(let bolus, _): then = with(bolus)
    case .patientBolus:
      if let rule = facts.profile.prescription.patientBolus { then = with(rule.bolus) }
    case .suspend, .stop:
      then = side(
        .stopped, from: .zero, reservoir: drive.reservoir, flow: .zero, rest: .zero)
    case .resume, .begin:
      then = side(
        running.therapy, from: drive.place, reservoir: drive.reservoir,
        flow: running.therapy.flow(at: drive.place))
    case .anchor(let place):
      then = side(
        therapy, from: place, reservoir: drive.reservoir, flow: therapy.flow(at: place))
    case .refill(let volume):
      then = side(therapy, from: drive.place, reservoir: volume, flow: drive.flow)
    case .adopt(let other, let place, _):
      then = side(
        other.therapy, from: place, reservoir: drive.reservoir, flow: other.therapy.flow(at: place))
    case .cancelBolus:
      then = side(
        therapy, from: drive.place, reservoir: drive.reservoir, flow: therapy.flow(at: drive.place),
        rest: .zero)
    case .acknowledge, .silence: break
    }
    let limit = facts.profile.limits.perDay
    return Preview(
      now: now, then: then, soft_limit_24h_ug: Double(limit.soft.femtograms) / 1e9,
      hard_limit_24h_ug: Double(limit.hard.femtograms) / 1e9,
      would_be_refused: refusal(of: command)?.words)
  }

  /// What speaks against a command by what is known here; the pump itself judges it when it is asked.
  private func refusal(of command: Command) -> Refusal? {
    let (drive, limits) = (status.drive, facts.profile.limits)
    if command.deliversMore, let alarm = status.cutBy ?? status.waitsFor { return .alarm(alarm) }
    switch command {
    case .bolus(let bolus, let isConfirmed):
      if drive.state != .delivering { return .notPossible(in: drive.state) }
      if drive.bolus != nil { return .bolusInProgress }
      return limits.refusal(
        of: bolus, facts.profile.concentration, isConfirmed: isConfirmed)
        ?? exceeded(by: bolus.volume)
    case .prime(let bolus, _):
      return drive.bolus != nil ? .bolusInProgress : exceeded(by: bolus.volume)
    case .patientBolus:
      guard let rule = facts.profile.prescription.patientBolus else {
        return .patientBolusNotPrescribed
      }
      return exceeded(by: rule.bolus.volume)
    case .resume: return drive.state == .suspended ? nil : .notPossible(in: drive.state)
    case .refill(let volume): return volume > facts.profile.reservoir.capacity ? .overfilled : nil
    default: return nil
    }
  }

  /// The window whose hard limit a volume would pass with what may have left already.
  private func exceeded(by volume: Volume) -> Refusal? {
    let limits = facts.profile.limits
    let mass = (try? facts.profile.concentration.mass(in: volume)) ?? Mass(femtograms: .max)
    func passes(_ before: Mass, _ hard: Mass) -> Bool {
      let (sum, isOver) = before.femtograms.addingReportingOverflow(mass.femtograms)
      return isOver || sum > hard.femtograms
    }
    if passes(status.lastHour, limits.perHour.hard) { return .doseLimit(.hour) }
    return passes(status.lastDay, limits.perDay.hard) ? .doseLimit(.day) : nil
  }

  private func with(_ bolus: Bolus) -> Preview.Side {
    let drive = status.drive
    var side = side(
      therapy, from: drive.place, reservoir: drive.reservoir.lessening(by: bolus.volume),
      flow: (try? drive.flow.adding(bolus.flow)) ?? drive.flow)
    side.next_24h_ug += micrograms(bolus.volume)
    side.reservoir_ml = Double(drive.reservoir.femtolitres) / 1e12
    return side
  }

  private func side(
    _ therapy: Therapy, from place: TimeSpan, reservoir: Volume, flow: FlowRate,
    rest: Volume? = nil
  ) -> Preview.Side {
    let rest = rest ?? openBolus
    let end = reservoirEnd(reservoir, therapy, from: place)
    return Preview.Side(
      rate_ug_per_h: micrograms(flow), last_24h_ug: Double(status.lastDay.femtograms) / 1e9,
      next_24h_ug: micrograms(ahead(therapy, from: place) + rest),
      reservoir_ml: Double(reservoir.femtolitres) / 1e12,
      refill_due: end.alarm.map { moment($0) })
  }

  /// What a bolus in progress is still to deliver.
  private var openBolus: Volume {
    status.drive.bolus.map { $0.volume.lessening(by: $0.given) } ?? .zero
  }

  private func steps(_ count: UInt64) -> Volume {
    (try? facts.step.volume(ofSteps: count)) ?? .zero
  }

  private func ahead(_ therapy: Therapy, from place: TimeSpan) -> Volume {
    let own = (try? therapy.volume(from: place, lasting: .day)) ?? .zero
    return own.lessening(by: (try? therapy.bolusBegun(before: place, within: .day)) ?? .zero)
  }

  /// When the reservoir is at its low alarm and at its reserve, if every permitted patient bolus is taken.
  private func reservoirEnd(_ left: Volume, _ therapy: Therapy, from place: TimeSpan) -> (
    alarm: Instant?, reserve: Instant?
  ) {
    guard therapy != .stopped else { return (nil, nil) }
    let prescription = Prescription(
      therapy: therapy, concentration: running.concentration, patientBolus: running.patientBolus)
    func end(_ level: Volume) -> Instant? {
      Reservoir.timeToUse(left.lessening(by: level), by: prescription, from: place)
        .map { status.at + $0 }
    }
    return (end(facts.profile.reservoir.lowAlarm), end(facts.profile.reservoir.reserve))
  }

  private var nextRate: (flow: FlowRate, at: Instant)? {
    guard case .flex(let pattern) = therapy, pattern.segments.count > 1 else { return nil }
    let lasts = pattern.basal(at: here(pattern)).lasts
    let place = (here(pattern) + lasts).nanoseconds % pattern.period.nanoseconds
    return (pattern.basal(at: TimeSpan(nanoseconds: place)).flow, status.at + lasts)
  }

  private var nextBolus: (volume: Volume, at: Instant)? {
    guard case .flex(let pattern) = therapy else { return nil }
    let here = here(pattern).nanoseconds
    var best: (volume: Volume, at: Instant)?
    for entry in pattern.boluses {
      let start = entry.start.nanoseconds
      let wait = start > here ? start - here : start + pattern.period.nanoseconds - here
      let at = status.at + TimeSpan(nanoseconds: wait)
      if best.map({ at < $0.at }) ?? true { best = (entry.bolus.volume, at) }
    }
    return best
  }

  private func here(_ pattern: FlexPattern) -> TimeSpan {
    TimeSpan(nanoseconds: status.drive.place.nanoseconds % pattern.period.nanoseconds)
  }
}

extension Therapy {
  /// The basal at a place of the pattern.
  fileprivate func flow(at place: TimeSpan) -> FlowRate {
    switch self {
    case .stopped: .zero
    case .minimumRate(let flow), .continuous(let flow): flow
    case .flex(let pattern):
      pattern.basal(
        at: TimeSpan(nanoseconds: place.nanoseconds % pattern.period.nanoseconds)
      ).flow
    }
  }
}
