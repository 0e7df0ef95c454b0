"""Speaks to a firmware's console: in QEMU, over two pipes for its serial port."""
import fcntl
import json
import os
import queue
import socket
import subprocess
import threading
import time


def shifted(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


SHIFTED = [shifted(byte) for byte in range(256)]


def crc32c(data):
    """CRC-32C, worked out here and not by the code that it judges."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ SHIFTED[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF


class Refused(Exception):
    """The firmware said no."""

    def __init__(self, fields):
        super().__init__(str(fields))
        self.code = int(fields["code"])
        self.detail = int(fields["detail"])


# The emulated board's time runs as fast as its host lets it: who reads what it says comes first.
NICER = 5
# A board that says nothing for so long, in seconds, says nothing more: a busy host may hold it up for a minute.
PATIENCE = 300
# A socket is full of a few hundred of QEMU's writes, each of one byte; a pipe holds so many bytes.
PIPE_BYTES = 1 << 20


class Machine:
    """An emulated board.

    A thread of its own reads the console: a board whose host does not read stands still in the middle of a
    line, and its trace of edges runs over.
    """

    def __init__(self, command, folder, elf, icount, paced=False, more=()):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.paths = {name: os.path.join(folder, name) for name in ("uart.in", "uart.out", "qmp")}
        for path in self.paths.values():
            if os.path.exists(path):
                os.unlink(path)
        for name in ("uart.in", "uart.out"):
            os.mkfifo(self.paths[name])
        # Both ends: to open one alone waits for the emulator.
        self.spoken = open(self.paths["uart.in"], "r+b", buffering=0)
        clock = ["-icount", f"shift={icount},sleep={'on' if paced else 'off'}"]
        self.process = subprocess.Popen(
            command.split() + clock + [
                "-display", "none", "-monitor", "none", "-kernel", elf,
                "-serial", f"pipe:{os.path.join(folder, 'uart')}",
                "-qmp", f"unix:{self.paths['qmp']},server=on,wait=off", *more],
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "qemu.log"), "w"),
            preexec_fn=lambda: os.nice(NICER))
        self.chunks = queue.SimpleQueue()
        threading.Thread(target=self.drain, daemon=True).start()
        self.rest = b""
        self.edges = []
        self.traced_at = self.traced_high = 0
        self.events = []
        self.qmp_file = None

    def dial(self, name):
        line = socket.socket(socket.AF_UNIX)
        for _ in range(400):
            try:
                line.connect(self.paths[name])
                return line
            except OSError:
                time.sleep(0.01)
        raise RuntimeError(f"{self.paths[name]}: nobody listens")

    def qmp(self, command, **arguments):
        if self.qmp_file is None:
            self.qmp_file = self.dial("qmp").makefile("rw")
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        self.qmp_file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp_file.flush()
        while True:
            answer = json.loads(self.qmp_file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"])

    def line(self, timeout=PATIENCE):
        """The next line, its checksum held against its text."""
        while b"\n" not in self.rest:
            self.rest += self.receive(timeout)
        line, self.rest = self.rest.split(b"\n", 1)
        text, mark, told = line.rpartition(b" *")
        if not mark or crc32c(text) != int(told, 16):
            raise ValueError(f"a garbled line: {line!r}")
        return text.decode()

    def take(self, timeout=PATIENCE):
        """The next line that is no edge and no event."""
        while True:
            line = self.line(timeout)
            if self.traced(line):
                continue
            if line.startswith("event ") or line.startswith("hello "):
                self.events.append(line)
                if line.startswith("hello "):
                    return line
            else:
                return line

    def traced(self, line):
        """Whether a line tells of edges; each is kept as its time in ns x 16 + line x 2 + level."""
        if line.startswith("event trace "):
            self.traced_at = int(fields(line)["from-ns"])
            return True
        if not line.startswith("t "):
            return False
        for text in line.split()[1:]:
            word = int(text, 16)
            if word & 15 == 15:
                self.traced_high = word >> 4 << 28
                continue
            self.traced_at += self.traced_high + (word >> 4)
            self.traced_high = 0
            self.edges.append(self.traced_at << 4 | word & 15)
        return True

    def wait_event(self, name, timeout=PATIENCE):
        seen = len(self.events)
        for line in self.events:
            if line.startswith(f"event {name}"):
                self.events.remove(line)
                return fields(line)
        while True:
            line = self.line(timeout)
            if self.traced(line):
                continue
            if line.startswith(f"event {name}"):
                return fields(line)
            else:
                self.events.append(line)

    def send(self, text):
        data = text.encode()
        self.write(data + b" *%08x\n" % crc32c(data))

    def write(self, data):
        while data:
            data = data[self.spoken.write(data):]

    def drain(self):
        with open(self.paths["uart.out"], "rb", buffering=0) as heard:
            fcntl.fcntl(heard, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            data = b" "
            while data:
                data = heard.read(1 << 16)
                self.chunks.put(data)

    def receive(self, timeout=None):
        """What the board has said since last time; waits for something."""
        try:
            data = self.chunks.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"the board said nothing for {timeout} s") from None
        if not data:
            self.chunks.put(data)
            raise EOFError("the board is gone")
        return data

    def ask(self, text, timeout=PATIENCE):
        self.send(text)
        line = self.take(timeout)
        if line.startswith("no "):
            raise Refused(fields(line))
        return fields(line)

    def load(self, image):
        """Loads an image from a file and lets it be kept."""
        with open(image, "rb") as file:
            data = file.read()
        words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
        for at in range(0, len(words), 8):
            self.ask(f"image {at:x} " + " ".join(f"{word:x}" for word in words[at:at + 8]))
        self.ask("keep")

    def records(self, first=0):
        """The journal's records as lists of sixteen words."""
        found = []
        while True:
            self.send(f"log {first:x}")
            while True:
                line = self.take()
                if not line.startswith("record "):
                    break
                found.append([int(word, 16) for word in line.split()[1:]])
            if line.startswith("no "):
                raise Refused(fields(line))
            answer = fields(line)
            if int(answer["next"]) >= int(answer["end"]):
                return found
            first = int(answer["next"])

    def end(self):
        self.process.kill()
        self.process.wait()
        self.spoken.close()


def fields(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)
