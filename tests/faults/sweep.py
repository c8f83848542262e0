#!/usr/bin/env python3
"""The fault sweep: the real binary is killed, or the system refuses it something, at each call that touches its files.

    cargo build && python3 tests/faults/sweep.py --binary target/debug/termwise

For every point a fresh copy of the same ledger is taken, the command is disturbed there, and then it is run again plainly.
What must hold:

- after the fault: the exit code is one that the contract has for it; whoever exits 0 or 3 has committed, and what it committed
  is right; `status` can be asked, and knows the runs that are there;
- after the plain run: exit 0 or 3; the ledger is byte for byte that of an undisturbed run (manifests without their timings);
  the links below the output folder are the same, and nothing else lies there; `verify` exits 0; no line_id stands twice.

Calls are disturbed with strace. Two of its traps: `when=K` counts by name of call, and by thread. So a point is a pair (call, K);
only calls on paths of the ledger, the output and the inputs count (`-P`), which the main thread does not make; and with
`--threads 1` one thread makes them all. Every point must fire and the one after the last must not, or the sweep says so. With
two threads K is drawn at random, and what does not fire is counted apart.

Needs strace, and root for the small file systems. Prints a table of counts, and every violation with what repeats it alone:

    python3 tests/faults/sweep.py --binary target/debug/termwise --only night/kill/openat/17
"""

import argparse
import collections
import concurrent.futures
import csv
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Calls before which the process is killed.
KILLED = (
    "openat open creat write writev pwrite64 fsync fdatasync sync_file_range rename renameat renameat2 mkdir mkdirat unlink "
    "rmdir unlinkat symlink symlinkat link linkat close flock copy_file_range sendfile ftruncate chmod fchmod fallocate getdents64"
).split()
# Calls that the system refuses, and with what.
REFUSED = (
    "openat open creat write pwrite64 mkdir mkdirat fsync fdatasync rename renameat renameat2 symlink symlinkat unlink unlinkat "
    "rmdir flock copy_file_range ftruncate fchmod getdents64 read close"
).split()
ERRORS = ("ENOSPC", "EIO")
# Of these an error is no news: what was written is on the disk before it is closed.
ONCE_ONLY = ("read", "close")
# So many calls of a name are refused as densely as they are killed; more of them three times less.
FEW = 16
GOOD = (0, 3)
PAGE = 4096
KIB = 1024
TIMEOUT = 120


class Rig(Exception):
    """The rig itself does not do what it says: nothing it finds can be believed."""


# ── the scenarios ──


class Scenario:
    """A command on a state: what is disturbed, how densely, and what it must come to."""

    def __init__(self, name, state, command, stride=1):
        self.name, self.state, self.command, self.stride = name, state, command, stride
        self.expected = None  # the snapshot after an undisturbed run
        self.lines = None  # how many line_ids it holds
        self.paths = ()  # what strace is to look at
        self.calls = {}  # how often each call touches those paths with one thread
        self.held = self.need = 0  # bytes of the ledger before and after, as a file system counts them


