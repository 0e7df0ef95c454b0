#!/usr/bin/python3
"""Writes down every edge of a chip's STEP and ENABLE as the kernel traces it, at once and outside the
machine, so that it is there when the machine's power is cut.

Usage: witness.py CHIP-BASE FILE
"""
import os
import re
import sys

base, path = int(sys.argv[1]), sys.argv[2]
STEP, ENABLE = 17, 22
instance = f"/sys/kernel/tracing/instances/witness{base}"


def main():
    os.makedirs(instance, exist_ok=True)
    with open(f"{instance}/events/gpio/gpio_value/filter", "w") as file:
        file.write(f"get == 0 && (gpio == {base + STEP} || gpio == {base + ENABLE})")
    with open(f"{instance}/events/gpio/gpio_value/enable", "w") as file:
        file.write("1")
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    event = re.compile(rb"gpio_value: (\d+) set ([01])")
    with open(f"{instance}/trace_pipe", "rb", buffering=0) as pipe:
        rest = b""
        while True:
            *whole, rest = (rest + pipe.read(65536)).split(b"\n")
            found = [m for m in map(event.search, whole) if m]
            if found:
                os.write(out, b"".join(
                    (b"S" if int(m[1]) - base == STEP else b"E") + m[2] for m in found))


main()
