#!/usr/bin/env python3
"""The peer of the bench: DuckDB bills the plain sample, with the same inputs and the same three output tables.

    peer.py INDIR OUTDIR parquet|csv [--threads 2] [--steps]

INDIR is what `termwise sample --profile plain` wrote; its job.toml gives the days. OUTDIR gets invoice_lines, invoices
and renewals with every column that termwise publishes, in its order; compare.py holds the two against each other. Rule
numbers (R7, A8, …) are those of termwise's rule book.

The plan, of which every expensive step was tried in two ways at least (what lost is said beside the step):

1. The catalogue is small: price list and promotions. Their first and last days cut the calendar into *eras*, in which
   nothing begins or ends; price and promotion are resolved once for each key and era, and never for a row.
2. The book is read once, its words as enums (a byte each, and Parquet's dictionaries are cast word by word, not row by
   row), with one number, the `deal`, for all the words that decide about its price.
3. The calendar is small: a few thousand (term, billing cycle, first day). Their terms, charge cycles and renewals are
   worked out once; those that pass through the same eras share a *path*.
4. (deal, path, number of the term) is a *state*: price, promotion and reasons of a term, worked out once. A line is a
   book row, a charge cycle, a state and the seats of the day.
5. Lines and renewals are sorted once each, while they are narrow: long texts (invoice_id, line_id, …) are made after.

What it leaves out because the plain profile has none: rows that are refused, parked or not renewed, holdings, promo
codes, seat limits, other commerce, other anchors. Nothing is checked that termwise checks; that favours the peer.
"""

import argparse
import datetime
import resource
import time
import tomllib
from pathlib import Path

import duckdb

# Columns of the CSV files, in their order; what is not named here is text.
COLUMNS = {
    "subscriptions": "subscription_id customer_id partner_id bill_to_id order_id commerce product_id sku_id segment "
    "market currency term billing_cycle quantity quantity_as_of ordered_at term_start term_end anchored_on unit_price "
    "promotion_id auto_renew status origin channel tax_code",
    "price_list": "ProductTitle ProductId SkuId SkuTitle Publisher SkuDescription UnitOfMeasure TermDuration "
    "BillingPlan Market Currency UnitPrice PricingTierRangeMin PricingTierRangeMax EffectiveStartDate "
    "EffectiveEndDate Tags ERP_Price Segment",
    "promotions": "promotion_id name product_id sku_id term billing_cycle markets regions segments discount starts_on "
    "ends_on min_seats max_seats max_redemptions first_purchase requires auto_applicable commerce pass_on",
    "seat_changes": "subscription_id changed_at quantity quantity_before change_id",
}
TYPES = {"quantity": "BIGINT", "term_start": "DATE", "UnitPrice": "DECIMAL(18,6)", "discount": "DECIMAL(18,6)"}

# Whole numbers only: amounts are exact fractions, rounded once, half away from zero (R32). Where a product leaves 64
# bits DuckDB stops with an error; it never wraps. The fraction of a line is cut into whole minor units and a rest
# below one, so that ten more digits of the rest fit.
MACROS = """
create temp macro rounded(numerator, denominator) as (2 * numerator + denominator) // (2 * denominator);
create temp macro months(term) as case term when 'P1M' then 1 when 'P1Y' then 12 else 36 end;
create temp macro step(term, billing_cycle) as
    case billing_cycle when 'monthly' then 1 when 'annual' then 12 else months(term) end;
create temp macro later(day, months) as (day + to_months((months)::integer))::date;
-- ISO 4217, for the sample's currencies
create temp macro minor_digits(currency) as (case currency when 'JPY' then 0 when 'KWD' then 3 else 2 end)::tinyint;
"""
# The words of a row that decide about its price, and how many different ones each may have.
WORDS = {
    "product_id": 4096, "sku_id": 256, "segment": 16, "market": 256, "currency": 256, "term": 4, "billing_cycle": 4,
    "origin": 4, "promotion_id": 4096,
}


def packed(**words):
    """Some enum columns as one number: rows are joined on it, and one number is looked up faster than nine words."""
    number = "0::bigint"
    for word, size in words.items():
        number = f"({number} * {size} + coalesce(enum_code({word}) + 1, 0))"
    return number


