#!/usr/bin/env python3
"""Makes the two files that are reconciled by reconcile.py: our invoice lines, and the vendor's file about the same months.

    reconcile_data.py [--subscriptions 1000000] [--binary target/release/termwise]

Our side is a published run of the plain sample under the profile `partner-center`, nine months long: about five lines a
subscription. It is published twice, as CSV and as Parquet. The vendor's file is made from its lines by DuckDB: a
new-commerce reconciliation file with all of its 46 columns, in random order, damaged at known places (DAMAGE). All of it
lies in one folder, with a job for each form of our side, and is kept.
"""

import argparse
import csv
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
# The months that are reconciled. A million subscriptions have five million lines in them.
FROM, AS_OF = "2026-03-01", "2026-11-30"
# What is wrong in the vendor's file, and with how many lines in ten thousand. A subscription has damage of one kind only,
# so that what is missing in a subscription is never paired with what is too much in it: an outer join knows the same
# pairs then as a matching with more rules.
DAMAGE = {
    "quantity": 18,  # more seats than we bill
    "price": 18,  # 5 % more than the price list says
    "missing": 18,  # not in the vendor's file
    "extra": 18,  # a line more: of EXTRA
    "promotion": 18,  # billed without its discount
    "rounding": 18,  # the unit price rounded down and not the line: the other rounding that Microsoft publishes
}
# One after the other, by line: a subscription that we do not know, another product, 400 days before, billed twice.
EXTRA = ("stranger", "product", "before", "twice")
# Of the lines, the share that can have the damage at all: one with a discount, one where the two roundings differ.
POSSIBLE = {"promotion": 0.19, "rounding": 0.67}
# The promotion that gives seats away. Of a refund and a charge over nothing the vendor's file does not say which is which,
# as the sign stands in the price alone: so it is made one of 95 %.
FREE, NEARLY_FREE = "1", "0.95"


def folder_name(subscriptions):
    for size, letter in ((1_000_000, "m"), (1000, "k")):
        if subscriptions % size == 0:
            return f"reconcile-{subscriptions // size}{letter}"
    return f"reconcile-{subscriptions}"


def published(below):
    """The folder that a run published: the only one below."""
    (found,) = below.iterdir()
    return found


