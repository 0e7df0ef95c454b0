import PumpHAL
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpJournal

@Suite("What a journal remembers of a run that broke off, however often it was taken up")
struct BrokenOffTests {
  /// A journal state that takes entries a minute apart.
  private struct Story {
    var state = JournalState()
    private var sequence: UInt64 = 0

    mutating func tell(_ entries: JournalEntry...) {
      for entry in entries {
        state.take(
          JournalRecord(
            sequence: sequence, session: state.session, at: now, wallSeconds: 0, entry: entry))
        sequence += 1
      }
    }

    var now: Instant { .epoch + TimeSpan(minutes: sequence) }
  }

  private let opened = JournalEntry.opened(boot: 1, clock: .zero, servedSince: .epoch, nil)
  private let begin = JournalEntry.command(.begin, 0, isAccepted: true)

  private let given = Volume(femtolitres: 9)

  private func bolus(isAccepted: Bool) -> JournalEntry {
    .command(.bolus, 9, isAccepted: isAccepted)
  }

  @Test("A single bolus stays given through every break-off and every end", arguments: 1...4)
  func bolusOnce(breakOffs: Int) {
    var story = Story()
    story.tell(opened, begin, bolus(isAccepted: true))
    for _ in 0..<breakOffs {
      story.tell(opened, begin)
      #expect(story.state.begunBolus == given)
    }
    story.tell(.event(.ended), opened, begin)
    #expect(story.state.begunBolus == given, "a restart is no wish for a second one")
  }

  @Test("A bolus that somebody asked for while it ran is not the one that it begins with")
  func asked() {
    var story = Story()
    story.tell(opened, begin, .answered(ticket: 4, .bolus, 9, .accepted))
    #expect(story.state.begunBolus == nil)
  }