class Run:
    """One run: the connection, the job's days, and how values are written in the format asked for."""

    def __init__(self, args):
        job = tomllib.loads((args.indir / "job.toml").read_text())
        self.as_of = datetime.date.fromisoformat(job["as_of"])
        self.first = datetime.date.fromisoformat(job["from"])
        self.horizon = self.as_of + datetime.timedelta(days=job["outputs"]["renewal_horizon_days"])
        self.indir, self.outdir, self.form, self.steps = args.indir, args.outdir, args.form, args.steps
        self.outdir.mkdir(parents=True, exist_ok=True)
        self.con = duckdb.connect()
        self.con.execute(f"set threads = {args.threads}")
        self.con.execute(f"set temp_directory = '{self.outdir}/spilled'")
        self.con.execute("set timezone = 'UTC'")
        # Where the order matters it is turned on again.
        self.con.execute("set preserve_insertion_order = false")
        self.con.execute(MACROS)
        self.since = self.clocks()

    @staticmethod
    def clocks():
        used = resource.getrusage(resource.RUSAGE_SELF)
        return time.time(), used.ru_utime + used.ru_stime

    def step(self, name, sql):
        """Runs some SQL, in which {first}, {as_of} and {horizon} are days."""
        days = {key: f"date '{getattr(self, key)}'" for key in ("first", "as_of", "horizon")}
        self.con.execute(sql.format(**days))
        now = self.clocks()
        if self.steps:
            print(f"{name:16s} wall {now[0] - self.since[0]:6.2f}  cpu {now[1] - self.since[1]:6.2f}", flush=True)
        self.since = now

    def source(self, table):
        """The table function that reads an input, once."""
        path = self.indir / f"{table}.{self.form}"
        if self.form == "parquet":
            return f"read_parquet('{path}')"
        columns = ", ".join(f"'{name}': '{TYPES.get(name, 'VARCHAR')}'" for name in COLUMNS[table].split())
        return (
            f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"columns = {{{{{columns}}}}})"
        )

    def copy(self, table, sql):
        if self.form == "parquet":
            # Bloom filters are of no use to a file that is read from end to end, and termwise writes none. Row groups
            # of twice and of half the size, other dictionary limits and version 2 pages were tried: not faster.
            options = "format parquet, compression zstd, compression_level 1, write_bloom_filter false"
        else:
            options = "format csv, header"
        self.step(f"write {table}", f"copy ({sql}) to '{self.outdir}/{table}.{self.form}' ({options})")

    # How values are written. Parquet has typed decimals, which are integers below: the multiplication by a power of ten
    # only moves the point, in 64 bits. CSV has text: the currency's digits, and more where there are more (C16).

    def amount(self, minor):
        if self.form == "parquet":
            return f"cast(({minor}) * case digits when 2 then 100 when 0 then 10000 else 10 end as decimal(18,0)) * cast(0.0001 as decimal(4,4))"
        return (
            f"case digits when 2 then (cast({minor} as decimal(16,0)) * cast(0.01 as decimal(2,2)))::varchar "
            f"when 0 then ({minor})::varchar "
            f"else (cast({minor} as decimal(15,0)) * cast(0.001 as decimal(3,3)))::varchar end"
        )

    def price(self, millionths):
        if self.form == "parquet":
            return f"cast({millionths} as decimal(18,0)) * cast(0.000001 as decimal(6,6))"
        return self.shortest(millionths, 6)

    def effective(self, units):
        if self.form == "parquet":
            return f"cast(cast({units} as decimal(18,0)) * cast(0.0000000001 as decimal(10,10)) as decimal(28,10))"
        return self.shortest(units, 10)

    def shortest(self, units, scale):
        """`units` × 10^-scale as text, without zeros beyond the currency's digits."""
        point = f"cast(0.{'0' * (scale - 1)}1 as decimal({scale},{scale}))"
        text = f"rtrim((cast({units} as decimal({28 - scale},0)) * {point})::varchar, '0')"
        cases = []
        for digits in (2, 0, 3):
            zeros = 10 ** (scale - digits)
            whole = f"(({units}) // {zeros})"
            if digits:
                unit = f"cast(0.{'0' * (digits - 1)}1 as decimal({digits},{digits}))"
                whole = f"(cast({whole} as decimal({18 - digits},0)) * {unit})"
            cases.append(f"when digits = {digits} and ({units}) % {zeros} = 0 then {whole}::varchar")
        return f"case {' '.join(cases)} else {text} end"

    def fraction(self, millionths):
        number = f"cast({millionths} as decimal(18,0)) * cast(0.000001 as decimal(6,6))"
        if self.form == "parquet":
            return f"cast({number} as decimal(18,12))"
        return f"case when {millionths} = 0 then '0' else rtrim(rtrim(({number})::varchar, '0'), '.') end"

    def instant(self, moment):
        if self.form == "parquet":
            return f"({moment})::timestamptz"
        return f"strftime({moment}, '%Y-%m-%dT%H:%M:%SZ')"

    def empty(self, kind):
        return f"null::{kind if self.form == 'parquet' else 'varchar'}"