def book(folder, sample, binary, threads):
    """Publishes our lines, as CSV and as Parquet."""
    job = tomllib.loads((sample / "job.toml").read_text())
    with open(sample / job["inputs"]["promotions"], newline="") as file:
        promotions = list(csv.DictReader(file))
    with open(folder / "promotions.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, promotions[0], lineterminator="\n")
        writer.writeheader()
        for row in promotions:
            writer.writerow({**row, "discount": NEARLY_FREE if row["discount"] == FREE else row["discount"]})
    for form in ("csv", "parquet"):
        out = folder / f"book-{form}"
        shutil.rmtree(out, ignore_errors=True)
        done = subprocess.run(
            [binary, "run", sample / "job.toml", "--set", f"from={FROM}", "--as-of", AS_OF]
            + ["--set", "policy.profile=partner-center", "--set", f"inputs.promotions={folder / 'promotions.csv'}"]
            + ["--format", form, "--out", out, "--threads", str(threads), "-q"]
        )
        if done.returncode not in (0, 3):
            sys.exit(f"the run that makes our side ended with {done.returncode}")
        for file in published(out).glob(f"*.{form}"):
            if file.stem not in ("invoice_lines", "rejects"):
                file.unlink()


def damaged(con, lines):
    """The vendor's lines as numbers, with their damage: money in whole units of the tenth decimal."""
    kinds = ", ".join(f"'{kind}'" for kind in DAMAGE)
    # A kind has one in len(DAMAGE) of the subscriptions.
    shares = {kind: int(each * len(DAMAGE) / POSSIBLE.get(kind, 1)) for kind, each in DAMAGE.items()}
    odds = " ".join(f"when '{kind}' then {share}" for kind, share in shares.items())
    extra = ", ".join(f"'{kind}'" for kind in EXTRA)
    con.execute("create temp macro dice(word) as (hash(word) >> 1)::bigint")
    con.execute(f"""
        create temp table facts as
        with read as (
            select * replace (abs(effective_unit_price) as effective_unit_price, abs(subtotal) as subtotal),
                case when effective_unit_price < 0 then -1 else 1 end as sign,
                case currency when 'JPY' then 0 when 'KWD' then 3 else 2 end as digits,
                dice(line_id) as random, [{kinds}][dice(subscription_id) % {len(DAMAGE)} + 1] as kind
            from read_parquet('{lines}')),
        numbers as (
            select *, (unit_price * 1000000)::hugeint * 10000 as unit, (subtotal * 10000)::hugeint * 1000000 as amount,
                (effective_unit_price::decimal(38,10) * 10000000000::hugeint)::hugeint as effective,
                (10 ** (10 - digits))::hugeint as minor
            from read),
        chosen as (
            select * replace (
                case when random % 10000 < (case kind {odds} end) and (kind <> 'promotion' or discount > 0)
                        and (kind <> 'rounding' or effective // minor * minor * quantity <> amount)
                    then kind else 'none' end as kind)
            from numbers),
        changed as (
            select * replace (
                case when kind = 'quantity' then quantity + 1 + quantity // 10 else quantity end as quantity,
                case when kind = 'price' then unit * 105 // 100 else unit end as unit,
                case when kind = 'price' then effective * 105 // 100
                    when kind = 'promotion' then unit * days // cycle_days
                    else effective end as effective,
                case when kind = 'promotion' then null else promotion_id end as promotion_id,
                case when kind = 'promotion' then 0 else discount end as discount)
            from chosen),
        billed as (
            select * replace (
                case when kind in ('quantity', 'price', 'promotion') then effective * quantity // minor * minor
                    when kind = 'rounding' then effective // minor * minor * quantity
                    else amount end as amount)
            from changed)
        select *, 'none' as extra from billed where kind <> 'missing'
        union all
        select *, [{extra}][random // 10000 % {len(EXTRA)} + 1] as extra from billed where kind = 'extra'""")


def vendor_file(con, price_list, to):
    """Writes the vendor's file: 46 columns, in its order of columns and in none of rows."""
    number = "rtrim(rtrim(({} * cast(0.0000000001 as decimal(10,10)))::decimal(38,10)::varchar, '0'), '.')"
    money = (
        "case digits when 0 then ({0} // 10000000000)::varchar "
        "when 3 then (({0} // 10000000)::decimal(15,0) * cast(0.001 as decimal(3,3)))::varchar "
        "else (({0} // 100000000)::decimal(16,0) * cast(0.01 as decimal(2,2)))::varchar end"
    )
    moment = "strftime({}, '%Y-%m-%dT%H:%M:%SZ')"
    con.execute(f"""
        create temp table titles as
        select ProductId as product_id, SkuId as sku_id, any_value(ProductTitle) as product_title,
            any_value(SkuTitle) as sku_title, any_value(Publisher) as publisher
        from read_csv('{price_list}', header = true, all_varchar = true) group by all;
        create temp macro pick(words, random) as words[random % len(words) + 1];
        create temp macro customer(random) as
            pick(['Blue', 'Northern', 'Harbour', 'Old Mill', 'Green Valley', 'Silver', 'First', 'Royal', 'Alpine',
                'Delta', 'Lake', 'Sunrise', 'Granite', 'Meadow', 'Copper'], random) || ' '
            || pick(['Logistics', 'Dental Care', 'Foods', 'Engineering', 'Consulting', 'Textiles', 'Robotics', 'Energy',
                'Media', 'Insurance', 'Bakeries', 'Architects', 'Shipping'], random // 15)
            || case when random // 300 % 40 = 0 then ', ' else ' ' end
            || pick(['B.V.', 'GmbH', 'Ltd', 'AB', 'Inc.', 'AG', 'K.K.', 'Group', 'Holding'], random // 12000);
        set preserve_insertion_order = true""")
    con.execute(f"""
        copy (
            with priced as (
                select *, sign * amount as net,
                    sign * (amount * (case market when 'NL' then 210 when 'DE' then 190 when 'GB' then 200
                        when 'SE' then 250 when 'CH' then 81 when 'JP' then 100 else 0 end) // 1000 // minor * minor) as tax,
                    dice(customer_id) as of_customer, md5(order_id) as of_order
                from (
                    select * replace (
                        case when extra = 'stranger' then 'SUB-9' || substr(subscription_id, 6) else subscription_id end
                            as subscription_id,
                        case when extra = 'product' then 'CFQ7TTC0ZZZ9' else product_id end as product_id,
                        case when extra = 'before' then charge_start - 400 else charge_start end as charge_start,
                        case when extra = 'before' then charge_end - 400 else charge_end end as charge_end)
                    from facts order by hash(random, extra), line_id))
            select 'a3c5f1d2-58b7-4c0e-9f6a-0d2b7e41c933' as PartnerId, customer_id as CustomerId,
                customer(of_customer) as CustomerName,
                lower(regexp_replace(customer(of_customer), '[^A-Za-z]', '', 'g')) || of_customer % 10000
                    || '.onmicrosoft.com' as CustomerDomainName,
                market as CustomerCountry,
                'G0' || strftime(charge_start, '%Y%m') || pick(['11', '27', '34'], dice(market)) as InvoiceNumber,
                partner_id as MpnId, '0' as ResellerMpnId, of_order[:12] as OrderId,
                {moment.format('happened_at')} as OrderDate, product_id as ProductId, sku_id as SkuId,
                'CFQ7TTC' || upper(md5(product_id || sku_id)[:5]) as AvailabilityId, sku_title as SkuName,
                product_title as ProductName, charge_type as ChargeType, {number.format('unit')} as UnitPrice,
                quantity as Quantity, {money.format('net')} as Subtotal, {money.format('tax')} as TaxTotal,
                {money.format('(net + tax)')} as Total, currency as Currency,
                case when discount > 0 then '["' || (discount * 100)::decimal(5,1) || '% Discount"]' end
                    as PriceAdjustmentDescription,
                publisher as PublisherName, null as PublisherId, sku_title as SubscriptionDescription,
                subscription_id as SubscriptionId, {moment.format('charge_start')} as ChargeStartDate,
                {moment.format('charge_end')} as ChargeEndDate,
                case term when 'P1M' then 'One-Month' when 'P1Y' then 'One-Year' else 'Three-3 Years' end
                    || ' commitment for '
                    || case when billing_cycle = 'monthly' then 'monthly'
                        when billing_cycle = 'annual' or term = 'P1Y' then 'yearly' else '3 Years' end
                    || ' billing' as TermAndBillingCycle,
                {number.format('(sign * effective)')} as EffectiveUnitPrice, 'Licenses' as UnitType, null as AlternateId,
                quantity as BillableQuantity,
                case billing_cycle when 'monthly' then 'Monthly' when 'annual' then 'Annual' end as BillingFrequency,
                currency as PricingCurrency, '1' as PCToBCExchangeRate,
                {moment.format("date_trunc('month', charge_start)")} as PCToBCExchangeRateDate,
                null as MeterDescription, null as ReservationOrderId, null as CreditReasonCode,
                {moment.format('term_start')} as SubscriptionStartDate, {moment.format('term_end')} as SubscriptionEndDate,
                reference_id as ReferenceId, null as ProductQualifiers, promotion_id as PromotionId
            from priced left join titles using (product_id, sku_id)
        ) to '{to}' (format csv, header)""")


def jobs(folder):
    """A job for each form of our side: the vendor's file is the same."""
    for form in ("csv", "parquet"):
        lines = published(folder / f"book-{form}") / f"invoice_lines.{form}"
        (folder / form).mkdir(exist_ok=True)
        (folder / form / "job.toml").write_text(
            f'kind = "reconcile"\nas_of = "{AS_OF}"\nfrom = "{FROM}"\n\n'
            f'[inputs]\nvendor_lines = ["../vendor_lines.csv"]\ninvoice_lines = "../{lines.relative_to(folder)}"\n\n'
            '[policy]\nprofile = "partner-center"\n\n'
            '[outputs]\ndir = "out"\nformat = "parquet"\nworkbook = "none"\n'
        )


def make(folder, sample, binary, threads=2):
    """Makes everything below a folder; the jobs are written last, so that what has them is complete."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    book(folder, sample, binary, threads)
    con = duckdb.connect()
    con.execute(f"set threads = {threads}; set timezone = 'UTC'; set temp_directory = '{folder}/spilled'")
    damaged(con, published(folder / "book-parquet") / "invoice_lines.parquet")
    for kind, lines in con.execute("select kind, count(*) from facts group by kind order by kind").fetchall():
        print(f"{kind}: {lines} lines of the vendor's file", file=sys.stderr)
    vendor_file(con, sample / "price_list.csv", folder / "vendor_lines.csv")
    shutil.rmtree(folder / "spilled", ignore_errors=True)
    jobs(folder)


def main():
    parser = argparse.ArgumentParser(description="Makes the two files that are reconciled.")
    parser.add_argument("--subscriptions", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dir", type=Path, default=ROOT / "target/perf")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/termwise")
    args = parser.parse_args()
    sample = args.dir.resolve() / f"plain-{args.subscriptions}-seed{args.seed}-csv"
    if not (sample / "job.toml").exists():
        command = [args.binary, "sample", "--profile", "plain", "--format", "csv", "--seed", str(args.seed), "-q"]
        subprocess.run([*command, "--subscriptions", str(args.subscriptions), "--out", sample], check=True)
    make(args.dir.resolve() / folder_name(args.subscriptions), sample, args.binary.resolve(), args.threads)


if __name__ == "__main__":
    main()
