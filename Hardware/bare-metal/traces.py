"""The simulator's trace, and a firmware's, in the same words."""
import subprocess

LINES = ["step", "dir", "enable", "watchdog-kick", "buzzer", "index", "fault", "reservoir-low"]
DRIVEN = {0, 1, 2}


def simulated(itpump, profile, seconds, start, folder, more=()):
    """The driver's edges by the simulator: (ns since the start, line, level)."""
    vcd = f"{folder}/simulated.vcd"
    subprocess.run([itpump, "simulate", profile, "--for", f"{seconds}s", "--start", start, "--vcd", vcd, *more],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names, edges, now, began = {}, [], 0, False
    with open(vcd) as file:
        for text in file:
            if text.startswith("$var"):
                word = text.split()
                names[word[3]] = LINES.index(word[4])
            elif text.startswith("#"):
                now, began = int(text[1:]), True
            elif text[0] in "01" and text[1:].strip() in names:
                line = names[text[1:].strip()]
                if line in DRIVEN:
                    edges.append((now, line, int(text[0])))
    # A waveform begins with every line's voltage at rest, which is no edge: what differs is asserted.
    rest, levels, real = {}, {}, []
    for at, line, voltage in edges:
        rest.setdefault(line, voltage)
        level = int(voltage != rest[line])
        if levels.get(line, 0) != level:
            real.append((at, line, level))
        levels[line] = level
    return real


def told(words, began):
    """A firmware's edges since the therapy began."""
    return [((word >> 4) - began, word >> 1 & 7, word & 1) for word in words]


def text(edges, seconds):
    """Up to a time, a line an edge: what is compared byte for byte."""
    return "".join(f"{at} {LINES[line]} {level}\n" for at, line, level in edges if at <= seconds * 10**9)