def catalogue(run):
    """Price list and promotions, by era: a stretch of days in which neither changes."""
    run.step("price list", f"""
        create temp table prices as
        select ProductId as product_id, SkuId as sku_id,
            case lower(Segment) when '' then 'commercial' when 'charity' then 'nonprofit' else lower(Segment) end
                as segment,
            Market as market, Currency as currency, TermDuration as term, BillingPlan as plan,
            (UnitPrice * 1000000)::bigint as price,
            EffectiveStartDate::date as first, EffectiveEndDate::date as last
        from {run.source('price_list')}""")
    run.step("promotions", f"""
        create temp table promotions as
        select promotion_id, product_id, sku_id, term, billing_cycle, (discount * 1000000)::bigint as discount,
            starts_on::date as first, ends_on::date as last
        from {run.source('promotions')}""")
    words = {
        "product_id": "prices", "sku_id": "prices", "segment": "prices", "market": "prices", "currency": "prices",
        "promotion_id": "promotions",
    }
    # In the order of bytes, so that an enum sorts as its text does.
    for column, table in words.items():
        run.con.execute(f"create temp type {column}s as enum (select distinct {column} from {table} order by 1)")
    run.con.execute("create temp type terms as enum ('P1M', 'P1Y', 'P3Y')")
    run.con.execute("create temp type billing_cycles as enum ('monthly', 'annual', 'upfront')")
    run.con.execute("create temp type origins as enum ('purchase', 'renewal')")
    charge_types = "'new', 'renew', 'cycleCharge', 'addQuantity', 'removeQuantity'"
    run.con.execute(f"create temp type charge_types as enum ({charge_types})")
    run.step("eras", """
        create temp table eras as
        select row_number() over (order by first) as era, first
        from (select first from prices union select last + 1 from prices
            union select first from promotions union select last + 1 from promotions)""")
    # The plans under which a billing cycle's price may stand, in order (B27); of rows that overlap the older one holds
    # (R7). Era by era, so that a term's first day is looked up by one number.
    run.step("quotes", """
        create temp table quotes as
        with plans(billing_cycle, term, plan, rank) as (values
            ('monthly', 'P1M', 'Monthly', 0), ('monthly', 'P1M', 'None', 1),
            ('monthly', 'P1Y', 'Monthly', 0), ('monthly', 'P1Y', 'None', 1),
            ('monthly', 'P3Y', 'Monthly', 0), ('monthly', 'P3Y', 'None', 1),
            ('annual', 'P1Y', 'Annual', 0), ('annual', 'P1Y', 'Upfront', 1), ('annual', 'P1Y', 'None', 2),
            ('annual', 'P3Y', 'Annual', 0), ('annual', 'P3Y', 'None', 1),
            ('upfront', 'P1M', 'Upfront', 0), ('upfront', 'P1M', 'Monthly', 1), ('upfront', 'P1M', 'None', 2),
            ('upfront', 'P1Y', 'Upfront', 0), ('upfront', 'P1Y', 'Annual', 1), ('upfront', 'P1Y', 'None', 2),
            ('upfront', 'P3Y', 'Upfront', 0), ('upfront', 'P3Y', 'Triennial', 0), ('upfront', 'P3Y', 'None', 1))
        select product_id, sku_id, segment, market, currency, term, billing_cycle, era,
            arg_min(price, (rank, p.first)) as price, min(rank) > 0 as is_fallback
        from prices p join plans using (term, plan) join eras e on e.first between p.first and p.last
        group by all""")
    # A row that names the billing cycle goes before one for all (R13, R19).
    run.step("offers", """
        create temp table named as
        select promotion_id, product_id, sku_id, term, c.billing_cycle, first, last,
            arg_max(discount, (p.billing_cycle is not null, discount)) as discount
        from promotions p join (values ('monthly'), ('annual'), ('upfront')) c(billing_cycle)
            on p.billing_cycle is null or p.billing_cycle = c.billing_cycle
        group by all;
        -- Of several the highest percentage, then the lowest id (R21).
        create temp table offers as
        select product_id, sku_id, term, billing_cycle, era,
            arg_min(promotion_id, (-discount, promotion_id)) as promotion_id, max(discount) as discount
        from named n join eras e on e.first between n.first and n.last
        group by all""")


