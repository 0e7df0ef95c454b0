#!/usr/bin/python3
"""Breaks the safety code in one place at a time, and sees the named test fail.

Usage: mutants.py REPOSITORY [PATTERN]

Each mutant is a line of code that is changed in a copy of the sources, with the one test that must notice.
A mutant that lives, or whose line is no longer there, fails the whole. PATTERN: only mutants whose name it
finds.
"""
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

S, E, J = "Sources/PumpSafety/", "Sources/PumpDrive/", "Sources/PumpJournal/"

# name, file, line as it is, line as it becomes, the test that must fail
MUTANTS = [
    ("a week's worst day passes as its mean", "Sources/PumpProfiles/TitrationCheck.swift",
     "let increase = max(mean.increase, most.increase)", "let increase = mean.increase", "TitrationTests/worstDay"),
    ("of a key that is there twice one is taken", "Sources/PumpService/Socket/WireMessages.swift",
     "if !known.insert(key).inserted { return key }", "_ = known.insert(key)", "ServerTests/wrongLine"),
    ("a step comes twice where its permission was renewed", "Sources/PumpDrive/Engine.swift",
     "      books.deliver(isOwed: false)\n      planner.take()\n    }\n    sequencer.rise",
     "      books.deliver(isOwed: false)\n    }\n    sequencer.rise", "ControlLoopTests/edgeOfTheLimit"),
    ("a bolus that was ended comes back with a refusal", "Sources/PumpSafety/Supervisor.swift",
     "  public mutating func cancelled(at now: Instant) {\n    lessened += 1\n",
     "  public mutating func cancelled(at now: Instant) {\n", "SupervisorCommandTests/lessenedMeanwhile"),
    ("a drive that hangs at its end is never killed", "Sources/PumpService/Guard/GuardTask.swift",
     "if now >= stopBy { child.kill() }", "", "GuardTaskTests/killsLate"),
    ("a supervisor that stands still is not noticed", "Sources/PumpLinux/SupervisorWatch.swift",
     "isSilent = silence >= timeout", "isSilent = false", "SupervisorWatchTests/silence"),
    ("a grant outlives its supervisor", "Sources/PumpService/Drive/SessionOrder.swift",
     "let given = watch.isSilent ? .none : fault?.heard(latest) ?? latest",
     "let given = fault?.heard(latest) ?? latest", "ChannelOrdersTests/standsStill"),
    ("a supervisor that comes back gives nothing", "Sources/PumpService/Drive/SessionOrder.swift",
     "let isNews = latest.number > grant || watch.isSilent != wasSilent",
     "let isNews = latest.number > grant || watch.isSilent && !wasSilent", "ChannelOrdersTests/standsStill"),
    ("what a calibration pumps is a dose", "Sources/PumpService/Journal/CalibrationBooks.swift",
     "try begin(as: JournalBinding(step: binding.step, concentration: Self.water))", "try begin(as: binding)",
     "CalibrationBooksTests/booked"),
    ("envelope not checked", S + "Supervisor+Watch.swift",
     "if count > checkedCount { return cut(.driveDisagrees, at: now) }", "",
     "LyingDriveTests/tooFast"),
    ("grant's count not checked", S + "Supervisor+Watch.swift",
     "if count > grantedCount { return cut(.driveDisagrees, at: now) }", "",
     "SupervisorTests/beyondGrantedCount"),
    ("grant's end not checked", S + "Supervisor+Watch.swift",
     "if count > seen, report.lookedAt ?? turnedAt > grantedUntil {", "if false {",
     "SupervisorTests/afterGrantsEnd"),
    ("count may go back", S + "Supervisor+Watch.swift",
     "if latest.count < report.count { return cut(.driveDisagrees, at: now) }", "", "LyingDriveTests/wrongCount"),
    ("lines' count not held against the told one", S + "Supervisor+Watch.swift",
     "if isUntold(latest, slack: slack) { return cut(.driveDisagrees, at: now) }", "",
     "SupervisorTests/untold"),
    ("a drive's silence is not noticed", S + "Supervisor+Watch.swift",
     "} else if !isHeld, now.elapsed(since: heardAt) >= settings.driveTimeout {",
     "} else if isHeld, now.elapsed(since: heardAt) >= settings.driveTimeout {",
     "LyingDriveTests/silent"),
    ("what is late stays allowed: catch-up as a burst", S + "Supervisor+Watch.swift",
     "allowance.forfeit(all: behind - slack)", "", "SupervisorTests/noBurst"),
    ("motion while idle passes", S + "Supervisor+Watch.swift",
     "case .movedByItself: cut(.unexpectedMotion, at: now)", "case .movedByItself: break",
     "DetectionTests"),
    ("an index ahead passes", S + "Supervisor+Watch.swift",
     "case .ahead: cut(.overDelivery, at: now)", "case .ahead: break", "LyingDriveTests/doubled"),
    ("a stall is retried for ever", S + "Supervisor+Watch.swift",
     "guard periods > settings.stallTries else { return }",
     "guard periods > 1_000_000 else { return }", "DetectionTests/stall"),
    ("a hold that ends at once leaves the motor unpowered", "Sources/PumpPlan/StrokeSequencer.swift",
     "guard edge != .fall, !owesFall, !owesRelease else { return }",
     "guard edge != .fall, !owesFall else { return }", "HoldTests/shortHold"),
    ("steps of a stall stay certain", S + "Supervisor+Watch.swift",
     "    pendingDoubt += seen - stalledFrom\n    index?.settle", "    index?.settle",
     "DetectionTests/stallEnds"),
    ("a step without a grant", "Sources/PumpMessages/Grant.swift",
     "guard isLive(at: now) else { return nil }", "", "SupervisorTests/purse"),
    ("a grant that never ends", "Sources/PumpMessages/Grant.swift",
     "left > 0 && now <= until", "left > 0", "SupervisorTests/purse"),
    ("an older grant is taken", "Sources/PumpMessages/Grant.swift",
     "guard newer.number > grant.number else { return false }", "", "SupervisorTests/olderGrant"),
    ("the guard counts the delivered only", S + "DoseGuard.swift",
     "most = max(most, try past.adding(concentration.mass(in: promised, .up)))", "most = max(most, past)",
     "OverdoseTests/guardHolds"),
    ("the hour's limit is not looked at", S + "DoseGuard.swift",
     "return min(room(in: .hour, demand), room(in: .day, demand))", "return room(in: .day, demand)",
     "OverdoseTests/stepsStop"),
    ("soft and hard limit are swapped", S + "DoseGuard.swift",
     "guard most <= limit.hard else { return .refused(window) }",
     "guard most <= limit.soft else { return .refused(window) }", "CommandTests/softLimit"),
    ("a silence never ends", S + "AlarmBoard.swift",
     "entry.soundsAt = now + min(span, cadence.longestSilence(entry.priority))",
     "entry.soundsAt = .never", "AlarmBoardTests/silenceEnds"),
    ("an acknowledgement ends an alarm whose cause holds", S + "AlarmBoard.swift",
     "put(entry.isCausePresent ? entry : Entry(), alarm)", "put(Entry(), alarm)",
     "AlarmBoardTests/latch"),
    ("the lock-out is not kept", S + "PatientLockout.swift",
     "guard now >= earliest else { return .lockedOut(until: earliest) }", "",
     "CommandTests/patient"),
    ("the reserve is delivered too", S + "Reservoir.swift",
     "guard let total = try? step.steps(in: filled.lessening(by: reserve)) else { return 0 }",
     "guard let total = try? step.steps(in: filled) else { return 0 }", "CommandTests/reserve"),
    ("a driver's fault is no reason to stop", E + "Engine+Safety.swift",
     "trip(.driverFault, at: now)", "raise(.driverFault, at: now)", "CommandTests/driverFault"),
    ("an uncertain step counts as not made", E + "Engine+Safety.swift",
     "books.failLast(isUncertain: kind != .notDelivered)", "books.failLast(isUncertain: false)",
     "CommandTests/uncertain"),
    ("a backlog is made up", E + "Engine+Plan.swift",
     "guard books.owed > settings.backlogLimit else { return }",
     "guard books.owed > 1_000_000_000 else { return }", "LatenessTests/backlogIsForgone"),
    ("a stopped pump falls silent", E + "Engine+Safety.swift",
     "    isStoppedByTrip = true\n    raise(.underDelivery, at: now)", "    isStoppedByTrip = true",
     "CommandTests/driverFault"),
    ("what was granted before a crash is forgotten", J + "JournalState.swift",
     "if granted > counts.highest { counts.uncertain += granted - counts.highest }", "",
     "KillSweepTests/everyWrite"),
    ("a torn record is believed", J + "JournalBlock.swift",
     "!isBlank && self[15] == checksum", "!isBlank && (self[15] == checksum || true)",
     "JournalTests/everyBit"),
    ("the chain is not followed", J + "Journal.swift",
     "followsNone || block.chain == block.link(after: chain) else {",
     "followsNone || block.chain == block.chain else {", "JournalTests/forged"),
    ("counts that no pump can have are taken", J + "Journal.swift",
     "guard block.hasPossibleCounts, followsNone", "guard followsNone", "JournalTests/impossibleCounts"),
    ("a drive that lied gets ENABLE back", S + "Supervisor+Alarms.swift",
     ", alarm != .driveDisagrees {", " {", "SupervisorAcknowledgeTests/liar"),
    ("a run taken up forgets its single bolus", J + "JournalState.swift",
     "begunBolus = Volume(femtolitres: volume)", "_ = volume", "BrokenOffTests/bolusOnce"),
    ("a trip keeps the pattern's next bolus", E + "Engine+Plan.swift",
     "    program.isSuspended = true\n    nextScheduled = nil\n    planner.begin",
     "    program.isSuspended = true\n    planner.begin", "TripTests/keepsNoBolus"),
    ("a second alarm need not be acknowledged", E + "Engine+Safety.swift",
     "where other.stopsDelivery && alarms[other].isStanding {",
     "where other.stopsDelivery && alarms[other].isCausePresent {", "TripTests/twoAlarms"),
    ("a refused patient bolus starts the lock-out", E + "Engine+Commands.swift",
     "    try start(rule.bolus, .patient, isConfirmed: false, at: now)\n    lockout.began(at: now)",
     "    lockout.began(at: now)\n    try start(rule.bolus, .patient, isConfirmed: false, at: now)",
     "RefusedCommandTests/patternRefuses"),
    ("a refused adopt leaves the new prescription", E + "Engine+Commands.swift",
     "    try check(other, place: place, isConfirmed: isConfirmed, at: now)\n    prescription = other",
     "    prescription = other\n    try check(other, place: place, isConfirmed: isConfirmed, at: now)",
     "RefusedCommandTests/nothingChanges"),
    ("the supervisor refuses no bolus", S + "Supervisor.swift",
     "if case .refused(let window) = verdict { return window }", "", "SupervisorCommandTests/refusesBolus"),
    ("a grant does not look at the dose", S + "Supervisor+Turn.swift",
     "min(dose, left)", "left", "SupervisorCommandTests/grantsWithinLimits"),
    ("a grant does not look at the reservoir", S + "Supervisor+Turn.swift",
     "min(dose, left)", "dose", "SupervisorCommandTests/grantsWithinLimits"),
    ("a grant reaches into a bolus to come", S + "Supervisor+Turn.swift",
     "|| allowance.isBolusNear(now + settings.grantSpan)", "", "SupervisorCommandTests/bolusToCome"),
    ("a bolus is allowed twice after a resume", S + "Allowance.swift",
     "settled = total(by: now).lessening(by: laid?.part(by: now) ?? .zero)", "settled = total(by: now)",
     "SupervisorCommandTests/bolusOnce"),
    ("a bolus one step above the limit is permitted", S + "DoseGuard.swift",
     "guard most <= limit.hard else", "guard most.lessening(by: try! mass(ofSteps: 1)) <= limit.hard else",
     "BoundaryTests/hardLimit"),
    ("an acknowledged stall is not settled", S + "IndexWatch.swift",
     "    reference = nil\n    countAtPulse = count\n  }\n\n  private", "  }\n\n  private",
     "BoundaryTests/indexSettles"),
    ("mg/h is read as mg/day", "Sources/PumpProfiles/Dimension.swift",
     '"mg/h": 24_000_000_000_000', '"mg/h": 1_000_000_000_000', "UnitTests/sizes"),
    ("mcg is read as mg", "Sources/PumpProfiles/Dimension.swift",
     'return "ug" + spelled.dropFirst(3)', 'return "mg" + spelled.dropFirst(3)', "UnitTests/micro"),
    ("the journal's writes are not durable", "Sources/PumpLinux/FileStore.swift",
     "O_RDWR | O_CREAT | O_DSYNC", "O_RDWR | O_CREAT", "FileStoreTests/durable"),
    ("doses are not converted to the present step", "Sources/PumpSession/SessionMemory.swift",
     "guard other != self else { return steps }", "return steps", "JournalBindingTests/examples"),
    ("a damaged copy passes the self-test", "Sources/PumpService/Journal/JournalTask.swift",
     "answer(.proved(part, copies == .whole || copies == .absent))", "answer(.proved(part, true))",
     "JournalTaskTests/damagedCopy"),
    ("the supervisor does not hear of a cancel", S + "Supervisor+Commands.swift",
     "case .cancelBolus: cancelled(at: now)", "case .cancelBolus: break",
     "ChannelCommandTests/cancel"),
    ("the supervisor allows what was suspended", S + "Supervisor+Commands.swift",
     "case .suspend: rested(at: now)", "case .suspend: break", "ChannelCommandTests/suspend"),
    ("a cut pump takes commands that deliver", S + "Supervisor+Commands.swift",
     "if let cutBy { return .alarm(cutBy) }", "",
     "ChannelCommandTests/liar"),
    ("the second channel does not judge the patient's bolus", S + "Supervisor+Commands.swift",
     "if let window = refusal(of: rule.bolus, at: now) { return .doseLimit(window) }", "",
     "ChannelCommandTests/ownLimit"),
    ("a short gap makes two pulses", "Sources/PumpHAL/PulseFilter.swift",
     "guard instant.elapsed(since: since) >= least else {", "guard isAsserted || instant.elapsed(since: since) >= least else {",
     "PulseFilterTests/gaps"),
    ("a head at its index is a pulse", "Sources/PumpHAL/PulseFilter.swift",
     "return isAsserted && !isOld", "return isAsserted", "PulseFilterTests/assertedAtStart"),
    ("a crash's doses are forgotten", J + "Journal.swift",
     "body(counts.highest - known, record.at, binding)", "_ = body", "JournalTests/recall"),
    ("a crash's doses are not told to the guards", "Sources/PumpSession/PumpSession+Opening.swift",
     "for dose in memory.doses { supervisor.recall(steps: dose.steps, by: dose.by) }", "",
     "KillSweepTests/manyLives"),
    ("a cut ends with a silence", S + "Supervisor+Watch.swift",
     "pendingHold = cutBy == nil ? false : nil", "pendingHold = false", "SupervisorTests/cutStays"),
    ("a drive that stands still forfeits nothing", S + "Supervisor+Watch.swift",
     "if count <= seen, !isResting { _ = allowed(count, at: now) }", "", "SupervisorTests/noBurst"),
    ("a fallback raises the flow", S + "Supervisor.swift",
     "min(settings.minimumFlow, prescription.therapy.peakBasal)", "settings.minimumFlow",
     "SupervisorTests/fallBackFlow"),
    ("a session that never began ends an outage", J + "JournalState.swift",
     "isEnded = isEnded || hasBegun", "isEnded = true", "JournalTests/outage"),
    ("a torn page passes for a torn record", J + "Journal.swift",
     "if !isRing, lastUsed > latest + 1 { throw .damaged(sequence: latest + 1) }", "",
     "FileStoreTests/tornPage"),
    ("an unknown time counts as passed", J + "JournalState.swift",
     "guard isSynchronised, isClockSynchronised else { return at }", "", "JournalTests/clock"),
    ("an edge that was begun is forgotten", "Sources/PumpLinux/Channel.swift",
     "let most = max(made, stepsBegun)", "let most = made", "ChannelTests/finalCounts"),
    ("two programs on one journal", "Sources/PumpLinux/FileStore.swift",
     "guard isReadOnly || flock(file, LOCK_EX | LOCK_NB) == 0 else {", "guard true else {",
     "FileStoreTests/twoPrograms"),
    ("a short fault of the driver is lost", "Sources/PumpLinux/Channel+Sensors.swift",
     "if readings?.driverFault == true { faults += 1 }", "", "ChannelTests/roundTrip"),
    ("a single bolus is given again after a crash", "Sources/PumpSession/SessionPlan.swift",
     "let isGiven = before.begunBolus.map { $0 == wish.singleBolus?.volume } ?? false", "let isGiven = false",
     "SessionPlanTests/bolusOnce"),
    ("full dose after a long rest", "Sources/PumpSession/SessionPlan.swift",
     "before.waitsForClinician || hasRun && span.map { $0 > Self.shortOutage } ?? true",
     "before.waitsForClinician || !before.isEnded && span.map { $0 > Self.shortOutage } ?? true",
     "SessionPlanTests/rests"),
    ("a periodic therapy begins anew after an end", "Sources/PumpSession/SessionPlan.swift",
     "wish.isPeriodic && !wish.hidesDoses", "wish.isPeriodic && !before.isEnded", "SessionPlanTests/place"),
    ("a rest of unknown length is judged whatever else waits", "Sources/PumpSession/SessionPlan.swift",
     "&& !before.waitsForClinician && !wish.hidesDoses\n", "&& !wish.hidesDoses\n", "SessionPlanTests/unjudged"),
    ("a rest is judged by when the session was opened", "Sources/PumpService/Socket/PumpServer+Clock.swift",
     "let without = date.timeIntervalSince(since)", "let without = facts.date(facts.opened).timeIntervalSince(since)",
     "ServerTests/outage"),
    ("a bolus that was asked for is forgotten by a kill", "Sources/PumpSession/SessionMemory.swift",
     "guard !begun.take(kind) else { return }", "return", "SessionPlanTests/askedBoluses"),
    ("a press from before the therapy is heard", "Sources/PumpSession/PumpSession+Requests.swift",
     "presses > before, now >= beganAt ?? .never,", "presses > before,", "ButtonTests/pressedBefore"),
    ("small steps of a day are each judged alone", "Sources/PumpService/PumpFacts.swift",
     "$0.until + .day > instant }.map", "$0.until > instant }.map", "ServerTests/smallSteps"),
    ("a bolus falls behind untold", "Sources/PumpDrive/Engine+Plan.swift",
     "    watchPromise(late, at: now)\n", "", "LatenessTests/bolusFallsBehind"),
    ("the drive forgets the distance over a restart", "Sources/PumpScenarios/SupervisedLoop.swift",
     "session.pump.loop.engine.recallBolus(at: last)", "_ = last", "BolusDistanceTests/restart"),
    ("the supervisor forgets the distance over a restart", "Sources/PumpSession/PumpSession+Opening.swift",
     "supervisor.recallBolus(at: last)", "_ = last", "BolusDistanceTests/restart"),
    ("the supervisor forgets what a changed pattern gave", S + "Supervisor.swift",
     "    // What the old pattern gave is known by it alone.\n    lastBolus = latestBolus(by: now)\n", "",
     "BolusDistanceTests/changedPattern"),
    ("a bolus that was not given keeps others waiting", S + "Supervisor+Distance.swift",
     "guard since <= now.elapsed(since: begunAt) else { return }", "", "BolusDistanceTests/heldBack"),
    ("a refused bolus keeps others waiting", S + "Supervisor+Commands.swift",
     "    lastBolus = before.lastBolus\n", "", "BolusDistanceTests/heldBack"),
    ("a trip is forgotten by a restart", "Sources/PumpSession/SessionPlan.swift", "trip = before.trippedBy", "trip = nil", "SessionPlanTests/trips"),
    ("alarms are forgotten by a restart", "Sources/PumpSession/SessionPlan.swift",
     "standing = before.alarms.standing", "standing = 0", "SessionPlanTests/trips"),
    ("another concentration is taken", "Sources/PumpSession/SessionPlan.swift",
     "if let kept, kept.concentration != wish.concentration {",
     "if let kept, kept.concentration != wish.concentration, !wish.isRefilled {", "SessionPlanTests/problems"),
    ("a request is not written ahead", "Sources/PumpSession/PumpSession+Requests.swift",
     "guard ticket != 0 else { return forward(request, at: now) }", "guard ticket == 0 else { return forward(request, at: now) }",
     "RequestTests/writtenAhead"),
    ("the same ticket is done again", "Sources/PumpSession/PumpSession+Requests.swift",
     "if ticket != 0, let known = tickets[ticket] {", "if ticket == 0, let known = tickets[ticket] {",
     "RequestTests/again"),
    ("what the drive refuses stays permitted", "Sources/PumpSession/PumpSession+Requests.swift",
     "takeBack(request.number, at: now)\n    settle(request, .refused(refusal)", "settle(request, .refused(refusal)", "RequestTests/takenBack"),
    ("a request on an old picture is done", "Sources/PumpSession/PumpSession+Requests.swift",
     "if let basis = ordered.basis, !isLess, basis != position {",
     "if let basis = ordered.basis, !isLess, basis > position {", "RequestTests/stale"),
    ("a drive that says nothing is waited for without end", "Sources/PumpSession/PumpSession+Requests.swift",
     "while let request = pending.takeOverdue(at: now) { leave(request, at: now) }", "", "RequestTests/unknown"),
    ("another request under an old ticket is taken for it", "Sources/PumpSession/PumpSession+Requests.swift",
     "if known.kind != command.kind || known.value != command.value {", "if known.kind != command.kind {",
     "RequestTests/bound"),
    ("a hold waits for a cancel", "Sources/PumpSession/PendingRequest.swift",
     "case .suspend: hold = newValue", "case .suspend: cancel = newValue", "RequestTests/urgency"),
    ("a late answer is dropped", "Sources/PumpSession/PumpSession+Requests.swift", "pending.left = request", "", "RequestTests/late"),
    ("a refused cancel takes a bolus's permission", "Sources/PumpSession/PumpSession+Requests.swift",
     "if !command.deliversLess {\n      pending.permitted", "do {\n      pending.permitted", "RequestTests/interleaved"),
    ("a hold does not outlive a crash", "Sources/PumpSession/SessionPlan.swift",
     "isHeld = before.isHeld && !before.isEnded", "isHeld = false", "SessionPlanTests/held"),
    ("one bolus is not bound in the drive", E + "Engine+Commands.swift",
     "if kind != .prime { try checkBolus(bolus, isConfirmed: isConfirmed) }", "", "BolusLimitTests/limit"),
    ("one bolus is not bound in the supervisor", S + "Supervisor+Commands.swift",
     "case .bolus(let bolus, let isConfirmed):\n      if let refusal", "case .bolus(let bolus, let isConfirmed):\n      if isConfirmed, !isConfirmed, let refusal",
     "BolusLimitTests/limit"),
    ("a cut leaves ENABLE", "Sources/PumpSession/PumpSession.swift",
     "case .cut(let alarm, let count):\n      takeEnable(at: now)", "case .cut(let alarm, let count):",
     "SessionTurnTests/devices"),
    ("a line that did not fall is left", "Sources/PumpSession/PumpSession.swift",
     "if isReleaseOwed { takeEnable(at: now) }", "", "SessionTurnTests/releaseOwed"),
    ("an orphan goes on", "Sources/PumpService/Drive/SessionOrder.swift",
     "guard !channel.isOrphaned else { return nextOfAnOrphan() }", "",
     "SupervisedRunTests/killedSupervisor"),
    ("a hold grants what the drive told last", S + "Supervisor+Turn.swift",
     "isResting ? seen :", "isResting ? report.count :", "LateReportTests/held"),
    ("a grant reaches no further than what the drive told last", S + "Supervisor+Turn.swift",
     ": max(seen, min(envelope", ": max(report.count, min(envelope", "LateReportTests/randomProgrammes"),
    ("a supervisor that was held up takes a step on a live grant for one without", S + "Supervisor+Watch.swift",
     "report.lookedAt ?? turnedAt > grantedUntil", "turnedAt > grantedUntil", "SupervisorTests/heldUp"),
    ("a supervisor looks after it has read the clock", "Sources/PumpService/Drive/ChannelDrive.swift",
     "    if let seen {\n", "    look()\n    if let seen {\n", "ChannelDriveTests/looks"),
    ("an answer is said before the journal has it", "Sources/PumpSession/PumpSession+Requests.swift",
     "answers.put(answered, after: lastNumber, until: now + Self.journalPatience)", "answers.put(answered)",
     "RequestTests/toldWhenWritten"),
    ("an answer that the journal never takes is never said", "Sources/PumpSession/PumpSession+Records.swift",
     "    answers.releaseOverdue(at: now)\n", "", "RequestTests/toldWithoutJournal"),
    ("who asks again hears it before the journal has it", "Sources/PumpSession/AnswerQueue.swift",
     "(entry.record, entry.until) = (waiting[index].record, waiting[index].until)", "",
     "RequestTests/toldWhenWritten"),
    ("what is adopted jumps to the wall clock's time of day", "Sources/PumpService/Adoption.swift",
     "?? facts.place(of: new, at: date)", "?? new.place(at: date)", "AdoptionTests/ahead"),
    ("what is taken up again jumps to the wall clock's time of day", "Sources/PumpService/Adoption.swift",
     "?? facts.place(of: profile, at: date)", "?? profile.place(at: date)", "AdoptionTests/ahead"),
    ("a failed self-test of ENABLE is only told", S + "Supervisor+SelfTest.swift",
     "      cut(.selfTestFailed, at: now)\n      return", "      return", "SelfTestTests/stops"),
    ("a damaged prescription runs on", S + "Supervisor+SelfTest.swift",
     "pendingFallBack = true", "pendingFallBack = false", "SelfTestTests/damagedPrescription"),
]