  @Test("What was confirmed stays so for the profile that began or was adopted, and for no other")
  func confirmed() {
    func profile(_ sum: UInt32) -> JournalEntry {
      .profile(copy: 0, part: 0, length: 40, sum: sum, JournalText())
    }
    var story = Story()
    story.tell(opened, profile(7), begin)
    #expect(story.state.begunProfile == nil, "the drive has not begun it")
    story.tell(.event(.began))
    #expect(story.state.begunProfile == 7)
    story.tell(opened, profile(8), begin, .command(.begin, 0, isAccepted: false))
    #expect(story.state.begunProfile == 7, "the drive has refused it")
    story.tell(.answered(ticket: 1, .adopt, 0, .refused(.bolusInProgress)), profile(9))
    #expect(story.state.begunProfile == 7)
    story.tell(.answered(ticket: 2, .adopt, 0, .accepted), profile(10))
    #expect(story.state.begunProfile == 10)
    story.tell(.answered(ticket: 3, .adopt, 0, .accepted), opened, profile(11))
    #expect(
      story.state.begunProfile == 10, "its text was never kept: another's is not confirmed by it")
  }

  @Test("A refused bolus is none, and takes back none that was accepted")
  func refused() {
    var story = Story()
    story.tell(opened, begin, bolus(isAccepted: false))
    #expect(story.state.begunBolus == nil)
    story.tell(bolus(isAccepted: true), bolus(isAccepted: false), opened, begin)
    #expect(story.state.begunBolus == given)
  }

  @Test("A refused begin begins nothing, and ends no memory")
  func refusedBegin() {
    var story = Story()
    story.tell(
      opened, begin, bolus(isAccepted: true), .event(.tripped(.driverFault)), opened,
      .command(.begin, 5, isAccepted: false), .event(.ended))
    #expect(story.state.begunBolus == given && !story.state.isEnded)
    #expect(story.state.trippedBy == .driverFault)
    #expect(story.state.began?.place == .zero)
  }

  @Test("The first of several alarms is what stopped it, until somebody has acknowledged that one")
  func trippedBy() {
    var story = Story()
    story.tell(opened, begin, .event(.tripped(.driverFault)), .event(.tripped(.overDelivery)))
    #expect(story.state.trippedBy == .driverFault)
    story.tell(opened)
    #expect(story.state.trippedBy == .driverFault)
    story.tell(.event(.acknowledged(.overDelivery)))
    #expect(story.state.trippedBy == .driverFault, "another alarm's acknowledgement is none")
    story.tell(.event(.acknowledged(.driverFault)))
    #expect(story.state.trippedBy == nil)
    // A version that knew nothing of that has begun all the same: its pump is taken up as it was.
    story.tell(.event(.tripped(.driverFault)), opened, begin)
    #expect(story.state.trippedBy == nil)
  }

  @Test("Out of service by name only, until a therapy begins")
  func outOfService() {
    var story = Story()
    story.tell(opened, begin, .event(.ended), .command(.outOfService, 0, isAccepted: false))
    #expect(!story.state.isOutOfService)
    story.tell(.command(.outOfService, 0, isAccepted: true), opened)
    #expect(story.state.isOutOfService)
    story.tell(begin)
    #expect(!story.state.isOutOfService)
  }

  @Test("A minimum rate after an outage lasts until somebody resumed, and a refused resume is none")
  func waitsForClinician() {
    var story = Story()
    story.tell(opened, begin, .event(.fellBack), .command(.resume, 0, isAccepted: false))
    #expect(story.state.waitsForClinician)
    story.tell(opened, begin, .event(.ended))
    #expect(story.state.waitsForClinician)
    story.tell(.command(.resume, 0, isAccepted: true))
    #expect(!story.state.waitsForClinician)
  }

  @Test("A bolus is open from its begin to its end, and a therapy that begins has none")
  func openBolus() {
    var story = Story()
    let volume = Volume(microlitres: 3)
    story.tell(opened, begin, .event(.bolusBegan(.single, volume)))
    #expect(story.state.openBolus == volume)
    story.tell(opened)
    #expect(story.state.openBolus == volume, "its rest was never given")
    story.tell(begin)
    #expect(story.state.openBolus == nil)
    story.tell(
      .event(.bolusBegan(.single, volume)), .event(.bolusEnded(.single, volume, isWhole: true)))
    #expect(story.state.openBolus == nil)
  }

  @Test("What was granted and not acknowledged is uncertain in the next session, and once only")
  func uncertain() {
    var story = Story()
    story.tell(opened, begin, .grant(StepCounts(certain: 100), upTo: 130, until: .epoch + .hour))
    #expect(story.state.carried == StepCounts(certain: 100, uncertain: 30))
    story.tell(opened)
    #expect(story.state.counts == StepCounts(certain: 100, uncertain: 30))
    story.tell(opened)
    #expect(story.state.carried == StepCounts(certain: 100, uncertain: 30))
  }

  @Test("Reconciled steps are moved from uncertain, and no more than were")
  func reconciled() {
    for (made, notMade, expected) in [
      (UInt64(20), UInt64(10), StepCounts(certain: 120, uncertain: 0, atFill: 90)),
      (5, 10, StepCounts(certain: 105, uncertain: 15, atFill: 90)),
      (30, 0, StepCounts(certain: 130, uncertain: 0, atFill: 100)),
      (0, 30, StepCounts(certain: 100, uncertain: 0, atFill: 70)),
      (40, 0, StepCounts(certain: 130, uncertain: 0, atFill: 100)),
      (0, 200, StepCounts(certain: 100, uncertain: 0, atFill: 0)),
      (.max, .max, StepCounts(certain: 130, uncertain: 0, atFill: 0)),
    ] {
      var story = Story()
      story.tell(
        opened, begin,
        .grant(StepCounts(certain: 100, atFill: 100), upTo: 130, until: .epoch + .hour),
        .event(.reconciled(made: made, notMade: notMade)))
      #expect(story.state.counts == expected, "\(made) made, \(notMade) not")
      #expect(story.state.granted == story.state.counts.highest)
    }
  }

  @Test("The run is heard of until its last record, and not by what is written without a therapy")
  func lastHeard() {
    var story = Story()
    story.tell(opened, begin, .event(.suspended))
    let last = story.state.at
    story.tell(opened, .event(.tested(.enable, passed: false)), .event(.ended))
    #expect(story.state.lastRunAt == last)
    #expect(!story.state.isEnded, "a session that began nothing ends nothing")
  }
}