def book(run):
    """The subscriptions, and the few different deals and first days that they have."""
    words = ", ".join(WORDS)
    casts = ", ".join(f"{word}::{word}s as {word}" for word in WORDS)
    # Reading the words as text and joining them to their numbers took twice as long as the casts.
    run.step("book", f"""
        create temp table book as
        select subscription_id, customer_id, partner_id, order_id, tax_code, quantity::bigint as quantity,
            {words}, {packed(**WORDS)} as deal, term_start,
            {packed(term=4, billing_cycle=4)} * 100000 + (term_start - date '1970-01-01') as begins
        from (select * replace ({casts}) from {run.source('subscriptions')})""")
    run.step("deals", f"""
        create temp table deals as select distinct deal, {words} from book""")


def calendar(run):
    """Terms, charge cycles and renewals of each first day, and the path of each through the eras."""
    # A term begins where the one before it ended: counted from its own first day (R3, D5), so step by step. What begins
    # after as_of is left out, of the forecast too (B22).
    run.step("terms", """
        create temp table all_terms as
        with recursive chain as (
            select begins, term, billing_cycle, 0 as n, term_start as first, later(term_start, months(term)) as next
            from (select distinct begins, term, billing_cycle, term_start from book where term_start <= {as_of})
            union all
            select begins, term, billing_cycle, n + 1, next, later(next, months(term)) from chain
            where next <= {horizon})
        select c.begins, c.term, c.billing_cycle, n, c.first, c.next, era
        from chain c asof join eras e on c.first >= e.first""")
    # From the term before the one that runs on the window's first day on: what a renewal compares with (R44).
    run.step("paths", """
        create temp table terms as
        with running as (
            select begins, greatest(min(n) filter (next > {first}) - 1, 0) as n from all_terms group by begins),
        kept as (
            select t.begins, term, billing_cycle, t.n - r.n as m, t.n = 0 as is_own, era, first, next
            from all_terms t join running r using (begins) where t.n >= r.n),
        passed as (select begins, term, billing_cycle, list((is_own, era) order by m) as eras from kept group by all),
        numbered as (
            select begins, dense_rank() over (order by term, billing_cycle, eras) as path from passed)
        select * from kept join numbered using (begins)""")
    run.step("cycles", """
        create temp table cycles as
        select begins, path, m, is_own, k = 0 as is_first, term_first, term_last, first, last, last - first + 1 as days
        from (
            select begins, path, m, is_own, k, t.first as term_first, next - 1 as term_last,
                later(t.first, k * step(term, billing_cycle)) as first,
                later(t.first, (k + 1) * step(term, billing_cycle)) - 1 as last
            from terms t, unnest(range(months(term) // step(term, billing_cycle))) u(k))
        where last >= {first} and first <= {as_of}""")


