#!/usr/bin/env python3
"""Proves that two published runs agree in every row and cent, in the same order.

    compare.py OURS PEERS parquet|csv

Both folders hold invoice_lines, invoices and renewals. The columns must have the same names in the same order, and in
Parquet the same types. Row n of one file is then held against row n of the other, cell by cell: two nulls are equal, a
null and an empty text are not. CSV is read as text only, so `1.50` and `1.5` differ; where the two files have the same
bytes there is nothing left to read. Differences are printed, the first few of each table, and end in exit code 1.
"""

import argparse
import filecmp
import sys
from pathlib import Path

import duckdb

TABLES = ("invoice_lines", "invoices", "renewals")
# What is summed for the report, so that an agreement shows how much it is about.
SUMS = {"invoice_lines": "subtotal", "invoices": "subtotal", "renewals": "amount_after"}
SHOWN = 5


def source(path, form):
    """A table function that reads a file without guessing anything."""
    if form == "parquet":
        return f"read_parquet('{path}')"
    return (
        f"read_csv('{path}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', "
        "nullstr = '', null_padding = false, strict_mode = true)"
    )


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def compare_table(con, table, ours, peers, form):
    """Compares one table and gives the number of faults that were printed."""
    columns = [con.execute(f"describe from {file}").fetchall() for file in (ours, peers)]
    columns = [[(name, kind) for name, kind, *_ in described] for described in columns]
    if columns[0] != columns[1]:
        print(f"{table}: the columns differ\n  ours : {columns[0]}\n  peers: {columns[1]}")
        return 1
    counts = [con.execute(f"select count(*) from {file}").fetchone()[0] for file in (ours, peers)]
    faults = 0
    if counts[0] != counts[1]:
        print(f"{table}: {counts[0]} rows of ours, {counts[1]} of the peer's")
        faults = 1
    names = [quoted(name) for name, _ in columns[0]]
    # A positional join pairs row n with row n, and pads the shorter file with nulls.
    both = f"(select *, row_number() over () as number from (select o, p from {ours} o positional join {peers} p))"
    differs = " or ".join(f"o.{name} is distinct from p.{name}" for name in names)
    wrong = con.execute(f"select count(*) from {both} where {differs}").fetchone()[0]
    if wrong:
        faults += 1
        print(f"{table}: {wrong} rows differ; the first of them:")
        # As texts: what they are in Python would need modules that nobody else needs.
        texts = [", ".join(f"{side}.{name}::varchar" for name in names) for side in "op"]
        rows = con.execute(
            f"select number, [{texts[0]}], [{texts[1]}] from {both} where {differs} order by number limit {SHOWN}"
        )
        for number, one, other in rows.fetchall():
            cells = [
                f"{name}: ours {mine}, peer's {theirs}"
                for (name, _), mine, theirs in zip(columns[0], one, other)
                if mine != theirs
            ]
            print(f"  row {number}: " + "; ".join(cells))
    total = con.execute(f"select sum({SUMS[table]}::decimal(38, 4)) from {ours}").fetchone()[0]
    if not faults:
        print(f"{table}: {counts[0]} rows agree, {SUMS[table]} of all currencies {total}")
    return faults


def compare(ours, peers, form):
    """Compares the three tables of two folders and says whether all of them agree."""
    con = duckdb.connect()
    con.execute("set threads = 2; set timezone = 'UTC'")
    faults = 0
    for table in TABLES:
        paths = [folder / f"{table}.{form}" for folder in (ours, peers)]
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            print(f"{table}: there is no {' and no '.join(missing)}")
            faults += 1
            continue
        if form == "csv" and filecmp.cmp(*paths, shallow=False):
            print(f"{table}: the same {paths[0].stat().st_size} bytes")
            continue
        faults += compare_table(con, table, source(paths[0], form), source(paths[1], form), form)
    return faults == 0


def main():
    parser = argparse.ArgumentParser(description="Proves that two published runs agree in every row and cent.")
    parser.add_argument("ours", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("form", choices=["parquet", "csv"])
    args = parser.parse_args()
    sys.exit(0 if compare(args.ours, args.peers, args.form) else 1)


if __name__ == "__main__":
    main()
