"""Tries a firmware on an emulated board: firmware_test.py TOP ITPUMP BOARD COMMAND ICOUNT [ONLY]."""
import glob
import os
import re
import subprocess
import sys
import time

import faults
import pins
import traces
from console import Machine, Refused
from programmes import boards, draw

TOP, ITPUMP, BOARD, COMMAND, ICOUNT = sys.argv[1:6]
ONLY = sys.argv[6] if len(sys.argv) > 6 else ""
SEED = os.environ.get("FIRMWARE_SEED", "1")
PROGRAMMES = int(os.environ.get("FIRMWARE_PROGRAMMES", "40"))
FOLDER = f"{TOP}/.build-firmware/{BOARD}/test"
ELF = f"{TOP}/.build-firmware/{BOARD}/firmware.elf"
TRIALS = f"{TOP}/.build-firmware/{BOARD}/trials.elf"  # the same, and can be told to go wrong
os.makedirs(FOLDER, exist_ok=True)
BENCHES = boards(TOP, FOLDER)
results = []


def machine(name="machine", goes_wrong=False, **options):
    board = Machine(COMMAND, f"{FOLDER}/{name}", TRIALS if goes_wrong else ELF, ICOUNT, **options)
    board.hello = board.take()
    return board


def compiled(profile, board, name):
    """The image of a profile; None where the profile does not pass its checks."""
    image = f"{FOLDER}/{name}.image"
    done = subprocess.run([ITPUMP, "compile", profile, "--board", board, "--drugs", f"{TOP}/Profiles/drugs", "-o", image],
                          capture_output=True, text=True)
    return image if done.returncode == 0 else None


def report(name, isGood, text):
    results.append(isGood)
    print(f"{'ok     ' if isGood else 'FAILED '} {BOARD} {name}: {text}", flush=True)


def wanted(name):
    return not ONLY or re.search(ONLY, name)


class Run:
    """A programme from its start to its end on a machine of its own."""

    def __init__(self, image, seconds, place, before=lambda board: None, name="machine", **options):
        board = machine(name, **options)
        try:
            board.load(image)
            board.ask("trace 1")
            before(board)
            board.ask(f"start {place * 10**9:x} {(seconds + 1) * 10**9:x} 7")
            self.began = int(board.wait_event("began")["at-ns"])
            self.figures = board.ask("figures")
            while True:
                line = board.line()
                if board.traced(line):
                    continue
                if line.startswith("event ended"):
                    break
            self.end = line
            self.after = board.ask("figures")
            self.edges = traces.told(board.edges, self.began)
            self.records = board.records()
        finally:
            board.end()


def lateness(line):
    return int(re.search(r"worst-lateness-ns=(\d+)", line)[1])


def lost(line):
    return int(re.search(r"lost-edges=(\d+)", line)[1])


def compare(name, profile, board, seconds, place, start):
    image = compiled(profile, board, "programme")
    if image is None:
        return None
    for _ in range(3):
        run = Run(image, seconds, place)
        missing = lost(run.end)
        if not missing:
            break
        print(f"        {BOARD} {name}: {missing} edges found no room in the trace, and show nothing", flush=True)
    truth = traces.simulated(ITPUMP, image, seconds + 2, start, FOLDER, ["--board", board])
    mine, theirs = traces.text(run.edges, seconds), traces.text(truth, seconds)
    if mine != theirs:
        for suffix, text in (("firmware", mine), ("simulator", theirs)):
            with open(f"{FOLDER}/{name}.{suffix}", "w") as file:
                file.write(text)
    return mine == theirs, mine.count("\n"), lateness(run.end)


def profiles():
    for path in sorted(glob.glob(f"{TOP}/Profiles/*.yaml")):
        name = os.path.basename(path)[:-5]
        if not re.search(os.environ.get("FIRMWARE_PROFILES", ""), name):
            continue
        text = open(path).read()
        # A bolus makes a thousand steps a second and more.
        seconds, hour = (40 if "bolus:" in text and "patient" not in text else 420), 22
        zoned = "flex" in text
        place = hour * 3600 - seconds + 120 if "every-day" in text else 0
        start = time.strftime("2026-11-23T%H:%M:%S", time.gmtime(place)) if "every-day" in text else "2026-11-23T00:00"
        assert zoned or place == 0
        same, edges, late = compare(name, path, f"{TOP}/Hardware/boards/simulator.yaml", seconds, place, start)
        report(f"profile {name}", same, f"{edges} edges in {seconds} s, worst lateness {late} ns")


def programmes():
    number, done, edges, worst, broken = 0, 0, 0, 0, []
    while done < PROGRAMMES:
        number += 1
        if number > 5 * PROGRAMMES:
            report("programmes", False, "too few of the random profiles pass their checks")
            return
        profile, board, seconds, place, start = draw(SEED, number, FOLDER, BENCHES)
        outcome = compare(f"random-{number}", profile, board, seconds, place, start)
        if outcome is None:
            continue
        done += 1
        edges += outcome[1]
        worst = max(worst, outcome[2])
        if not outcome[0]:
            broken.append(number)
    report("programmes", not broken,
           f"{done} random programmes of seed {SEED}, {edges} edges, worst lateness {worst} ns"
           + (f"; differ: {broken}" if broken else ""))


NOTHING_RAN = 3


def tried(name, scenario):
    """Runs a scenario; returns what it reported, and whether it broke off."""
    began, before, broke_off = time.monotonic(), len(results), False
    try:
        scenario()
    except Exception as error:  # a scenario that breaks is a failed one, and the next is tried
        broke_off = True
        report(name, False, f"{type(error).__name__}: {error}")
    print(f"        {BOARD} {name} took {time.monotonic() - began:.0f} s", flush=True)
    said = results[before:]
    del results[before:]
    return said, broke_off


def main():
    once = []
    for name, scenario in [
        ("profiles", profiles), ("programmes", programmes),
    ] + [(n, s) for n, s in faults.scenarios(globals())] + [(n, s) for n, s in pins.scenarios(globals())]:
        if not wanted(name):
            continue
        said, broke_off = tried(name, scenario)
        # A host that holds a console up breaks a scenario off: it must pass three times on end. What was found stands.
        if broke_off and all(said[:-1]):
            for number in range(1, 4):
                print(f"        {BOARD} {name} broke off, again: {number} of 3", flush=True)
                said, _ = tried(name, scenario)
                if not all(said):
                    break
            else:
                once.append(name)
        results.extend(said)
    print(f"{BOARD}: {sum(results)} passed, {len(results) - sum(results)} failed"
          + (f"; broke off once: {', '.join(once)}" if once else ""))
    # A board that has none of the scenarios that were asked for has not failed them.
    sys.exit((0 if all(results) else 1) if results else NOTHING_RAN)


main()
