#!/usr/bin/env python3
"""The bench: how fast termwise bills, in how much memory, and against what. One command, described in README.md.

    cargo build --release && python3 tests/perf/bench.py

Every figure is a ratio of two runs of which one follows the other, in pairs of alternating order, and the median of the
pairs: what else the machine does then falls on both sides. Nothing is built here; the data is made by `termwise sample`
and kept for the next time.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PEER, COMPARE = HERE / "peer.py", HERE / "compare.py"

MIB = 1 << 20
# Peak memory that a run may take, in bytes, by the number of subscriptions.
MEMORY_FIXED, MEMORY_EACH = 256 * MIB, 150
MEMORY_LIMIT = "512MiB"
# And what a night may take on top that has a ledger.
LEDGER_EACH = 60
# The life of the ledger that is measured: its first day, the days that it was billed to since, and the night that is measured.
LEDGER_FROM = "2025-12-01"
LEDGER_DAYS = (
    "2025-12-31 2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30 "
    "2026-07-31 2026-08-31 2026-09-30 2026-10-31 2026-11-28 2026-11-29"
).split()
LEDGER_NIGHT = "2026-11-30"
# How often the memory of a running process is looked at, in seconds.
LOOK_EVERY = 0.005
# A run is good that is complete, with or without rows in rejects.csv.
GOOD_EXITS = (0, 3)


class Failed(Exception):
    """A measurement that can't be believed: the bench stops."""


# ── one process ──


