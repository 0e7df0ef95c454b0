"""Profiles to run: the project's own, and random ones by a seed."""
import os
import random

HEAD = """profile: {name}
population: adult-spinal
drug: {{name: baclofen, concentration: {strength} ug/mL, lot: "BENCH", expires: 2099-12-31}}
reservoir: {{capacity: 40 mL, volume: {volume} mL, low-alarm: 2 mL}}
catheter: {{length: 72 cm, volume-per-length: 2.2 uL/cm}}
"""
BOARD = """board: {name}
chip: simulated
driver: {driver}
pump: {pump}
lines:
  step: {{line: L0, active: high}}
  dir: {{line: L1, active: high}}
  enable: {{line: L2, active: low}}
  watchdog-kick: {{line: L3, active: high}}
  buzzer: {{line: L4, active: high}}
{index}backlog-limit: {backlog}
"""


def boards(top, folder):
    """Benches of all kinds: slow and fast heads, cool and warm drivers, with and without an index wheel."""
    hardware = os.path.join(top, "Hardware")
    made = []
    for name, driver, pump, backlog, index in [
        ("reference", "drivers/drv8825.yaml", "pumps/peristaltic-50ul.yaml", "10 nL", True),
        ("cool", "drivers/drv8825-cool.yaml", "pumps/peristaltic-50ul.yaml", "10 nL", True),
        ("quiet", "drivers/tmc2209.yaml", "pumps/peristaltic-50ul.yaml", "10 nL", False),
        ("fast", "virtual-bench/drivers/direct.yaml", "virtual-bench/pumps/picolitre.yaml", "1 nL", False),
    ]:
        path = os.path.join(folder, f"board-{name}.yaml")
        with open(path, "w") as file:
            file.write(BOARD.format(
                name=name, driver=os.path.join(hardware, driver), pump=os.path.join(hardware, pump),
                backlog=backlog, index="  index: {line: L5, active: high}\n" if index else ""))
        made.append((name, path))
    return made


def draw(seed, number, folder, benches):
    """A random programme: (profile's path, board's path, seconds, place in seconds, start)."""
    chance = random.Random(f"{seed}-{number}")
    board, board_path = chance.choice(benches)
    strength = chance.choice([500, 1000, 2000])
    name = f"random-{number}"
    text = HEAD.format(name=name, strength=strength, volume=chance.randint(5, 40))
    hour, minute = chance.randint(0, 23), chance.randint(0, 59)
    place, start = 0, "2026-11-23T00:00"
    most = 0.02 if board == "fast" else 1

    def rate(unit):
        perday = chance.uniform(23, 900) * (chance.uniform(0.01, 1) if board == "fast" else 1)
        if board == "fast":
            perday = chance.uniform(1, 45)
        return f"{perday if unit == 'day' else perday / 24:.3f} ug/{'day' if unit == 'day' else 'h'}"

    kind = chance.randrange(5)
    if kind == 0:
        text += f"therapy: {{continuous: {rate('day')}}}\n"
    elif kind == 1:
        text += "therapy: stopped\n"
        text += f"single-bolus: {{dose: {chance.uniform(2, 60) * most:.3f} ug, over: {chance.randint(60, 240)} s}}\n"
    elif kind == 2:
        text += f"therapy: {{continuous: {rate('day')}}}\n"
        text += (f"periodic-bolus: {{dose: {chance.uniform(2, 20) * most:.3f} ug, over: {chance.randint(60, 120)} s, "
                 f"every: {chance.randint(1, 6)} h}}\n")
    else:
        place = hour * 3600 + minute * 60 + 50
        start = f"2026-11-23T{hour:02}:{minute:02}:50"
        # Corners within the time that is run, so that they are seen.
        text += "therapy:\n  flex:\n    time-zone: UTC\n    every-day:\n"
        entries = [f'      - {{from: "00:00", rate: {rate("hour")}}}']
        at = hour * 60 + minute
        for _ in range(chance.randint(1, 3)):
            at += 1
            if at >= 1439 or at == 0:
                break
            clock = f'"{at // 60:02}:{at % 60:02}"'
            if chance.random() < 0.4:
                entries.append(f"      - {{from: {clock}, dose: {chance.uniform(1, 10) * most:.3f} ug, over: 60 s}}")
                at += 1
            else:
                entries.append(f"      - {{from: {clock}, rate: {rate('hour')}}}")
        text += "\n".join(entries) + "\n"
    path = os.path.join(folder, f"{name}.yaml")
    with open(path, "w") as file:
        file.write(text)
    return path, board_path, chance.randint(15, 75), place, start
