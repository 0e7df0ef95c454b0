#!/usr/bin/python3
"""Cuts the virtual machine's power at drawn moments while it journals to a disk, and lets its watchdog reset
it; holds the journal against what a witness outside the machine had written down by then.

Usage: power.py REPOSITORY RESULTS VARIANT=PROGRAM CUTS

Of the edges that the kernel traced in a machine's last moments the witness may miss some, so it bounds the
truth from below, and from above with the few that fit between an edge and its being written down.
"""
import json
import os
import random
import select
import signal
import subprocess
import sys
import time

from sessions import sessions

top, results, program, cuts = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
bench = f"{top}/Hardware/virtual-bench"
SEED = int(os.environ.get("BENCH_SEED", "1"))
# At 20 steps/s so many fit into a quarter of a second.
UNSEEN = 5
# Seconds for a start of the machine and of up to three programs in it.
BOOT = 900


def boot(only, more=""):
    """Starts the machine, in a process group of its own."""
    library = os.environ.get("BENCH_LIBRARY_2", "")
    command = (f"BENCH_ONLY={only} BENCH_LIBRARY_2={library} /usr/bin/python3 {bench}/guest.py {top} "
               f"{results} {program}")
    return subprocess.Popen(
        [f"{bench}/boot", command], stdout=subprocess.PIPE, start_new_session=True,
        env=dict(os.environ, RESULTS=results, QEMU_MORE=more))


def said(machine, seconds):
    """The lines that the machine says, for so long at most."""
    end, rest = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        if not select.select([machine.stdout], [], [], 0.5)[0]:
            continue
        text = os.read(machine.stdout.fileno(), 65536)
        if not text:
            return
        *lines, rest = (rest + text).split(b"\n")
        yield from (line.decode() for line in lines)


def cut(machine):
    os.killpg(machine.pid, signal.SIGKILL)
    machine.wait()


def count(path):
    """Steps that moved the motor, by the witness."""
    asserted, made = False, 0
    text = open(path).read()
    for line, level in zip(text[::2], text[1::2]):
        if line == "E":
            asserted = level == "0"  # active low
        elif level == "1" and asserted:
            made += 1
    return made


def power_cuts():
    disk = f"{results}/cuts/disk.img"
    os.makedirs(f"{results}/cuts")
    subprocess.run(["truncate", "-s", "64M", disk], check=True)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-O", "^metadata_csum", disk], check=True)
    draw = random.Random(f"{SEED}-power")
    drive = f"-drive file={disk},if=virtio,format=raw,cache=writeback"
    made = []
    for number in range(cuts + 1):
        machine = boot(f"power-cut-{number}", drive)
        for line in said(machine, BOOT):
            if line == "steps":
                break
            if "not verify" in line:
                return f"life {number}: {line}"
        else:
            cut(machine)
            return f"life {number}: no step was made"
        if number < cuts:
            time.sleep(draw.uniform(0.1, 5))
        cut(machine)
        made.append(count(f"{results}/cuts/life-{number}/edges"))
    return judge(made)


def judge(made):
    """Each life's witness against what the journal says of it in the next."""
    log = json.load(open(f"{results}/cuts/before-{cuts}.json"))
    found = sessions(log)
    if len(found) != cuts:
        return f"{len(found)} sessions for {cuts} lives"
    for number in range(cuts):
        start, last = found[number]["at_start"], found[number]["last"]
        least = last["certain_steps"] - start["certain_steps"]
        # What the next session will take for possible.
        most = last["granted_up_to_steps"] - start["certain_steps"] - start["uncertain_steps"]
        most = max(most, least)
        seen = made[number]
        if not least <= seen + UNSEEN or not seen <= most:
            return f"life {number}: {seen} steps witnessed, {least} to {most} by the journal"
    total = sum(made[:cuts])
    if total < 10 * cuts:
        return f"only {total} steps: too few to show anything"
    print(f"ok      power-cuts: {cuts} cuts, {total} steps, each life within its bounds, every journal "
          "opened and verified")
    return None


def watchdog_fires():
    machine = boot("watchdog-fires")
    stopped = None
    for line in said(machine, BOOT):
        if line == "both stopped":
            stopped = time.monotonic()
        if "still there" in line:
            cut(machine)
            return "the watchdog did not reset the machine"
    try:
        machine.wait(60)
    except subprocess.TimeoutExpired:
        stopped = None
    if stopped is None:
        cut(machine)
        return "the machine did not come so far"
    took = time.monotonic() - stopped
    print(f"ok      watchdog-fires: both processes stood still, and the machine was reset after {took:.0f} s")
    return None


def main():
    failed = 0
    for name, run in (("watchdog-fires", watchdog_fires), ("power-cuts", power_cuts)):
        problem = run()
        if problem:
            failed += 1
            print(f"FAILED  {name}: {problem}")
    print(f"{2 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