def resident(pid, field):
    """Bytes of a line of /proc/PID/status, 0 where the process has gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0


def measured(command, log, good_exits=GOOD_EXITS):
    """Runs a command and says what it took: wall and processor time, peaks of resident and of anonymous memory.

    Anonymous memory is what the process itself asked for, without pages of files that it has mapped. The system keeps no
    peak of it, so it is looked at every few milliseconds.
    """
    peak_anonymous, over = [0], threading.Event()

    def watch(pid):
        while not over.wait(LOOK_EVERY):
            peak_anonymous[0] = max(peak_anonymous[0], resident(pid, "RssAnon:"))

    with open(log, "wb") as out:
        since = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out, cwd=log.parent)
        watcher = threading.Thread(target=watch, args=(process.pid,))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - since
    over.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good_exits:
        said = log.read_text(errors="replace")[-2000:]
        raise Failed(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said}")
    return {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak_resident": used.ru_maxrss * 1024,
        "peak_anonymous": peak_anonymous[0],
    }


# ── the two sides ──


class Bench:
    good_exits = GOOD_EXITS

    def __init__(self, args):
        self.args = args
        self.binary = args.binary.resolve()
        self.dir = args.dir.resolve()
        self.dir.mkdir(parents=True, exist_ok=True)
        self.log = self.dir / "last-command.log"
        self.results = {"machine": self.machine(), "settings": self.settings(), "pairs": {}, "table": []}

    def machine(self):
        model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        version = subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=True).stdout
        return {
            "termwise": version.strip(),
            "binary": str(self.binary),
            "duckdb": importlib.metadata.version("duckdb"),
            "python": platform.python_version(),
            "processor": model[0].split(":")[1].strip() if model else platform.processor(),
            "cores": os.cpu_count(),
        }

    def settings(self):
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self.args).items()}

    def data(self, form, subscriptions=None, profile="plain", customers=None):
        """A folder with a sample; made where it is not there yet."""
        args = self.args
        subscriptions = subscriptions or args.subscriptions
        name = f"{profile}-{subscriptions}-seed{args.seed}-{form}"
        command = [self.binary, "sample", "--subscriptions", subscriptions, "--seed", args.seed]
        command += ["--profile", profile, "--format", form, "-q"]
        if customers:
            name += f"-customers{customers}"
            command += ["--customers", customers]
        if args.shuffle:
            name += "-shuffled"
            command += ["--shuffle"]
        folder = self.dir / name
        # job.toml is written last.
        if args.fresh or not (folder / "job.toml").exists():
            shutil.rmtree(folder, ignore_errors=True)
            say(f"making {name}")
            measured([*command, "--out", folder], self.log)
        # Inputs come from the page cache on both sides.
        for file in folder.glob(f"*.{form}"):
            with open(file, "rb") as opened:
                while opened.read(1 << 24):
                    pass
        return folder

    def ours(self, folder, *more, below="out"):
        """One run of our job. What it spends on syncing to disk is told by its manifest, and taken off `wall`.

        What it publishes lies below a folder that is emptied first.
        """
        shutil.rmtree(folder / below, ignore_errors=True)
        command = [self.binary, "run", folder / "job.toml", "--threads", self.args.threads, "-q", *more]
        result = measured(command, self.log, self.good_exits)
        manifest = json.loads((self.published(folder, below) / "manifest.json").read_text())
        steps = {timing["step"]: timing["microseconds"] / 1e6 for timing in manifest["timings"]}
        result["steps"] = steps
        result["wall_with_sync"] = result["wall"]
        result["wall"] -= steps.get("publish/sync", 0.0)
        tables = ("invoice_lines", "invoices", "renewals", "notices")
        result["rows"] = sum(out["rows"] for out in manifest["outputs"] if out["name"].startswith(tables))
        return result

    def published(self, folder, below="out"):
        """The folder that a run published: the only one below."""
        (found,) = (folder / below).iterdir()
        return found

    def peer(self, folder, form):
        """One run of the peer. DuckDB does not sync what it copies into files."""
        out = folder / "peer"
        shutil.rmtree(out, ignore_errors=True)
        return measured([sys.executable, PEER, folder, out, form, "--threads", self.args.threads], self.log)

    def compare(self, folder, form):
        """Holds our outputs against the peer's; without agreement there is nothing to time."""
        command = [sys.executable, COMPARE, self.published(folder), folder / "peer", form]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"the outputs differ:\n{done.stdout}{done.stderr}")
        for line in done.stdout.splitlines():
            say(f"  agrees: {line}")

    # ── pairs and what is told of them ──

    def pairs(self, name, left, right, after_first=None):
        """Runs two things in turn, in alternating order, and keeps what each took."""
        say(name)
        taken = []
        for number in range(self.args.pairs):
            if number % 2 == 0:
                pair = (left(), right())
            else:
                second = right()
                pair = (left(), second)
            if number == 0 and after_first:
                after_first()
            taken.append(pair)
            walls = " and ".join(f"{side['wall']:.2f} s wall, {side['cpu']:.2f} s cpu" for side in pair)
            say(f"  pair {number + 1} of {self.args.pairs}: {walls}")
        self.results["pairs"][name] = taken
        return taken

    def ratio(self, what, pairs, measure, note=""):
        """Tells left ÷ right of some pairs: the median, the smallest and the largest."""
        ratios = [measure(left) / measure(right) for left, right in pairs]
        middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
        self.tell(what, f"{middle:.3f}", f"{least:.3f} to {most:.3f}", note, value=middle)

    def tell(self, what, figure, spread="", note="", value=None):
        self.results["table"].append(
            {"what": what, "figure": figure, "spread": spread, "note": note, "value": value}
        )

    def memory(self, what, runs, subscriptions, each=MEMORY_EACH):
        """Tells the peak of memory of some runs of ours against what is allowed."""
        allowed = MEMORY_FIXED + each * subscriptions
        for kind in ("anonymous", "resident"):
            peak = max(run[f"peak_{kind}"] for run in runs)
            note = f"{'within' if peak <= allowed else 'ABOVE'} {allowed / MIB:.0f} MiB"
            self.tell(f"{what}: peak {kind} memory", f"{peak / MIB:.0f} MiB", "", note, value=peak)

    # ── what is measured ──

    def against_peer(self, form):
        folder = self.data(form)
        pairs = self.pairs(
            f"{form}: termwise and DuckDB",
            lambda: self.ours(folder),
            lambda: self.peer(folder, form),
            lambda: self.compare(folder, form),
        )
        synced = statistics.median(left["wall_with_sync"] - left["wall"] for left, _ in pairs)
        note = f"{synced:.2f} s of syncing counted apart" if synced else "no sync step in the manifest"
        self.ratio(f"{form}: wall ÷ DuckDB", pairs, lambda run: run["wall"], note)
        self.ratio(f"{form}: cpu ÷ DuckDB", pairs, lambda run: run["cpu"])
        with_sync = [(dict(left, wall=left["wall_with_sync"]), right) for left, right in pairs]
        self.ratio(f"{form}: wall with syncing ÷ DuckDB", with_sync, lambda run: run["wall"], "it does not sync")
        for side, name in ((0, "termwise"), (1, "DuckDB")):
            for kind in ("wall", "cpu"):
                middle = statistics.median(pair[side][kind] for pair in pairs)
                self.tell(f"{form}: {name}, {kind}", f"{middle:.2f} s", value=middle)
        self.memory(f"{form}: termwise", [left for left, _ in pairs], self.args.subscriptions)
        peak = max(right["peak_anonymous"] for _, right in pairs)
        self.tell(f"{form}: DuckDB: peak anonymous memory", f"{peak / MIB:.0f} MiB", value=peak)

    def against_floor(self, form):
        """The whole job against decoding its inputs and encoding its outputs, and nothing else."""
        if self.is_unknown("floor", "--help"):
            self.tell(f"{form}: job ÷ bare decode + encode", "skipped", "", "this termwise has no floor command")
            return
        folder = self.data(form)

        def floor():
            # It reads the outputs of the run before it, and says `decode SECONDS` and `encode SECONDS`.
            result = measured([self.binary, "floor", folder / "job.toml"], self.log)
            said = (line.split() for line in self.log.read_text().splitlines())
            wanted = ("decode", "encode")
            parts = {words[0]: float(words[1]) for words in said if len(words) == 2 and words[0] in wanted}
            if set(parts) != {"decode", "encode"}:
                raise Failed(f"termwise floor did not say decode and encode:\n{self.log.read_text()}")
            return {**result, "wall": sum(parts.values()), "whole_wall": result["wall"], **parts}

        self.ours(folder)
        pairs = self.pairs(f"{form}: job and floor", lambda: self.ours(folder), floor)
        self.ratio(f"{form}: job ÷ bare decode + encode, wall", pairs, lambda run: run["wall"])

    def full_profile(self, form):
        """Every rule against the plain profile: for a subscription, and for a row of output."""
        full, plain = self.data(form, profile="full"), self.data(form)
        pairs = self.pairs(f"{form}: full and plain", lambda: self.ours(full), lambda: self.ours(plain))
        for kind in ("wall", "cpu"):
            self.ratio(f"{form}: full ÷ plain, {kind} a subscription", pairs, lambda run: run[kind])
            self.ratio(f"{form}: full ÷ plain, {kind} an output row", pairs, lambda run: run[kind] / run["rows"])
        self.memory(f"{form}: full", [left for left, _ in pairs], self.args.subscriptions)

    def one_customer(self, form):
        """The whole book with one customer, against four subscriptions a customer."""
        customers = max(self.args.subscriptions // 4, 1)
        one, many = self.data(form, customers=1), self.data(form, customers=customers)
        pairs = self.pairs(
            f"{form}: 1 and {customers} customers", lambda: self.ours(one), lambda: self.ours(many)
        )
        for kind in ("wall", "cpu"):
            self.ratio(f"{form}: 1 ÷ {customers} customers, {kind}", pairs, lambda run: run[kind])
        self.memory(f"{form}: 1 customer", [left for left, _ in pairs], self.args.subscriptions)

    def growth(self, form):
        """The book against a tenth of it: 10 where time grows as the book does."""
        tenth = max(self.args.subscriptions // 10, 1)
        whole, part = self.data(form), self.data(form, subscriptions=tenth)
        pairs = self.pairs(
            f"{form}: {self.args.subscriptions} and {tenth} subscriptions",
            lambda: self.ours(whole),
            lambda: self.ours(part),
        )
        for kind in ("wall", "cpu"):
            what = f"{form}: {self.args.subscriptions} ÷ {tenth} subscriptions, {kind}"
            self.ratio(what, pairs, lambda run: run[kind])

    def limited_memory(self, form):
        what = f"{form}: --memory {MEMORY_LIMIT} ÷ without"
        if self.is_unknown("run", "--memory", MEMORY_LIMIT, self.dir / "no-such-job.toml"):
            self.tell(what, "skipped", "", "this termwise has no --memory")
            return
        folder = self.data(form)
        pairs = self.pairs(
            what, lambda: self.ours(folder, "--memory", MEMORY_LIMIT), lambda: self.ours(folder)
        )
        for kind in ("wall", "cpu"):
            self.ratio(f"{what}, {kind}", pairs, lambda run: run[kind])
        for kind in ("anonymous", "resident"):
            peak = max(left[f"peak_{kind}"] for left, _ in pairs)
            self.tell(f"{form}: --memory {MEMORY_LIMIT}: peak {kind} memory", f"{peak / MIB:.0f} MiB", value=peak)

    def with_ledger(self, form):
        """A night over a ledger of a year against the same day without one. It leaves a draft, so that it can be repeated."""
        what = f"{form}: a night with a ledger ÷ without"
        if form != "parquet":
            self.tell(what, "skipped", "", "the ledger is measured in Parquet")
            return
        if self.is_unknown("run", "--draft", self.dir / "no-such-job.toml"):
            self.tell(what, "skipped", "", "this termwise has no ledger")
            return
        folder = self.data(form)
        job = self.ledger(folder)
        pairs = self.pairs(
            what,
            lambda: self.ours(folder, *job, "--as-of", LEDGER_NIGHT, "--draft", below="ledger/drafts"),
            lambda: self.ours(folder, "--set", f"from={LEDGER_NIGHT}", "--as-of", LEDGER_NIGHT),
        )
        for kind in ("wall", "cpu"):
            self.ratio(f"{what}, {kind}", pairs, lambda run: run[kind], "aim 1.3" if kind == "wall" else "")
        for side, name in ((0, "with a ledger"), (1, "without")):
            for kind in ("wall", "cpu"):
                middle = statistics.median(pair[side][kind] for pair in pairs)
                self.tell(f"{form}: night {name}, {kind}", f"{middle:.2f} s", value=middle)
            rows = pairs[0][side]["rows"]
            self.tell(f"{form}: night {name}, rows of output", f"{rows}", value=rows)
        each = MEMORY_EACH + LEDGER_EACH
        self.memory(f"{form}: night with a ledger", [left for left, _ in pairs], self.args.subscriptions, each)
        held = sum(file.stat().st_size for file in (folder / "ledger/runs").glob("*/*"))
        self.tell(f"{form}: the ledger on disk", f"{held / MIB:.0f} MiB", value=held)

    def ledger(self, folder):
        """What makes the job of a folder one with a ledger; the ledger is made where it is not there yet, or of another build."""
        more = ["--set", "ledger.dir=ledger", "--set", "notice_days.default=30", "--set", f"from={LEDGER_FROM}"]
        place, build = folder / "ledger", folder / "ledger-build"
        own = hashlib.sha256(self.binary.read_bytes()).hexdigest()
        if not self.args.fresh and place.exists() and build.exists() and build.read_text() == own:
            return more
        shutil.rmtree(place, ignore_errors=True)
        build.unlink(missing_ok=True)
        say(f"making the ledger of {folder.name}: {len(LEDGER_DAYS)} runs")
        run = [self.binary, "run", folder / "job.toml", "--threads", self.args.threads, "-q", *more]
        for day in LEDGER_DAYS:
            taken = measured([*run, "--as-of", day], self.log)
            say(f"  to {day}: {taken['wall']:.2f} s wall, {taken['cpu']:.2f} s cpu")
        # Written last: a ledger without it was not finished.
        build.write_text(own)
        return more

    def is_unknown(self, *typed):
        """Whether this binary knows no such command or flag."""
        done = subprocess.run([self.binary, *map(str, typed)], capture_output=True, text=True)
        return "unrecognized subcommand" in done.stderr or "unexpected argument" in done.stderr

    def clear(self):
        """Removes outputs; the data stays, and so do ledgers."""
        for folder in self.dir.glob("*-seed*"):
            for name in ("out", "peer", "ledger/drafts"):
                shutil.rmtree(folder / name, ignore_errors=True)

    def report(self):
        rows = [("", "median", "of the pairs", "")]
        rows += [(row["what"], row["figure"], row["spread"], row["note"]) for row in self.results["table"]]
        widths = [max(len(row[place]) for row in rows) for place in range(3)]
        for what, figure, spread, note in rows:
            print(f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {spread:<{widths[2]}}  {note}".rstrip())


EXPERIMENTS = {
    "peer": Bench.against_peer,
    "floor": Bench.against_floor,
    "full": Bench.full_profile,
    "one-customer": Bench.one_customer,
    "growth": Bench.growth,
    "memory": Bench.limited_memory,
    "ledger": Bench.with_ledger,
}


def say(what):
    """Talk goes to stderr; the table alone to stdout."""
    print(what, file=sys.stderr, flush=True)


def listed(known):
    def parse(text):
        words = text.split(",")
        if "all" in words:
            return list(known)
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(known)}")
        return words

    return parse


def options(says, results):
    """What every bench can be asked."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--subscriptions", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs for each ratio")
    parser.add_argument("--formats", type=listed(("parquet", "csv")), default=["parquet", "csv"])
    parser.add_argument("--dir", type=Path, default=ROOT / "target/perf", help="where data and outputs go")
    parser.add_argument("--threads", type=int, default=2, help="of both sides")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="make the data anew, though it is there")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/termwise")
    parser.add_argument("--json", type=Path, help=f"where the results go; default: {results} below --dir")
    parser.set_defaults(results=results, shuffle=False)
    return parser


def parsed(parser):
    args = parser.parse_args()
    if not args.binary.exists():
        parser.error(f"there is no {args.binary}: cargo build --release")
    return args


def arguments():
    parser = options("Times termwise against DuckDB and against itself.", "results.json")
    parser.add_argument(
        "--what", type=listed(EXPERIMENTS), default=list(EXPERIMENTS), help=", ".join((*EXPERIMENTS, "all"))
    )
    parser.add_argument("--shuffle", action="store_true", help="inputs in random order, not customer by customer")
    return parsed(parser)


def carry_out(bench, experiments, clear=lambda: None):
    """Runs the experiments of a bench, and keeps what was measured before a failure."""
    for key, value in bench.results["machine"].items():
        say(f"{key}: {value}")
    try:
        for experiment in experiments:
            experiment()
    except Failed as failure:
        say(f"error: {failure}")
        sys.exit(1)
    finally:
        path = bench.args.json or bench.dir / bench.args.results
        path.write_text(json.dumps(bench.results, indent=1) + "\n")
        say(f"results: {path}")
        clear()
    bench.report()


def main():
    args = arguments()
    bench = Bench(args)

    def one(name, form):
        EXPERIMENTS[name](bench, form)
        bench.clear()

    carry_out(bench, (partial(one, name, form) for name in args.what for form in args.formats))


if __name__ == "__main__":
    main()
