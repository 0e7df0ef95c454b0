#!/usr/bin/python3
"""Holds the virtual bench's results against the kernel's trace of every GPIO edge.

Usage: judge.py REPOSITORY RESULTS PROGRAM

The trace is the witness: what a line did is read from it alone. It is decoded by trace-cmd, the
drivers' timing tables are read from their files here, and nothing is shared with the controller.
"""
import bisect
import json
import os
import re
import statistics
import subprocess
import sys
from xml.etree import ElementTree

import yaml

import stillness
from sessions import sessions

top, results, program = sys.argv[1:4]
STEP, DIR, ENABLE, KICK, BUZZER = 17, 27, 22, 5, 26
NAMES = {STEP: "step", DIR: "dir", ENABLE: "enable", KICK: "watchdog-kick", BUZZER: "buzzer"}
ACTIVE_LOW = {ENABLE}
# The emulated machine may be held up by its host for so long between a cause and its effect.
GRACE = 200_000_000
# A run that is told to end settles its ledger within 15 s; the rest is for the end of a process in emulation.
LONGEST_STOP = 60_000_000_000
# So many failures, and no more, may be the host's doing, and are tried again.
FEW = 3
NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


class Broken(Exception):
    """A promise that was not kept."""


class Violated(Broken):
    """A promise that was not kept, and that no host can have broken by being slow: it is not tried again."""


def expect(condition, text):
    if not condition:
        raise Broken(text)


def always(condition, text):
    if not condition:
        raise Violated(text)


def read_trace():
    """All writes of the trace, (instant in ns, line's global number, level), and when threads ended, (instant,
    thread)."""
    report = subprocess.run(
        ["trace-cmd", "report", "-t", f"{results}/trace.dat"], capture_output=True, text=True,
        check=True).stdout
    expect("LOST" not in report and "EVENTS DROPPED" not in report, "the kernel's trace has a gap")
    write = re.compile(r"\s(\d+)\.(\d{9}): gpio_value:\s+(\d+) set ([01])$", re.M)
    ending = re.compile(r"\s(\d+)\.(\d{9}): sched_process_exit:.*\bpid=(\d+)\b", re.M)
    found = [sorted((int(m[1]) * 1_000_000_000 + int(m[2]), *map(int, m.groups()[2:])) for m in event.finditer(report))
             for event in (write, ending)]
    expect(found[1], "the kernel's trace tells no thread's end")
    return found


def died(kill, endings):
    """When the first thread ended that a kill was meant for: who kills may be held up before the kernel hears of it,
    and only the kernel says when."""
    threads = set(kill["killed_threads"])
    begun = bisect.bisect_left(endings, (kill["killed_ns"], 0))
    found = [at for at, thread in endings[begun:] if thread in threads]
    expect(found, "the kernel's trace does not tell the end of what was killed")
    return found[0]


def edges_of(facts):
    """A scenario's edges: (instant, line, whether it became asserted); writes of a level that the
    line has already, as at its claim, are none."""
    level, edges = {}, []
    for at, number, value in facts["writes"]:
        line = number - facts["base"]
        if line not in NAMES:
            continue
        asserted = bool(value) != (line in ACTIVE_LOW)
        if level.get(line, False) != asserted:
            edges.append((at, line, asserted))
        level[line] = asserted
    return edges


def rises(edges):
    return [at for at, line, asserted in edges if line == STEP and asserted]


HELD_UP = stillness.read(f"{results}/held-up.txt")


def later(at, span):
    """The instant so long after another, in which the time that the machine stood still does not count."""
    end = at + span
    for began, ended in HELD_UP:
        if began >= end:
            break
        if ended > at:
            end += ended - max(began, at)
    return end


def duration(text):
    number, unit = text.split()
    return round(float(number) * NANOSECONDS[unit])


def rate(text):
    return float(text.split()[0])


def check_timing(edges, driver, ramped, idle=0):
    """Every edge against the driver's table; returns the number of edges that it was held against.

    So many steps may rise while the driver is not energised, and move nothing: a process that is stopped
    between its last look and its write makes its edge when it goes on."""
    table = yaml.safe_load(open(driver))
    times = {name: duration(text) for name, text in table["timing"].items()}
    motion = table["motion"]
    spacing = 1e9 / rate(motion["maximum-rate"] if ramped else motion["start-rate"])
    last = {}
    for at, line, asserted in edges:
        def since(which, level):
            return at - last[which, level] if (which, level) in last else 1 << 62
        where = f"{NAMES[line]} at {at} ns"
        if line == STEP and asserted:
            energised = last.get((ENABLE, True), 0) > last.get((ENABLE, False), 0)
            idle -= not energised
            expect(idle >= 0, f"{where}: the driver is not energised")
            always(last.get((DIR, True)), f"{where}: DIR was never set")
            always(not energised or since(ENABLE, True) >= times["wake-up"], f"{where}: before the driver woke")
            always(since(DIR, True) >= times["dir-setup"], f"{where}: DIR set-up")
            always(since(STEP, False) >= times["step-low"], f"{where}: STEP low too short")
            always(since(STEP, True) >= spacing, f"{where}: {since(STEP, True)} ns after the step "
                   f"before, less than {spacing:.0f}")
        elif line == STEP:
            always(since(STEP, True) >= times["step-high"], f"{where}: STEP high too short")
        elif line in (DIR, ENABLE) and not (line == ENABLE and asserted):
            always(since(STEP, True) >= times["dir-hold"], f"{where}: hold after the step")
        last[line, asserted] = at
    return len(edges)


