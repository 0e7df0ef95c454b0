#!/usr/bin/python3
"""Makes every small change of the safety code that a rule names, and asks which test notices it.

All changes are compiled into one build, each behind a switch that an environment variable sets. For each
of them the tests that come by its place run, quickest first, until one fails. What no test notices must be
listed with its reason in survivors.tsv, or the whole fails.

The work is kept in .build-mutate: a run that was stopped goes on where it was.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
WORK = TOP / ".build-mutate"
TREE = WORK / "tree"
MODULES = {
    "PumpSafety": ["Sources/PumpSafety/*.swift"],
    "PumpMessages": ["Sources/PumpMessages/*.swift"],
    "PumpDrive": ["Sources/PumpDrive/*.swift"],
    "PumpSession": ["Sources/PumpSession/*.swift", "Sources/PumpScenarios/SupervisedLoop.swift"],
    "PumpJournal": ["Sources/PumpJournal/*.swift"],
    "PumpPlan": ["Sources/PumpPlan/*.swift"],
    "PumpService": ["Sources/PumpService/*.swift", "Sources/PumpService/Socket/*.swift"] + [
        f"Sources/PumpService/{name}.swift" for name in
        ("Guard/GuardTask", "Guard/RunOpening", "Journal/JournalTask", "Drive/SessionOrder", "Drive/ChannelDrive")],
}
# As `make test` builds: each module as a whole, so that none keeps what it inlined of other mutants.
OPTIMISED = ["-c", "release", "-Xswiftc", "-enable-testing"]
# A test is given this many times its own time, and never less than so many seconds.
PATIENCE, LEAST_PATIENCE = 8, 20
# A test that takes longer than so many seconds judges no mutant.
LONGEST_TEST = 180
CLASSES = ("equivalent", "layer", "accepted", "uncompiled")


def say(text):
    print(text, flush=True)


def write_changed(path, data):
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def module_of(file):
    return next(name for name, patterns in MODULES.items() if any(fnmatch.fnmatch(file, p) for p in patterns))


class Schemata:
    """The tool that finds mutants and writes them into sources."""

    def __init__(self):
        scratch = TOP / ".build-schemata"
        built = subprocess.run(["swift", "build", "--package-path", HERE, "--scratch-path", scratch],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if built.returncode:
            sys.exit(built.stdout[-3000:])
        self.program = scratch / "debug" / "schemata"

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def tracked():
    names = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           stdout=subprocess.PIPE, check=True)
    return [name for name in names.stdout.decode().split("\0") if name and (TOP / name).is_file()]


def lay_tree(schemata, files, chosen):
    """The sources with the chosen mutants in them; answers where each one stands."""
    fresh = WORK / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    for file in files:
        (fresh / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / file, fresh / file)
    keys = WORK / "keys"
    keys.write_text("".join(f"{number}\t{mutant['key']}\n" for number, mutant in chosen.items()))
    placed = schemata.run("write", fresh, keys, *files)
    names = tracked()
    for name in names:
        source = fresh / name if name in files else TOP / name
        data = source.read_bytes()
        if name == "Package.swift":
            text = data.decode()
            before = '.target(name: "PumpUnits", swiftSettings: settings)'
            assert text.count(before) == 1, "Package.swift: the target PumpUnits is written otherwise"
            data = text.replace(before, '.target(name: "CMutant"),\n    .target(name: "PumpUnits", '
                                        'dependencies: ["CMutant"], swiftSettings: settings)').encode()
        write_changed(TREE / name, data)
        if os.access(TOP / name, os.X_OK):
            (TREE / name).chmod(0o755)
    write_changed(TREE / "Sources/CMutant/CMutant.c", (HERE / "CMutant.c").read_bytes())
    write_changed(TREE / "Sources/CMutant/include/CMutant.h", (HERE / "CMutant.h").read_bytes())
    known = {str(TREE / name) for name in names}
    for path in [p for folder in ("Sources", "Tests") for p in (TREE / folder).rglob("*.swift")]:
        if str(path) not in known:
            path.unlink()
    # Tests look for their fixtures in the clone that they were compiled in.
    if not (TREE / ".git").exists():
        subprocess.run(["git", "init", "-q", TREE], check=True)
    return placed


def build(schemata, files, chosen, listed, isFull):
    """Builds the chosen mutants; those that do not compile behind the switch are left out and told.

    What did not compile is listed, or remembered for as long as its file stays as it is: each round of finding it
    out is a build.
    """
    marks = {file: hashlib.sha256((TOP / file).read_bytes()).hexdigest()[:16] for file in files}
    kept = WORK / "refused.json"
    known = json.loads(kept.read_text()) if kept.exists() else {}
    refused = {}
    for number, mutant in list(chosen.items()):
        mark, why = known.get(mutant["key"], (None, None))
        # A full run finds out anew, for the code may have changed.
        kind, reason = listed.get(mutant["key"], (None, None)) if not isFull else (None, None)
        if kind == "uncompiled":
            refused[chosen.pop(number)["key"]] = reason
        elif mark == marks[mutant["file"]]:
            refused[chosen.pop(number)["key"]] = why
    while True:
        placed = lay_tree(schemata, files, chosen)
        began = time.monotonic()
        built = subprocess.run(["swift", "build", "--build-tests", *OPTIMISED], cwd=TREE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        say(f"built {len(placed)} mutants in {time.monotonic() - began:.0f} s: "
            + ("well" if built.returncode == 0 else "some do not compile"))
        if built.returncode == 0:
            return placed, refused
        wrong = {}
        for line in built.stdout.splitlines():
            found = re.match(r"(/[^:]+):(\d+):\d+: error: (.*)", line)
            if not found or not found[1].startswith(str(TREE)):
                continue
            file, number = found[1][len(str(TREE)) + 1:], int(found[2])
            here = [place for place in placed if place["file"] == file]
            guilty = [place for place in here if place["firstLine"] <= number <= place["lastLine"]]
            # What is told at a function's end (a value that was never set) is a removed statement's doing.
            body = [place for place in here if place["bodyFirstLine"] <= number <= place["bodyLastLine"] + 1]
            removed = [place for place in body if chosen[place["id"]]["kind"] == "removed-statement"]
            for place in guilty or removed or body:
                wrong[place["id"]] = found[3]
        if not wrong:
            (WORK / "build.log").write_text(built.stdout)
            errors = [line for line in built.stdout.splitlines() if "error:" in line]
            sys.exit("the build fails outside of every mutant:\n" + "\n".join(errors[:10]))
        for number, why in wrong.items():
            mutant = chosen.pop(number)
            refused[mutant["key"]] = why
            known[mutant["key"]] = marks[mutant["file"]], why
        kept.write_text(json.dumps(known))


def kill_all(mark):
    """Ends every process that has this in its environment."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except (OSError, ValueError):
            continue