def states(run):
    """Price, promotion and reasons of each term of each deal on each path.

    A purchase gets the deepest promotion of the day (R14, R21), a row of origin renewal exactly what it holds (A20). At
    a renewal the held one is kept on its window (R23) against all others (R25): without further conditions that is again
    the deepest of the day, kept where it is the held one, replaced where it is another.
    """
    run.step("states", """
        create temp table worded_states as
        with paths as (
            select distinct path, m, is_own, era, term as path_term, billing_cycle as path_cycle from terms),
        priced as (
            select deal, path, m, is_own, era, d.origin, minor_digits(d.currency) as digits, price, is_fallback,
                months(term) as months, step(term, billing_cycle) as step,
                is_own and d.origin = 'renewal' as is_held,
                case when is_held then d.promotion_id else o.promotion_id end as promotion,
                case when is_held then h.discount else o.discount end as discount
            from deals d
            join paths p on d.term = path_term and d.billing_cycle = path_cycle
            join quotes q using (product_id, sku_id, segment, market, currency, term, billing_cycle, era)
            left join offers o using (product_id, sku_id, term, billing_cycle, era)
            left join named h on h.promotion_id = d.promotion_id and h.product_id = d.product_id
                and h.sku_id = d.sku_id and h.term = d.term and h.billing_cycle = d.billing_cycle),
        compared as (
            select *, lag(price) over term_by_term as old_price, lag(promotion) over term_by_term as old_promotion,
                lag(discount) over term_by_term as old_discount
            from priced window term_by_term as (partition by deal, path order by m)),
        judged as (
            select c.*, coalesce(e.first > w.last, false) as has_ended,
                (10 ** digits)::bigint as minor,
                1000000 - coalesce(discount, 0) as kept, 1000000 - coalesce(old_discount, 0) as old_kept
            from compared c join eras e using (era)
            left join (select promotion_id, any_value(last) as last from promotions group by all) w
                on w.promotion_id = c.old_promotion),
        -- A seat in minor units, and what a promotion leaves of it, as fractions of small numbers.
        exact as (
            select *, price * minor // gcd(price * minor, 1000000) as seat_n,
                1000000 // gcd(price * minor, 1000000) as seat_d,
                kept // gcd(kept, 1000000) as kept_n, 1000000 // gcd(kept, 1000000) as kept_d,
                old_price * minor // gcd(old_price * minor, 1000000) as old_seat_n,
                1000000 // gcd(old_price * minor, 1000000) as old_seat_d,
                old_kept // gcd(old_kept, 1000000) as old_kept_n, 1000000 // gcd(old_kept, 1000000) as old_kept_d
            from judged),
        reasoned as (
            select *, concat_ws(';', case when is_fallback then 'plan-fallback' end,
                case when promotion is not null and not is_held
                    and (has_ended or promotion is distinct from old_promotion) then 'promotion-applied' end,
                case when is_held and promotion is not null then 'promotion-held' end,
                case when promotion = old_promotion then 'promotion-kept' end,
                case when has_ended then 'promotion-ended' end,
                case when promotion <> old_promotion then 'promotion-replaced' end) as of_promotion,
                case when price <> old_price then 'price-changed' end as of_price
            from exact)
        select deal, path, m::tinyint as m, digits, 10000000000 // minor as tenth, promotion::promotion_ids as promotion,
            old_promotion::promotion_ids as old_promotion,
            coalesce(discount, 0)::integer as discount, price, rounded(price * step, months)::bigint as unit_price,
            seat_n * kept_n as n, seat_d * kept_d as d, months // step as cycles,
            old_seat_n * old_kept_n as old_n, old_seat_d * old_kept_d as old_d,
            rounded(price * kept, 1000000) as price_after,
            rounded(old_price * old_kept, 1000000) as price_before,
            concat_ws(';', nullif(of_promotion, ''), of_price) as reasons,
            concat_ws(';', nullif(of_promotion, ''), 'refunded-in-window', of_price) as refund_reasons
        from reasoned;
        -- There are some dozens of different ones, and as enums they are a byte of each line that is sorted.
        create temp type reasons as enum (
            select distinct reasons from (
                select reasons from worded_states union all select refund_reasons from worded_states));
        create temp table states as
        select * replace (reasons::reasons as reasons, refund_reasons::reasons as refund_reasons)
        from worded_states""")


