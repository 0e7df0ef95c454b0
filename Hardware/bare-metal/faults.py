"""What goes wrong: resets, hung halves, damaged memory, faults of the head, drives that lie."""
import json
import os
import pty
import random
import re
import subprocess
import threading
import time
import tty

import gdb
import pins
from console import PATIENCE, Refused, fields

# The driver's faults by their numbers on the console, and what the supervisor is to say of them.
LIES = {
    1: ("double-steps", {"over-delivery", "drive-disagrees"}), 2: ("double-rate", {"drive-disagrees"}),
    3: ("early", {"drive-disagrees"}), 4: ("deaf", {"drive-disagrees"}), 5: ("half-told", {"drive-disagrees"}),
    6: ("ahead-told", {"drive-disagrees"}), 7: ("silent", {"drive-silent"}),
}
KILOHERTZ = """profile: kilohertz
population: adult-spinal
drug: {name: baclofen, concentration: 500 ug/mL, lot: "BENCH", expires: 2099-12-31}
reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
therapy: {continuous: 43.2 ug/day}
"""


def scenarios(test):
    top, itpump, folder = test["TOP"], test["ITPUMP"], test["FOLDER"]
    machine, report, compiled = test["machine"], test["report"], test["compiled"]
    board_file = f"{top}/Hardware/boards/simulator.yaml"
    cerebral = f"{top}/Profiles/adult-cerebral.yaml"
    fast = dict(test["BENCHES"])["fast"]
    isEmulatedWhole = test["BOARD"] == "mps2"  # its watchdog counts, and its pins are traced

    def written(name, text):
        path = f"{folder}/{name}"
        with open(path, "w") as file:
            file.write(text)
        return path

    def kilohertz():
        return compiled(written("kilohertz.yaml", KILOHERTZ), fast, "kilohertz")

    def journal(records):
        """The records as the host's own tools read them."""
        path = f"{folder}/records.journal"
        data = b"".join(word.to_bytes(8, "little") for record in records for word in record)
        with open(path, "wb") as file:
            file.write(data + bytes(max(0, 65536 - len(data))))
        verified = subprocess.run([itpump, "log", path, "--verify"], capture_output=True, text=True)
        rows = subprocess.run([itpump, "log", path, "--json", "-"], capture_output=True, text=True)
        return verified.returncode == 0, rows.stdout

    def lateness():
        board = machine("late")
        try:
            board.load(kilohertz())
            board.ask("trace 1")
            board.ask(f"start 0 {31 * 10**9:x} 7")
            board.wait_event("began")
            asked = 0
            while not any(line.startswith("event ended") for line in board.events):
                try:
                    board.ask("status")
                    board.ask("status-words")
                except Refused as no:
                    # It ended in between.
                    if no.code != 7:
                        raise
                board.records(max(0, asked - 4))
                asked += 1
            end = fields(next(line for line in board.events if line.startswith("event ended")))
        finally:
            board.end()
        late, lost = int(end["worst-lateness-ns"]), int(end["lost-edges"])
        steps = sum(1 for word in board.edges if word & 15 == 1)
        report("lateness", late <= 25_000 and steps >= 30_000,
               f"{steps} steps at 1 kHz with supervisor, journal and console busy ({asked} rounds of status and log, "
               f"{lost} edges found no room in the trace): worst {late} ns")

    def resets():
        chance = random.Random(f"resets-{test['SEED']}")
        image, resets_made, most = kilohertz(), 12, 0
        seen = pins.witness("mps2", f"{folder}/resets")
        board = machine("resets", more=seen.options())
        try:
            board.load(image)
            board.ask("start 0 0 7")
            for _ in range(resets_made):
                board.wait_event("began")
                for _ in range(chance.randint(1, 400)):
                    status = board.ask("status")
                granted, acknowledged = int(status["granted-steps"]), int(status["pump-certain-steps"])
                most = max(most, granted - acknowledged)
                board.qmp("system_reset")
                if fields(board.take())["was-reset"] != "1":
                    raise RuntimeError("a reset was taken for a loss of power")
            board.wait_event("began")
            for _ in range(50):
                board.ask("status")
            board.ask("stop")
            end = board.wait_event("ended")
            verifies, _ = journal(board.records())
            board.qmp("quit")
            board.process.wait(PATIENCE)
        finally:
            board.end()
        certain, uncertain = int(end["certain-steps"]), int(end["uncertain-steps"])
        made = sum(1 for edge in seen.edges() if edge == (0, 1))
        report("resets", verifies and certain <= made <= certain + uncertain and uncertain <= resets_made * 71_000,
               f"{resets_made} resets at moments of seed {test['SEED']}: {made} steps seen at the pin, {certain} certain and "
               f"{uncertain} uncertain in the books; one grant has {most} at most")

    def remembered():
        """What a reset makes no other: a trip that nobody has seen to, a hold, a lock-out."""
        def again(board):
            board.qmp("system_reset")
            hello = fields(board.take())
            if hello["was-reset"] != "1":
                raise RuntimeError("a reset was taken for a loss of power")

        def later(board, seconds):
            until = int(board.ask("status")["clock-ns"]) + seconds * 10**9
            while int((status := board.ask("status"))["clock-ns"]) < until:
                pass
            return status

        def session(profile, faults=()):
            board = machine("remembered", goes_wrong=True)
            try:
                board.load(profile)
                for fault in faults:
                    board.ask(fault)
                board.ask("start 0 0 7")
                board.wait_event("began")
                return board
            except BaseException:
                board.end()
                raise

        driver_fault = 2  # as the journal numbers it
        board = session(compiled(cerebral, board_file, "remembered"), [f"head-fault 4 {2 * 10**9:x} {5 * 10**9:x}"])
        try:
            tripped = later(board, 10)
            again(board)
            waits = int(board.wait_event("waits")["alarm"])
            waiting = later(board, 60)
            refused = []
            for command in ("resume", "bolus 3b9aca00 df8475800 1", "prime 3b9aca00 df8475800 1", "anchor 0", "acknowledge 3"):
                try:
                    board.ask(command)
                    refused.append("done")
                except Refused as no:
                    refused.append(no.detail)
            board.ask(f"acknowledge {driver_fault:x}")
            board.wait_event("began")
            going = later(board, 60)
        finally:
            board.end()
        report("remembered trip", tripped["state"] == "tripped" and waits == driver_fault and refused == [13, 13, 13, 13, 15]
               and waiting["state"] == "waiting" and waiting["line-steps"] == "0"
               and going["state"] == "delivering" and int(going["line-steps"]) > 100,
               f"{tripped['state']}, refused {refused}, after the reset {waiting['state']} with {waiting['line-steps']} steps in 60 s, "
               f"acknowledged {going['state']} with {going['line-steps']}")

        board = session(kilohertz())
        try:
            board.ask("suspend")
            again(board)
            board.wait_event("began")
            held = later(board, 30)
            board.ask("resume")
            going = later(board, 30)
        finally:
            board.end()
        report("remembered hold", held["state"] == "suspended" and held["line-steps"] == "0"
               and going["state"] == "delivering" and int(going["line-steps"]) > 20_000,
               f"after the reset {held['state']} with {held['line-steps']} steps in 30 s, resumed {going['line-steps']}")

        board = session(compiled(f"{top}/Profiles/adult-spinal-patient-bolus.yaml", board_file, "remembered"))
        try:
            board.ask("patient-bolus")
            later(board, 5)
            again(board)
            board.wait_event("began")
            locked = []
            for command in ("patient-bolus", "bolus 1000000000 9502f9000 1", "refill ffffffffffffffff", "cancel-bolus"):
                try:
                    board.ask(command)
                    locked.append("done")
                except Refused as no:
                    locked.append(no.detail)
        finally:
            board.end()
        # Locked out; faster than the library lets a bolus run; overfilled; none in progress: what the reset broke off
        # is not begun again.
        report("remembered lock-out", locked == [11, 21, 16, 4], f"refusals {locked}")

    def large():
        """The largest pattern and a bolus begin seconds after both channels have searched it: nothing is masked so long."""
        week = "".join(
            f"    {day}:\n" + "".join(f'      - {{from: "{2 * hour:02}:00", rate: {10 + (number + hour) % 7} ug/h}}\n'
                                     for hour in range(9))
            for number, day in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]))
        text = KILOHERTZ.replace("therapy: {continuous: 43.2 ug/day}\n", "single-bolus: {dose: 5 ug, over: 60 s}\n"
                                 "therapy:\n  flex:\n    time-zone: UTC\n" + week)
        image, starts, resets = compiled(written("large.yaml", text), board_file, "large"), 12, 0
        for number in range(starts):
            board = machine("large")
            try:
                board.load(image)
                board.ask("start 0 0 7")
                for _ in range(400):
                    board.send("status")
                    if board.take().startswith("hello "):
                        resets += 1
                        break
                    if any(line.startswith("event began") for line in board.events):
                        # Other moments each time.
                        time.sleep(0.002 * (number % 6))
            finally:
                board.end()
        report("large", image is not None and resets == 0, f"{starts} starts of 63 entries with a bolus, {resets} resets")

    def hangs():
        for what, name in ((1, "main loop"), (2, "interrupt")):
            board = machine("hang", goes_wrong=True)
            try:
                board.load(kilohertz())
                board.ask("start 0 0 7")
                board.wait_event("began")
                board.ask("status")
                board.ask(f"hang {what:x}")
                hello = fields(board.take())
                again = board.wait_event("began")
                report(f"hung {name}", hello["was-reset"] == "1" and int(again["at-ns"]) > 0,
                       "the watchdog resets the board, and the therapy is taken up")
            finally:
                board.end()

    def images():
        image = compiled(cerebral, board_file, "damaged")
        board = machine("images", more=gdb.option(f"{folder}/images"))
        probe = gdb.Probe(f"{folder}/images")
        probe.go()
        data = bytearray(open(image, "rb").read())
        seen = []

        def refused(call):
            try:
                call()
                return None
            except Refused as no:
                return no.code, no.detail

        try:
            seen.append(refused(lambda: board.ask("start 0 0 7")) == (5, 0))
            for change, expected in ((lambda d: d.__setitem__(300, d[300] ^ 4), (12, 4)),
                                     (lambda d: d.__setitem__(0, 0), (12, 1)),
                                     (lambda d: d.__setitem__(8, 9), (12, 2)),
                                     (lambda d: d.__setitem__(10, d[10] - 1), (12, 3))):
                changed = bytearray(data)
                change(changed)
                written_to = written("changed.image", "")
                open(written_to, "wb").write(changed)
                seen.append(refused(lambda: board.load(written_to)) == expected)
            seen.append(refused(lambda: board.load(image)) is None)
            # One copy damaged in the flash: the other runs, and the self-test says so.
            probe.flip(probe.symbol(test["ELF"], "board_flash") + 240)
            board.ask("start 0 0 7")
            board.wait_event("began")
            status = board.ask("status")
            seen.append(int(status["alarms"], 16) >> 28 & 1 == 1)
            board.ask("stop")
            board.wait_event("ended")
            probe.flip(probe.symbol(test["ELF"], "board_flash") + 2048 * 8 + 240)
            seen.append(refused(lambda: board.ask("start 0 0 5")) == (5, 0))
        finally:
            board.end()
        report("images", all(seen), f"damaged and foreign images are refused with their codes, one copy is enough: {seen}")

    def journals():
        board = machine("journals", more=gdb.option(f"{folder}/journals"))
        probe = gdb.Probe(f"{folder}/journals")
        probe.go()
        base = probe.symbol(test["ELF"], "board_flash") + 3 * 2048 * 8
        copy = 2048 * 128
        seen = []
        try:
            board.load(kilohertz())
            board.ask(f"start 0 {3 * 10**9:x} 7")
            board.wait_event("ended")
            count = len(board.records())
            # One copy of a record that is torn is healed by the other.
            probe.flip(base + 128 * 4 + 40)
            board.qmp("system_reset")
            seen.append(fields(board.take())["journal-problem"] == "0")
            # Both copies of the last one: as if it had never been written.
            for at in (0, copy):
                probe.flip(base + at + 128 * (count - 1) + 40)
            board.qmp("system_reset")
            seen.append(fields(board.take())["journal-problem"] == "0")
            seen.append(len(board.records()) >= count - 1)
            # Both copies of an old one: nothing may run on that.
            for at in (0, copy):
                probe.flip(base + at + 128 * 2 + 40)
            board.qmp("system_reset")
            seen.append(fields(board.take())["journal-problem"] in ("1", "2"))
            try:
                board.ask("start 0 0 7")
                seen.append(False)
            except Refused as no:
                seen.append(no.code == 8 and no.detail == 2)
        finally:
            board.end()
        report("journals", all(seen), f"torn copies are healed, damage is refused with its code: {seen}")

    def simulated_alarms(profile, fault, seconds):
        """Which alarms the simulator raises, and when after the start."""
        path = written("fault.yaml", f"faults:\n  - {fault}\n") if fault else None
        text = subprocess.run(
            [itpump, "simulate", profile, "--board", board_file, "--drugs", f"{top}/Profiles/drugs", "--for", f"{seconds}s",
             "--start", "2026-11-23", "--json", "-"] + (["--faults", path] if path else []),
            capture_output=True, text=True).stdout
        return [(entry["alarm"], entry["elapsed_s"]) for entry in json.loads(text)["alarms"]], json.loads(text)["state"]

    def verdicts():
        low = open(cerebral).read()
        cases = [
            ("stall", cerebral, "{at: 60 s, stall: 10 h}", "head-fault 1", 60, 36_000, 2700),
            ("unexpected motion", cerebral, "{at: 60 s, creep: 30 min}", "head-fault 2", 60, 1800, 400),
            ("doubled steps", cerebral, "{at: 60 s, doubled-steps: 1000000}", "head-fault 3", 60, 36_000, 2700),
            ("driver fault", cerebral, "{at: 60 s, driver-fault: 100 s}", "head-fault 4", 60, 100, 90),
            ("clock jumped", cerebral, "{at: 60 s, wall-clock-forward: 1 h}", "wall", 60, 3600, 120),
            ("reservoir low and empty", written("empty.yaml", re.sub(r"volume: [0-9.]+ mL", "volume: 1.016 mL", low).replace(
                "low-alarm: 2 mL", "low-alarm: 1.008 mL")), None, None, 0, 0, 13_000),
        ]
        for name, profile, fault, command, at, length, seconds in cases:
            image = compiled(profile, board_file, "verdict")
            if image is None:
                report(f"verdict {name}", False, "its profile does not pass its checks")
                continue
            expected, state = simulated_alarms(profile, fault, seconds)
            board = machine("verdict", goes_wrong=True)
            try:
                board.load(image)
                if command and command != "wall":
                    board.ask(f"{command} {at * 10**9:x} {length * 10**9:x}")
                board.ask("wall 6a000000")
                board.ask(f"start 0 {seconds * 10**9:x} 7")
                began = int(board.wait_event("began")["at-ns"])
                if command == "wall":
                    while int(board.ask("status")["elapsed-ns"]) < at * 10**9:
                        pass
                    board.ask(f"wall {0x6a000000 + at + length:x}")
                board.wait_event("ended", 500)
                verifies, text = journal(board.records())
            finally:
                board.end()
            found = []
            for row in json.loads(text):
                raised = re.match(r"(CRITICAL|alarm) ([a-z-]+):", row["what"])
                # An emulated Raspberry Pi has no watchdog, and says so.
                if raised and raised[2] != "watchdog-unproven":
                    found.append((raised[2], (int(row["pump_clock_ns"]) - began) / 1e9))
            same = [a for a, _ in found] == [a for a, _ in expected]
            worst = max([abs(f[1] - e[1]) for f, e in zip(found, expected)] + [0])
            report(f"verdict {name}", verifies and same and bool(expected),
                   f"firmware {found}, simulator {expected}, {state}")

    def flash():
        """A flash that takes nothing: an alarm, steps end with the grant; when it does again, nothing is lost."""
        board = machine("flash", goes_wrong=True)
        try:
            board.load(compiled(cerebral, board_file, "flash"))
            board.ask("start 0 0 7")
            board.wait_event("began")
            board.ask("flash-fault 1")
            while True:
                status = board.ask("status")
                if int(status["alarms"], 16) >> 25 & 1 or int(status["elapsed-ns"]) > 200 * 10**9:  # journal-failed
                    break
            raised = int(status["alarms"], 16) >> 25 & 1
            # Longer than the grant that was in force.
            until = int(status["elapsed-ns"]) + 80 * 10**9
            while int(status["elapsed-ns"]) < until:
                status = board.ask("status")
            stood = int(status["delivered-steps"])
            while int(status["elapsed-ns"]) < until + 20 * 10**9:
                status = board.ask("status")
            isStill = int(status["delivered-steps"]) == stood
            board.ask("flash-fault 0")
            while int(status["elapsed-ns"]) < until + 60 * 10**9:
                status = board.ask("status")
            goes_on = int(status["delivered-steps"]) > stood
            board.ask("stop")
            board.wait_event("ended")
            verifies, text = journal(board.records())
        finally:
            board.end()
        said = [row["alarm"] for row in json.loads(text) if "raised" not in row and row.get("alarm")]
        kept = "journal-failed" in said and "under-delivery" in said
        report("flash", bool(raised) and isStill and goes_on and verifies and kept,
               f"alarm {raised}, steps end with the grant {isStill}, go on {goes_on}, journal {sorted(set(said))}")

    def lies():
        for number, (name, verdict) in LIES.items():
            # The index shows a doubled step, counts show the others; a grant's end shows the deaf one.
            fast_one = name != "double-steps"
            image = kilohertz() if fast_one else compiled(cerebral, board_file, "lies")
            board = machine("lies", goes_wrong=True)
            try:
                board.load(image)
                board.ask(f"drive-fault {number:x}")
                board.ask("start 0 0 7")
                board.wait_event("began")
                alarm = 0
                for _ in range(10_000):
                    # Nobody asking, the emulated time runs ahead.
                    time.sleep(0.01)
                    status = board.ask("status")
                    alarm = int(status["cut-by"])
                    if alarm or name == "silent" and int(status["alarms"], 16) >> 18 & 1:  # drive-silent
                        break
                verifies, text = journal(board.records())
                granted, made = int(status["granted-steps"]), int(status["line-steps"])
            finally:
                board.end()
            said = {row["alarm"] for row in json.loads(text) if "alarm" in row}
            # Seen at the next look, 50 ms later at the latest.
            within = made <= granted + (50 if name == "deaf" else 0) or name == "double-steps"
            report(f"lie {name}", bool(said & verdict) and verifies and within,
                   f"{sorted(said & verdict)}; {made} steps made, {granted} granted")

    def hosted():
        """The host's own command, on the emulator as on a board at the end of a serial line."""
        board = written("hosted.yaml", open(f"{top}/Hardware/boards/mps2.yaml").read()
                        .replace("../../", f"{top}/").replace("../", f"{top}/Hardware/"))
        lying = written("lying.yaml", open(board).read().replace("firmware.elf", "trials.elf"))
        for name, options, wanted in (("sound", [], set()), ("lying", ["--drive-fault", "double-rate"], {"drive-disagrees"})):
            copy, outcome = f"{folder}/hosted.journal", f"{folder}/hosted.json"
            for path in (copy, copy + ".index", outcome):
                if os.path.exists(path):
                    os.unlink(path)
            run = subprocess.run([itpump, "run", cerebral, "--board", lying if options else board,
                                  "--drugs", f"{top}/Profiles/drugs", "--for", "12s",
                                  "--start", "2026-11-23", "--journal", copy, "--json", outcome, *options],
                                 capture_output=True, text=True, timeout=PATIENCE)
            found = json.load(open(outcome)) if os.path.exists(outcome) else {}
            verified = subprocess.run([itpump, "log", copy, "--verify"], capture_output=True).returncode == 0
            alarms = set(found.get("alarms_raised", ["no outcome"]))
            good = verified and (alarms & wanted == wanted and run.returncode == 1 if wanted else
                                 run.returncode == 0 and not alarms and found["books_certain_steps"] > 50)
            report(f"itpump run, {name}", good, f"{found.get('books_certain_steps')} steps in the books, alarms "
                   f"{sorted(alarms)}, journal copied and verified; {run.stderr.strip()[-200:]}")

    def spoken():
        """The requests of every running pump, by the commands that everybody uses; each is done once."""
        board = written("hosted.yaml", open(f"{top}/Hardware/boards/mps2.yaml").read()
                        .replace("../../", f"{top}/").replace("../", f"{top}/Hardware/"))
        copy, outcome, place = f"{folder}/spoken.journal", f"{folder}/spoken.json", f"{folder}/spoken.socket"
        for path in (copy, copy + ".index", outcome):
            if os.path.exists(path):
                os.unlink(path)
        run = subprocess.Popen([itpump, "run", cerebral, "--board", board, "--drugs", f"{top}/Profiles/drugs",
                                "--start", "2026-11-23", "--socket", place, "--journal", copy, "--json", outcome],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wrong = []

        def ask(*words, wants=0):
            said = subprocess.run([itpump, *words, "--pump", place, "--json"], capture_output=True, text=True, timeout=PATIENCE)
            if said.returncode != wants:
                wrong.append(f"{' '.join(words)}: exit {said.returncode}, {said.stdout.strip()} {said.stderr.strip()}")
            return json.loads(said.stdout) if said.stdout.startswith("{") else {}

        def wait(wanted):
            end = time.monotonic() + 60
            while time.monotonic() < end and run.poll() is None:
                if os.path.exists(place):
                    said = subprocess.run([itpump, "status", "--pump", place, "--json"], capture_output=True, text=True)
                    status = json.loads(said.stdout or "{}")
                    if wanted(status):
                        return status
                time.sleep(0.2)
            wrong.append("the pump did not come to what was waited for")
            return {}

        try:
            wait(lambda status: status.get("state") == "delivering" and not status.get("is_testing"))
            bolus = ["bolus", "1 ug", "--over", "60s", "--yes", "--ticket", "5f0c1d2e3a4b5968"]
            ask(*bolus)
            given = wait(lambda status: status.get("bolus"))
            if given.get("bolus", {}).get("kind") != "single":
                wrong.append(f"no bolus: {given}")
            ask("cancel-bolus")
            wait(lambda status: not status.get("bolus"))
            before = wait(lambda status: True).get("delivered_ug", 0)
            # Asked again it is answered again, and not given again.
            ask(*bolus)
            time.sleep(2)
            if wait(lambda status: True).get("bolus"):
                wrong.append("the bolus was given twice")
            ask("suspend")
            wait(lambda status: status.get("state") == "suspended")
            ask("bolus", "1 ug", "--over", "60s", "--yes", wants=1)
            ask("adopt", cerebral, "--yes", wants=1)
            ask("resume", "--yes")
            wait(lambda status: status.get("state") == "delivering")
            ask("stop")
            run.wait(PATIENCE)
        finally:
            if run.poll() is None:
                run.kill()
        told = run.stderr.read()
        found = json.load(open(outcome)) if os.path.exists(outcome) else {}
        listed = subprocess.run([itpump, "log", copy], capture_output=True, text=True).stdout
        # Of the bolus one request and one answer, by the last digits of their ticket.
        asked = listed.count("[5968]")
        report("spoken", not wrong and run.returncode == 0 and asked == 2,
               f"{found.get('books_certain_steps')} steps, {before} ug before the ticket came again, in the journal {asked} times; "
               f"{'; '.join(wrong)} {told.strip()[-300:]}")

    def polled():
        """A host that asks without a pause keeps no heart from beating."""
        board = machine("polled", paced=True)  # its sleep takes its time, or seconds pass between two lines
        asked = 0
        try:
            board.load(compiled(cerebral, board_file, "polled"))
            board.ask("start 0 0 7")
            board.wait_event("began")
            for _ in range(100):
                board.send("status")
            end = time.monotonic() + PATIENCE
            while True:
                # A hundred wait at any time: the board is never done.
                status = fields(board.take())
                board.send("status")
                asked += 1
                # A host that is held up asks less often: it goes on until that shows something.
                elapsed = int(status["elapsed-ns"])
                if elapsed > 1_500_000_000 and asked > 300 or elapsed > 10_000_000_000 or time.monotonic() > end:
                    break
        finally:
            board.end()
        silent = int(status["alarms"], 16) >> 18 & 1  # drive-silent
        report("polled", not silent and status["cut-by"] == "0" and asked > 300,
               f"{asked} times asked in {int(status['elapsed-ns']) / 1e9:.1f} s of the pump's time, alarms {status['alarms']}")

    def bad_line():
        """A serial line that garbles every 23rd line either way: the run is whole all the same."""
        image_board = machine("bad-line")
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        ours_file = os.fdopen(ours, "r+b", buffering=0)
        count, garbled = [0, 0], [0, 0]

        def carry(read, write, way):
            rest = b""
            while True:
                try:
                    data = read()
                except (OSError, EOFError, ValueError):
                    return
                if not data:
                    return
                rest += data
                while b"\n" in rest:
                    line, rest = rest.split(b"\n", 1)
                    count[way] += len(line) > 0
                    # An event is told once: the line after it is garbled instead.
                    if len(line) > 4 and count[way] >= 23 * garbled[way] + 5 and not line.startswith(b"event "):
                        garbled[way] += 1
                        line = line[:3] + b"#" + line[4:]
                    write(line + b"\n")

        for arguments in ((lambda: ours_file.read(4096), image_board.write, 0), (image_board.receive, ours_file.write, 1)):
            threading.Thread(target=carry, args=arguments, daemon=True).start()
        text = open(f"{top}/Hardware/boards/mps2.yaml").read().replace("../", f"{top}/Hardware/")
        text = re.sub(r"console:\n(  .*\n)+", f"console: {{device: {os.ttyname(theirs)}}}\n", text, count=1)
        copy = f"{folder}/bad-line.journal"
        if os.path.exists(copy):
            os.unlink(copy)
        try:
            run = subprocess.run([itpump, "run", cerebral, "--board", written("bad-line.yaml", text), "--drugs",
                                  f"{top}/Profiles/drugs", "--for", "60s", "--start", "2026-11-23", "--journal", copy, "--json", "-"],
                                 capture_output=True, text=True, timeout=PATIENCE)
        finally:
            image_board.end()
        verified = subprocess.run([itpump, "log", copy, "--verify"], capture_output=True).returncode == 0
        found = json.loads(run.stdout) if run.stdout else {}
        report("itpump run, bad line", verified and run.returncode == 0 and found["books_certain_steps"] > 500 and sum(count) > 60,
               f"{sum(count)} lines, every 23rd garbled; {found.get('books_certain_steps')} steps in the books, "
               f"trouble {found.get('trouble')}, journal copied and verified; {run.stderr.strip()[-300:]}")

    all_boards = [("lateness", lateness), ("images", images), ("journals", journals), ("verdicts", verdicts), ("flash", flash), ("lies", lies)]
    return all_boards + ([("polled", polled), ("hangs", hangs), ("resets", resets), ("remembered", remembered), ("large", large), ("hosted", hosted), ("spoken", spoken), ("bad-line", bad_line)] if isEmulatedWhole else [])
