"""A debugger's view of an emulated board: memory, and stops at writes to its pins."""
import re
import socket
import subprocess
import time


def option(folder):
    return ["-chardev", f"socket,path={folder}/gdb,server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]


class Probe:
    def __init__(self, folder):
        self.line = socket.socket(socket.AF_UNIX)
        for _ in range(400):
            try:
                self.line.connect(f"{folder}/gdb")
                break
            except OSError:
                time.sleep(0.01)
        self.rest = b""
        self.is_running = False

    def take(self):
        while True:
            packet = re.search(rb"\$([^#]*)#..", self.rest)
            if packet:
                self.rest = self.rest[packet.end():]
                self.line.sendall(b"+")
                return packet.group(1).decode()
            data = self.line.recv(65536)
            if not data:
                return None
            self.rest += data

    def put(self, text):
        self.line.sendall(b"$" + text.encode() + b"#%02x" % (sum(text.encode()) & 255))

    def ask(self, text):
        self.put(text)
        while True:
            answer = self.take()
            # A stop that was told late is no answer.
            if answer is None or not answer.startswith("T"):
                return answer

    def go(self):
        """Lets the board run; a debugger that connects stops it."""
        self.put("c")
        self.is_running = True

    def stop(self):
        if self.is_running:
            self.line.sendall(b"\x03")
            self.take()
            self.is_running = False

    def word(self, address):
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},4")), "little")

    def flip(self, address):
        """Turns a bit over, and lets the board run on."""
        self.stop()
        byte = int(self.ask(f"m{address:x},1"), 16)
        if self.ask(f"M{address:x},1:{byte ^ 1:02x}") != "OK":
            raise RuntimeError(f"{address:x} can't be written")
        self.go()

    @staticmethod
    def symbol(elf, name):
        for line in subprocess.run(["llvm-nm", elf], capture_output=True, text=True).stdout.splitlines():
            word = line.split()
            if word[-1] == name:
                return int(word[0], 16)
        raise KeyError(name)
