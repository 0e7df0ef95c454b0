#!/usr/bin/python3
"""Writes down when this machine ran nothing at all on one of its processors, though a real-time process was due.

Usage: held_up.py FILE

An emulated machine stands still while its host is busy elsewhere. A line of FILE is the begin and the end of such
a time, in nanoseconds of the monotonic clock. It says when it looks, and ends when one of its watchers does.
"""
import os
import sys
import time

LOOK_NS = 10_000_000
# Less is within every deadline.
SHORTEST_NS = 20_000_000


def watch(processor, out, ready):
    os.sched_setaffinity(0, {processor})
    # Before the controller's own threads: what they do to each other is no excuse for them.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
    os.write(ready, b".")
    while True:
        due = time.monotonic_ns() + LOOK_NS
        time.sleep(LOOK_NS / 1e9)
        now = time.monotonic_ns()
        if now - due > SHORTEST_NS:
            os.write(out, b"%d %d\n" % (due, now))


def main():
    out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started, ready = os.pipe()
    processors = sorted(os.sched_getaffinity(0))
    for processor in processors:
        if os.fork() == 0:
            watch(processor, out, ready)
    for _ in processors:
        os.read(started, 1)
    print("looking", flush=True)
    os.wait()
    sys.exit("a watcher has ended")


main()