class Tests:
    """The test program of the built tree."""

    def __init__(self, jobs, without=None):
        self.program = TREE / ".build/release/itpumpPackageTests.xctest"
        self.jobs = jobs
        listed = subprocess.run([self.program, "--testing-library", "swift-testing", "--list-tests"],
                                stdout=subprocess.PIPE, text=True, check=True, cwd=TREE)
        self.names = [line for line in listed.stdout.splitlines()
                      if "/" in line and not (without and re.search(without, line))]

    def run(self, names, environment, limit):
        """Whether all pass; `None` after the time limit."""
        pattern = "^(" + "|".join(re.escape(name).replace("/", r"\/") for name in names) + ")"
        process = subprocess.Popen(
            [self.program, "--testing-library", "swift-testing", "--filter", pattern], cwd=TREE,
            env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return None
        finally:
            # What a test started may be in a session of its own; its environment tells.
            for mark in environment.items():
                kill_all("=".join(mark).encode())
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def cover(self, blocks, cache):
        """What each test takes, and which blocks it comes by."""
        if cache.exists():
            return json.loads(cache.read_text())

        def one(name):
            path = WORK / f"touched-{hashlib.sha1(name.encode()).hexdigest()[:12]}"
            path.write_bytes(bytes(65536))
            began = time.monotonic()
            passed = self.run([name], {"PUMP_TOUCHED": str(path)}, 600)
            took = time.monotonic() - began
            touched = path.read_bytes()
            path.unlink()
            return name, passed, took, [block for block in blocks if touched[block]]

        covered, failed = {}, []
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for name, passed, took, touched in pool.map(one, self.names):
                covered[name] = (took, touched)
                if not passed:
                    failed.append(name)
        # A run in real time may fail for what else the machine does: once more, beside no other test.
        for name in failed[:]:
            name, passed, took, touched = one(name)
            if passed:
                covered[name] = (took, touched)
                failed.remove(name)
        # The switches themselves are code: a test that counts allocations may meet them.
        if len(failed) > 3:
            sys.exit("fail without any mutant: " + ", ".join(failed))
        for name in failed:
            say(f"left out, for it fails without any mutant: {name}")
            del covered[name]
        cache.write_text(json.dumps(covered))
        return covered


def batches(names, times):
    """Tests, quickest first, in batches that grow: one process is started for each."""
    budget, batch, spent = 0.4, [], 0
    for name in sorted(names, key=lambda name: times[name]):
        if batch and spent + times[name] > budget:
            yield batch, spent
            batch, spent = [], 0
            budget = min(20, budget * 2.5)
        batch.append(name)
        spent += times[name]
    if batch:
        yield batch, spent


def judge(tests, number, names, times):
    began = time.monotonic()
    by, verdict = [], "lives" if names else "not covered"
    for batch, spent in batches(names, times):
        passed = tests.run(batch, {"PUMP_MUTANT": str(number)}, max(LEAST_PATIENCE, PATIENCE * spent))
        if passed is not True:
            verdict, by = ("hangs" if passed is None else "caught"), batch
            break
    return {"verdict": verdict, "by": by, "seconds": round(time.monotonic() - began, 1)}


def sample(mutants, count, seed):
    """So many of them, from each module and kind its share."""
    if count is None or count >= len(mutants):
        return mutants
    strata = defaultdict(list)
    for mutant in mutants:
        strata[module_of(mutant["file"]), mutant["kind"]].append(mutant)
    # Each has its own place in the draw: a change elsewhere in the sources does not draw others.
    for stratum in strata.values():
        stratum.sort(key=lambda mutant: hashlib.sha256(f"{seed} {mutant['key']}".encode()).digest())
    # Each stratum's share, the largest remainders rounded up.
    share = {name: count * len(stratum) / len(mutants) for name, stratum in strata.items()}
    taken = {name: int(value) for name, value in share.items()}
    for name in sorted(share, key=lambda name: taken[name] - share[name])[:count - sum(taken.values())]:
        taken[name] += 1
    return [mutant for name, stratum in strata.items() for mutant in stratum[:taken[name]]]


def listed():
    """The survivors that are known, each with its class and reason."""
    known = {}
    for number, line in enumerate((HERE / "survivors.tsv").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or fields[1] not in CLASSES:
            sys.exit(f"survivors.tsv, line {number}: key, one of {', '.join(CLASSES)}, and a reason, with tabs between")
        known[fields[0]] = fields[1:]
    return known


def interval(killed, of):
    """Wilson's 95 % confidence interval of a share."""
    if not of:
        return 0, 1
    z, share = 1.96, killed / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def report(mutants, results, refused, known, isSample):
    unlisted, lines, counts = [], [], defaultdict(Counter)
    for mutant in mutants:
        key, module = mutant["key"], module_of(mutant["file"])
        result = results.get(key)
        if key in refused or result is None:
            counts[module]["not compiled" if key in refused else "not run"] += 1
            continue
        if result["verdict"] in ("caught", "hangs"):
            counts[module]["killed"] += 1
            continue
        kind = known[key][0] if key in known else "unlisted"
        counts[module][kind] += 1
        text = f"{mutant['file']}:{mutant['line']}: {mutant['kind']}: {mutant['before']} -> {mutant['after'] or 'nothing'}"
        lines.append(f"{text} ({result['verdict']}; {kind})")
        if kind == "unlisted":
            unlisted.append(key)
    head = []
    for module in [*MODULES, "all"]:
        count = sum(counts.values(), Counter()) if module == "all" else counts[module]
        alive = sum(count[name] for name in ("layer", "accepted", "unlisted"))
        of = count["killed"] + alive
        low, high = interval(count["killed"], of)
        head.append(f"{module:12} {count['killed']:5} killed of {of} that change something"
                    f" = {100 * count['killed'] / of if of else 0:.1f} %"
                    + (f" (95 %: {100 * low:.1f} to {100 * high:.1f})" if isSample else "")
                    + f"; {count['equivalent']} equivalent, {alive} live, {count['not compiled']} do not compile")
    text = "\n".join(head + ["", *sorted(lines), "", "do not compile behind the switch:",
                             *sorted(f"{key}: {why}" for key, why in refused.items())])
    (WORK / "report.txt").write_text(text + "\n")
    (WORK / "unlisted.txt").write_text("".join(f"{key}\n" for key in unlisted))
    say("\n".join(head))
    for line in sorted(lines):
        if "; unlisted)" in line:
            say(f"LIVES   {line}")
    say(f"the whole report: {WORK / 'report.txt'}")
    return not unlisted


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--sample", type=int, metavar="N", help="only so many, from each module and kind its share")
    parse.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parse.add_argument("--only", metavar="PATTERN", help="only mutants whose key this finds")
    parse.add_argument("--again", action="store_true", help="only those that the last report calls unlisted")
    parse.add_argument("--without", metavar="PATTERN", help="tests that judge nothing: a mutant may only seem to live for that")
    parse.add_argument("--believe-list", action="store_true", help="judge no mutant again that is listed as alive")
    parse.add_argument("--shard", default="1/1", metavar="I/N", help="only each N-th mutant, from the I-th on")
    parse.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at once")
    options = parse.parse_args()
    WORK.mkdir(exist_ok=True)
    schemata = Schemata()
    files = sorted(str(p.relative_to(TOP)) for patterns in MODULES.values() for g in patterns for p in TOP.glob(g)
                   # Invariants judge and change nothing; a drive lies on purpose in trials alone.
                   if not p.name.endswith("+Invariants.swift") and p.name != "DriveFault.swift")
    mutants = schemata.run("list", TOP, *files)
    whole = len(mutants)
    if options.only:
        mutants = [mutant for mutant in mutants if re.search(options.only, mutant["key"])]
    if options.again:
        unlisted = set((WORK / "unlisted.txt").read_text().splitlines())
        mutants = [mutant for mutant in mutants if mutant["key"] in unlisted]
    mutants = sample(mutants, options.sample, options.seed)
    index, of = map(int, options.shard.split("/"))
    mutants = mutants[index - 1::of]
    say(f"{len(mutants)} of {whole} mutants, seed {options.seed}")
    known = listed()
    isFull = options.sample is None and options.only is None and not options.again and of == 1
    chosen = dict(enumerate(mutants, 1))
    placed, refused = build(schemata, files, dict(chosen), known, isFull)
    tests = Tests(options.jobs, options.without)
    mark = hashlib.sha256((options.without or "").encode())
    for path in sorted((TREE / "Sources").rglob("*")) + sorted((TREE / "Tests").rglob("*")):
        if path.is_file():
            mark.update(str(path).encode() + path.read_bytes())
    mark = mark.hexdigest()[:16]
    began = time.monotonic()
    covered = tests.cover(sorted({place["block"] for place in placed}), WORK / f"cover-{mark}.json")
    say(f"{len(covered)} tests and the places that they come by: {time.monotonic() - began:.0f} s")
    times = {name: took for name, (took, _) in covered.items()}
    by_block = defaultdict(list)
    for name, (took, touched) in covered.items():
        for block in touched if took <= LONGEST_TEST else []:
            by_block[block].append(name)
    kept = WORK / f"results-{mark}.jsonl"
    results = {}
    if kept.exists():
        results = {result["key"]: result for result in map(json.loads, kept.read_text().splitlines())}
    if options.believe_list:
        for key in known:
            results.setdefault(key, {"verdict": "listed", "by": [], "seconds": 0, "key": key})
    todo = [place for place in placed if chosen[place["id"]]["key"] not in results]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, kept.open("a") as file:
        waiting = {pool.submit(judge, tests, place["id"], by_block[place["block"]], times): place for place in todo}
        for count, done in enumerate(concurrent.futures.as_completed(waiting), 1):
            mutant = chosen[waiting[done]["id"]]
            result = done.result() | {"key": mutant["key"]}
            results[mutant["key"]] = result
            file.write(json.dumps(result) + "\n")
            file.flush()
            if result["verdict"] in ("lives", "not covered") and mutant["key"] not in known:
                say(f"{result['verdict']}: {mutant['file']}:{mutant['line']}: {mutant['kind']}: {mutant['before']} -> "
                    f"{mutant['after'] or 'nothing'} ({result['seconds']} s)")
            if count % 50 == 0:
                say(f"{count} of {len(todo)} after {time.monotonic() - began:.0f} s")
    sys.exit(0 if report(mutants, results, refused, known, not isFull) else 1)


main()
