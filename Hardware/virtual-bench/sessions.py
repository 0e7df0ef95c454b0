"""The sessions of a journal as `itpump log --json` has it."""


def sessions(log):
    """For each session its first record of counts, its last, and all of them."""
    found = []
    for row in log:
        if row["what"].startswith("session begins"):
            found.append(dict(grants=[]))
        elif row["kind"] == "grant" and found:
            found[-1].setdefault("at_start", row)
            found[-1]["last"] = row
            found[-1]["grants"].append(row)
    return found
