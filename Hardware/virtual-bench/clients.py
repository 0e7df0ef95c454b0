#!/usr/bin/python3
"""Clients of a running pump's socket: one that asks for one thing after the other, and a crowd, part of it hostile.

Usage: clients.py crowd SOCKET SECONDS [SEED]    fifty clients at once, for so long at least; prints what they did as JSON
       clients.py compare PROGRAM [PAIRS]        lateness of a run with such a crowd over that of one without
"""
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

POLITE, HOSTILE = 30, 20


def connect(path, timeout=20):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(timeout)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def ask(path, verb, **request):
    """One request and its answer; an OSError where none comes."""
    with connect(path) as client:
        client.sendall(json.dumps(dict(request, itpump=1, verb=verb)).encode() + b"\n")
        with client.makefile() as file:
            line = file.readline()
    if not line.endswith("\n"):
        raise OSError("no whole answer")
    return json.loads(line)


def ask_until_told(path, process, seconds=120, **request):
    """One request with a ticket, asked again where no answer comes in time, for the ticket keeps it one: its answer,
    and how often it was asked."""
    end, tries = time.monotonic() + seconds, 0
    while True:
        tries += 1
        try:
            return ask(path, **request), tries
        except OSError:
            if time.monotonic() >= end or process.poll() is not None:
                raise
            time.sleep(0.1)


def outcome(answer):
    """What became of a request: accepted, unknown, or why it was not done."""
    return answer["result"] if answer["result"] in ("accepted", "unknown") else answer.get("code", answer["result"])


def wait_for_status(path, process, seconds=240):
    """The first status of a pump whose therapy has begun, or waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            status = ask(path, "status").get("status")
        except (OSError, ValueError):
            status = None
        if status and status["state"] in ("delivering", "suspended"):
            return status
        time.sleep(0.02)
    return None


class Commands(threading.Thread):
    """Asks for one thing after the other until the pump is gone, and keeps what it asked and was told."""

    def __init__(self, path, draw, profile):
        super().__init__()
        self.path, self.draw, self.profile = path, draw, profile
        self.asked = []

    def next(self):
        draw = self.draw
        verb = draw.choices(
            ["bolus", "cancel-bolus", "suspend", "resume", "acknowledge", "adopt"], [6, 3, 2, 4, 2, 2])[0]
        request = dict(verb=verb, ticket=f"{draw.getrandbits(63) + 1:x}")
        if verb == "bolus":
            request |= dict(dose=f"{draw.randint(1, 3)} ng", over="1 min")
        elif verb == "acknowledge":
            request |= dict(alarm=draw.choice(["delivery-uncertain", "under-delivery"]))
        elif verb == "adopt":
            text = open(self.profile).read()
            request |= dict(profile=text.replace("8.64", draw.choice(["8.6", "8.64", "8.7"])))
        return request

    def run(self):
        while True:
            entry = dict(request=self.next(), sent_ns=time.monotonic_ns(), answer=None, again=None)
            self.asked.append(entry)
            try:
                entry["answer"] = outcome(ask(self.path, **entry["request"]))
            except (OSError, ValueError):
                return
            entry["answered_ns"] = time.monotonic_ns()


class Crowd:
    """Thirty clients that look and ask for what changes nothing, and twenty that mean harm."""

    def __init__(self, path, seed):
        self.path = path
        self.done = threading.Event()
        self.counts = dict(answers=0, unanswered=0, attacks=0)
        self.lock = threading.Lock()
        work = [self.polite] * POLITE + [
            self.silent, self.slow, self.huge, self.noise, self.half, self.deaf, self.fleeting] * 3
        self.threads = [
            threading.Thread(target=self.repeat, args=(job, random.Random(f"{seed}-{number}")))
            for number, job in enumerate(work[:POLITE + HOSTILE])]
        for thread in self.threads:
            thread.start()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def repeat(self, job, draw):
        while not self.done.is_set():
            is_polite = job == self.polite
            try:
                job(draw)
                self.count("answers" if is_polite else "attacks")
            except (OSError, ValueError):
                # A place was taken from it, or its connection ended.
                self.count("unanswered" if is_polite else "attacks")
                self.done.wait(0.05)

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()
        return self.counts

    def polite(self, draw):
        if draw.random() < 0.7:
            ask(self.path, "status")
        else:
            ask(self.path, "bolus", dose="1 ng", over="1 min", preview=True)
        time.sleep(draw.uniform(0, 0.3))

    def silent(self, draw):
        with connect(self.path):
            self.done.wait(draw.uniform(0.5, 3))

    def slow(self, draw):
        with connect(self.path) as client:
            for byte in b'{"itpump":1,"verb":"status"}\n':
                client.sendall(bytes([byte]))
                if self.done.wait(0.05):
                    return

    def huge(self, draw):
        with connect(self.path) as client:
            client.sendall(b"x" * (1 << 20))

    def noise(self, draw):
        with connect(self.path) as client:
            client.sendall(draw.randbytes(draw.randint(1, 65_536)) + b"\n")
            client.recv(4_096)

    def half(self, draw):
        with connect(self.path) as client:
            client.sendall(b'{"itpump":1,"verb":"bolus","dose":')

    def deaf(self, draw):
        """Asks without end, and reads no answer."""
        with connect(self.path, 1) as client:
            while not self.done.is_set():
                client.sendall(b'{"itpump":1,"verb":"status"}\n' * 50)

    def fleeting(self, draw):
        for _ in range(20):
            connect(self.path).close()


def compare(program, pairs):
    """The lateness of one and the same run, in turn without a crowd and with one."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(pairs):
            for crowded in (False, True):
                path = f"{folder}/socket"
                process = subprocess.Popen(
                    [program, "run", f"{top}/Profiles/adult-spinal-night.yaml", "--board",
                     f"{top}/Hardware/boards/simulator.yaml", "--start", "2026-11-22T12:00", "--for", "20s",
                     "--journal", f"{folder}/{pair}-{crowded}", "--socket", path, "--json", f"{folder}/run.json"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                wait_for_status(path, process)
                if crowded:
                    subprocess.run([sys.executable, __file__, "crowd", path, "18"], stdout=subprocess.DEVNULL)
                process.wait()
                run = json.load(open(f"{folder}/run.json"))
                found[crowded].append((run["lateness_p99_ns"], run["missed_steps"]))
                print(f"{'with' if crowded else 'without'} clients: p50 {run['lateness_p50_ns'] / 1e3:.1f} us, "
                      f"p99 {run['lateness_p99_ns'] / 1e3:.1f} us, worst {run['lateness_worst_ns'] / 1e3:.1f} us, "
                      f"{run['wake_ups']} wake-ups, {run['missed_steps']} steps missed", flush=True)
    without, crowded = (statistics.median(p99 for p99, _ in found[key]) for key in (False, True))
    print(f"p99 with clients over p99 without, medians of {pairs}: {crowded / without:.2f}")


def main():
    if sys.argv[1] == "compare":
        return compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    crowd = Crowd(sys.argv[2], sys.argv[4] if len(sys.argv) > 4 else "1")
    time.sleep(float(sys.argv[3]))
    # In emulation the crowd itself starves: it goes on until enough of it got through.
    end = time.monotonic() + 300
    while time.monotonic() < end and (crowd.counts["answers"] < 30 or crowd.counts["attacks"] < 100):
        time.sleep(1)
    print(json.dumps(crowd.end()))


if __name__ == "__main__":
    main()
