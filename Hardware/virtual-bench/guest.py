#!/usr/bin/python3
"""Runs the virtual bench's scenarios inside the guest; judge.py holds the results against the trace.

Usage: guest.py REPOSITORY RESULTS VARIANT=PROGRAM... (VARIANT is the major version of libgpiod)

Every scenario has a chip of its own, so several run at once. The kernel's trace of every GPIO edge
is the witness; nothing here is taken from what the controller says of its own edges.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

import clients
import stillness

top, results = sys.argv[1], sys.argv[2]
programs = dict(argument.split("=", 1) for argument in sys.argv[3:])
bench = f"{top}/Hardware/virtual-bench"
soak_seconds = int(os.environ.get("BENCH_SOAK", "600"))
kill_count = int(os.environ.get("BENCH_KILLS", "60"))
only = os.environ.get("BENCH_ONLY", "")
SEED = int(os.environ.get("BENCH_SEED", "1"))
STEP, DIR, ENABLE, KICK, BUZZER, INDEX, FAULT, LOW = 17, 27, 22, 5, 26, 23, 24, 25
NAMES = {line: f"GPIO{line}" for line in (STEP, DIR, ENABLE, KICK, BUZZER, INDEX, FAULT, LOW)}
DRV = f"{top}/Hardware/drivers/drv8825.yaml"
DIRECT = f"{bench}/drivers/direct.yaml"
HEAD = f"{top}/Hardware/pumps/peristaltic-50ul.yaml"
PICO = f"{bench}/pumps/picolitre.yaml"
PICO_INDEX = f"{bench}/pumps/picolitre-index.yaml"
PICO_FEW_INDEX = f"{bench}/pumps/picolitre-few-index.yaml"
# A scenario has shown nothing of the controller, and is done again, whose plant was later than this, or whose
# machine stood still for longer than this at once, or for a larger share of the time.
PLANT_LATE_MS, STILL_MS, STILL_SHARE = 100, 250, 0.1
# What is shown by these does not hang on a machine that keeps up.
PATIENT = {"soak", "kills", "commanded", "full-disk", "frozen-disk", "busy", "denied", "watchdog-close"}
HELD_UP = "/dev/shm/held-up"
# Grants of two seconds: a life sees several renewals, and may end in the middle of one. At one record a renewal, seven
# days' room would be ninety megabytes for each start to read.
SHORT_GRANTS = ("--grant-span", "2s", "--journal-room", "1h")


def say(text):
    print(f"bench: {text}", flush=True)


class Chip:
    """A gpio-sim chip of 32 lines, with the resistors of the wiring guide."""

    made = 0
    lock = threading.Lock()

    def __init__(self):
        with Chip.lock:
            Chip.made += 1
            label = self.label = f"bench-{Chip.made}"
            self.folder = f"/sys/kernel/config/gpio-sim/{label}"
            os.makedirs(f"{self.folder}/bank0")
            self.write("bank0/num_lines", 32)
            self.write("bank0/label", label)
            for line, name in NAMES.items():
                os.mkdir(f"{self.folder}/bank0/line{line}")
                self.write(f"bank0/line{line}/name", name)
            self.write("live", 1)
            self.name = self.read("bank0/chip_name")
            self.lines = f"/sys/devices/platform/{self.read('dev_name')}/{self.name}"
            bases = [f for f in os.listdir("/sys/class/gpio") if f.startswith("gpiochip")]
            self.base = next(
                int(f[8:]) for f in bases if open(f"/sys/class/gpio/{f}/label").read().strip() == label)
        for line in (ENABLE, INDEX, FAULT, LOW):
            self.pull(line, 1)

    def write(self, name, value):
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(str(value))

    def read(self, name):
        return open(f"{self.folder}/{name}").read().strip()

    def pull(self, line, up):
        with open(f"{self.lines}/sim_gpio{line}/pull", "w") as file:
            file.write("pull-up" if up else "pull-down")

    def value(self, line):
        return int(open(f"{self.lines}/sim_gpio{line}/value").read())

    def remove(self):
        with Chip.lock:
            if self.read("live") == "1":
                self.write("live", 0)

    def free(self):
        """Gives the numbers of its lines back: the kernel has 512 for all chips."""
        self.remove()
        with Chip.lock:
            for line in NAMES:
                os.rmdir(f"{self.folder}/bank0/line{line}")
            os.rmdir(f"{self.folder}/bank0")
            os.rmdir(self.folder)


class Scenario:
    """One scenario: its folder of results, its chip, its board file, its runs."""

    # Of each thread, the one that it made last and the words of its job, by which BENCH_ONLY finds it.
    latest = threading.local()

    def __init__(self, name, variant, driver=DRV, pump=HEAD, backlog="10 nL", by="label",
                 index=False, watchdog=False, debounce=None, **facts):
        Scenario.latest.made = self
        self.name, self.variant, self.plant_late_ms = name, variant, 0
        self.folder = f"{results}/{name}"
        os.makedirs(self.folder)
        self.chip = Chip()
        self.board = f"{self.folder}/board.yaml"
        text = open(f"{bench}/boards/bench.yaml").read()
        chip = {
            "label": self.chip.label, "name": self.chip.name, "path": f"/dev/{self.chip.name}"}[by]
        if by == "name":
            for line, line_name in NAMES.items():
                text = text.replace(f"line: {line},", f"line: {line_name},")
        for word, value in {
                "CHIP": chip, "DRIVER": driver, "PUMP": pump, "BACKLOG": backlog}.items():
            text = text.replace(word, value)
        if debounce:
            text = re.sub(r"(  (index|fault): .*)\}", rf"\1, debounce: {debounce}}}", text)
        if not index:
            # Without a plant beside it no pulse would come, and the motor be taken for stalled.
            text = "".join(l for l in text.splitlines(True) if not l.startswith("  index:"))
        if watchdog:
            text += "watchdog: {device: /dev/watchdog, timeout: 10 s}\n"
        open(self.board, "w").write(text)
        self.journal = f"/dev/shm/{name}.journal"
        self.facts = dict(
            facts, name=name, variant=variant, base=self.chip.base, driver=driver, seed=SEED,
            from_ns=time.monotonic_ns())
        with open(f"{self.folder}/job", "w") as file:
            file.write(getattr(Scenario.latest, "words", ""))

    def start(self, *arguments, prefix=()):
        """Starts itpump; its output lands in the scenario's folder."""
        env = dict(os.environ, LD_LIBRARY_PATH=os.environ.get(f"BENCH_LIBRARY_{self.variant}", ""))
        out = open(f"{self.folder}/output.txt", "ab")
        return subprocess.Popen(
            [*prefix, programs[self.variant], *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            env=env, cwd=top)

    def run(self, profile, span=None, *more, **options):
        arguments = ["run", profile, "--board", self.board, "--json", f"{self.folder}/run.json",
                     "--journal", self.journal]
        if span:
            arguments += ["--for", f"{span}s"]
        return self.start(*arguments, *more)

    def levels(self):
        return {line: self.chip.value(line) for line in (STEP, DIR, ENABLE, BUZZER)}

    def wait_for_steps(self, process, seconds=900):
        """Waits until the motor is energised: several starts at once take an emulated machine long."""
        end = time.monotonic() + seconds
        while self.chip.value(ENABLE) == 1 and process.poll() is None:
            if time.monotonic() >= end:
                raise TimeoutError(f"{self.name}: the motor was not energised in {seconds} s")
            time.sleep(0.02)

    def log(self):
        """Keeps what the journal says."""
        if os.path.exists(self.journal) and os.path.getsize(self.journal):
            finish(self.start("log", self.journal, "--json", f"{self.folder}/log.json"))
            self.facts["verified"] = finish(self.start("log", self.journal, "--verify"))
        for name in (self.journal, f"{self.journal}.seal"):
            if os.path.exists(name):
                os.remove(name)

    def close(self, **facts):
        self.log()
        self.facts.update(facts, to_ns=time.monotonic_ns(), levels=self.levels_or_none())
        with open(f"{self.folder}/facts.json", "w") as file:
            json.dump(self.facts, file, indent=1)
        self.chip.free()
        say(f"ran {self.name}")

    def keep_aside(self):
        """What a try that shows nothing has left is not judged, and not lost."""
        os.makedirs(f"{results}/shown-nothing", exist_ok=True)
        number = sum(name.startswith(f"{self.name}.") for name in os.listdir(f"{results}/shown-nothing"))
        shutil.move(self.folder, f"{results}/shown-nothing/{self.name}.{number + 1}")

    def excuse(self):
        """Why an ended scenario shows nothing, whatever came of it; empty if it does."""
        if self.facts.get("kind") in PATIENT:
            return ""
        if self.plant_late_ms > PLANT_LATE_MS:
            return f"its plant was {self.plant_late_ms} ms late"
        from_ns, to_ns = self.facts["from_ns"], self.facts["to_ns"]
        still = stillness.within(stillness.read(HELD_UP), from_ns, to_ns)
        longest, share = max(still, default=0) / 1e6, sum(still) / (to_ns - from_ns)
        if longest > STILL_MS or share > STILL_SHARE:
            return f"the machine stood still for up to {longest:.0f} ms, {share:.0%} of the time"
        return ""

    def levels_or_none(self):
        try:
            return self.levels()
        except OSError:
            return None


class Plant:
    """The plant beside a scenario's controller; made when it follows the lines."""

    def __init__(self, s, per_pulse, *head):
        self.report = f"{s.folder}/plant.json"
        # Before whatever the controller does not do in real time: a head does not wait for a processor.
        self.process = subprocess.Popen(
            ["chrt", "-f", "40", sys.executable, f"{bench}/plant.py", str(s.chip.base), s.chip.lines, str(per_pulse),
             self.report, *head], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def end(self):
        """Returns by how many milliseconds it was late at worst."""
        self.process.terminate()
        self.process.wait()
        with open(self.report) as file:
            return json.load(file)["latest_ms"]


def name_of(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        return None


def drive_of(process, seconds=900):
    """The drive's process: the one child of the supervisor's."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        try:
            children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
        except OSError:
            return None
        # Before it has that name it is only about to be the drive.
        if children and name_of(children[0]) == "itpump-drive":
            return int(children[0])
        if time.monotonic() >= end:
            break
        time.sleep(0.01)
    return None


def is_alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pid, seconds=240):
    end = time.monotonic() + seconds
    while pid and is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)


def moments(action, *arguments):
    """Does it, and says between which moments: this process may be held up at any place of its own."""
    began = time.monotonic_ns()
    action(*arguments)
    return began, time.monotonic_ns()


def signal_pid(pid, number):
    try:
        os.kill(pid, number)
    except (OSError, TypeError):
        pass


def finish(process, seconds=900):
    """Waits for a process's end; an emulated machine may take a minute for a start alone. Of one that hangs it
    says where its threads stand."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        say(f"hung: {' '.join(process.args)}")
        for pid in filter(None, (process.pid, drive_of(process, 0))):
            for thread in threads_of(pid):
                say(f"  {pid}/{thread} {kernel_place(pid, thread)}")
        process.kill()
        return "hung"


def kernel_place(pid, thread):
    """A thread's name and where it stands in the kernel."""
    found = []
    for name in ("comm", "wchan"):
        try:
            with open(f"/proc/{pid}/task/{thread}/{name}") as file:
                found.append(file.read().strip())
        except OSError:
            found.append("?")
    return " ".join(found)


# What `itpump run --drive-fault` offers.
LIARS = ["double-steps", "double-rate", "early", "deaf", "half-told", "ahead-told", "silent"]

# Each profile in the simulator and here: the same edges in the same order.
SEQUENCES = [
    ("adult-spinal-night", "2026-11-22T21:59:50"), ("adult-spinal-continuous", None),
    ("paediatric", None), ("adult-spinal-weekdays", "2026-11-27T21:59:50"),
    ("adult-cerebral", None)]


def sequence(variant, profile, start):
    path = f"{top}/Profiles/{profile}.yaml"
    # The backlog limit is wide: emulation may stall for a second, and what is late is to be made up.
    s = Scenario(f"sequence-{profile}-{variant}", variant, backlog="1 uL", kind="sequence",
                 profile=path, span=20, start=start)
    more = ["--start", start] if start else ["--start", "2026-11-23T00:00:00"]
    s.facts["start"] = more[1]
    status = finish(s.run(path, 20, *more, "--record", f"{s.folder}/run.rec"))
    s.close(exit=status)


def timing(variant, driver):
    name = os.path.basename(driver)[:-5]
    s = Scenario(f"timing-{name}-{variant}", variant, driver=driver, kind="timing")
    status = finish(s.run(f"{bench}/profiles/ramped.yaml", 12))
    s.close(exit=status)


def stops(variant, profile, count):
    s = Scenario(f"stops-{profile}-{variant}", variant, driver=DIRECT, pump=PICO,
                 backlog="0.05 nL", kind="stops")
    draw = random.Random(f"{SEED}-{profile}-{variant}")
    process = s.run(f"{bench}/profiles/{profile}.yaml")
    s.wait_for_steps(process)
    drive = drive_of(process)
    made = 0
    for _ in range(count):
        time.sleep(draw.uniform(0.1, 0.6))
        # The drive alone, or the whole program as a terminal would.
        stopped = [drive] if draw.random() < 0.5 else [drive, process.pid]
        for pid in stopped:
            signal_pid(pid, signal.SIGSTOP)
        time.sleep(draw.uniform(0.1, 5.0) if draw.random() < 0.3 else draw.uniform(0.1, 1.0))
        for pid in reversed(stopped):
            signal_pid(pid, signal.SIGCONT)
        made += 1
    time.sleep(0.5)
    s.close(exit=stop(s, process), stops=made)


def clean_stop(variant, number):
    name = signal.Signals(number).name.lower()
    s = Scenario(f"stop-{name}-{variant}", variant, kind="clean-stop")
    process = s.run(f"{bench}/profiles/ramped.yaml", None, "--record", f"{s.folder}/run.rec")
    s.wait_for_steps(process)
    time.sleep(3)
    s.close(exit=stop(s, process, number))


def killed(variant, who):
    """One process dies in a bolus: the other de-energises the motor; of both, the service does."""
    s = Scenario(f"sigkill-{who}-{variant}", variant, kind=f"sigkill-{who}")
    process = s.run(f"{bench}/profiles/ramped.yaml", None, "--record", f"{s.folder}/run.rec")
    s.wait_for_steps(process)
    drive = drive_of(process)
    time.sleep(3)
    killed = kill_family(process, drive, who)
    status = finish(process)
    wait_gone(drive)
    time.sleep(0.5)
    if who == "both":
        status = finish(s.start("hardware", "safe", "--board", s.board))
    s.close(exit=status, **killed)


def stop(s, process, number=signal.SIGTERM):
    """Tells a run to end, and says how it did and when: an end that takes minutes is none."""
    asked_ns = moments(process.send_signal, number)
    status = finish(process)
    s.facts.update(stop_asked_ns=asked_ns[1], stopped_by_ns=time.monotonic_ns())
    return status


def kill_family(process, drive, who):
    """Kills a run's processes; says when that was begun, and of which threads the kernel's trace tells the end."""
    killed = [pid for pid, name in ((drive, "drive"), (process.pid, "supervisor")) if who in (name, "both")]
    facts = dict(killed_threads=[thread for pid in killed for thread in threads_of(pid)],
                 killed_ns=time.monotonic_ns())
    for pid in killed:
        signal_pid(pid, signal.SIGKILL)
    return facts


def threads_of(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def kills(variant, part, count):
    """Lives that end by SIGKILL at drawn moments, all with one journal."""
    s = Scenario(f"kills-{part}-{variant}", variant, driver=DIRECT, pump=PICO, backlog="0.05 nL",
                 kind="kills")
    draw = random.Random(f"{SEED}-kills-{part}-{variant}")
    lives = []
    for _ in range(count):
        profile = draw.choice(["rate-20", "rate-200", "rate-2000"])
        who = draw.choice(["drive", "supervisor", "both"])
        from_ns = time.monotonic_ns()
        process = s.run(
            f"{bench}/profiles/{profile}.yaml", None, "--after-outage", *SHORT_GRANTS)
        drive = drive_of(process)
        s.wait_for_steps(process)
        time.sleep(draw.uniform(0, 5))
        killed = kill_family(process, drive, who)
        status = finish(process)
        wait_gone(drive)
        if who == "both":
            finish(s.start("hardware", "safe", "--board", s.board))
        lives.append(dict(who=who, profile=profile, from_ns=from_ns, to_ns=time.monotonic_ns(),
                          exit=status, **killed))
    # A last session books what the last life left.
    last = finish(s.run(f"{bench}/profiles/rate-20.yaml", 1, "--after-outage"))
    s.close(exit=last, lives=lives)


def commanded(variant, part, count):
    """Lives that end by SIGKILL while somebody asks for something, all with one journal: the next life is asked
    each of it again."""
    s = Scenario(f"commanded-{part}-{variant}", variant, driver=DIRECT, pump=PICO, backlog="0.05 nL",
                 kind="commanded")
    draw = random.Random(f"{SEED}-commanded-{part}-{variant}")
    path, profile = f"/dev/shm/{s.name}.socket", f"{bench}/profiles/rate-200.yaml"
    lives, before = [], []

    def live():
        life = dict(from_ns=time.monotonic_ns())
        process = s.run(profile, None, "--after-outage", *SHORT_GRANTS, "--socket", path)
        life["status"] = clients.wait_for_status(path, process)
        for entry in before:
            answer, entry["tries"] = clients.ask_until_told(path, process, **entry["request"])
            entry["again"] = clients.outcome(answer)
        return life, process

    for _ in range(count):
        life, process = live()
        life["who"] = who = draw.choice(["drive", "supervisor", "both"])
        drive = drive_of(process)
        commands = clients.Commands(path, random.Random(draw.random()), profile)
        life["begun_ns"] = time.monotonic_ns()
        commands.start()
        time.sleep(draw.uniform(0.1, 4))
        # In emulation a request may take a second: one after a few shows something.
        end = time.monotonic() + 60
        while len(commands.asked) <= 3 and time.monotonic() < end and process.poll() is None:
            time.sleep(0.02)
        life.update(kill_family(process, drive, who))
        life["exit"] = finish(process)
        wait_gone(drive)
        commands.join()
        if who == "both":
            finish(s.start("hardware", "safe", "--board", s.board))
        life["asked"] = commands.asked
        # A pump remembers the latest 64 that changed nothing.
        before = commands.asked[-40:]
        lives.append(dict(life, to_ns=time.monotonic_ns()))
    # A last session books what the last life left, and is asked what that was asked.
    life, process = live()
    clients.ask(path, "stop")
    s.close(exit=finish(process), lives=lives, last=life)


def crowded(variant):
    """Fifty clients, twenty of them hostile, while 200 steps/s run."""
    # The backlog limit is wide: emulation may stall for a second, and what is late is to be made up.
    s = Scenario(f"crowded-{variant}", variant, driver=DIRECT, pump=PICO, backlog="1 uL", kind="crowded")
    path = f"/dev/shm/{s.name}.socket"
    process = s.run(f"{bench}/profiles/rate-200.yaml", None, "--socket", path)
    clients.wait_for_status(path, process)
    s.wait_for_steps(process)
    crowd = subprocess.run(
        [sys.executable, f"{bench}/clients.py", "crowd", path, "30", str(SEED)], capture_output=True, text=True,
        check=True)
    status = clients.wait_for_status(path, process)
    s.close(exit=stop(s, process), crowd=json.loads(crowd.stdout), status=status)


def liar(variant, fault):
    """A drive that lies loses the motor's power."""
    s = Scenario(f"liar-{fault}-{variant}", variant, driver=DIRECT, pump=PICO_INDEX,
                 backlog="0.05 nL", index=True, kind="liar", fault=fault)
    plant = Plant(s, 100)
    span = 85 if fault == "deaf" else 12
    status = finish(s.run(
        f"{bench}/profiles/rate-200.yaml", span, "--drive-fault", fault))
    s.plant_late_ms = plant.end()
    s.close(exit=status)


def hung_supervisor(variant):
    """The supervisor stands still: steps end with the grant, and so do the kicks."""
    s = Scenario(f"hung-supervisor-{variant}", variant, kind="hung-supervisor")
    process = s.run(f"{bench}/profiles/ramped.yaml")
    s.wait_for_steps(process)
    drive = drive_of(process)
    time.sleep(3)
    stopped_ns = moments(signal_pid, process.pid, signal.SIGSTOP)
    time.sleep(20)
    killed_ns = time.monotonic_ns()
    process.kill()
    finish(process)
    wait_gone(drive)
    s.close(exit=0, stopped_ns=stopped_ns, killed_ns=killed_ns)


def watchdog_close(variant):
    """A run with the kernel's watchdog ends in good order, and the machine lives on."""
    s = Scenario(f"watchdog-close-{variant}", variant, watchdog=True, kind="watchdog-close")
    status = finish(s.run(f"{bench}/profiles/rate-200.yaml", 3))
    time.sleep(25)
    s.close(exit=status)


def watchdog_fires(variant):
    """Both processes stand still: the watchdog resets the machine. What follows is not reached."""
    s = Scenario(f"watchdog-fires-{variant}", variant, watchdog=True, kind="watchdog-fires")
    process = s.run(f"{bench}/profiles/rate-200.yaml")
    s.wait_for_steps(process)
    time.sleep(2)
    signal_pid(drive_of(process), signal.SIGSTOP)
    process.send_signal(signal.SIGSTOP)
    say("both stopped")
    time.sleep(60)
    say("the machine is still there")


def stopped(variant):
    s = Scenario(f"sigstop-{variant}", variant, kind="sigstop")
    process = s.run(f"{bench}/profiles/ramped.yaml")
    s.wait_for_steps(process)
    drive = drive_of(process)
    time.sleep(3)
    stopped_ns = moments(signal_pid, drive, signal.SIGSTOP)
    time.sleep(3)
    held = s.levels()
    continued_ns = time.monotonic_ns()
    signal_pid(drive, signal.SIGCONT)
    time.sleep(3)
    s.close(exit=stop(s, process), stopped_ns=stopped_ns, continued_ns=continued_ns, held=held)


def frozen_disk(variant):
    """The journal's disk hangs: no one waits for it but the journal's thread."""
    disk = "/run/frozen"
    os.makedirs(disk)
    subprocess.run(["mount", "-t", "ext4", "/dev/vda", disk], check=True)
    # Energised around strokes: every stroke needs the supervisor's answer.
    s = Scenario(f"frozen-disk-{variant}", variant, driver=f"{top}/Hardware/drivers/drv8825-cool.yaml",
                 kind="frozen-disk")
    s.journal = f"{disk}/pump.journal"
    process = s.run(f"{bench}/profiles/slow.yaml")
    s.wait_for_steps(process)
    time.sleep(2)
    frozen_ns = time.monotonic_ns()
    subprocess.run(["fsfreeze", "-f", disk], check=True)
    # The grant of a minute and ten seconds is renewed ten before its end.
    time.sleep(75)
    thawed_ns = time.monotonic_ns()
    subprocess.run(["fsfreeze", "-u", disk], check=True)
    time.sleep(8)
    s.close(exit=stop(s, process), frozen_ns=frozen_ns, thawed_ns=thawed_ns)
    subprocess.run(["umount", disk], check=False)


def full_disk(variant):
    """The journal's disk fills up: an alarm while there is room; a second run is refused meanwhile."""
    s = Scenario(f"full-disk-{variant}", variant, driver=DIRECT, pump=PICO, kind="full-disk")
    folder = f"/run/{s.name}"
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", folder], check=True)
    s.journal = f"{folder}/pump.journal"
    # A grant a second uses up what is to be left.
    process = s.run(f"{bench}/profiles/rate-200.yaml", None, "--grant-span", "1s")
    s.wait_for_steps(process)
    with open(f"{folder}/filler", "wb") as filler:
        try:
            filler.write(b"x" * 1_000_000)
        except OSError:
            pass
    time.sleep(10)
    second = finish(s.run(f"{bench}/profiles/rate-200.yaml", 1))
    s.close(exit=stop(s, process), second=second)
    subprocess.run(["umount", folder], check=False)


def busy(variant):
    s = Scenario(f"busy-{variant}", variant, kind="busy")
    # The program itself, blinking STEP, is as good a holder as any.
    holder = s.start("hardware", "blink", "--board", s.board, "--line", "step", "--times", "1000")
    end = time.monotonic() + 240
    while s.chip.value(STEP) == 0 and time.monotonic() < end:
        time.sleep(0.02)
    status = finish(s.run(f"{bench}/profiles/ramped.yaml", 5))
    holder.terminate()
    holder.wait()
    s.close(exit=status)


def denied(variant):
    s = Scenario(f"denied-{variant}", variant, kind="denied")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    status = finish(s.start(
        "run", f"{bench}/profiles/ramped.yaml", "--board", s.board, "--for", "2s",
        "--journal", s.journal, prefix=nobody))
    s.close(exit=status)


def stuck(variant, line, role):
    s = Scenario(f"stuck-{role}-{variant}", variant, kind=f"stuck-{role}")
    process = s.run(f"{bench}/profiles/rate-200.yaml", 24)
    s.wait_for_steps(process)
    time.sleep(2)
    stuck_ns = moments(s.chip.pull, line, 0)
    s.close(exit=finish(process), stuck_ns=stuck_ns)


def short_fault(variant):
    """A fault shorter than the round of sensors is still seen: the kernel keeps its edges."""
    s = Scenario(f"fault-pulse-{variant}", variant, kind="stuck-fault")
    process = s.run(f"{bench}/profiles/rate-200.yaml", 24)
    s.wait_for_steps(process)
    time.sleep(2)
    stuck_ns = moments(s.chip.pull, FAULT, 0)
    time.sleep(0.01)
    s.chip.pull(FAULT, 1)
    s.close(exit=finish(process), stuck_ns=stuck_ns)


def glitches(variant):
    """Glitches of the index and fault lines, the shortest that a process can make and longer ones: none
    counts. Then a fault that lasts."""
    s = Scenario(f"glitches-{variant}", variant, driver=DIRECT, pump=PICO, index=True, debounce="200 ms",
                 kind="glitches", debounce_ns=200_000_000)
    process = s.run(f"{bench}/profiles/rate-20.yaml", 60)
    s.wait_for_steps(process)
    # Fewer than a sensor needs to be said to chatter.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    made = []
    for line in (INDEX, FAULT):
        for seconds in (0, 0, 0, 0.0002, 0.001, 0.005, 0.02):
            time.sleep(0.4)
            began = time.monotonic_ns()
            s.chip.pull(line, 0)
            time.sleep(seconds)
            s.chip.pull(line, 1)
            made.append((line, began, time.monotonic_ns()))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    time.sleep(1)
    stuck_ns = moments(s.chip.pull, FAULT, 0)
    s.close(exit=finish(process), stuck_ns=stuck_ns, made=made)


def removed(variant):
    s = Scenario(f"removed-{variant}", variant, kind="removed")
    process = s.run(f"{bench}/profiles/ramped.yaml")
    s.wait_for_steps(process)
    time.sleep(3)
    removed_ns = moments(s.chip.remove)
    time.sleep(3)
    s.close(exit=stop(s, process), removed_ns=removed_ns)


def resident(process):
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return None


def soak(variant):
    """Long running with the plant beside it: memory does not grow, every index pulse is counted."""
    s = Scenario(f"soak-{variant}", variant, driver=DIRECT, pump=PICO, index=True, kind="soak",
                 span=soak_seconds)
    plant = Plant(s, 3200)
    process = s.run(f"{bench}/profiles/rate-200.yaml", soak_seconds)
    samples = []
    s.wait_for_steps(process)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < soak_seconds + 300:
        try:
            size = resident(process)
        except OSError:
            break
        # A process that has just ended has no memory any more.
        if size is None:
            break
        samples.append((round(time.monotonic() - began), size))
        time.sleep(5)
    status = finish(process)
    time.sleep(1)
    plant.end()
    s.close(exit=status, resident_kib=samples)


def conformance(variant):
    s = Scenario(f"conformance-{variant}", variant, by="path", kind="conformance")
    s.close(exit=finish(s.start("hardware", "conform", "--board", s.board)))


def calibrate(variant):
    s = Scenario(f"calibrate-{variant}", variant, by="name", backlog="1 uL", kind="calibrate")
    status = finish(s.start(
        "hardware", "calibrate", "--board", s.board, "--volume", "1250nL", "--over", "40s"))
    s.close(exit=status)


def weigh(variant, head):
    """Calibration with the plant beside it: a head that follows, one that stalls, one that slips."""
    s = Scenario(f"calibrate-{head.split(':')[0]}-{variant}", variant, driver=DIRECT, pump=PICO_FEW_INDEX,
                 backlog="1 nL", index=True, kind="weigh", head=head)
    plant = Plant(s, 400, head)
    # A run makes the journal that books what is pumped.
    finish(s.run(f"{bench}/profiles/rate-200.yaml", 2))
    status = finish(s.start(
        "hardware", "calibrate", "--board", s.board, "--volume", "4nL", "--over", "20s",
        "--journal", s.journal))
    time.sleep(1)
    s.plant_late_ms = plant.end()
    s.close(exit=status)


def blink(variant):
    s = Scenario(f"blink-{variant}", variant, kind="blink")
    status = finish(s.start(
        "hardware", "blink", "--board", s.board, "--line", "buzzer", "--times", "4"))
    s.close(exit=status)


def writes(variant):
    s = Scenario(f"writes-{variant}", variant, kind="writes")
    status = finish(s.start(
        "bench", "gpio", "--board", s.board, "--pairs", "9", "--json", f"{s.folder}/run.json"))
    s.close(exit=status)


# A machine that is always held up would never come to an end.
spare_tries = threading.Semaphore(12)


def note_broken(words):
    """What broke here, for the judge: a scenario by the words of its job."""
    with open(f"{results}/broke", "a") as file:
        file.write(f"{words}\n")


def together(*jobs):
    """Runs jobs at once; one that breaks is told and spoils the whole."""
    failures, ran = [], set()

    def guarded(job):
        words = "-".join(str(word) for word in (job[0].__name__, *job[2:]))
        if only and not re.search(only, words):
            return
        ran.add(job[0].__name__)
        Scenario.latest.words = words
        try:
            job[0](*job[1:])
            for _ in range(2):
                s = Scenario.latest.made
                excuse = s.excuse()
                if not excuse or not spare_tries.acquire(blocking=False):
                    break
                say(f"{s.name}: {excuse}: again")
                s.keep_aside()
                job[0](*job[1:])
        except Exception:  # whatever it is, it is a failed scenario
            failures.append(job)
            note_broken(words)
            say(f"broke: {job[0].__name__}{job[1:]}\n{traceback.format_exc()}")

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if ran:
        say(f"{time.monotonic():.0f} s after the machine's start: {', '.join(sorted(ran))}")
    return not failures


def trace(value):
    for event in ("gpio/gpio_value", "sched/sched_process_exit"):
        with open(f"/sys/kernel/tracing/events/{event}/enable", "w") as file:
            file.write(str(value))


def power_cut(number):
    """One life of a machine whose power is cut from outside: journals to a disk until that happens."""
    folder = f"{results}/cuts"
    os.makedirs("/run/disk")
    subprocess.run(["mount", "-t", "ext4", "/dev/vda", "/run/disk"], check=True)
    s = Scenario(f"cuts/life-{number}", sorted(programs)[-1], driver=DIRECT, pump=PICO, backlog="0.05 nL")
    s.journal = "/run/disk/pump.journal"
    if os.path.exists(s.journal):
        if finish(s.start("log", s.journal, "--verify")) != 0:
            say("the journal does not verify")
        finish(s.start("log", s.journal, "--json", f"{folder}/before-{number}.json"))
    witness = subprocess.Popen(
        ["chrt", "-f", "80", sys.executable, f"{bench}/witness.py", str(s.chip.base),
         f"{s.folder}/edges"])
    while not os.path.exists(f"{s.folder}/edges"):
        time.sleep(0.05)
    process = s.run(
        f"{bench}/profiles/rate-20.yaml", None, "--after-outage", *SHORT_GRANTS)
    s.wait_for_steps(process)
    say("steps")
    time.sleep(60)
    witness.kill()
    process.kill()
    say("the power was never cut")


def main():
    say("booted")  # ends the line that the firmware left open
    if only == "watchdog-fires":
        watchdog_fires(sorted(programs)[-1])
        sys.exit(1)
    if only.startswith("power-cut-"):
        power_cut(int(only.rsplit("-", 1)[1]))
        sys.exit(1)
    for name, value in {"trace_clock": "mono", "buffer_size_kb": "262144", "tracing_on": "1"}.items():
        with open(f"/sys/kernel/tracing/{name}", "w") as file:
            file.write(value)
    held_up = subprocess.Popen(
        [sys.executable, f"{bench}/held_up.py", HELD_UP], stdout=subprocess.PIPE, start_new_session=True)
    held_up.stdout.readline()
    variants = sorted(programs)
    good = True
    # Costs are compared with nothing else going on, and without the tracing that would blur them.
    for variant in variants:
        good &= together((writes, variant))
    trace(1)
    # What no library makes different, and sleeps for most of its time, goes beside the rest.
    beside, went_well = [], []
    for job in (soak, frozen_disk):
        beside.append(threading.Thread(target=lambda job=job: went_well.append(together((job, variants[-1])))))
        beside[-1].start()
    for variant in variants:
        good &= together((conformance, variant))
        good &= together(*[(sequence, variant, *entry) for entry in SEQUENCES])
        good &= together(*[
            (timing, variant, f"{top}/Hardware/drivers/{name}")
            for name in sorted(os.listdir(f"{top}/Hardware/drivers"))])
        good &= together(
            (clean_stop, variant, signal.SIGINT), (clean_stop, variant, signal.SIGTERM),
            (killed, variant, "drive"), (stopped, variant), (busy, variant), (denied, variant))
        good &= together(
            (killed, variant, "supervisor"), (killed, variant, "both"),
            (hung_supervisor, variant), (full_disk, variant),
            (stuck, variant, FAULT, "fault"), (stuck, variant, LOW, "reservoir-low"),
            (short_fault, variant), (glitches, variant), (calibrate, variant), (blink, variant))
        good &= together(*[
            (stops, variant, profile, 10)
            for profile in ("rate-hourly", "rate-1", "rate-20", "rate-200", "rate-2000")])
        good &= together((removed, variant))
    # What no library makes different.
    latest = variants[-1]
    # A deaf drive is found out when its grant has run out: that takes as long as the kills.
    quick = [fault for fault in LIARS if fault != "deaf"]
    good &= together(*[(liar, latest, fault) for fault in quick[:3]])
    good &= together(*[(liar, latest, fault) for fault in quick[3:]])
    good &= together(
        (watchdog_close, latest),
        *[(weigh, latest, head) for head in ("follows", "stalls:1000", "slips:4")])
    good &= together(
        (liar, latest, "deaf"), *[(kills, latest, part, kill_count // 3) for part in "abc"])
    good &= together(*[(commanded, latest, part, max(3, kill_count // 10)) for part in "abc"])
    good &= together((crowded, latest))
    for thread in beside:
        thread.join()
    good &= all(went_well)
    trace(0)
    if held_up.poll() is not None:
        say("broke: nobody looked whether the machine stood still")
        note_broken("held-up")
        good = False
    else:
        os.killpg(held_up.pid, signal.SIGKILL)
    shutil.copy(HELD_UP, f"{results}/held-up.txt")
    subprocess.run(
        ["trace-cmd", "extract", "-o", f"{results}/trace.dat"], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sys.exit(0 if good else 1)


main()