def trimmed_book(binary, book):
    """A small book, with a job that has a ledger; of the price list only what it sells."""
    run([binary, "sample", "--subscriptions", "60", "--out", str(book), "-q"], cwd=book.parent)
    with open(book / "subscriptions.csv", newline="") as file:
        sold = {tuple(row[name] for name in ("product_id", "sku_id", "market", "currency")) for row in csv.DictReader(file)}
    with open(book / "price_list.csv", newline="") as file:
        header, *rows = csv.reader(file)
    places = [header.index(name) for name in ("ProductId", "SkuId", "Market", "Currency")]
    kept = [row for row in rows if tuple(row[place] for place in places) in sold]
    with open(book / "price_list.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *kept])
    job = (book / "job.toml").read_text()
    job = job.replace('dir = "out"', 'dir = "../out"').replace('rejected_rows = "1%"', 'rejected_rows = "100%"')
    (book / "job.toml").write_text(job + '\n[ledger]\ndir = "../ledger"\n\n[notice_days]\ndefault = 30\n')


def change_book(book):
    """What a night brings: other seats, so that lines are reversed and billed anew, and a subscription that is gone."""
    path = book / "subscriptions.csv"
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    seats = header.index("quantity")
    for row in rows[3:40:9]:
        row[seats] = str(int(row[seats]) + 1)
    del rows[20]
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def scenarios(binary, root):
    """Makes the states, one after the other, and lists what is disturbed in them."""
    states = root / "states"
    states.mkdir()

    def state(name, of=None, command=None):
        place = states / name
        if of is None:
            (place / "book").mkdir(parents=True)
        else:
            copy(states / of, place)
        if command:
            done = termwise(binary, place, command)
            if done.returncode not in GOOD:
                raise Rig(f"{name}: exit {done.returncode}: {done.stderr}")
        return place

    trimmed_book(binary, state("new") / "book")
    change_book(state("billed", "new", ["run", "job.toml", "-q"]) / "book")
    night = ["run", "job.toml", "--as-of", "2026-12-31", "-q"]
    state("two-nights", "billed", night)
    drafted = state("drafted", "billed", [*night, "--draft"])
    [draft] = (drafted / "ledger" / "drafts").iterdir()
    digest = json.loads((draft / "manifest.json").read_text())["digest_of_outputs"]
    return [
        Scenario("first", "new", ["run", "job.toml", "-q"]),
        Scenario("night", "billed", night),
        Scenario("open", "new", ["open", "job.toml", "--through", "2026-11-30", "-q"], stride=3),
        Scenario("close", "two-nights", ["close", "job.toml", "--period", "2026-11", "-q"], stride=2),
        Scenario("reverse", "two-nights", ["reverse", "job.toml", "2", "--reason", "a wrong price list", "-q"], stride=2),
        Scenario("draft", "billed", [*night, "--draft"], stride=4),
        Scenario("approve", "drafted", [*night, "--approve", digest], stride=3),
        Scenario("again", "two-nights", night, stride=5),
        Scenario("parquet", "billed", [*night, "--format", "parquet"], stride=5),
        Scenario("cut", "billed", [*night, "--memory", "1", "--unit", "1"], stride=5),
    ]


# ── processes ──


def run(command, **options):
    """Runs a command to its end; what it says is kept."""
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT, env=environment, **options)


def termwise(binary, place, command, threads=1, **options):
    """Runs the program in a state's book."""
    threaded = [] if command[0] == "status" else ["--threads", str(threads)]
    return run([binary, *command, *threaded], cwd=place / "book", **options)


def copy(source, target):
    shutil.copytree(source, target, symlinks=True)
    # Links below the output folder lead into their own state.
    for link in (target / "out").glob("*"):
        if link.is_symlink():
            to = os.readlink(link).replace(str(source), str(target))
            link.unlink()
            link.symlink_to(to)


def disturbed(binary, place, scenario, call, inject, threads=1, command=None):
    """Runs the command under strace with something injected: its exit code (negative: a signal), where it struck, what it said."""
    log = place / "strace.log"
    shown = [part for path in scenario.paths for part in ("-P", path.replace("{}", str(place)))]
    tracing = ["strace", "-f", "-y", "-qqq", "-o", str(log), *shown, "-e", f"trace={call}"]
    if inject:
        tracing += ["-e", f"inject={call}:{inject}"]
    done = termwise_under(tracing, binary, place, command or scenario.command, threads)
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return done, lines


def termwise_under(tracing, binary, place, command, threads):
    return run([*tracing, binary, *command, "--threads", str(threads)], cwd=place / "book")


# ── what a state is ──


def snapshot(place):
    """Everything below the ledger and the output folder: kind, mode and content; manifests without their timings."""
    found = {}
    for top in ("ledger", "out"):
        waiting = [place / top] if (place / top).exists() else []
        while waiting:
            path = waiting.pop()
            name, facts = str(path.relative_to(place)), os.lstat(path)
            mode = stat.S_IMODE(facts.st_mode)
            if stat.S_ISLNK(facts.st_mode):
                found[name] = ("link", os.readlink(path).replace(str(place), "{}"))
            elif stat.S_ISDIR(facts.st_mode):
                found[name] = ("folder", oct(mode))
                waiting.extend(path.iterdir())
            else:
                found[name] = ("file", oct(mode), hashlib.sha256(content(path)).hexdigest())
    return found


