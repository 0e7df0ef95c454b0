"""Speaks to a firmware's console: in QEMU, over a Unix socket for its serial port."""
import json
import os
import select
import socket
import subprocess
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


class Machine:
    """An emulated board."""

    def __init__(self, command, folder, elf, icount, paced=False, more=()):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.paths = {name: os.path.join(folder, name) for name in ("uart", "qmp")}
        for path in self.paths.values():
            if os.path.exists(path):
                os.unlink(path)
        clock = ["-icount", f"shift={icount},sleep={'on' if paced else 'off'}"]
        self.process = subprocess.Popen(
            command.split() + clock + [
                "-display", "none", "-monitor", "none", "-kernel", elf,
                "-serial", f"unix:{self.paths['uart']},server=on,wait=on",
                "-qmp", f"unix:{self.paths['qmp']},server=on,wait=off", *more],
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "qemu.log"), "w"))
        self.uart = self.dial("uart")
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

    def line(self, timeout=60):
        """The next line, its checksum held against its text."""
        while b"\n" not in self.rest:
            self.uart.settimeout(timeout)
            self.receive()
        line, self.rest = self.rest.split(b"\n", 1)
        text, mark, told = line.rpartition(b" *")
        if not mark or crc32c(text) != int(told, 16):
            raise ValueError(f"a garbled line: {line!r}")
        return text.decode()

    def take(self, timeout=60):
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

    def wait_event(self, name, timeout=300):
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
        """Sends a line, and goes on reading meanwhile: a board that waits for its host to read takes no line in."""
        data = text.encode()
        data += b" *%08x\n" % crc32c(data)
        while data:
            readable, writable, _ = select.select([self.uart], [self.uart], [])
            if readable:
                self.receive()
            if writable:
                try:
                    data = data[self.uart.send(data, socket.MSG_DONTWAIT):]
                except BlockingIOError:
                    pass

    def receive(self):
        data = self.uart.recv(1 << 16)
        if not data:
            raise EOFError("the board is gone")
        self.rest += data

    def ask(self, text, timeout=60):
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
        self.uart.close()


def fields(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)
