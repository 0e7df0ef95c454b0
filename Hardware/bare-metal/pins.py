"""A board's pins as its emulator sees them, without asking the firmware."""
import os
import socket
import threading
import time

import traces
from console import PATIENCE


class RegisterLog:
    """Every write to the MPS2's LED and MISC registers, from the emulator's own log."""

    def __init__(self, folder):
        self.path = f"{folder}/pins.log"

    def options(self):
        return ["-d", "trace:mps2_fpgaio_write,trace:mps2_fpgaio_reset", "-D", self.path]

    def edges(self):
        """(line, level) in order."""
        places = {0x0: [(0, 1), (2, 2)], 0x4C: [(1, 1)]}
        levels, seen = {0: 0, 1: 0, 2: 0}, []
        with open(self.path) as file:
            for text in file:
                word = text.split()
                if "mps2_fpgaio_reset" in text:
                    levels = {0: 0, 1: 0, 2: 0}
                if "mps2_fpgaio_write" not in text:
                    continue
                offset, data = int(word[word.index("offset") + 1], 16), int(word[word.index("data") + 1], 16)
                for line, mask in places.get(offset, []):
                    level = int(data & mask != 0)
                    if level != levels[line]:
                        levels[line] = level
                        seen.append((line, level))
        return seen


class PinIntercept(threading.Thread):
    """Every change of the BCM2837's header pins, by the emulator's test socket."""

    PINS = {17: 0, 27: 1, 22: 2}

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.path = f"{folder}/qtest"
        self.seen = []
        if os.path.exists(self.path):
            os.unlink(self.path)

    def options(self):
        return ["-accel", "tcg", "-qtest", f"unix:{self.path},server=on,wait=off", "-qtest-log", "none"]

    def attach(self):
        line = socket.socket(socket.AF_UNIX)
        for _ in range(400):
            try:
                line.connect(self.path)
                break
            except OSError:
                time.sleep(0.01)
        self.file = line.makefile("rw")
        self.file.write("irq_intercept_out /machine/soc/peripherals/gpio\n")
        self.file.flush()
        if not self.file.readline().startswith("OK"):
            raise RuntimeError("the pins can't be intercepted")
        self.start()

    def run(self):
        for text in self.file:
            word = text.split()
            if word[0] == "IRQ" and int(word[2]) in self.PINS:
                line = self.PINS[int(word[2])]
                # ENABLE is active low.
                self.seen.append((line, int((word[1] == "raise") != (line == 2))))

    def edges(self):
        # The emulator raises no pin that is set before it is an output, as ENABLE must be: to it the line is
        # low from the start, and its first fall is none.
        levels, real = {0: 0, 1: 0, 2: 1}, []
        for line, level in self.seen:
            if level != levels[line]:
                levels[line] = level
                real.append((line, level))
        return real


def witness(board, folder):
    """Whoever sees a board's pins."""
    os.makedirs(folder, exist_ok=True)
    return RegisterLog(folder) if board == "mps2" else PinIntercept(folder)


def scenarios(test):
    report, compiled, machine = test["report"], test["compiled"], test["machine"]

    def pins():
        for name in ("adult-spinal-night", "adult-cerebral"):
            image = compiled(f"{test['TOP']}/Profiles/{name}.yaml", f"{test['TOP']}/Hardware/boards/simulator.yaml", "pins")
            seen = witness(test["BOARD"], f"{test['FOLDER']}/pins")
            board = machine("pins", more=seen.options())
            try:
                if isinstance(seen, PinIntercept):
                    seen.attach()
                board.load(image)
                board.ask("trace 1")
                board.ask(f"start {(22 * 3600 - 60) * 10**9:x} {90 * 10**9:x} 7")
                board.wait_event("ended")
                time.sleep(0.5)
                board.qmp("quit")
                board.process.wait(PATIENCE)
                if isinstance(seen, PinIntercept):
                    seen.join(PATIENCE)
            finally:
                board.end()
            told = [(word >> 1 & 7, word & 1) for word in board.edges]
            if isinstance(seen, PinIntercept):
                told.remove((2, 1))
            report(f"pins {name}", seen.edges() == told and len(told) > 100,
                   f"{len(seen.edges())} edges seen from outside, {len(told)} told, in the same order with the same levels")

    return [("pins", pins)]
