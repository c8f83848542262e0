#!/usr/bin/env python3
"""The bench of the reconciliation: termwise against DuckDB over the same two files. Described in README.md.

    cargo build --release && python3 tests/perf/reconcile.py

As in bench.py the two run in pairs of alternating order, and the figure is the median of the ratios. After the first
pair their differences are held against each other. `--peer-only` measures DuckDB alone and needs no build.
"""

import os
import shutil
import statistics
from functools import partial
from pathlib import Path

import duckdb

import reconcile_data
from bench import MIB, Bench, Failed, carry_out, measured, options, parsed, say

PEER = Path(__file__).resolve().parent / "reconcile_peer.py"
AIM = 1.0
SHOWN = 5
# What the peer calls each of our statuses: it knows no roundings and no tolerances. Excluded lines are none in the data.
CLASSES = {
    "matched": "matched",
    "matched-under-rounding": "different",
    "within-tolerance": "different",
    "different": "different",
    "vendor-only": "vendor-only",
    "ours-only": "ours-only",
}
KEY = "subscription_id, product_id, sku_id, cycle_end, currency"
# What has to be the same in each row. Of the unit price the peer has the highest and not the last.
CELLS = (
    "class ours_quantity vendors_quantity ours_seat_days vendors_seat_days ours_amount vendors_amount difference"
).split()


