#!/usr/bin/python3
"""Boots Debian's arm64 kernel on QEMU's Raspberry Pi 3, runs itpump on its header's GPIO, and judges it
by what the emulated chip was told and by its pins, both seen from outside the guest.

Usage: pi3.py REPOSITORY SYSROOT PROGRAM

Every write to the chip's registers is logged by the emulator, and the level register is read through
its monitor. It proves the backend on the real driver, pinctrl-bcm2835, not its timing: emulated time
proves nothing.
"""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import time

top, sysroot, program = sys.argv[1:4]
build = f"{top}/.build-raspberry-pi"
root = f"{build}/initramfs"
STEP, DIR, ENABLE = 17, 27, 22
GPIO, SET, CLEAR, LEVEL = 0x3F200000, 0x1C, 0x28, 0x34
SECONDS = 8
PROFILE = f"{top}/Profiles/adult-spinal-continuous.yaml"
START = "2026-11-23T00:00:00"

COMMANDS = f"""
cd /itpump
echo "pi3: $(./itpump hardware list --chips | tail -n +2 | tr '\\n' ' ')"
./itpump hardware check --board Hardware/boards/raspberry-pi-3.yaml || exit 1
# The emulated chip has no pull resistors, so open inputs read low, which is "fault" and "reservoir
# low": the run must be refused with them, and goes without them.
./itpump run Profiles/adult-spinal-continuous.yaml --board Hardware/boards/raspberry-pi-3.yaml \\
  --for 1s > refused.txt 2>&1 && exit 1
grep -q "tripped by driver-fault" refused.txt && echo "pi3: refused with the fault line low"
grep -v -e ' fault:' -e ' reservoir-low:' Hardware/boards/raspberry-pi-3.yaml > Hardware/boards/pi3.yaml
echo "pi3: running"
./itpump run Profiles/adult-spinal-continuous.yaml --board Hardware/boards/pi3.yaml \\
  --start {START} --for {SECONDS}s || exit 1
"""

INIT = """#!/bin/busybox sh
export PATH=/bin HOME=/ LD_LIBRARY_PATH=/lib/aarch64-linux-gnu:/usr/libexec/swift/lib/swift/linux
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev; mount -t proc none /proc; mount -t sysfs none /sys
mkdir -p /run /tmp
sh /command.sh
echo "pi3: exit $?"
sleep 1000
"""


def make_initramfs():
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("bin", "dev", "proc", "sys", "lib", "usr/libexec/swift/lib/swift", "usr/share",
                   "itpump"):
        os.makedirs(f"{root}/{folder}")
    shutil.copy(f"{sysroot}/bin/busybox", f"{root}/bin/")
    big = ("*.a", "*.o", "libLLVM*", "libclang*", "liblldb*", "libz3*", "perl*", "libpython*",
           "python*", "gconv", "libasan*", "libtsan*", "cmake")
    shutil.copytree(f"{sysroot}/usr/lib/aarch64-linux-gnu", f"{root}/lib/aarch64-linux-gnu",
                    symlinks=True, ignore=shutil.ignore_patterns(*big),
                    ignore_dangling_symlinks=True)
    shutil.copy(f"{sysroot}/usr/lib/ld-linux-aarch64.so.1", f"{root}/lib/")
    shutil.copytree(f"{sysroot}/usr/libexec/swift/lib/swift/linux",
                    f"{root}/usr/libexec/swift/lib/swift/linux",
                    ignore=lambda folder, names: [
                        n for n in names if not n.endswith(".so")
                        and (os.path.isdir(f"{folder}/{n}") or os.path.isfile(f"{folder}/{n}"))])
    shutil.copytree(f"{sysroot}/usr/share/zoneinfo", f"{root}/usr/share/zoneinfo", symlinks=True)
    shutil.copy(program, f"{root}/itpump/itpump")
    for folder in ("Hardware/boards", "Hardware/drivers", "Hardware/pumps", "Profiles"):
        shutil.copytree(f"{top}/{folder}", f"{root}/itpump/{folder}")
    with open(f"{root}/command.sh", "w") as file:
        file.write(COMMANDS)
    with open(f"{root}/init", "w") as file:
        file.write(INIT)
    os.chmod(f"{root}/init", 0o755)
    subprocess.run(f"cd {root} && find . | cpio -o -H newc 2>/dev/null | gzip -1 > {build}/initramfs.gz",
                   shell=True, check=True)


def make_kernel():
    kernel = sorted(glob.glob(f"{sysroot}/boot/vmlinuz-*-arm64"))[-1]
    image = f"{build}/Image"
    if subprocess.run(["gzip", "-t", kernel], capture_output=True).returncode == 0:
        with open(image, "wb") as file:
            subprocess.run(["zcat", kernel], stdout=file, check=True)
    else:
        shutil.copy(kernel, image)
    tree = glob.glob(f"{sysroot}/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb")[-1]
    return image, tree