def content(path):
    if path.name != "manifest.json":
        return path.read_bytes()
    manifest = json.loads(path.read_bytes())
    manifest.pop("timings", None)
    return json.dumps(manifest).encode()


def room(folder):
    """What a folder takes on a file system of whole pages."""
    sizes = (PAGE if path.is_dir() else -(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*"))
    return sum(sizes)


def differences(expected, found):
    told = [f"{name} is missing" for name in expected if name not in found]
    told += [f"{name} is there" for name in found if name not in expected]
    told += [f"{name} differs" for name in expected if name in found and expected[name] != found[name]]
    return told


def line_ids(place):
    """Every line_id that was billed or taken back, from the tables in CSV; a close shows lines again, and is left out."""
    ids = []
    for folder in sorted((place / "ledger" / "runs").glob("*")):
        kind = json.loads((folder / "manifest.json").read_text())["ledger"]["kind"]
        table = folder / "invoice_lines.csv"
        if kind in ("run", "reverse") and table.exists():
            with open(table, newline="") as file:
                ids += [row["line_id"] for row in csv.DictReader(file)]
    return ids


# ── one point ──


class Point:
    """One fault: where it strikes, and by which name it can be asked for alone."""

    def __init__(self, scenario, fault, call, number, threads=1, then=None):
        self.scenario, self.fault, self.call, self.number, self.threads, self.then = scenario, fault, call, number, threads, then
        parts = [scenario.name, fault, call, str(number)]
        if then:
            parts += [f"then-{then[0]}", str(then[1])]
        if threads != 1:
            parts.append(f"threads-{threads}")
        self.name = "/".join(parts)


class Outcome:
    """What came of a point."""

    def __init__(self, fired, exit_code, violations):
        self.fired, self.exit_code, self.violations = fired, exit_code, violations


class Sweep:
    def __init__(self, binary, root, keep):
        self.binary, self.root, self.keep = binary, root, keep

    def prepare(self, scenario):
        """Learns what an undisturbed run comes to, and which calls on which paths it makes."""
        plain = self.fresh(scenario, "plain")
        done = termwise(self.binary, plain, scenario.command)
        if done.returncode not in GOOD:
            raise Rig(f"{scenario.name}: undisturbed it exits {done.returncode}: {done.stderr}")
        scenario.expected = snapshot(plain)
        ids = line_ids(plain)
        scenario.lines = len(ids)
        if len(set(ids)) != len(ids):
            raise Rig(f"{scenario.name}: line_ids stand twice in an undisturbed run")
        scenario.need = room(plain / "ledger")
        scenario.held = room(self.root / "states" / scenario.state / "ledger")
        traced = self.fresh(scenario, "traced")
        log = traced / "strace.log"
        tracing = ["strace", "-f", "-y", "-qqq", "-o", str(log)]
        termwise_under(tracing, self.binary, traced, scenario.command, 1)
        lines = log.read_text(errors="replace").splitlines()
        scenario.paths = tuple(sorted(self.paths_in(lines, traced)))
        shutil.rmtree(traced)
        # What is counted now is what `when=K` counts.
        traced = self.fresh(scenario, "traced")
        calls = sorted({call for call in called(lines) if call in KILLED or call in REFUSED})
        done, lines = disturbed(self.binary, traced, scenario, ",".join(calls), None)
        told = differences(scenario.expected, snapshot(traced))
        if told or done.returncode not in GOOD:
            raise Rig(f"{scenario.name}: traced it exits {done.returncode}, and {told}")
        threads = {line.split()[0] for line in lines}
        if len(threads) != 1:
            raise Rig(f"{scenario.name}: {len(threads)} threads touch the files, so K would count for each apart")
        scenario.calls = collections.Counter(called(lines))
        shutil.rmtree(plain)
        shutil.rmtree(traced)

    @staticmethod
    def paths_in(lines, place):
        """Paths below a state that calls name or have open, as they name them; the job file is the main thread's."""
        found = set()
        for line in lines:
            found.update(re.findall(r'"(\.\./(?:ledger|out)[^"]*)"', line))
            for opened in re.findall(rf"<{re.escape(str(place))}/((?:ledger|out|book/)[^>]*)>", line):
                found.add("{}/" + opened.removesuffix(" (deleted)"))
            for name in re.findall(r'"([^"/]+\.csv)", O_RDONLY', line):
                found.add(name)
        return {path for path in found if "job.toml" not in path and not re.search(r"#\d+$", path)}

    def fresh(self, scenario, name):
        place = Path(tempfile.mkdtemp(prefix=f"{scenario.name}-{name}-", dir=self.root))
        place.rmdir()
        copy(self.root / "states" / scenario.state, place)
        return place

    def strike(self, point):
        """Disturbs, looks, runs again, and looks again."""
        place = self.fresh(point.scenario, "point")
        try:
            strike = self.with_tracer if point.call not in OUTSIDE else OUTSIDE[point.call]
            return strike(self, point, place) if point.call in OUTSIDE else strike(point, place)
        finally:
            if not self.keep:
                shutil.rmtree(place, ignore_errors=True)

    def with_tracer(self, point, place):
        scenario = point.scenario
        if point.fault == "kill":
            inject = f"signal=KILL:when={point.number}"
        else:
            sticky = "+" if point.fault.endswith("+") else ""
            inject = f"error={point.fault.rstrip('+')}:when={point.number}{sticky}"
        done, lines = disturbed(self.binary, place, scenario, point.call, inject, point.threads)
        if point.fault == "kill":
            fired = done.returncode in (-9, 137)
            violations = [] if fired else self.after_end(point, place, done)
            if fired and point.then:
                call, number = point.then
                again, _ = disturbed(self.binary, place, scenario, call, f"signal=KILL:when={number}", point.threads)
                # The second kill need not strike: where the first came late, the next run has less to do.
                fired = again.returncode in (-9, 137)
                if not fired and again.returncode not in GOOD:
                    violations.append(f"the second run exits {again.returncode}: {again.stderr.strip()}")
        else:
            struck = next((line for line in lines if "(INJECTED)" in line), None)
            fired = struck is not None
            violations = self.after_error(point, place, done, struck)
        return Outcome(fired, done.returncode, violations + self.again(point, place))

    def after_end(self, point, place, done):
        """The program came to its end by itself."""
        if done.returncode not in GOOD:
            return [f"nothing struck, and it exits {done.returncode}: {done.stderr.strip()}"]
        return [f"exit {done.returncode}: {told}" for told in differences(point.scenario.expected, snapshot(place))]

    def after_error(self, point, place, done, struck):
        """The exit code is the contract's, and whoever says that it is done is."""
        if struck is None or done.returncode in GOOD:
            return self.after_end(point, place, done)
        allowed = {74}
        if re.search(r'[</"](book/)?\w+\.csv', struck) and "ledger/" not in struck:
            allowed = {66}
        elif point.call in ("mkdir", "mkdirat") or "../out" in struck or "/out" in struck:
            allowed = {73, 74}
        if point.call == "close":
            # std panics where a folder that it has listed can't be closed; no system does that.
            allowed = allowed | {70}
        if done.returncode in allowed:
            return []
        return [f"exit {done.returncode} instead of {sorted(allowed)} for {struck.split(' ', 1)[1]}: {done.stderr.strip()}"]

    def again(self, point, place):
        """What was left can be asked about, and a plain run ends where an undisturbed one does."""
        violations = []
        scenario = point.scenario
        runs = place / "ledger" / "runs"
        count = len(list(runs.iterdir())) if runs.exists() else 0
        status = termwise(self.binary, place, ["status", "job.toml", "--json"])
        if status.returncode != 0:
            violations.append(f"status exits {status.returncode}: {status.stderr.strip()}")
        else:
            told = json.loads(status.stdout)
            if told["runs"] != count:
                violations.append(f"status tells of {told['runs']} runs, and {count} runs are there")
        done = termwise(self.binary, place, scenario.command)
        if done.returncode not in GOOD:
            violations.append(f"run again it exits {done.returncode}: {done.stderr.strip()}")
        violations += differences(scenario.expected, snapshot(place))
        ids = line_ids(place)
        if len(set(ids)) != len(ids) or len(ids) != scenario.lines:
            violations.append(f"{len(ids)} lines with {len(set(ids))} line_ids instead of {scenario.lines}")
        verified = termwise(self.binary, place, ["verify", "job.toml", "-q"])
        if verified.returncode != 0:
            violations.append(f"verify exits {verified.returncode}: {verified.stderr.strip()}")
        return violations

    # ── faults without a tracer ──

    def small_disk(self, point, place):
        """The ledger on a file system that is too small, by room or by the number of files."""
        ledger = place / "ledger"
        kept = place / "kept"
        if ledger.exists():
            ledger.rename(kept)
        ledger.mkdir(mode=0o700)
        limit = f"size={point.number}k" if point.fault == "room" else f"nr_inodes={point.number}"
        mounted = run(["mount", "-t", "tmpfs", "-o", f"{limit},mode=0700", "none", str(ledger)])
        if mounted.returncode != 0:
            raise Rig(f"{point.name}: {mounted.stderr}")
        try:
            if kept.exists():
                try:
                    shutil.copytree(kept, ledger, dirs_exist_ok=True)
                except (shutil.Error, OSError):
                    return Outcome(False, 0, [])
            done = termwise(self.binary, place, point.scenario.command)
            violations = self.after_limit(point, place, done, {73, 74})
            run(["mount", "-o", "remount,size=64m,nr_inodes=10000", str(ledger)])
            violations += self.again(point, place)
            return Outcome(done.returncode not in GOOD, done.returncode, violations)
        finally:
            run(["umount", "-l", str(ledger)])

    def bounded(self, point, place):
        """A limit on the process: the size of files (F11), or how many are open."""
        which = {"file-size": resource.RLIMIT_FSIZE, "open-files": resource.RLIMIT_NOFILE}[point.fault]
        bound = lambda: resource.setrlimit(which, (point.number, point.number))
        done = termwise(self.binary, place, point.scenario.command, preexec_fn=bound)
        # What the job and the inputs can't be opened with is 2 and 66; what the loader can't, 127.
        # A file that grows beyond the limit is a signal that std leaves as it is: a kill like any other (F11 would have 74).
        allowed = {74, -signal.SIGXFSZ} if point.fault == "file-size" else {2, 66, 71, 73, 74, 127}
        violations = self.after_limit(point, place, done, allowed)
        return Outcome(done.returncode not in GOOD, done.returncode, violations + self.again(point, place))

    def silenced(self, point, place):
        """What it says can't be written."""
        with open("/dev/full", "w") as full:
            streams = {
                stream: full if point.fault in (stream, "both") else subprocess.DEVNULL for stream in ("stdout", "stderr")
            }
            command = [part for part in point.scenario.command if part != "-q"]
            done = subprocess.run([self.binary, *command, "--threads", "1"], cwd=place / "book", timeout=TIMEOUT, **streams)
        violations = [f"exit {done.returncode}: not committed: {told}" for told in self.lacking(point, place)]
        allowed = {0, 3} if point.fault == "stderr" else {0, 3, 74}
        if done.returncode not in allowed:
            violations.append(f"exit {done.returncode} instead of {sorted(allowed)}")
        return Outcome(True, done.returncode, violations + self.again(point, place))

    def lacking(self, point, place):
        return differences(point.scenario.expected, snapshot(place))

    def threadless(self, point, place):
        """The system gives no threads."""
        log = place / "strace.log"
        tracing = ["strace", "-f", "-qqq", "-o", str(log), "-e", "trace=clone3,clone"]
        tracing += ["-e", "inject=clone3,clone:error=EAGAIN:when=1+"]
        done = termwise_under(tracing, self.binary, place, point.scenario.command, point.number)
        violations = self.after_limit(point, place, done, {71})
        return Outcome(done.returncode not in GOOD, done.returncode, violations + self.again(point, place))

    def after_limit(self, point, place, done, allowed):
        if done.returncode in GOOD:
            return self.after_end(point, place, done)
        if done.returncode in allowed:
            return []
        return [f"exit {done.returncode} instead of {sorted(allowed)}: {done.stderr.strip()}"]


OUTSIDE = {
    "tmpfs": Sweep.small_disk,
    "limit": Sweep.bounded,
    "full-stream": Sweep.silenced,
    "threads": Sweep.threadless,
}


def called(lines):
    """The calls of a trace by name, each once, however it was printed."""
    for line in lines:
        found = re.match(r"\d+ +(\w+)\(", line)
        if found:
            yield found.group(1)


# ── which points ──


def points(scenario, dice, options):
    """Every point of a scenario: kills, refusals, and what is drawn."""
    for call in KILLED:
        count = scenario.calls.get(call, 0)
        for number in range(1, count + 1, options.stride or scenario.stride):
            yield Point(scenario, "kill", call, number)
        if count:
            # One more than there are: it must not fire.
            yield Point(scenario, "kill", call, count + 1)
    for call in REFUSED:
        count = scenario.calls.get(call, 0)
        # Opening, reading and closing is much alike.
        stride = options.stride or (scenario.stride if count <= FEW else scenario.stride * (8 if call in ONCE_ONLY else 3))
        for number in range(1, count + 1, stride):
            for error in ERRORS:
                if call in ONCE_ONLY and error == "ENOSPC":
                    continue
                yield Point(scenario, error, call, number)
                if call not in ONCE_ONLY:
                    yield Point(scenario, error + "+", call, number)
    drawn = [call for call in KILLED for _ in range(scenario.calls.get(call, 0))]
    if scenario.stride == 1:
        for _ in range(options.drawn):
            call = dice.choice(drawn)
            yield Point(scenario, "kill", call, dice.randint(1, scenario.calls[call]), threads=2)
    if scenario.name in ("first", "night", "close", "reverse", "approve"):
        for _ in range(options.drawn if scenario.stride == 1 else options.drawn // 4):
            first, second = dice.choice(drawn), dice.choice(drawn)
            numbers = (dice.randint(1, scenario.calls[call]) for call in (first, second))
            yield Point(scenario, "kill", first, next(numbers), then=(second, next(numbers)))
    if scenario.name in ("first", "night", "close", "reverse"):
        pages = range(scenario.held // KIB + 4, scenario.need // KIB + 24, 8 if scenario.stride == 1 else 16)
        for size in pages:
            yield Point(scenario, "room", "tmpfs", size)
        for files in range(2, len(scenario.expected) + 4, scenario.stride):
            yield Point(scenario, "files", "tmpfs", files)
        for size in (0, 1, 60, 500, 2000, 5000, 10000):
            yield Point(scenario, "file-size", "limit", size)
        for files in (3, 4, 5, 6, 7, 8, 9, 10, 12):
            yield Point(scenario, "open-files", "limit", files)
        for stream in ("stdout", "stderr", "both"):
            yield Point(scenario, stream, "full-stream", 1)
        for threads in (1, 2):
            yield Point(scenario, "EAGAIN", "threads", threads)


def must_fire(point):
    """Whether a point that does not fire is a fault of the rig; whether one that does is."""
    if point.call in OUTSIDE or point.threads != 1:
        return None
    return point.number <= point.scenario.calls.get(point.call, 0)


# ── the table ──


def table(tried):
    """Counts by command, fault and call."""
    rows = collections.defaultdict(lambda: [0, 0, 0, collections.Counter()])
    for point, outcome in tried:
        fault = "double kill" if point.then else point.fault + (f", {point.threads} threads" if point.threads != 1 else "")
        row = rows[point.scenario.name, fault, point.call if not point.then and point.threads == 1 else "any"]
        row[0] += 1
        row[1] += outcome.fired
        row[2] += bool(outcome.violations)
        row[3][outcome.exit_code] += 1
    print(f"{'command':<9}{'fault':<17}{'call':<13}{'points':>7}{'struck':>8}{'wrong':>7}  exits × how often")
    for (name, fault, call), (count, fired, wrong, exits) in rows.items():
        told = ", ".join(f"{'killed' if code == -9 else code} × {many}" for code, many in sorted(exits.items()))
        print(f"{name:<9}{fault:<17}{call:<13}{count:>7}{fired:>8}{wrong:>7}  {told}")


def totals(tried):
    kills = sum(outcome.fired for point, outcome in tried if point.fault == "kill" and not point.then)
    doubles = sum(outcome.fired for point, outcome in tried if point.then)
    faults = sum(outcome.fired for point, outcome in tried if point.fault != "kill")
    wrong = sum(bool(outcome.violations) for _, outcome in tried)
    return f"{kills} kill points, {doubles} double kills, {faults} other faults; {wrong} violations"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="the termwise to disturb")
    parser.add_argument("--dir", default="/dev/shm", help="where the states are copied to")
    parser.add_argument("--commands", help="only these, by comma: first,night,open,close,reverse,draft,approve,again,parquet,cut")
    parser.add_argument("--faults", help="only these, by comma: kill,double,ENOSPC,ENOSPC+,EIO,EIO+,room,files,file-size,…")
    parser.add_argument("--stride", type=int, help="every so-many-th point of each call, instead of the command's own density")
    parser.add_argument("--drawn", type=int, default=60, help="points that are drawn: two threads, double kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="one point, as a violation names it; its folder is kept")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="termwise-faults-", dir=options.dir))
    # A copy, so that a build during the sweep changes nothing.
    binary = shutil.copy(options.binary, root / "termwise")
    sweep = Sweep(str(binary), root, keep=bool(options.only))
    since = time.monotonic()
    try:
        wanted = options.only.split("/")[0] if options.only else options.commands
        chosen = [one for one in scenarios(str(binary), root) if not wanted or one.name in wanted.split(",")]
        for scenario in chosen:
            sweep.prepare(scenario)
        dice = random.Random(options.seed)
        waiting = [point for scenario in chosen for point in points(scenario, dice, options)]
        if options.faults:
            kinds = options.faults.split(",")
            waiting = [point for point in waiting if ("double" if point.then else point.fault) in kinds]
        if options.only:
            waiting = [asked(options.only, chosen)]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            tried = []
            for point, outcome in zip(waiting, pool.map(sweep.strike, waiting)):
                wished = must_fire(point)
                if wished is not None and wished != outcome.fired and not point.then:
                    outcome.violations.append(f"RIG: it {'did not fire' if wished else 'fired'} (exit {outcome.exit_code})")
                tried.append((point, outcome))
                if len(tried) % 200 == 0:
                    print(f"{len(tried)} of {len(waiting)} points, {time.monotonic() - since:.0f} s", file=sys.stderr)
        table(tried)
        for point, outcome in tried:
            for told in outcome.violations:
                print(f"\nVIOLATION {point.name}: {told}")
        print(f"\n{totals(tried)}; {time.monotonic() - since:.0f} s, seed {options.seed}")
        return 1 if any(outcome.violations for _, outcome in tried) else 0
    finally:
        if options.only:
            print(f"kept: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


def asked(name, chosen):
    """A point by its name."""
    parts = name.split("/")
    threads = int(parts.pop().removeprefix("threads-")) if parts[-1].startswith("threads-") else 1
    then = (parts[4].removeprefix("then-"), int(parts[5])) if len(parts) > 4 else None
    [scenario] = [one for one in chosen if one.name == parts[0]]
    return Point(scenario, parts[1], parts[2], int(parts[3]), threads, then)


if __name__ == "__main__":
    sys.exit(main())
