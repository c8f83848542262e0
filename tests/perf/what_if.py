#!/usr/bin/env python3
"""The bench of the what-if: one what-if over twelve months against one invoice run over the same months. Described in README.md.

    cargo build --release && python3 tests/perf/what_if.py

As in bench.py the two run in pairs of alternating order, and the figure is the median of the ratios. Both read the same
book. After the first pair what the what-if says of today is held against what the invoice run bills, month by month.
"""

import json
import shutil
import statistics
import tomllib
from functools import partial

import duckdb

from bench import MEMORY_EACH, MEMORY_FIXED, MIB, Bench, Failed, carry_out, listed, measured, options, parsed, say

AIM = 1.3
MEMORY_AIM = 1.5
AS_OF, FIRST, LAST, MONTHS = "2026-11-30", "2026-12-01", "2027-11-30", 12
# 5 % on annual terms billed monthly; every price and the rounding; and less on monthly terms.
PROPOSALS = {
    "plus_5": '[[price]]\nterm = "P1Y"\nbilling_plan = "Monthly"\npercent = "+5%"\n',
    "all_plus_3": '[[price]]\npercent = "+3%"\n\n[policy]\nrounding = "half-even"\n',
    "minus_2": '[[price]]\nterm = "P1M"\npercent = "-2%"\n',
}
TABLES = ("invoice_lines", "invoices", "renewals", "effects", "by_", "left_out")