def simulated(facts, folder):
    """The edges that the simulator makes of the same profile in a minute more, from its waveform."""
    wave = f"{folder}/simulated.vcd"
    subprocess.run(
        [program, "simulate", facts["profile"], "--board", f"{folder}/board.yaml", "--start",
         facts["start"], "--for", f"{facts['span'] + 60}s", "--vcd", wave], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    numbers = {name: line for line, name in NAMES.items()}
    codes, level, edges, at, in_dump = {}, {}, [], 0, False
    for text in open(wave):
        words = text.split()
        if not words:
            continue
        if words[0] == "$var":
            codes[words[3]] = words[4]
        elif words[0] == "$dumpvars":
            in_dump = True
        elif words[0] == "$end":
            in_dump = False
        elif words[0][0] == "#":
            at = int(words[0][1:])
        elif words[0][0] in "01" and codes.get(words[0][1:]) in numbers:
            line = numbers[codes[words[0][1:]]]
            asserted = (words[0][0] == "1") != (line in ACTIVE_LOW)
            if not in_dump and level.get(line, False) != asserted:
                edges.append((at, line, asserted))
            level[line] = asserted
    return edges


def judge_sequence(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    wanted = simulated(facts, folder)
    end = facts["span"] * 1_000_000_000
    made, due = rises(edges), rises(wanted)
    expect(len(made) > 50, f"only {len(made)} steps: too few to show anything")
    # A drive that wakes up too late for the end makes one step, and the run is held before it makes up the others.
    owed = [at for at in due[len(made):bisect.bisect_right(due, end)] if made[-2] < run["began_monotonic_ns"] + at <= made[-1]]
    # STEP, DIR and ENABLE are one sequence; what runs beside them is a sequence of its own.
    for group in ((STEP, DIR, ENABLE), (KICK,), (BUZZER,)):
        have = [(line, level) for _, line, level in edges if line in group]
        want = [(line, level) for _, line, level in wanted if line in group]
        least = sum(1 for at, line, _ in wanted if line in group and at <= end)
        if ENABLE in group and have[-1:] == [(ENABLE, False)]:
            have.pop()  # a run de-energises at its end, a simulation just ends
        names = "/".join(NAMES[line] for line in group)
        expect(have == want[:len(have)], f"{names}: edge "
               f"{next((i for i, (a, b) in enumerate(zip(have, want)) if a != b), len(want))} differs")
        if STEP in group:
            least -= 2 * len(owed)
        # A STEP whose fall is due just after the end may be high still.
        expect(len(have) >= least - 1, f"{names}: {len(have)} edges here, {least} in the simulator")
    made = len(made)
    expect(made == run["steps"], f"{made} steps in the trace, {run['steps']} counted")
    # The run is held a moment after its end: what fell due in that moment was made or is missed.
    by_hold = bisect.bisect_right(due, run["held_ns"])
    expect(made + run["missed_steps"] == by_hold, f"{made} steps made and {run['missed_steps']} "
           f"missed, {by_hold} due in the simulator when the therapy was held")
    expect(run["missed_steps"] <= by_hold - bisect.bisect_right(due, end) + len(owed),
           f"{run['missed_steps']} steps were missed before the end")
    replay(folder)
    return f"{made} steps, {len(edges)} edges, the simulator's; replayed"


def replay(folder):
    done = subprocess.run(
        [program, "replay", f"{folder}/run.rec"], capture_output=True, text=True)
    always(done.returncode == 0, f"replay: {done.stdout}{done.stderr}")
    return done.stdout


def judge_timing(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    held = check_timing(edges, facts["driver"], ramped=True)
    expect(len(rises(edges)) > 1_000, "too few steps to show anything")
    return f"{held} edges"


def judge_stops(facts, edges, run, folder):
    expect(facts["exit"] == 0 or run["uncertain_steps"], f"exit {facts['exit']}")
    held = check_timing(edges, facts["driver"], ramped=False, idle=facts["stops"])
    made = len(energised_rises(edges))
    most = run["steps"] + run["uncertain_steps"]
    expect(run["steps"] <= made <= most, f"{made} steps in the trace, {run['steps']} to {most} booked")
    expect(made > 0 and facts["stops"] >= 10, "nothing was shown")
    if run["missed_steps"]:
        expect("under-delivery" in alarms(run), f"missed without an alarm: {alarms(run)}")
    return f"{facts['stops']} stops, {made} steps, {held} edges, {run['missed_steps']} steps missed"


def judge_clean_stop(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    # A tone that an alarm began may end later: what counts is the motor.
    motor = [edge for edge in edges if edge[1] in (STEP, DIR, ENABLE)]
    expect(motor[-1][1:] == (ENABLE, False), f"the motor's last edge is {motor[-1]}")
    expect(facts["levels"][str(ENABLE)] == 1, "ENABLE is not released")
    expect(run["motor_de_energised"], "the motor was not seen de-energised")
    made = len(rises(edges))
    expect(made == run["steps"], f"{made} steps in the trace, {run['steps']} in the ledger")
    check_timing(edges, facts["driver"], ramped=True)
    replay(folder)
    return f"{made} steps, ENABLE released, replayed"


def energised_rises(edges):
    """Steps that moved the motor: STEP rose while ENABLE was asserted."""
    asserted, made = False, []
    for at, line, level in edges:
        if line == ENABLE:
            asserted = level
        elif line == STEP and level and asserted:
            made.append(at)
    return made


def falls(edges, after):
    return [at for at, line, level in edges if line == ENABLE and not level and at >= after]


def journal_of(folder):
    return json.load(open(f"{folder}/log.json"))


def judge_killed(who):
    def judge(facts, edges, run, folder):
        made = energised_rises(edges)
        killed = died(facts, facts["endings"])
        expect(made, "no step at all")
        # The drive that is left behind looks every 20 ms whether its supervisor is there.
        limit = GRACE if who == "drive" else 2 * GRACE
        expect(made[-1] < later(killed, limit), f"a step {(made[-1] - killed) / 1e6:.0f} ms after the kill")
        expect(facts["levels"][str(ENABLE)] == 1, "ENABLE is not released")
        driven = [at for at, number, value in facts["writes"]
                  if number - facts["base"] == ENABLE and value == 1 and at > killed]
        expect(driven, "ENABLE was not driven to released")
        expect(facts["verified"] == 0, "the journal does not verify")
        if who == "drive":
            expect(facts["exit"] == 1, f"exit {facts['exit']}")
            last = sessions(journal_of(folder))[-1]["last"]
            certain, most = last["certain_steps"], last["certain_steps"] + last["uncertain_steps"]
            expect(certain <= len(made) <= most, f"{len(made)} steps made, {certain} to {most} booked")
            expect(most - certain <= 1, f"{most - certain} steps uncertain")
            sounds(facts, killed, long=True)
        else:
            told = replay(folder)
            expect("ends in the middle" in told, "the record does not say that it is cut")
        if who == "supervisor":
            expect("the supervisor is gone" in open(f"{folder}/output.txt").read(), "it says nothing")
            sounds(facts, killed, long=True)
        return (f"{len(made)} steps, ENABLE released {(driven[0] - killed) / 1e6:.0f} ms after the kill, which came "
                f"{(killed - facts['killed_ns']) / 1e6:.0f} ms after it was asked for")
    return judge


def bounded_lives(facts, edges, folder):
    """Lives with one journal, each ended by SIGKILL: in each of them the steps that moved the motor lie between
    what the next session books as certain and that and the uncertain."""
    found = sessions(journal_of(folder))
    lives = facts["lives"]
    expect(len(found) == len(lives) + 1, f"{len(found)} sessions for {len(lives)} lives and one more")
    always(facts["verified"] == 0, "the journal does not verify")
    made = energised_rises(edges)
    widest = total = 0
    for number, life in enumerate(lives):
        before, after = found[number]["at_start"], found[number + 1]["at_start"]
        true = bisect.bisect_left(made, life["to_ns"]) - bisect.bisect_left(made, life["from_ns"])
        certain = after["certain_steps"] - before["certain_steps"]
        uncertain = after["uncertain_steps"] - before["uncertain_steps"]
        where = f"life {number + 1} ({life['who']})"
        always(certain <= true <= certain + uncertain,
               f"{where}: {true} steps made, {certain} to {certain + uncertain} booked")
        permitted = max(grant["granted_up_to_steps"] - grant["certain_steps"] -
                        grant["uncertain_steps"] for grant in found[number]["grants"])
        always(uncertain <= max(permitted, 1), f"{where}: {uncertain} uncertain, {permitted} granted")
        expect(life["exit"] != "hung", f"{where}: it hung")
        killed = died(life, facts["endings"])
        late = [at for at in made if later(killed, 2 * GRACE) < at < life["to_ns"]]
        expect(not late, f"{where}: {len(late)} steps after the kill")
        widest, total = max(widest, uncertain), total + true
    who = {name: sum(life["who"] == name for life in lives) for name in ("drive", "supervisor", "both")}
    expect(total > 10 * len(lives), "too few steps to show anything")
    return found, (f"{len(lives)} kills ({', '.join(f'{v} {k}' for k, v in who.items())}), {total} steps, "
                   f"each life within its bounds, at most {widest} steps uncertain")


def judge_kills(facts, edges, run, folder):
    found, told = bounded_lives(facts, edges, folder)
    lives = facts["lives"]
    renewals = sum(len(session["grants"]) - 2 for session in found[:len(lives)])
    expect(renewals > len(lives) // 2, f"only {renewals} renewals: too few to show anything")
    return f"{told}, {renewals} renewals"


def held_after(is_held, answers):
    """Whether the therapy is held back after requests and their answers; None where nobody can know."""
    for verb, answer in answers:
        if verb in ("suspend", "resume"):
            if answer == "accepted":
                is_held = verb == "suspend"
            elif answer in (None, "unknown"):
                is_held = None
    return is_held


def judge_commanded(facts, edges, run, folder):
    """A kill with commands under way: answers stay what they were, no bolus comes twice, a hold stays a hold, and an
    alarm of uncertain steps stands in the next life."""
    found, told = bounded_lives(facts, edges, folder)
    made = energised_rises(edges)
    lives = facts["lives"]
    asked = in_flight = held_lives = most_boluses = 0
    for number, life in enumerate(lives):
        following = lives[number + 1] if number + 1 < len(lives) else facts["last"]
        where = f"life {number + 1} ({life['who']})"
        expect(life["status"], f"{where}: it never said that it runs")
        is_held = held_after(life["status"]["state"] == "suspended", [
            (entry["request"]["verb"], entry["again"]) for entry in lives[number - 1]["asked"]
            if number and entry["answer"] is None])
        is_held = held_after(is_held, [(entry["request"]["verb"], entry["answer"]) for entry in life["asked"]])
        for entry in life["asked"]:
            words = f"{where}: {entry['request']['verb']} {entry['request']['ticket']}"
            answer, again = entry["answer"], entry["again"]
            # What the supervisor had not heard, the next one hears for the first time.
            always(answer in (None, "unknown") or again in (None, answer),
                   f"{words}: {answer} before the kill, {again} after")
            # An answer that is lost is asked for again; a pump that is only held up answers the first time.
            expect(entry.get("tries", 1) == 1, f"{words}: asked {entry.get('tries')} times until it was answered")
            asked += 1
            in_flight += answer is None or entry["answered_ns"] > died(life, facts["endings"])
            if entry["request"]["verb"] == "bolus":
                most_boluses += bool({"accepted", "unknown"} & {answer, again})
        if is_held is not None:
            state = following["status"]["state"]
            always((state == "suspended") == is_held,
                   f"{where}: {'held' if is_held else 'not held'}, and then {state}")
        if is_held:
            held_lives += 1
            # What is asked again may resume it; until the first new request, and that, nothing may move.
            until = following.get("begun_ns", 0)
            resumed = any(e["request"]["verb"] == "resume" and e["answer"] is None for e in life["asked"])
            moved = [at for at in made if following["from_ns"] < at < until]
            always(resumed or not moved, f"{where}: held, and {len(moved)} steps in the next life")
        if found[number + 1]["at_start"]["uncertain_steps"] > 0:
            names = [alarm["name"] for alarm in following["status"]["alarms"]]
            expect("delivery-uncertain" in names, f"{where}: uncertain steps, and no alarm in the next life")
    began = [row for row in journal_of(folder)
             if row["kind"] == "event" and re.match(r"single bolus of .* begins", row["what"])]
    always(len(began) <= most_boluses, f"{len(began)} boluses began, {most_boluses} were accepted or are unknown")
    expect(in_flight > len(lives) // 2, f"only {in_flight} requests were under way at a kill")
    # A few lives show one or the other.
    shown = began and held_lives if len(lives) >= 15 else began or held_lives
    expect(shown, f"{len(began)} boluses, {held_lives} held lives: too few to show anything")
    return (f"{told}; {asked} requests, {in_flight} under way at the kill, the latest 40 of each life answered the "
            f"same afterwards; "
            f"{len(began)} boluses began, none twice; {held_lives} holds outlived it")


def judge_crowded(facts, edges, run, folder):
    made = rises(edges)
    expect(facts["exit"] == 0 and facts["status"], f"exit {facts['exit']}")
    # What is late when the run is told to end is given up with the therapy: no more than fell due in that moment.
    late = (run["began_monotonic_ns"] + run["held_ns"] - made[-1]) * 200 / 1e9
    expect(run["missed_steps"] <= late + 1 and run["uncertain_steps"] == 0,
           f"{run['missed_steps']} steps missed, {late:.1f} fell due after the last one")
    expect(run["held_ns"] + run["began_monotonic_ns"] <= later(made[-1], GRACE), "the therapy was held long after its last step")
    expect(len(made) == run["steps"], f"{len(made)} steps in the trace, {run['steps']} in the ledger")
    check_timing(edges, facts["driver"], ramped=False)
    counts = facts["crowd"]
    expect(counts["answers"] >= 30 and counts["attacks"] >= 100, f"too few clients to show anything: {counts}")
    alarms = [alarm["name"] for alarm in facts["status"]["alarms"]]
    expect(not alarms, f"alarms: {', '.join(alarms)}")
    gaps = sorted(after - before for before, after in zip(made, made[1:]))
    return (f"{len(made)} steps, {run['missed_steps']} missed, {counts['answers']} answers, {counts['attacks']} attacks, "
            f"steps {gaps[len(gaps) // 100] / 1e6:.2f} to {gaps[-len(gaps) // 100] / 1e6:.2f} ms apart (1 to 99 %)")


def judge_liar(facts, edges, run, folder):
    fault = facts["fault"]
    made = energised_rises(edges)
    began, rate = run["began_monotonic_ns"], 200
    final = falls(edges, began)
    expect(final, "ENABLE did not fall")
    expect(not [at for at in made if at > final[-1]], "steps after ENABLE fell for good")
    expect(facts["exit"] == 1 or fault == "silent", f"exit {facts['exit']}")
    log = journal_of(folder)
    grants = sessions(log)[-1]["grants"]
    begin_ns = next(row["pump_clock_ns"] for row in log if row["what"] == "begin")
    granted = max(grant["granted_up_to_steps"] for grant in grants)
    pulses = json.load(open(f"{folder}/plant.json"))["pulses_ns"]
    fall = final[-1]
    evidence = evidence_of(fault, made, began, rate, grants, begin_ns, pulses, fall)
    if fault == "silent":
        # It is given back once the drive beats again, which this one never does.
        fall = next(at for at in final if at >= evidence)
    took = (fall - evidence) / 1e6
    # A hundred milliseconds, and the grace of an emulated machine that its host may hold up.
    expect(began <= fall <= later(evidence, 100_000_000 + GRACE), f"ENABLE fell {took:.0f} ms after the evidence")
    if fault == "deaf":  # it was given the first grant only
        granted = next(g["granted_up_to_steps"] for g in grants
                       if g["granted_until_ns"] > g["pump_clock_ns"])
        made = [at for at in made if at < evidence]
    cap = granted * (2 if fault == "double-steps" else 1)
    expect(len(made) <= cap, f"{len(made)} steps, {granted} granted")
    named = {"silent": "drive-silent", "double-steps": "over-delivery"}.get(fault, "drive-disagrees")
    expect(named in alarms(run), f"alarms: {alarms(run)}")
    return f"alarm {named}, ENABLE fell {took:.0f} ms after the first evidence, {len(made)} steps"


def evidence_of(fault, made, began, rate, grants, begin_ns, pulses, fall):
    """When the witness could first tell for certain that the drive lies."""
    if fault == "silent":
        return began + 3_000_000_000 + 300_000_000
    if fault == "deaf":
        first = next(g for g in grants if g["granted_until_ns"] > g["pump_clock_ns"])
        until = began + first["granted_until_ns"] - begin_ns
        return next(at for at in made if at > until)
    if fault == "double-steps":
        # A pulse every hundred motor steps, of which the drive counts fifty. The first sets the place; from the
        # second on the head is ahead by more than the play and a quarter, unless the plant was held up so long
        # that the count caught up, with the ten steps of a reading's 50 ms besides.
        counted = [bisect.bisect_right(made, at) / 2 for at in pulses]
        certain = [at for number, at in enumerate(pulses)
                   if 100 * number > counted[number] - counted[0] + 12 + 25 + 10]
        # A supervisor that was quicker than this bound had a pulse that was nearer to it: the last before the fall.
        earlier = [at for at in pulses[1:] if at <= fall]
        expect(certain or earlier, "no index pulse could tell of the drive's lie")
        return certain[0] if certain else earlier[-1]
    if fault == "ahead-told":
        return made[100]
    if fault == "half-told":
        # Eight steps and four told: more than a step and the tolerance of two between them.
        return made[7]
    # A step and the tolerance of two more than the therapy's definition allows by then, without the steps that were
    # late by more than the backlog limit and are given up, if it does not come so far with them.
    for limit in (1 << 62, 53):
        forfeit = 0
        for number, at in enumerate(made, 1):
            due = (at - began) * rate / 1e9 - forfeit
            if number > due + 3:
                return at
            forfeit += max(0, due - number - limit)
    raise Broken("it never made a step too many")


def judge_hung_supervisor(facts, edges, run, folder):
    asked, stopped = facts["stopped_ns"]
    made = [at for at in energised_rises(edges) if at > asked]
    # The board's supervisor-timeout is 2 s; a grant would reach 13 s near a bolus.
    last = (made[-1] - stopped) / 1e9
    expect(asked + 1_500_000_000 < made[-1] <= later(stopped, 2_500_000_000),
           f"the last step {last:.1f} s after the supervisor stood still")
    kicks = [at for at, line, _ in edges if line == KICK and later(stopped, GRACE) < at < facts["killed_ns"]]
    expect(not kicks, "the watchdog's line was kicked")
    expect(facts["levels"][str(ENABLE)] == 1, "ENABLE is not released after the end")
    return f"no kick, steps ended after {last:.1f} s"


def judge_watchdog_close(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    # The emulated watchdog's driver does not tell the time left, so nobody can see it count.
    expect("watchdog-unproven" in alarms(run), f"alarms: {alarms(run)}")
    return "the machine lived on for 25 s after a clean end; a watchdog not seen to count is an alarm"


def judge_frozen_disk(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    expect("journal-failed" in alarms(run), f"alarms: {alarms(run)}")
    frozen, thawed = facts["frozen_ns"], facts["thawed_ns"]
    during = [at for at, line, level in edges if line == ENABLE and level and frozen < at < thawed]
    expect(len(during) > 10, f"only {len(during)} times ENABLE while the disk hung")
    kicks = [at for at, line, _ in edges if line == KICK and frozen < at < thawed]
    missed = [(b - a) / 1e9 for a, b in zip(kicks, kicks[1:]) if b >= later(a, 1_000_000_000 + 2 * GRACE)]
    expect(len(kicks) > 1, f"{len(kicks)} kicks while the disk hung")
    expect(not missed, f"no kick for {missed} s")
    made = energised_rises(edges)
    last = max(at for at in made if at < thawed)
    # The last grant before the freeze reaches 70 s at the most, and no new one came.
    expect(last < frozen + 71_000_000_000, "steps without a grant")
    after = [at for at in made if at > thawed + 1_000_000_000]
    expect(after, "the therapy did not go on when the disk did")
    expect(facts["verified"] == 0, "the journal does not verify")
    check_timing(edges, facts["driver"], ramped=False)
    return (f"ENABLE {len(during)} times and a kick every second while the disk hung for "
            f"{(thawed - frozen) / 1e9:.0f} s, alarm journal-failed, the therapy went on afterwards")


def judge_full_disk(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    expect("journal-filling" in alarms(run), f"alarms: {alarms(run)}")
    expect(facts["second"] == 1, f"a second run on the same journal: exit {facts['second']}")
    expect("the journal is in use" in open(f"{folder}/output.txt").read(), "it does not say why")
    expect(facts["verified"] == 0, "the journal does not verify")
    return "alarm journal-filling, the therapy went on; a second run was refused"


def judge_sigstop(facts, edges, run, folder):
    # The supervisor hears nothing for 300 ms, and looks every 50.
    asked, stopped = facts["stopped_ns"]
    fall = falls(edges, asked)
    expect(fall and fall[0] < later(stopped, 350_000_000 + 2 * GRACE), "ENABLE did not fall in time")
    asleep = [at for at in rises(edges) if later(stopped, GRACE) < at < facts["continued_ns"]]
    expect(not asleep, f"steps while it was stopped: {asleep[:3]}")
    expect(facts["held"][str(ENABLE)] == 1, "the motor was energised while the drive was silent")
    expect("drive-silent" in alarms(run), f"alarms: {alarms(run)}")
    expect("under-delivery" in alarms(run), f"no alarm of under-delivery: {alarms(run)}")
    expect(run["missed_steps"] > 0, "nothing was booked as missed")
    sounds(facts, facts["from_ns"], facts["continued_ns"] + 3_000_000_000 - facts["from_ns"])
    check_timing(edges, facts["driver"], ramped=True, idle=1)
    made = len(energised_rises(edges))
    most = run["steps"] + run["uncertain_steps"]
    expect(run["steps"] <= made <= most, f"{made} steps made, {run['steps']} to {most} booked")
    after = [at for at in rises(edges) if at > facts["continued_ns"]]
    expect(after, "the therapy did not go on")
    return (f"ENABLE fell {(fall[0] - stopped) / 1e6:.0f} ms after the drive stood still, "
            f"{run['missed_steps']} steps missed, never repaid as a burst")


def sounds(facts, after, within=3_000_000_000, long=False):
    """The alarm as the witness hears it: the buzzer's line is asserted in time, and for its three seconds.

    It may sound already, of an alarm before: the write counts, for it begins the three seconds anew."""
    writes = [(at, value) for at, number, value in facts["writes"] if number - facts["base"] == BUZZER and at >= after]
    heard = [at for at, value in writes if value]
    expect(heard and heard[0] <= later(after, within), "the buzzer did not sound in time")
    if long:
        ends = [at for at, value in writes if not value and at > heard[0]]
        # A line that nobody drives any more keeps its level here: then it is heard on.
        expect(not ends or ends[0] - heard[0] > 2_800_000_000, "the buzzer fell silent at once")


def judge_busy(facts, edges, run, folder):
    expect(facts["exit"] == 1, f"exit {facts['exit']}")
    told = open(f"{folder}/output.txt").read()
    expect("line '17' (step)" in told and "in use by 'itpump'" in told, f"it says: {told}")
    expect(not [e for e in edges if e[1] == ENABLE and e[2]], "ENABLE was asserted")
    return "refused, names the line and its holder; the motor stayed de-energised"


def judge_denied(facts, edges, run, folder):
    expect(facts["exit"] == 1, f"exit {facts['exit']}")
    told = open(f"{folder}/output.txt").read()
    expect("Permission denied" in told and "usermod -aG gpio" in told, f"it says: {told}")
    expect(not edges, "a line moved")
    return "refused, with the group to join"


def alarms(run):
    return [alarm["alarm"] for alarm in run["alarms"]]


def judge_stuck_fault(facts, edges, run, folder):
    expect(facts["exit"] == 1, f"exit {facts['exit']}")
    expect("driver-fault" in alarms(run), f"alarms: {alarms(run)}")
    # The sensors are read ten times a second; emulation is granted some delay.
    pulled, stuck = facts["stuck_ns"]
    off = falls(edges, pulled)
    expect(off and off[0] < later(stuck, 100_000_000 + 3 * GRACE), "ENABLE did not fall in time")
    late = [at for at in rises(edges) if at > off[0]]
    expect(not late, f"{len(late)} steps after the driver reported a fault")
    sounds(facts, pulled)
    return (f"ENABLE fell {(off[0] - pulled) / 1e6:.0f} ms after the fault, alarm "
            "driver-fault, heard")


def judge_glitches(facts, edges, run, folder):
    lengths = [end - began for _, began, end in facts["made"]]
    expect(max(lengths) < facts["debounce_ns"], f"a glitch of {max(lengths) / 1e6:.0f} ms is none")
    expect(facts["exit"] == 1, f"exit {facts['exit']}")
    expect(set(alarms(run)) == {"driver-fault"}, f"alarms: {alarms(run)}")
    # What was over before the kernel looked left one edge, or none where it had looked at the one before.
    counted = run["glitches"]
    sure = sum(length > 5_000_000 for length in lengths)
    expect(sure <= counted <= len(lengths), f"{len(lengths)} glitches, {sure} sure, {counted} counted")
    expect(run["index_pulses"] == 0, f"{run['index_pulses']} index pulses")
    pulled, stuck = facts["stuck_ns"]
    off = falls(edges, facts["made"][0][1])
    # The kernel counts the debouncing in ticks.
    expect(off and pulled + facts["debounce_ns"] - GRACE / 20 <= off[0], "ENABLE fell for a glitch")
    # The sensors are read ten times a second; emulation is granted some delay.
    limit = later(stuck, facts["debounce_ns"] + 100_000_000 + 3 * GRACE)
    expect(off[0] < limit, "ENABLE did not fall for a fault that lasts")
    return (f"{counted} of {len(lengths)} glitches of {min(lengths) / 1e3:.0f} us to {max(lengths) / 1e6:.0f} ms "
            f"seen and counted, no pulse, no trip; ENABLE fell {(off[0] - pulled) / 1e6:.0f} ms into a fault")


def judge_stuck_low(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    expect("reservoir-low" in alarms(run), f"alarms: {alarms(run)}")
    pulled, stuck = facts["stuck_ns"]
    sounds(facts, pulled)
    after = [at for at in rises(edges) if at > stuck + 2_000_000_000]
    expect(len(after) > 10, "the basal did not go on")
    return f"alarm reservoir-low, the basal went on for {len(after)} steps"


def judge_removed(facts, edges, run, folder):
    expect(facts["exit"] == 1, f"exit {facts['exit']}")
    expect("device-lost" in alarms(run), f"alarms: {alarms(run)}")
    expect(any("the chip is gone" in text for text in run["line_failures"]), "no line is named")
    expect(not run["motor_de_energised"], "it claims to have de-energised a chip that is gone")
    after = [at for at in rises(edges) if at > later(facts["removed_ns"][1], GRACE)]
    expect(not after, f"{len(after)} steps after the chip was gone")
    return "alarm device-lost, no edge after it, says that the supply must be cut"


def judge_soak(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    plant = json.load(open(f"{folder}/plant.json"))
    made = len(rises(edges))
    expect(made == run["steps"], f"{made} steps in the trace, {run['steps']} counted")
    expect(made == plant["turned_steps"], f"the plant turned {plant['turned_steps']} of {made}")
    # A pulse of the last tenth of a second is not read yet.
    missing = plant["index_pulses"] - run["index_pulses"]
    expect(0 <= missing <= 1, f"{plant['index_pulses']} index pulses made, {run['index_pulses']} read")
    # What grows for good shows in the middle of both halves; what is first touched late does not.
    settled = [size for at, size in facts["resident_kib"] if at >= min(60, facts["span"] / 3)]
    half = len(settled) // 2
    grown = statistics.median(settled[half:]) - statistics.median(settled[:half])
    expect(grown <= 64, f"resident memory grew by {grown} KiB: {facts['resident_kib']}")
    return (f"{facts['span']} s, {made} steps, {run['index_pulses']} index pulses, resident memory "
            f"{settled[0]} KiB at first, {settled[-1]} KiB at the end")


def judge_conformance(facts, edges, run, folder):
    told = open(f"{folder}/output.txt").read().strip()
    expect(facts["exit"] == 0, told)
    return told.splitlines()[-1]


def judge_calibrate(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    told = re.search(r"--steps (\d+)", open(f"{folder}/output.txt").read())
    made = len(rises(edges))
    expect(told and int(told[1]) == made, f"{made} steps in the trace, it says {told and told[1]}")
    # 1.25 uL at 156.25 pL a microstep; emulation may be late for some, which are not made up.
    expect(7_000 < made <= 8_000, f"{made} steps for 8000")
    check_timing(edges, facts["driver"], ramped=False)
    expect(facts["levels"][str(ENABLE)] == 1, "ENABLE is not released")
    return f"{made} steps for 1.25 uL, as it says"


def judge_weigh(facts, edges, run, folder):
    told = open(f"{folder}/output.txt").read()
    plant = json.load(open(f"{folder}/plant.json"))
    made = len(rises(edges))
    booked = sessions(journal_of(folder))[-1]["last"]
    certain, most = booked["certain_steps"], booked["certain_steps"] + booked["uncertain_steps"]
    expect(certain <= made <= most, f"{made} steps made, {certain} to {most} booked")
    expect(made == plant["commanded_steps"], f"{made} steps in the trace, {plant} in the plant")
    expect(facts["levels"][str(ENABLE)] == 1, "ENABLE is not released")
    head = facts["head"].split(":")[0]
    if head == "follows":
        expect(facts["exit"] == 0, told)
        seen = re.search(r"index pulses: (\d+) seen, (\d+) expected", told)
        expect(seen, told)
        turned = made - run["steps"]
        pulses = plant["index_pulses"] - run["steps"] // 400
        expect(abs(int(seen[1]) - pulses) <= 1, f"{seen[0]}, the plant gave {pulses}")
        expect(f"{turned} steps were made" in told, f"{turned} steps in the trace: {told}")
        expect(most == certain == made, f"{made} steps made, {certain} to {most} booked")
        return f"{made} steps, {seen[0]}"
    expect(facts["exit"] != 0, f"a head that {head} was calibrated")
    word = {"stalls": "stalled", "slips": "slipped|stalled|missing"}[head]
    expect(re.search(word, told), told)
    expect("steps were made" not in told, told)
    if head == "stalls":
        # The last pulse came at 800: a pulse of 400 and a quarter more, an eighth of play, and what is made until the
        # next reading.
        expect(made < 800 + 550 + 200, f"{made} steps before it stopped")
    return f"stopped after {made} steps, {plant['index_pulses']} pulses"


def judge_blink(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    have = [(line, level) for _, line, level in edges]
    expect(have == [(BUZZER, True), (BUZZER, False)] * 4, f"edges: {have}")
    return "four times on and off, and no other line"


def judge_writes(facts, edges, run, folder):
    expect(facts["exit"] == 0, f"exit {facts['exit']}")
    expect(run["median_ratio"] <= 1.10, f"{run['median_ratio']:.3f} of the C loop's time")
    return f"{run['library']}: {run['median_ratio']:.3f} of the C loop's time"


def circumstances(folder, facts):
    """What a failure says of a machine that stood still and of a plant that was late in each of its tries, and the
    end of what the program said."""
    from_ns, to_ns = facts.get("from_ns", 0), facts.get("to_ns", 0)
    held = sum(stillness.within(HELD_UP, from_ns, to_ns))
    text = late_plant(folder) + (f" (the machine stood still for {held / 1e6:.0f} ms of it)" if held else "")
    path = f"{folder}/output.txt"
    said = open(path, errors="replace").read().splitlines()[-6:] if os.path.exists(path) else []
    return text + "".join(f"\n        | {line}" for line in said)


def late_plant(folder):
    path = f"{folder}/plant.json"
    late = json.load(open(path))["latest_ms"] if os.path.exists(path) else 0
    return f" (the plant itself was {late} ms late)" if late > 100 else ""


JUDGES = {
    "sequence": judge_sequence, "timing": judge_timing, "stops": judge_stops,
    "clean-stop": judge_clean_stop, "sigstop": judge_sigstop, "sigkill-drive": judge_killed("drive"),
    "sigkill-supervisor": judge_killed("supervisor"), "sigkill-both": judge_killed("both"),
    "kills": judge_kills, "liar": judge_liar, "hung-supervisor": judge_hung_supervisor,
    "watchdog-close": judge_watchdog_close, "full-disk": judge_full_disk, "frozen-disk": judge_frozen_disk,
    "busy": judge_busy, "denied": judge_denied, "stuck-fault": judge_stuck_fault, "glitches": judge_glitches,
    "stuck-reservoir-low": judge_stuck_low,
    "removed": judge_removed, "soak": judge_soak, "conformance": judge_conformance,
    "calibrate": judge_calibrate, "weigh": judge_weigh, "blink": judge_blink, "writes": judge_writes,
    "commanded": judge_commanded, "crowded": judge_crowded}


def main():
    trace, endings = read_trace()
    suite = ElementTree.Element("testsuite", name="virtual-bench")
    failed, violated = [], False
    names = sorted(n for n in os.listdir(results) if os.path.exists(f"{results}/{n}/job"))
    expect(names, "no scenario ran")
    for name in names:
        folder = f"{results}/{name}"
        case = ElementTree.SubElement(suite, "testcase", classname="virtual-bench", name=name)
        facts = {}
        try:
            expect(os.path.exists(f"{folder}/facts.json"), "the scenario did not end")
            facts = json.load(open(f"{folder}/facts.json"))
            facts["endings"] = endings
            facts["writes"] = trace[bisect.bisect_left(trace, (facts["from_ns"], 0, 0)):
                                    bisect.bisect_right(trace, (facts["to_ns"], 1 << 30, 1))]
            path = f"{folder}/run.json"
            run = json.load(open(path)) if os.path.exists(path) else None
            if "stop_asked_ns" in facts:
                took = (facts["stopped_by_ns"] - facts["stop_asked_ns"]) / 1e9
                is_timely = facts["stopped_by_ns"] <= later(facts["stop_asked_ns"], LONGEST_STOP)
                expect(is_timely, f"it took {took:.0f} s to end")
            told = JUDGES[facts["kind"]](facts, edges_of(facts), run, folder)
            print(f"ok      {name}: {told}")
        except (Broken, StopIteration, KeyError, TypeError, IndexError, ValueError, subprocess.SubprocessError) as e:
            failed.append(open(f"{folder}/job").read())
            violated = violated or isinstance(e, Violated)
            text = (str(e) if isinstance(e, Broken) else repr(e)) + circumstances(folder, facts)
            ElementTree.SubElement(case, "failure", message=text)
            print(f"FAILED  {name}: {text}")
    suite.set("tests", str(len(names)))
    suite.set("failures", str(len(failed)))
    ElementTree.ElementTree(suite).write(f"{results}/junit.xml", encoding="utf-8")
    print(f"virtual bench: {len(trace)} writes traced by the kernel; the machine stood still {len(HELD_UP)} times, "
          f"{max((ended - began for began, ended in HELD_UP), default=0) / 1e6:.0f} ms at most")
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    # What broke in the machine itself and is no scenario's failure stands.
    path = f"{results}/broke"
    broke = set(open(path).read().splitlines()) if os.path.exists(path) else set()
    if failed and len(failed) <= FEW and all(failed) and broke <= set(failed) and not violated:
        with open(f"{results}/again", "w") as file:
            file.write("^(" + "|".join(map(re.escape, failed)) + ")$")
    sys.exit(1 if failed else 0)


main()