class Monitor:
    """QEMU's monitor: reads the chip's level register."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.answer()

    def answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += self.socket.recv(65536)
        return text.decode(errors="replace")

    def levels(self):
        self.socket.sendall(f"xp /1wx {GPIO + LEVEL:#x}\n".encode())
        found = re.search(r"[0-9a-f]{8,16}: 0x([0-9a-f]{8})", self.answer())
        value = int(found[1], 16)
        return {line: value >> line & 1 for line in (STEP, DIR, ENABLE)}


def read_console():
    with open(f"{build}/console.log", errors="replace") as file:
        return file.read()


def written_edges():
    """The edges that the driver made, from the emulator's log of register writes."""
    names = {STEP: "step", DIR: "dir", ENABLE: "enable"}
    level, edges = {STEP: 0, DIR: 0, ENABLE: 1}, []
    event = re.compile(r"addr 0x([0-9a-f]+) value 0x([0-9a-f]+)")
    for text in open(f"{build}/gpio.log"):
        found = event.search(text)
        if not found:
            continue
        register, bits = int(found[1], 16) - GPIO, int(found[2], 16)
        if register not in (SET, CLEAR):
            continue
        value = int(register == SET)
        for line, name in names.items():
            if bits >> line & 1 and level[line] != value:
                level[line] = value
                edges.append((name, value))
    return edges


def simulated_edges():
    wave = f"{build}/simulated.vcd"
    subprocess.run(["qemu-aarch64-static", "-L", sysroot, program, "simulate", PROFILE, "--board", f"{top}/Hardware/boards/raspberry-pi-3.yaml",
                    "--start", START, "--for", f"{SECONDS}s", "--vcd", wave], check=True,
                   stdout=subprocess.DEVNULL)
    codes, level, edges = {}, {"step": 0, "dir": 0, "enable": 1}, []
    for text in open(wave):
        words = text.split()
        if words and words[0] == "$var":
            codes[words[3]] = words[4]
        elif words and words[0][0] in "01" and codes.get(words[0][1:]) in level:
            name, value = codes[words[0][1:]], int(words[0][0])
            if level[name] != value:
                level[name] = value
                edges.append((name, value))
    return edges


def main():
    os.makedirs(build, exist_ok=True)
    make_initramfs()
    image, tree = make_kernel()
    monitor_path = f"{build}/monitor"
    for leftover in (monitor_path, f"{build}/gpio.log"):
        if os.path.exists(leftover):
            os.remove(leftover)
    os.mkfifo(f"{build}/trace") if not os.path.exists(f"{build}/trace") else None
    # Only the chip's own writes are kept: the log of all of them would be gigabytes.
    keep = subprocess.Popen(
        f"grep --line-buffered \"name 'bcm2835_gpio'\" < {build}/trace > {build}/gpio.log", shell=True)
    console = open(f"{build}/console.log", "w")
    machine = subprocess.Popen(
        ["qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-serial", "null", "-serial",
         "stdio", "-monitor", f"unix:{monitor_path},server,nowait", "-kernel", image, "-initrd",
         f"{build}/initramfs.gz", "-dtb", tree, "-append",
         "console=ttyS1,115200 8250.nr_uarts=4 quiet panic=-1", "-trace", "memory_region_ops_write",
         "-D", f"{build}/trace"],
        stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
    samples, rest = [], None
    try:
        while not os.path.exists(monitor_path):
            time.sleep(0.1)
        monitor = Monitor(monitor_path)
        end = time.monotonic() + 300
        while time.monotonic() < end and machine.poll() is None:
            text = read_console()
            if "pi3: exit" in text:
                time.sleep(0.5)
                rest = monitor.levels()
                break
            if "pi3: running" in text:
                samples.append(monitor.levels())
            time.sleep(0.2)
    finally:
        machine.kill()
        machine.wait()
        keep.wait(timeout=10)
        console.close()
    text = "\n".join(line for line in read_console().splitlines() if not line.startswith("["))
    print(text)
    made, wanted = written_edges(), simulated_edges()
    if made[-1:] == [("enable", 1)] and wanted[-1:] != made[-1:]:
        made.pop()
    checks = {
        "the run ended well": "pi3: exit 0" in text,
        "the chip is found by its label, pinctrl-bcm2835": "pinctrl-bcm2835" in text,
        "a run is refused while the driver's fault line is low":
        "pi3: refused with the fault line low" in text,
        "ENABLE was low and DIR high while it ran": any(
            s[ENABLE] == 0 and s[DIR] == 1 for s in samples),
        "at the end ENABLE is high and STEP low": rest is not None
        and rest[ENABLE] == 1 and rest[STEP] == 0,
        f"the chip was told the simulator's {len(wanted)} edges in their order": made == wanted,
    }
    for name, passed in checks.items():
        print(f"{'ok     ' if passed else 'FAILED '} {name}")
    if made != wanted:
        print(f"        {len(made)} edges were made, {len(wanted)} wanted: {made[:8]} {wanted[:8]}")
    failed = sum(not passed for passed in checks.values())
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