class WhatIf(Bench):
    def job(self, folder, form, proposals):
        """A job over the book of a folder that asks what if, written beside its own."""
        book = tomllib.loads((folder / "job.toml").read_text())
        names = list(PROPOSALS)[:proposals]
        for name in names:
            head = f'title = "{name}"\nauthor = "the bench"\nwhy = "to measure"\n\n'
            (folder / f"{name}.toml").write_text(head + PROPOSALS[name])
        of_others = ("advisors", "offices", "sku_markets", "offers", "acceptances", "vendor_lines", "id_map", "explained")
        inputs = {key: file for key, file in book["inputs"].items() if key not in of_others}
        inputs["proposal"] = [f"{name}.toml" for name in names]
        lines = ['kind = "what-if"', f'as_of = "{AS_OF}"', f"horizon_months = {MONTHS}", "[inputs]"]
        lines += [f"{key} = {json.dumps(file)}" for key, file in inputs.items()]
        lines += ["[outputs]", 'dir = "out-what-if"', f'format = "{form}"', "[limits]", 'rejected_rows = "100%"']
        path = folder / f"what-if-{proposals}.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def run(self, folder, job, below, *more):
        shutil.rmtree(folder / below, ignore_errors=True)
        command = [self.binary, "run", job, "--threads", self.args.threads, "--out", folder / below, "-q", *more]
        result = measured(command, self.log, self.good_exits)
        manifest = json.loads((self.published(folder, below) / "manifest.json").read_text())
        steps = {timing["step"]: timing["microseconds"] / 1e6 for timing in manifest["timings"]}
        result["steps"] = steps
        result["wall_with_sync"] = result["wall"]
        result["wall"] -= steps.get("publish/sync", 0.0)
        result["rows"] = sum(out["rows"] for out in manifest["outputs"] if out["name"].startswith(TABLES))
        return result

    def hold(self, folder, form, proposals):
        """What the first proposal says of today against what is billed, for each subscription, product and month."""
        con = duckdb.connect()
        ours = self.published(folder, "out-what-if") / f"effects.{form}"
        billed = self.published(folder, "out-invoice") / f"invoice_lines.{form}"
        for name, file, amount, month in (
            ("o", ours, "before", "month"),
            ("b", billed, "subtotal", "strftime(charge_start::date, '%Y-%m')"),
        ):
            where = f"where proposal = (select min(proposal) from '{file}')" if name == "o" else ""
            con.execute(
                f"create temp table {name} as select subscription_id, product_id, sku_id, {month} as month, "
                f"sum({amount})::decimal(18,4) as amount from '{file}' {where} group by all"
            )
        # What the book tells of the days after as_of is not known to a what-if.
        events = [file for file in ("seat_changes.changed_at", "lifecycle_events.happened_at") if (folder / f"{file.split('.')[0]}.{form}").exists()]
        later = " union all ".join(
            [f"select subscription_id from '{folder}/subscriptions.{form}' where greatest(left(term_start::varchar, 10), left(ordered_at::varchar, 10)) > '{AS_OF}'"]
            + [f"select subscription_id from '{folder}/{event.split('.')[0]}.{form}' where left({event.split('.')[1]}::varchar, 10) > '{AS_OF}'" for event in events]
        )
        con.execute(f"create temp table later as {later}")
        rows, wrong = con.execute(
            "select count(*), count(*) filter (where o.amount is distinct from b.amount) from o full outer join b "
            "using (subscription_id, product_id, sku_id, month) where subscription_id not in (from later)"
        ).fetchone()
        con.close()
        if wrong:
            raise Failed(f"{wrong} of {rows} cells are not what is billed")
        say(f"  agrees: {rows} subscriptions × months with what is billed; {proposals} proposals")

    def against_invoice(self, form, profile, proposals):
        folder = self.data(form, profile=profile)
        job = self.job(folder, form, proposals)
        what = f"{profile}, {form}, {proposals} proposal{'s' if proposals > 1 else ''}"
        months = ("--set", f"from={FIRST}", "--as-of", LAST, "--set", "limits.rejected_rows=100%")
        pairs = self.pairs(
            what,
            lambda: self.run(folder, job, "out-what-if"),
            lambda: self.run(folder, folder / "job.toml", "out-invoice", *months),
            lambda: self.hold(folder, form, proposals),
        )
        aim = f"aim {AIM}" if proposals == 1 else ""
        self.ratio(f"{what}: wall ÷ invoice run", pairs, lambda run: run["wall"], aim)
        self.ratio(f"{what}: cpu ÷ invoice run", pairs, lambda run: run["cpu"])
        self.ratio(f"{what}: peak anonymous memory ÷ invoice run", pairs, lambda run: run["peak_anonymous"])
        bound = (MEMORY_FIXED + MEMORY_EACH * self.args.subscriptions) * MEMORY_AIM
        for side, name in ((0, "what-if"), (1, "invoice run")):
            runs = [pair[side] for pair in pairs]
            for kind in ("wall", "cpu"):
                taken = [run[kind] for run in runs]
                middle = statistics.median(taken)
                self.tell(f"{what}: {name}, {kind}", f"{middle:.2f} s", f"{min(taken):.2f} to {max(taken):.2f}", value=middle)
            peak = max(run["peak_anonymous"] for run in runs)
            note = f"bound {bound / MIB:.0f} MiB" if side == 0 else ""
            self.tell(f"{what}: {name}, peak anonymous memory", f"{peak / MIB:.0f} MiB", note, value=peak)
            self.tell(f"{what}: {name}, rows written", f"{runs[0]['rows']}", value=runs[0]["rows"])


def arguments():
    parser = options("Times a what-if against one invoice run over the same months.", "what_if.json")
    parser.add_argument("--profiles", type=listed(("plain", "full")), default=["full"])
    parser.add_argument("--proposals", type=int, default=1, choices=range(1, len(PROPOSALS) + 1))
    parser.add_argument("--keep", action="store_true", help="leave the outputs of both sides where they are")
    return parsed(parser)


def main():
    args = arguments()
    bench = WhatIf(args)

    def clear():
        for folder in () if args.keep else bench.dir.glob("*/out-*"):
            shutil.rmtree(folder, ignore_errors=True)

    runs = ((form, profile, args.proposals) for profile in args.profiles for form in args.formats)
    carry_out(bench, (partial(bench.against_invoice, *run) for run in runs), clear)


if __name__ == "__main__":
    main()