# Seconds after which a build, or a test of a mutant, is given up.
LONGEST_BUILD, LONGEST_TEST = 1_800, 120
BUILD = ["swift", "build", "--build-tests", "-Xswiftc", "-O"]
TEST = ["swift", "test", "--skip-build", "-Xswiftc", "-O"]


def run(command, folder, longest):
    """What takes too long counts as failed: a mutant that hangs its test is caught by it."""
    command = ["timeout", "--kill-after=5", str(longest)] + command
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def touch(folder):
    """Makes the next build compile everything: a changed body that other modules have inlined is else kept there."""
    for part in ("Sources", "Tests"):
        for file in (folder / part).rglob("*.swift"):
            file.touch()


def main():
    top = Path(sys.argv[1]).resolve()
    wanted = [m for m in MUTANTS if len(sys.argv) < 3 or re.search(sys.argv[2], m[0])]
    folder = top / ".build-mutants"
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["rsync", "-a", "--delete", "--exclude", ".build*", "--exclude", ".git", f"{top}/", f"{folder}/"]
        if shutil.which("rsync") else
        ["sh", "-c", f"git -C '{top}' ls-files -z | (cd '{top}' && xargs -0 cp -P --parents -t '{folder}')"],
        check=True)
    built = run(BUILD, folder, LONGEST_BUILD)
    if built.returncode:
        sys.exit(built.stdout[-3000:])
    names = sorted({m[4] for m in wanted})
    sound = run(TEST + [w for n in names for w in ("--filter", n)], folder, LONGEST_BUILD)
    if sound.returncode:
        sys.exit("a named test fails without any mutant:\n" + sound.stdout[-3000:])
    alive = []
    for name, path, before, after, test in wanted:
        began = time.monotonic()
        file = folder / path
        text = file.read_text()
        if text.count(before) != 1:
            alive.append(name)
            print(f"LOST    {name}: its line is there {text.count(before)} times in {path}", flush=True)
            continue
        file.write_text(text.replace(before, after))
        isTouched = False
        try:
            while True:
                built = run(BUILD, folder, LONGEST_BUILD)
                tested = run(TEST + ["--filter", test], folder, LONGEST_TEST)
                if built.returncode or tested.returncode or isTouched:
                    break
                touch(folder)
                isTouched = True
        finally:
            file.write_text(text)
            if isTouched:
                touch(folder)
        took = f"{time.monotonic() - began:.0f} s"
        if built.returncode:
            alive.append(name)
            print(f"BROKEN  {name}: it does not compile\n{built.stdout[-1500:]}", flush=True)
        elif tested.returncode == 0:
            alive.append(name)
            print(f"LIVES   {name}: {test} passed ({took})", flush=True)
        else:
            print(f"caught  {name}: by {test} ({took})", flush=True)
    print(f"{len(wanted) - len(alive)} passed, {len(alive)} failed")
    sys.exit(1 if alive else 0)


main()
