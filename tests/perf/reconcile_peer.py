#!/usr/bin/env python3
"""The peer of the reconciliation: DuckDB nets both files to charge cycles and joins them in full.

    reconcile_peer.py VENDOR_LINES.csv INVOICE_LINES.csv|parquet OUTDIR [--threads 2] [--steps]

VENDOR_LINES is a new-commerce reconciliation file, INVOICE_LINES what termwise published. OUTDIR gets differences.parquet:
a row for each subscription, product, SKU, last day of charge and currency of either side, with both sides' net seats, unit
price, seat-days, amount, and the difference of the amounts. Totals by currency and status are printed.

It is one statement: two aggregates, one full outer join, one Parquet file. All numbers are exact: amounts and prices
decimals over 64-bit integers, sums of 128 bits. What was tried, at five million lines a side, on a machine on which others
were building (9.1 to 9.5 s in its calm minutes, so differences below a tenth are not told apart):

- Named columns with their types and nothing guessed (auto_detect = false): each file is read once, in 2.8 s and 2.1 s, about
  half of the whole. Everything as text, and timestamps instead of days, were not faster; nor were buffers of 8 and 64 MB,
  strict_mode = false, ignore_errors and new_line.
- One aggregate over both files, one below the other (union all, with sums of either side's columns or with `filter`), instead
  of two and a join: as fast or up to a fifth slower, and 2.7 instead of 1.9 GB.
- One side as a temporary table first: not faster. The sides of the join the other way round, the columns of the key in
  another order, currencies as an enum: as fast.
- The key as one text of four, cut apart again after: as fast. The key as a 64-bit hash of product, SKU and currency: as fast,
  a quarter more memory, and not exact.
- Quantities of 32 bits, any_value instead of max, snappy or zstd level 1: as fast. Bloom filters are of no use.

What it leaves out, all in its favour: customers, promotions, causes, explanations, roundings, tolerances, other pairs than
those of the same cycle, ids that are mapped, lines that are not licence-based, credits that stand apart, any order of the
rows, rows that are refused. It takes 46 columns in one order and in one form of days, and of several prices of a cell the
highest instead of the last.
"""

import argparse
import resource
import time
from pathlib import Path

import duckdb

# Types of what is needed; what is not named is text, and not looked at.
VENDOR_TYPES = {
    "Subtotal": "DECIMAL(18,4)", "UnitPrice": "DECIMAL(18,6)", "BillableQuantity": "BIGINT",
    "ChargeStartDate": "DATE", "ChargeEndDate": "DATE",
}
OUR_TYPES = {
    "subtotal": "DECIMAL(18,4)", "unit_price": "DECIMAL(18,6)", "quantity": "BIGINT",
    "charge_start": "DATE", "charge_end": "DATE",
}
KEY = "subscription_id, product_id, sku_id, cycle_end, currency"


def read_csv(path, types, options=""):
    """The table function that reads a CSV file without guessing anything but the names in its first line."""
    with open(path, encoding="utf-8-sig") as file:
        names = file.readline().rstrip("\r\n").split(",")
    columns = ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in names)
    return (
        f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{columns}}}{options})"
    )


def vendor_lines(path):
    """The vendor's lines. Its quantities are positive; a refund has a negative price."""
    source = read_csv(path, VENDOR_TYPES, ", dateformat = '%Y-%m-%dT%H:%M:%SZ'")
    return f"""
        select SubscriptionId as subscription_id, ProductId as product_id, SkuId as sku_id, ChargeEndDate as cycle_end,
            Currency as currency, ChargeEndDate - ChargeStartDate + 1 as days, UnitPrice as unit_price,
            case when starts_with(EffectiveUnitPrice, '-') then -BillableQuantity else BillableQuantity end as quantity,
            Subtotal as amount
        from {source}"""


def our_lines(path):
    """Our lines, of which the same holds."""
    if path.suffix == ".parquet":
        source, is_refund = f"read_parquet('{path}')", "effective_unit_price < 0"
    else:
        source, is_refund = read_csv(path, OUR_TYPES), "starts_with(effective_unit_price, '-')"
    return f"""
        select subscription_id, product_id, sku_id, charge_end as cycle_end, currency,
            charge_end - charge_start + 1 as days, unit_price,
            case when {is_refund} then -quantity else quantity end as quantity, subtotal as amount
        from {source}"""


def netted(lines, side):
    """One side's lines, netted to cells: a refund and its charge leave what they differ by."""
    return f"""
        select {KEY}, sum(quantity) as {side}_quantity, max(unit_price) as {side}_unit_price,
            sum(quantity * days) as {side}_seat_days, sum(amount) as {side}_amount
        from ({lines}) group by {KEY}"""


def differences(vendor, ours):
    return f"""
        select case when ours_amount is null then 'vendor-only' when vendors_amount is null then 'ours-only'
                when ours_amount = vendors_amount and ours_seat_days = vendors_seat_days then 'matched'
                else 'different' end as status,
            {KEY}, ours_quantity::bigint as ours_quantity, vendors_quantity::bigint as vendors_quantity,
            ours_unit_price, vendors_unit_price,
            ours_seat_days::bigint as ours_seat_days, vendors_seat_days::bigint as vendors_seat_days,
            ours_amount::decimal(18,4) as ours_amount, vendors_amount::decimal(18,4) as vendors_amount,
            (coalesce(ours_amount, 0) - coalesce(vendors_amount, 0))::decimal(18,4) as difference
        from ({netted(vendor_lines(vendor), 'vendors')}) full outer join ({netted(our_lines(ours), 'ours')}) using ({KEY})"""


def main():
    parser = argparse.ArgumentParser(description="DuckDB joins the vendor's lines and ours in full.")
    parser.add_argument("vendor", type=Path)
    parser.add_argument("ours", type=Path)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", action="store_true", help="print what each step takes")
    args = parser.parse_args()
    args.outdir.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute(f"set threads = {args.threads}; set timezone = 'UTC'; set preserve_insertion_order = false")
    con.execute(f"set temp_directory = '{args.outdir}/spilled'")
    to = args.outdir / "differences.parquet"

    def step(name, sql):
        since, used = time.time(), resource.getrusage(resource.RUSAGE_SELF)
        rows = con.execute(sql).fetchall()
        now = resource.getrusage(resource.RUSAGE_SELF)
        cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        if args.steps:
            print(f"{name:16s} wall {time.time() - since:6.2f}  cpu {cpu:6.2f}", flush=True)
        return rows

    step("differences", f"""
        copy ({differences(args.vendor, args.ours)})
        to '{to}' (format parquet, compression snappy, write_bloom_filter false)""")
    totals = step("totals", f"""
        select currency, status, count(*), sum(ours_amount)::varchar, sum(vendors_amount)::varchar,
            sum(difference)::varchar
        from read_parquet('{to}') group by currency, status order by currency, status""")
    for row in totals:
        print(*("-" if cell is None else cell for cell in row))


if __name__ == "__main__":
    main()
