#!/usr/bin/python3
"""The plant beside the controller: turns a head by the STEP edges that the kernel traces, and drives
the index line back.

Usage: plant.py CHIP-BASE SYSFS-LINES STEPS-PER-PULSE REPORT [stalls:STEPS|slips:EVERY]

It says when it follows. A head that stalls turns no further than so many steps; one that slips loses every so-manieth.
"""
import json
import os
import re
import signal
import sys
import time

base, lines, per_pulse, report = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
kind, number = (sys.argv[5].split(":") + [""])[:2] if len(sys.argv) > 5 else ("", "")
STEP, DIR, ENABLE, INDEX = 17, 27, 22, 23
instance = f"/sys/kernel/tracing/instances/plant{base}"


def end(*_):
    raise SystemExit


def main():
    signal.signal(signal.SIGTERM, end)
    os.makedirs(instance, exist_ok=True)
    # A chip that had this base before has left its edges.
    open(f"{instance}/trace", "w").close()
    with open(f"{instance}/trace_clock", "w") as file:
        file.write("mono")
    with open(f"{instance}/events/gpio/gpio_value/filter", "w") as file:
        file.write(f"gpio >= {base} && gpio < {base + 32} && get == 0")
    with open(f"{instance}/events/gpio/gpio_value/enable", "w") as file:
        file.write("1")
    pull = open(f"{lines}/sim_gpio{INDEX}/pull", "w")
    level = {STEP: 0, DIR: 0, ENABLE: 1}
    commanded = turned = 0
    pulses = []
    event = re.compile(rb"(\d+)\.(\d{6}): gpio_value: (\d+) set ([01])")
    latest = 0
    print("following", flush=True)
    try:
        with open(f"{instance}/trace_pipe", "rb", buffering=0) as pipe:
            rest = b""
            while True:
                *whole, rest = (rest + pipe.read(65536)).split(b"\n")
                for text in whole:
                    found = event.search(text)
                    if not found:
                        continue
                    line, value = int(found[3]) - base, int(found[4])
                    rises = line == STEP and value == 1 and level[STEP] == 0
                    level[line] = value
                    latest = max(latest, time.monotonic_ns() - int(found[1] + found[2] + b"000"))
                    if not rises or level[ENABLE] == 1 or level[DIR] == 0:
                        continue
                    commanded += 1
                    if kind == "stalls" and commanded > int(number):
                        continue
                    if kind == "slips" and commanded % int(number) == 0:
                        continue
                    turned += 1
                    # Active low: a slot pulls the line down for half of its way.
                    place = turned % per_pulse
                    if place in (0, per_pulse // 2):
                        if place == 0:
                            pulses.append(time.monotonic_ns())
                        pull.write("pull-down" if place == 0 else "pull-up")
                        pull.flush()
    finally:
        with open(report, "w") as file:
            json.dump({"commanded_steps": commanded, "turned_steps": turned, "index_pulses": len(pulses),
                       "pulses_ns": pulses, "latest_ms": round(latest / 1e6)}, file)


main()