def rows(run):
    """The lines and the renewals, each sorted while it is narrow."""
    # Changes after as_of are not due (B30). Each holds until the next one.
    run.step("seat changes", f"""
        create temp table changes as
        select book_row, begins, moment, quantity,
            coalesce(lag(quantity) over by_time, quantity_at_start) as quantity_before,
            coalesce(lead(moment) over by_time, timestamp '9999-12-31') as until
        from (
            select b.rowid as book_row, b.begins, b.quantity as quantity_at_start, c.changed_at::timestamp as moment,
                c.quantity::bigint as quantity
            from {run.source('seat_changes')} c join book b using (subscription_id))
        where moment < {{as_of}} + 1
        window by_time as (partition by book_row order by moment)""")
    # A cycle is charged with the seats after its first day (A8); a change on that day is part of it, and any other is
    # charged for the days left (R31).
    columns = (
        "customer_id, subscription_id, partner_id, order_id, tax_code, product_id, sku_id, segment, market, currency, "
        "term, billing_cycle"
    )
    run.con.execute("set preserve_insertion_order = true")
    run.step("lines", f"""
        create temp table lines as
        with charged as (
            select {columns}, deal, c.path, c.m, c.first::timestamp as moment, c.last, c.days, c.days as cycle_days,
                c.term_first, c.term_last, coalesce(s.quantity, b.quantity) as seats,
                case when not is_first then 'cycleCharge' when is_own and origin = 'purchase' then 'new'
                    else 'renew' end::charge_types as charge_type
            from book b join cycles c on b.begins = c.begins and c.first >= {{first}}
            left join changes s on s.book_row = b.rowid and s.moment < c.first + 1 and s.until >= c.first + 1
            union all
            select {columns}, deal, c.path, c.m, moment, last, last - moment::date + 1, days,
                term_first, term_last, abs(change),
                case when change > 0 then 'addQuantity' else 'removeQuantity' end::charge_types
            from (
                select s.*, s.quantity - s.quantity_before as change, c.* exclude (begins)
                from changes s join cycles c
                    on s.begins = c.begins and s.moment::date > c.first and s.moment::date <= c.last
                where s.moment >= {{first}} and change <> 0) c
            join book b on b.rowid = c.book_row),
        -- A seat is over / under minor units: whole ones and a rest below one, which alone needs ten more digits.
        parts as (
            select *, case when charge_type = 'removeQuantity' then -1 else 1 end as sign,
                case when days = cycle_days then n else n * days end as over,
                case when days = cycle_days then d * cycles else d * cycles * cycle_days end as under,
                over // under as whole, over % under as rest, rounded(rest * seats, under) as minor_of_rest,
                rounded(rest * tenth, under) as effective_of_rest,
                rounded(effective_of_rest * seats, tenth) as minor_of_effective
            from charged join states using (deal, path, m)),
        narrow as (
            select {columns}, moment, last, cycle_days::smallint as cycle_days, term_first, term_last,
                seats::integer as seats, charge_type, digits, promotion, discount, unit_price,
                case when sign > 0 then reasons else refund_reasons end as reasons,
                -- Moved by one where × quantity would miss the subtotal (C5).
                sign * (whole * tenth + effective_of_rest + sign(minor_of_rest - minor_of_effective)) as effective,
                sign * (whole * seats + minor_of_rest) as subtotal
            from parts)
        -- Numbered within the invoice by a window that runs over the sorted rows as they pass, on one thread.
        -- row_number() over (partition by customer_id, currency …) runs on all, but took longer than sort and window
        -- together (0.73 against 0.6 s for a million), and what comes out of it has to be sorted once more.
        select * exclude (number, customer_before, currency_before), number - max(case
            when customer_id is distinct from customer_before or currency <> currency_before then number end)
            over (rows between unbounded preceding and current row) + 1 as line
        from (
            select *, row_number() over () as number, lag(customer_id) over () as customer_before,
                lag(currency) over () as currency_before
            from (select * from narrow order by customer_id, currency, subscription_id, moment))""")


