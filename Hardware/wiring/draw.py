#!/usr/bin/python3
"""Draws the wiring diagrams, one for each driver module, beside this file.

The lines are those of Hardware/boards/raspberry-pi-*.yaml; change both together.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
INK, RED, BLUE, GREY = "#1a1a1a", "#b3261e", "#1f4e9e", "#6b6b6b"

# What each module calls its pins, and how it is set to 16 microsteps.
DRIVERS = {
    "drv8825": dict(
        title="DRV8825", coils="A1 A2 to one coil, B1 B2 to the other", enable="EN", fault=("FAULT", "low while it reports a fault"),
        supply="8.2 to 45 V", watchdog="to SLEEP, in place of its 3V3: low 3 s after the last toggle", notes=[
            "SLEEP and RESET: tied to 3V3", "MODE2 to 3V3, MODE1 and MODE0 to GND: 16 microsteps",
            "current limit = VREF / (5 × Rsense)"]),
    "a4988": dict(
        title="A4988", coils="1A 1B to one coil, 2A 2B to the other", enable="EN", fault=None, supply="8 to 35 V", watchdog="to SLEEP, in place of its 3V3: low 3 s after the last toggle", notes=[
            "SLEEP and RESET: tied to 3V3, VDD to 3V3", "MS1, MS2 and MS3 to 3V3: 16 microsteps",
            "current limit = VREF / (8 × Rsense)",
            "no fault output: leave 'fault' out of the board file"]),
    "tmc2209": dict(
        title="TMC2209", coils="A1 A2 to one coil, B1 B2 to the other", enable="EN", fault=("DIAG", "high while it reports a fault"),
        supply="4.75 to 29 V", watchdog="to EN, by an OR gate: high 3 s after the last toggle", notes=[
            "VIO to 3V3; CLK, SPREAD and PDN_UART to GND", "MS1 and MS2 to 3V3: 16 microsteps",
            "on: VMOT, then 3V3; off: in reverse, the motor at rest",
            "in the board file 'fault' is active: high, bias: pull-down"]),
}


class Drawing:
    def __init__(self, width, height, title):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="DejaVu Sans, Arial, sans-serif" '
            f'font-size="15" role="img" aria-label="{title}">',
            f'<rect width="{width}" height="{height}" fill="white"/>']

    def text(self, x, y, words, anchor="start", color=INK, size=15, weight="normal"):
        self.parts.append(
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{color}" font-size="{size}" '
            f'font-weight="{weight}">{words}</text>')

    def line(self, *points, color=INK, width=2, dash=None):
        path = " ".join(f"{x},{y}" for x, y in points)
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"{extra}/>')

    def box(self, x, y, width, height, fill="#f4f6fa", color=INK):
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" '
            f'stroke="{color}" stroke-width="2"/>')

    def dot(self, x, y, color=INK):
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>')

    def resistor(self, x, top, bottom, words, color=INK):
        """A resistor in a vertical wire; its value stands to its right."""
        middle = (top + bottom) / 2
        self.line((x, top), (x, middle - 16), color=color)
        self.line((x, middle + 16), (x, bottom), color=color)
        self.parts.append(
            f'<rect x="{x - 7}" y="{middle - 16}" width="14" height="32" fill="white" '
            f'stroke="{color}" stroke-width="2"/>')
        self.text(x + 14, middle + 5, words, color=color, size=13)

    def ground(self, x, y):
        for half, down in ((12, 0), (8, 5), (4, 10)):
            self.line((x - half, y + down), (x + half, y + down))

    def save(self, name):
        with open(f"{HERE}/{name}.svg", "w") as file:
            file.write("\n".join(self.parts + ["</svg>"]) + "\n")


def draw(name, driver):
    d = Drawing(1180, 900, f"Wiring of a Raspberry Pi and a {driver['title']}")
    d.text(40, 44, f"Raspberry Pi and {driver['title']}", size=24, weight="bold")
    d.text(40, 70, "Bench equipment. Not a medical device. Not for human use.", color=RED)

    # The header: physical pin, line, where it goes.
    left, pi_width = 40, 230
    d.box(left, 100, pi_width, 760)
    d.text(left + pi_width / 2, 128, "Raspberry Pi header", "middle", weight="bold")
    edge = left + pi_width

    def pin(y, number, words):
        d.text(edge - 12, y + 5, f"{words}   pin {number}", "end")
        d.line((edge, y), (edge + 20, y))
        return edge + 20, y

    # The driver.
    right, width = 700, 440
    d.box(right, 100, width, 330)
    d.text(right + width / 2, 128, f"{driver['title']} module, 16 microsteps", "middle",
           weight="bold")

    rail = 160
    pin(rail, 17, "3V3")
    d.line((edge + 20, rail), (560, rail), color=RED)
    d.text(566, rail + 5, "3V3 (pin 1 too)", color=RED)

    def wire(y, number, line, role, module, color=BLUE):
        pin(y, number, line)
        d.line((edge + 20, y), (right, y), color=color)
        d.text(right + 14, y + 5, module)
        d.text(edge + 34, y - 8, role, color=GREY, size=13)

    # ENABLE first: its resistor is what keeps the motor safe when nobody drives the line.
    enable = 236
    wire(enable, 15, "GPIO22", "enable (active low)", driver["enable"], RED)
    d.dot(500, enable, RED)
    d.dot(500, rail, RED)
    d.resistor(500, rail, enable, "4.7 kΩ pull-up: REQUIRED", RED)
    wire(280, 13, "GPIO27", "dir", "DIR")
    step = 324
    wire(step, 11, "GPIO17", "step", "STEP")
    d.dot(600, step)
    d.resistor(600, step, 388, "10 kΩ")
    d.ground(600, 388)
    if driver["fault"]:
        wire(410, 18, "GPIO24", f"fault ({driver['fault'][1]})", driver["fault"][0])
    else:
        pin(410, 18, "GPIO24")
        d.text(edge + 34, 415, "not used: this module reports no fault", color=GREY, size=13)

    # The motor's side of the module.
    d.text(right + width - 14, 170, f"VMOT  {driver['supply']}, 100 µF beside it", "end")
    d.text(right + width - 14, 200, "its own supply, with a switch within reach", "end", GREY, 13)
    d.text(right + width - 14, 236, driver["coils"], "end")
    d.text(right + width - 14, 266, "GND  joined with the Pi's", "end")
    for index, note in enumerate(driver["notes"]):
        d.text(right + width - 14, 330 + 21 * index, note, "end", GREY, 13)

    # The sensors: contacts to ground, pulled up in the Pi.
    def device(y, number, line, role, words, more, fill="#fbf7ee"):
        pin(y, number, line)
        d.line((edge + 20, y), (right, y), color=BLUE)
        d.text(edge + 34, y - 8, role, color=GREY, size=13)
        d.box(right, y - 34, width, 66, fill)
        d.text(right + 14, y - 6, words, weight="bold")
        d.text(right + 14, y + 18, more, size=13)

    device(496, 16, "GPIO23", "index (active low, pulled up in the Pi)",
           "Index sensor of the pump head", "3V3; open collector, hysteresis; 32 pulses a turn")
    device(582, 22, "GPIO25", "reservoir-low (active low, pulled up in the Pi)",
           "Reservoir switch", "closes to GND at the low alarm's volume")
    device(668, 37, "GPIO26", "buzzer (active high)",
           "Active buzzer, 5 V", "NPN transistor with 1 kΩ at its base; buzzer at 5 V (pin 2)")
    device(754, 29, "GPIO5", "watchdog-kick (toggles while the controller is well)",
           "External watchdog (optional)", driver['watchdog'])
    y = 830
    pin(y, "9, 14, 20 …", "GND")
    d.line((edge + 20, y), (edge + 60, y))
    d.ground(edge + 60, y)
    d.text(edge + 84, y + 5, "one common ground: Pi, module, sensors, supplies", size=13)
    d.save(name)


for name, driver in DRIVERS.items():
    draw(name, driver)
