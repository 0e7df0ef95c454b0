"""When the emulated machine stood still, as held_up.py has written it down."""
import os


def read(path):
    """(begin, end) in nanoseconds, on whichever processor, in order and apart."""
    apart = []
    if not os.path.exists(path):
        return apart
    with open(path) as file:
        lines = sorted(tuple(map(int, line.split())) for line in file if line.endswith("\n"))
    for began, ended in lines:
        if apart and began <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], ended)
        else:
            apart.append((began, ended))
    return apart


def within(still, from_ns, to_ns):
    """The lengths of those that lie between two instants, as far as they do."""
    return [min(ended, to_ns) - max(began, from_ns) for began, ended in still if began < to_ns and ended > from_ns]