def publish(run):
    """The three tables, with every column that termwise writes, in the order of the sorted rows."""
    window = f"':' || currency || ':{run.first}:{run.as_of}'"
    run.copy("invoice_lines", f"""
        select customer_id || {window} as invoice_id, line,
            subscription_id || ':' || charge_type || ':'
                || case when charge_type in ('addQuantity', 'removeQuantity')
                    then strftime(moment, '%Y%m%dT%H%M%SZ') else moment::date::varchar end
                || case when charge_type = 'removeQuantity' then ':refund:' else ':charge:' end
                || case when promotion is null then 'list' else 'promotion' end as line_id,
            {run.empty('varchar')} as corrects, customer_id, customer_id as bill_to_id, partner_id, order_id,
            subscription_id, product_id::varchar as product_id, sku_id::varchar as sku_id,
            segment::varchar as segment, market::varchar as market, charge_type::varchar as charge_type,
            moment::date as charge_start, last as charge_end, last - moment::date + 1 as days,
            cycle_days::bigint as cycle_days,
            term::varchar as term, term_first as term_start, term_last as term_end,
            billing_cycle::varchar as billing_cycle,
            {run.price('unit_price')} as unit_price, {run.effective('effective')} as effective_unit_price,
            seats::bigint as quantity, {run.amount('subtotal')} as subtotal, currency::varchar as currency,
            {run.fraction('discount')} as discount, promotion::varchar as promotion_id,
            {run.empty('varchar')} as promo_code, {run.empty('decimal(18,6)')} as cost_unit_price,
            {run.empty('decimal(18,4)')} as cost_subtotal, {run.empty('decimal(18,4)')} as margin,
            tax_code, {run.empty('varchar')} as reference_id, {run.instant('moment')} as happened_at,
            nullif(reasons::varchar, '') as reasons
        from lines""")
    run.copy("invoices", f"""
        select customer_id || {window} as invoice_id, customer_id, customer_id as bill_to_id,
            currency::varchar as currency, {{first}} as "from", {{as_of}} as "to", lines,
            {run.amount('subtotal')} as subtotal
        from (select customer_id, currency, any_value(digits) as digits, count(*) as lines,
                sum(subtotal)::bigint as subtotal
            from lines group by customer_id, currency order by customer_id, currency)""")
    # Straight from the sort into the file. Lists of a subscription's renewals, unnested from a book that was sorted
    # once, took as long for the rows and as long again for the lists.
    run.copy("renewals", f"""
        select subscription_id, customer_id, customer_id as bill_to_id, product_id::varchar as product_id,
            sku_id::varchar as sku_id, 'renews' as outcome, renewal_date, renewal_date - {{as_of}} as days_to_renewal,
            term::varchar as term, billing_cycle::varchar as billing_cycle, seats as quantity,
            currency::varchar as currency, {run.price('price')} as list_unit_price,
            {run.price('price_before')} as unit_price_before, {run.price('price_after')} as unit_price_after,
            old_promotion::varchar as promotion_before, promotion::varchar as promotion_after,
            {run.amount('amount_before')} as amount_before, {run.amount('amount_after')} as amount_after,
            {run.amount('amount_after - amount_before')} as change,
            case when amount_before > 0 then cast(sign(amount_after - amount_before)
                * rounded(abs(amount_after - amount_before) * 10000, amount_before) as decimal(16,0))
                * cast(0.01 as decimal(2,2)) end as change_percent,
            renewal_date <= {{as_of}} as billed, nullif(reasons::varchar, '') as reasons
        from (
            select customer_id, subscription_id, b.product_id, b.sku_id, b.term, b.billing_cycle, b.currency,
                t.first as renewal_date, coalesce(s.quantity, b.quantity) as seats, digits, price, price_before,
                price_after, old_promotion, promotion, reasons,
                rounded(old_n * seats, old_d) as amount_before, rounded(n * seats, d) as amount_after
            from book b join terms t on b.begins = t.begins and not is_own and t.first between {{first}} and {{horizon}}
            join states using (deal, path, m)
            left join changes s on s.book_row = b.rowid and s.moment < t.first and s.until >= t.first
            order by customer_id, subscription_id, renewal_date)""")


def main():
    parser = argparse.ArgumentParser(description="DuckDB bills the plain sample.")
    parser.add_argument("indir", type=Path)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("form", choices=["parquet", "csv"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", action="store_true", help="print what each step takes")
    run = Run(parser.parse_args())
    catalogue(run)
    book(run)
    calendar(run)
    states(run)
    rows(run)
    publish(run)


if __name__ == "__main__":
    main()
