"""Makes the man pages, one a command, from what the program says of its own commands (its help as JSON).

Usage: manpages.py HELP.json FOLDER VERSION EPOCH
"""

import gzip
import json
import sys
import time


def safe(text):
    """A text as roff has it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def names(argument):
    """`-o, --output FILE`, or the name of a positional argument."""
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return f"\\fI{safe(value)}\\fR" + ("..." if argument["isRepeating"] else "")
    long = [("-" if n["kind"] == "short" else "--") + n["name"] for n in argument.get("names", [])]
    text = ", ".join(f"\\fB{safe(name)}\\fR" for name in long)
    return text + (f" \\fI{safe(value)}\\fR" if argument["kind"] == "option" else "")


def synopsis(path, command):
    parts = [f"\\fB{safe(path)}\\fR"]
    for argument in command.get("arguments", []):
        if not argument["shouldDisplay"] or argument.get("names", [{}])[0].get("name") in ("help", "version"):
            continue
        word = names(dict(argument, names=[argument["preferredName"]]) if argument.get("preferredName") else argument)
        parts.append(f"[{word}]" if argument["isOptional"] else word)
    if command.get("subcommands"):
        parts.append("\\fIcommand\\fR")
    return " ".join(parts)


def page(path, command, version, epoch):
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    title = path.replace(" ", "-")
    out = [f'.TH "{safe(title.upper())}" "1" "{date}" "itpump {safe(version)}" "User Commands"', ".SH NAME",
           f"{safe(title)} \\- {safe(command.get('abstract', '').rstrip('.'))}", ".SH SYNOPSIS", synopsis(path, command)]
    if command.get("discussion"):
        out += [".SH DESCRIPTION", safe(command["discussion"])]
    shown = [a for a in command.get("arguments", []) if a["shouldDisplay"]]
    if shown:
        out.append(".SH OPTIONS")
    for argument in shown:
        out += [".TP", names(argument), safe(argument.get("abstract", ""))]
        if argument.get("defaultValue"):
            out[-1] += f" Default: {safe(argument['defaultValue'])}."
    below = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    if below:
        out.append(".SH COMMANDS")
        for sub in below:
            out += [".TP", f"\\fB{safe(title + '-' + sub['commandName'])}\\fR(1)", safe(sub.get("abstract", ""))]
    out += [".SH EXIT STATUS", "0: done. 1: the work failed. 2: a wrong command line.", ".SH NOTES",
            "Bench equipment: not a medical device, not for human use."]
    return title, "\n".join(out) + "\n"


def every(path, command):
    yield path, command
    for sub in command.get("subcommands", []):
        if sub["commandName"] != "help":
            yield from every(f"{path} {sub['commandName']}", sub)


def main():
    source, folder, version, epoch = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    with open(source, encoding="utf-8") as file:
        root = json.load(file)["command"]
    for path, command in every(root["commandName"], root):
        title, text = page(path, command, version, epoch)
        with open(f"{folder}/{title}.1.gz", "wb") as file:
            file.write(gzip.compress(text.encode(), 9, mtime=0))


main()
