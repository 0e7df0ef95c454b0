import Foundation
import PumpMessages
import PumpProfiles
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite(
  "What is shown of a moment of the pump is worked out by hand, and so is what a command would change"
)
struct OutlookTests {
  private var status = Served.status()

  private static func flow(_ microlitresPerDay: UInt64) throws -> FlowRate {
    try FlowRate(delivering: Volume(microlitres: microlitresPerDay), over: .day)
  }

  /// 240 uL/day by night and 480 uL/day from 08:00 to 20:00; 20 uL over 30 min at 07:00 and 19:00.
  ///
  /// 360 uL of basal and 40 uL of boluses a day are 200 ug.
  private static func flex() throws -> Prescription {
    let bolus = try Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(minutes: 30))
    return Prescription(
      therapy: .flex(
        try FlexPattern(
          period: .day,
          segments: [
            .init(start: .zero, flow: try flow(240)),
            .init(start: TimeSpan(hours: 8), flow: try flow(480)),
            .init(start: TimeSpan(hours: 20), flow: try flow(240)),
          ],
          boluses: [
            .init(start: TimeSpan(hours: 7), bolus: bolus),
            .init(start: TimeSpan(hours: 19), bolus: bolus),
          ])),
      concentration: Concentration(microgramsPerMillilitre: 500))
  }

  /// 240 uL/day, and 10 ug for the patient every two hours, six times a day.
  private static func withPatientBolus() throws -> Prescription {
    let prescription = try Served.continuous(240)
    return Prescription(
      therapy: prescription.therapy, concentration: prescription.concentration,
      patientBolus: try PatientBolusRule(
        bolus: try Bolus(volume: Volume(microlitres: 20), duration: TimeSpan(minutes: 30)),
        lockout: TimeSpan(hours: 2), maximumPerDay: 6))
  }

  /// The session was opened on 2027-01-15 at 08:00 UTC, an hour ago.
  private func moment(_ day: Int, _ time: String) -> String { "2027-01-\(day)T\(time)Z" }

  private func report(_ prescription: Prescription? = nil) throws -> StatusReport {
    Outlook(facts: try Served.facts(prescription), status: status).report(nil)
  }

  private func preview(_ command: Command, _ prescription: Prescription? = nil) throws -> Preview {
    Outlook(facts: try Served.facts(prescription), status: status).preview(of: command)
  }

  @Test("The next rate and the next bolus of a pattern, on the day and over its end")
  mutating func next() throws {
    // Where the pattern is, the next rate in ug/h and hours until it, hours until the next bolus.
    let rows: [(place: TimeSpan, rate: Double, change: String, bolus: String)] = [
      (TimeSpan(hours: 6), 10, "11:00:00", "10:00:00"),
      (TimeSpan(hours: 7), 10, "10:00:00", "21:00:00"),
      (TimeSpan(hours: 8), 5, "21:00:00", "20:00:00"),
      (TimeSpan(hours: 30), 10, "11:00:00", "10:00:00"),
    ]
    for row in rows {
      status.drive.place = row.place
      let report = try report(Self.flex())
      #expect(report.next_rate_ug_per_h == row.rate)
      #expect(report.next_rate_at == moment(15, row.change))
      #expect(report.next_bolus_ug == 10 && report.next_bolus_at == moment(15, row.bolus))
    }
    status.drive.place = TimeSpan(hours: 21)
    let night = try report(Self.flex())
    // From 20:00 the night goes on for 4 h to the pattern's end, where its first row begins anew.
    #expect(night.next_rate_at == moment(15, "12:00:00") && night.next_rate_ug_per_h == 5)
    #expect(night.next_bolus_at == moment(15, "19:00:00"))
    let steady = try report()
    #expect(steady.next_rate_at == nil && steady.next_rate_ug_per_h == nil)
    #expect(steady.next_bolus_at == nil && steady.next_bolus_ug == nil)
  }

  @Test(
    "The next 24 h hold each bolus once: one that runs is counted by what is still to come of it")
  mutating func day() throws {
    status.drive.place = TimeSpan(hours: 6)
    #expect(try report(Self.flex()).prescribed_next_24h_ug == 200)
    // Ten minutes into the bolus at 07:00.
    status.drive.place = TimeSpan(hours: 7) + TimeSpan(minutes: 10)
    status.drive.bolus = DriveDetail.RunningBolus(
      kind: .scheduled, volume: Volume(microlitres: 20), given: Volume(microlitres: 6),
      end: status.at + TimeSpan(minutes: 20))
    let report = try report(Self.flex())
    // 14 uL of it are 7 ug; within 24 h the next one at 07:00 has given its first 10 of 30 minutes.
    let next = report.prescribed_next_24h_ug
    #expect(abs(next - (180 + 10 + 7 + 10.0 / 3)) < 0.1, "\(next)")
    #expect(report.bolus?.given_ug == 3 && report.bolus?.dose_ug == 10)
    #expect(report.bolus?.kind == "scheduled")
    #expect(report.bolus?.ends == moment(15, "09:20:00"))
  }

  @Test("What this session delivered is without what earlier ones had, and never below nothing")
  mutating func carried() throws {
    status.carried = StepCounts(certain: 24_000, uncertain: 6_400, missed: 2_000)
    status.counts = StepCounts(certain: 64_000, uncertain: 12_800, missed: 8_400)
    let report = try report()
    // 40,000, 12,800 and 6,400 steps of 0.078125 ug/1,000.
    #expect(report.delivered_ug == 3.125 && report.uncertain_ug == 1 && report.missed_ug == 0.5)
    status.carried = StepCounts(certain: 70_000, uncertain: 0, missed: 9_000)
    let less = try self.report()
    #expect(less.delivered_ug == 0 && less.missed_ug == 0)
  }

  @Test("Critical alarms come first, with what their cause does")
  mutating func alarms() throws {
    status.standing = Alarm.reservoirLow.bit | Alarm.motorStalled.bit
    status.critical = Alarm.motorStalled.bit
    status.present = Alarm.reservoirLow.bit
    let alarms = try report().alarms
    #expect(alarms.map(\.name) == [Alarm.motorStalled.name, Alarm.reservoirLow.name])
    #expect(alarms.map(\.is_critical) == [true, false])
    #expect(alarms.map(\.is_cause_present) == [false, true])
    #expect(alarms.map(\.has_escalated) == [nil, nil])
    // One that became critical because nobody came says so.
    status.critical |= Alarm.reservoirLow.bit
    let later = try report().alarms
    #expect(
      later.map(\.has_escalated) == later.map { $0.name == Alarm.reservoirLow.name ? true : nil })
  }

  @Test("A therapy that does not run prescribes nothing, uses up nothing, and comes back by resume")
  mutating func suspended() throws {
    status.drive.state = .suspended
    status.drive.flow = .zero
    let report = try report()
    #expect(report.prescribed_next_24h_ug == 0 && report.refill_due == nil)
    #expect(report.stops_due == nil && report.state == "suspended")
    let resume = try preview(.resume)
    #expect(resume.now.next_24h_ug == 0 && resume.now.rate_ug_per_h == 0)
    #expect(resume.then.next_24h_ug == 120 && resume.then.rate_ug_per_h == 5)
    #expect(resume.would_be_refused == nil)
    status.drive.place = TimeSpan(hours: 9)
    #expect(try preview(.resume, Self.flex()).then.rate_ug_per_h == 10)
  }

  @Test("After a fall-back what runs is the minimum rate, and nothing where there is none")
  mutating func fallenBack() throws {
    // 12 uL a day are 6 ug.
    status.drive.fallBack = try Self.flow(12)
    status.drive.flow = try Self.flow(12)
    let report = try report(Self.flex())
    #expect(report.is_fallen_back && report.prescribed_next_24h_ug == 6)
    #expect(report.next_bolus_at == nil && report.rate_ug_per_h == 0.25)
    status.drive.state = .suspended
    #expect(try preview(.resume).then.next_24h_ug == 6)
    status.drive.state = .delivering
    status.drive.fallBack = .zero
    let nothing = try self.report()
    #expect(nothing.prescribed_next_24h_ug == 0 && nothing.refill_due == nil)
  }

  @Test(
    "The reservoir ends where every permitted patient bolus is taken: alarm first, then reserve")
  mutating func reservoir() throws {
    status.drive.reservoir = Volume(microlitres: 2_240)
    let report = try report()
    // 240 uL above the alarm's 2 mL last a day; 1,240 above the reserve last 124 h.
    #expect(report.refill_due == moment(16, "09:00:00"))
    #expect(report.stops_due == moment(20, "13:00:00"))
    let prescription = try Self.withPatientBolus()
    let earlier = try #require(try self.report(prescription).refill_due)
    #expect(earlier < moment(16, "09:00:00"), "\(earlier)")
  }

  @Test("Each command's preview: rate, the next 24 h, the reservoir, and why it would be refused")
  mutating func previews() throws {
    // 25 ug over 10 min are 300 uL/h of 500 ug/mL: 150 ug/h beside the basal's 5.
    let bolus = try Bolus(volume: Volume(microlitres: 50), duration: TimeSpan(minutes: 10))
    status.drive.bolus = nil
    let prime = try preview(.prime(bolus, isConfirmed: true))
    #expect(prime.then.next_24h_ug == 145 && prime.then.rate_ug_per_h == 155)
    #expect(prime.then.reservoir_ml == 17.99 && prime.would_be_refused == nil)
    #expect(prime.hard_limit_24h_ug == 2_000 && prime.soft_limit_24h_ug == 2_000)
    let refill = try preview(.refill(Volume(microlitres: 20_000)))
    #expect(refill.then.reservoir_ml == 20 && refill.then.next_24h_ug == 120)
    #expect(refill.then.rate_ug_per_h == 5 && refill.would_be_refused == nil)
    // 18,000 uL above the alarm at 10 uL/h: 1,800 h, which are 75 days from 09:00.
    #expect(refill.then.refill_due == "2027-03-31T09:00:00Z")
    let anchor = try preview(.anchor(place: TimeSpan(hours: 9)), Self.flex())
    #expect(anchor.then.rate_ug_per_h == 10 && anchor.then.next_24h_ug == 200)
    let adopt = try preview(
      .adopt(Self.flex(), place: TimeSpan(hours: 21), isConfirmed: false))
    #expect(adopt.then.rate_ug_per_h == 5 && adopt.then.next_24h_ug == 200)
    #expect(adopt.now.next_24h_ug == 120)
    for same in [Command.acknowledge(.reservoirLow), .silence(.reservoirLow, .hour)] {
      let preview = try preview(same)
      #expect(preview.then == preview.now && preview.would_be_refused == nil)
    }
    status.drive.bolus = DriveDetail.RunningBolus(
      kind: .single, volume: Volume(microlitres: 20), given: Volume(microlitres: 4),
      end: .epoch + .day)
    status.drive.flow = try Self.flow(480)
    let stop = try preview(.stop)
    #expect(stop.now.next_24h_ug == 128 && stop.now.rate_ug_per_h == 10)
    #expect(stop.then.next_24h_ug == 0 && stop.then.rate_ug_per_h == 0)
    let cancel = try preview(.cancelBolus)
    #expect(cancel.then.next_24h_ug == 120 && cancel.then.rate_ug_per_h == 5)
    let under = try preview(.prime(bolus, isConfirmed: true))
    #expect(under.would_be_refused == Refusal.bolusInProgress.words)
  }

  @Test("A patient's bolus is shown by its rule, and refused by the window that it would pass")
  mutating func patient() throws {
    let prescription = try Self.withPatientBolus()
    let taken = try preview(.patientBolus, prescription)
    #expect(taken.then.next_24h_ug == 130 && taken.would_be_refused == nil)
    // At 2,000 ug a window, 10 ug more: at the limit, and beyond it by a femtogram.
    let most = Mass(femtograms: 1_990_000_000_000)
    let over = Mass(femtograms: 1_990_000_000_001)
    for (hour, day, refusal) in [
      (most, most, nil), (over, most, Refusal.doseLimit(.hour)), (most, over, .doseLimit(.day)),
      (over, over, .doseLimit(.hour)), (Mass(femtograms: .max), most, .doseLimit(.hour)),
    ] {
      (status.lastHour, status.lastDay) = (hour, day)
      #expect(try preview(.patientBolus, prescription).would_be_refused == refusal?.words)
    }
  }

  @Test("What stopped the pump forbids more drug, and never less")
  mutating func cut() throws {
    let bolus = try Bolus(volume: Volume(microlitres: 50), duration: TimeSpan(minutes: 10))
    let alarmed = Refusal.alarm(.motorStalled).words
    status.cutBy = .motorStalled
    #expect(try preview(.bolus(bolus, isConfirmed: true)).would_be_refused == alarmed)
    #expect(try preview(.suspend).would_be_refused == nil)
    #expect(try preview(.cancelBolus).would_be_refused == nil)
    status.cutBy = nil
    status.waitsFor = .motorStalled
    #expect(try preview(.resume).would_be_refused == alarmed)
    #expect(try preview(.stop).would_be_refused == nil)
    status.waitsFor = nil
    status.drive.state = .suspended
    let held = Refusal.notPossible(in: .suspended).words
    #expect(try preview(.bolus(bolus, isConfirmed: true)).would_be_refused == held)
    #expect(try preview(.refill(Volume(microlitres: 20_001))).would_be_refused != nil)
  }
}
