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

S, E, J = "Sources/PumpSafety/", "Sources/PumpEngine/", "Sources/PumpJournal/"

# name, file, line as it is, line as it becomes, the test that must fail
MUTANTS = [
    ("a supervisor that stands still is not noticed", "Sources/PumpLinux/SupervisorWatch.swift",
     "isSilent = silence >= timeout", "isSilent = false", "SupervisorWatchTests/silence"),
    ("a grant outlives its supervisor", "Sources/itpump/Run/SessionOrder.swift",
     "let given = watch.isSilent ? .none : fault?.heard(latest) ?? latest",
     "let given = fault?.heard(latest) ?? latest", "ChannelOrdersTests/standsStill"),
    ("a supervisor that comes back gives nothing", "Sources/itpump/Run/SessionOrder.swift",
     "let isNews = latest.number > grant || watch.isSilent != wasSilent",
     "let isNews = latest.number > grant || watch.isSilent && !wasSilent", "ChannelOrdersTests/standsStill"),
    ("what a calibration pumps is a dose", "Sources/itpump/Hardware/CalibrationBooks.swift",
     "try begin(as: JournalBinding(step: binding.step, concentration: Self.water))", "try begin(as: binding)",
     "CalibrationBooksTests/booked"),
    ("envelope not checked", S + "Supervisor+Watch.swift",
     "if count > checkedCount { return cut(.driveDisagrees, at: now) }", "",
     "LyingDriveTests/tooFast"),
    ("grant's count not checked", S + "Supervisor+Watch.swift",
     "if count > grantedCount { return cut(.driveDisagrees, at: now) }", "",
     "SupervisorTests/beyondGrantedCount"),
    ("grant's end not checked", S + "Supervisor+Watch.swift",
     "if count > seen, turnedAt > grantedUntil { return cut(.driveDisagrees, at: now) }", "",
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
     "guard periods > settings.stallRetries else { return }",
     "guard periods > 1_000_000 else { return }", "DetectionTests/stall"),
    ("a hold that ends at once leaves the motor unpowered", "Sources/PumpPlan/StrokeSequencer.swift",
     "guard edge != .fall, !owesFall, !owesRelease else { return }",
     "guard edge != .fall, !owesFall else { return }", "HoldTests/shortHold"),
    ("steps of a stall stay certain", S + "Supervisor+Watch.swift",
     "    pendingDoubt += report.count - stalledFrom\n    index?.settle", "    index?.settle",
     "DetectionTests/stallEnds"),
    ("a step without a grant", S + "Grant.swift",
     "guard isLive(at: now) else { return nil }", "", "SupervisorTests/purse"),
    ("a grant that never ends", S + "Grant.swift",
     "left > 0 && now <= until", "left > 0", "SupervisorTests/purse"),
    ("an older grant is taken", S + "Grant.swift",
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
    ("a drive that lied gets ENABLE back", S + "Supervisor.swift",
     ", alarm != .driveDisagrees {", " {", "SupervisorAcknowledgeTests/liar"),
    ("a run taken up forgets its single bolus", J + "JournalState.swift",
     "if isEnded { hasCommandedBolus = false }", "hasCommandedBolus = false", "BrokenOffTests/bolusOnce"),
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
    ("doses are not converted to the present step", "Sources/itpump/Run/PumpSession.swift",
     "guard other != self else { return steps }", "return steps", "JournalBindingTests/examples"),
    ("a damaged copy passes the self-test", "Sources/itpump/Run/JournalTask.swift",
     "answer(.proved(part, copies == .whole || copies == .absent))", "answer(.proved(part, true))",
     "JournalTaskTests/damagedCopy"),
    ("the supervisor does not hear of a cancel", E + "SupervisedLoop.swift",
     "case .cancelBolus: supervisor.cancelled(at: now)", "case .cancelBolus: break",
     "ChannelCommandTests/cancel"),
    ("the supervisor allows what was suspended", E + "SupervisedLoop.swift",
     "case .suspend: supervisor.rested(at: now)", "case .suspend: break", "ChannelCommandTests/suspend"),
    ("a cut pump takes commands that deliver", E + "SupervisedLoop.swift",
     "if let alarm = supervisor.cutBy, command.deliversMore { throw .alarm(alarm) }", "",
     "ChannelCommandTests/liar"),
    ("the second channel does not judge the patient's bolus", E + "SupervisedLoop.swift",
     "guard let rule = supervisor.prescription.patientBolus else { break }\n      if let window",
     "guard let rule = supervisor.prescription.patientBolus, false else { break }\n      if let window",
     "ChannelCommandTests/ownLimit"),
    ("a short gap makes two pulses", "Sources/PumpHAL/PulseFilter.swift",
     "guard instant.elapsed(since: since) >= least else {", "guard isAsserted || instant.elapsed(since: since) >= least else {",
     "PulseFilterTests/gaps"),
    ("a head at its index is a pulse", "Sources/PumpHAL/PulseFilter.swift",
     "return isAsserted && !isOld", "return isAsserted", "PulseFilterTests/assertedAtStart"),
    ("a crash's doses are forgotten", J + "Journal.swift",
     "body(counts.highest - known, record.at, binding)", "_ = body", "JournalTests/recall"),
    ("a crash's doses are not told to the guards", E + "SupervisedLoop.swift",
     "for (steps, instant) in doses { recall(steps, by: instant) }", "_ = doses",
     "KillSweepTests/manyLives"),
    ("a cut ends with a silence", S + "Supervisor+Watch.swift",
     "pendingHold = cutBy == nil ? false : nil", "pendingHold = false", "SupervisorTests/cutStays"),
    ("a drive that stands still forfeits nothing", S + "Supervisor+Watch.swift",
     "if count == seen, !isResting { _ = allowed(count, at: now) }", "", "SupervisorTests/noBurst"),
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
    ("a short fault of the driver is lost", "Sources/PumpLinux/Channel.swift",
     "if readings?.driverFault == true { faults += 1 }", "", "ChannelTests/roundTrip"),
    ("a single bolus is given again after a crash", "Sources/itpump/Run/RunCommand.swift",
     "singleBolus: fallsBack || hasBolus ? nil : profile.singleBolus",
     "singleBolus: fallsBack ? nil : profile.singleBolus", "SupervisedRunTests/bolusOnce"),
    ("an orphan goes on", "Sources/itpump/Run/SessionOrder.swift",
     "guard !channel.isOrphaned else { return nextOfAnOrphan() }", "",
     "SupervisedRunTests/killedSupervisor"),
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