class Reconcile(Bench):
    # With differences a run is complete too.
    good_exits = (0, 3, 4)

    def machine(self):
        if self.args.peer_only:
            return {"duckdb": duckdb.__version__, "cores": os.cpu_count()}
        return super().machine()

    def files(self, form):
        """The folder with the job of a form, and its two inputs; made where they are not there yet."""
        args = self.args
        below = self.dir / reconcile_data.folder_name(args.subscriptions)
        folder = below / form
        if args.fresh or not (folder / "job.toml").exists():
            sample = self.data("csv")
            say(f"making {below.name}")
            reconcile_data.make(below, sample, self.binary, args.threads)
            args.fresh = False
        ours = reconcile_data.published(below / f"book-{form}") / f"invoice_lines.{form}"
        inputs = (below / "vendor_lines.csv", ours)
        for file in inputs:
            # Inputs come from the page cache on both sides.
            with open(file, "rb") as opened:
                while opened.read(1 << 24):
                    pass
        return folder, inputs

    def join(self, folder, inputs):
        """One run of the peer."""
        out = folder / "peer"
        shutil.rmtree(out, ignore_errors=True)
        return measured([sys.executable, PEER, *inputs, out, "--threads", self.args.threads], self.log)

    def hold(self, folder):
        """Holds our differences against the peer's: rows, sums by currency and class, and every cell of CELLS."""
        con = duckdb.connect()
        con.execute(f"set threads = {self.args.threads}")
        cases = " ".join(f"when '{ours}' then '{peers}'" for ours, peers in CLASSES.items())
        ours = self.published(folder) / "differences.parquet"
        con.execute(f"create temp view o as select *, case status {cases} else status end as class from '{ours}'")
        con.execute(f"create temp view p as select *, status as class from '{folder / 'peer/differences.parquet'}'")
        faults = []
        rows = [con.execute(f"select count(*) from {side}").fetchone()[0] for side in "op"]
        if rows[0] != rows[1]:
            faults.append(f"{rows[0]} rows of ours, {rows[1]} of the peer's")
        # As texts: what they are in Python would need modules that nobody else needs.
        sums = [
            set(con.execute(
                "select currency, class, count(*), sum(ours_amount)::varchar, sum(vendors_amount)::varchar, "
                f"sum(difference)::varchar from {side} group by currency, class"
            ).fetchall())
            for side in "op"
        ]
        for whose, mine, others in (("ours", *sums), ("the peer's", *reversed(sums))):
            faults += [f"sums of {whose} alone: {row}" for row in sorted(mine - others, key=str)]
        # A key that is twice in ours finds its row of the peer's twice: the number of rows has told of it.
        differs = " or ".join(f"o.{cell} is distinct from p.{cell}" for cell in CELLS)
        both = f"o full outer join p using ({KEY}) where {differs}"
        wrong = con.execute(f"select count(*) from {both}").fetchone()[0]
        if wrong:
            faults.append(f"{wrong} rows differ; the first of them:")
            texts = [", ".join(f"{side}.{cell}::varchar" for cell in CELLS) for side in "op"]
            shown = con.execute(
                f"select ({KEY})::varchar, o.status, o.cause, [{texts[0]}], [{texts[1]}] from {both} order by 1 limit {SHOWN}"
            )
            for key, status, cause, mine, others in shown.fetchall():
                cells = zip(CELLS, mine, others)
                told = "; ".join(f"{cell}: ours {one}, peer's {two}" for cell, one, two in cells if one != two)
                faults.append(f"  {key} {status} {cause}: {told}")
        statuses = con.execute("select status, count(*) from o group by status order by status").fetchall()
        con.close()
        if faults:
            raise Failed("the differences differ:\n" + "\n".join(faults))
        say(f"  agrees: {rows[0]} rows, " + ", ".join(f"{count} {status}" for status, count in statuses))

    def against_join(self, form):
        folder, inputs = self.files(form)
        what = f"reconcile, our side as {form}"
        if self.args.peer_only:
            say(f"{what}: DuckDB alone")
            runs = [self.join(folder, inputs) for _ in range(self.args.pairs)]
            self.results["pairs"][what] = runs
            for run in runs:
                say(f"  {run['wall']:.2f} s wall, {run['cpu']:.2f} s cpu, {run['peak_anonymous'] / MIB:.0f} MiB")
            self.side(what, "DuckDB", runs)
            return
        pairs = self.pairs(
            what, lambda: self.ours(folder), lambda: self.join(folder, inputs), lambda: self.hold(folder)
        )
        self.ratio(f"{what}: wall ÷ DuckDB", pairs, lambda run: run["wall"], f"aim {AIM}")
        self.ratio(f"{what}: cpu ÷ DuckDB", pairs, lambda run: run["cpu"])
        with_sync = [(dict(left, wall=left["wall_with_sync"]), right) for left, right in pairs]
        self.ratio(f"{what}: wall with syncing ÷ DuckDB", with_sync, lambda run: run["wall"], "it does not sync")
        self.ratio(f"{what}: peak anonymous memory ÷ DuckDB", pairs, lambda run: run["peak_anonymous"])
        for side, name in ((0, "termwise"), (1, "DuckDB")):
            self.side(what, name, [pair[side] for pair in pairs])

    def side(self, what, name, runs):
        for kind in ("wall", "cpu"):
            taken = [run[kind] for run in runs]
            middle = statistics.median(taken)
            self.tell(f"{what}: {name}, {kind}", f"{middle:.2f} s", f"{min(taken):.2f} to {max(taken):.2f}", value=middle)
        for kind in ("anonymous", "resident"):
            peak = max(run[f"peak_{kind}"] for run in runs)
            self.tell(f"{what}: {name}, peak {kind} memory", f"{peak / MIB:.0f} MiB", value=peak)


def arguments():
    parser = options("Times the reconciliation against DuckDB's full outer join.", "reconcile.json")
    parser.add_argument("--peer-only", action="store_true", help="measure DuckDB alone")
    parser.add_argument("--keep", action="store_true", help="leave the outputs of both sides where they are")
    return parsed(parser)


def main():
    args = arguments()
    bench = Reconcile(args)

    def clear():
        below = bench.dir / reconcile_data.folder_name(args.subscriptions)
        for name in () if args.keep else ("csv/out", "csv/peer", "parquet/out", "parquet/peer"):
            shutil.rmtree(below / name, ignore_errors=True)

    carry_out(bench, (partial(bench.against_join, form) for form in args.formats), clear)


if __name__ == "__main__":
    main()
