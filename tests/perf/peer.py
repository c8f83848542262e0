#!/usr/bin/env python3
"""The peer of the bench: DuckDB bills the same book.

    peer.py INDIR OUTDIR parquet|csv [--threads 2] [--steps]
"""

import argparse
import datetime
import os
import resource
import time
import tomllib
from pathlib import Path

import duckdb


def sources(folder, form):
    def of(name, types):
        path = folder / f"{name}.{form}"
        if form == "parquet":
            return f"read_parquet('{path}')"
        columns = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
        return f"read_csv('{path}', header=true, auto_detect=false, delim=',', quote='\"', escape='\"', columns={{{columns}}})"

    text = "VARCHAR"
    return {
        "subscriptions": of("subscriptions", {
            "subscription_id": text, "customer_id": text, "partner_id": text, "bill_to_id": text,
            "order_id": text, "commerce": text, "product_id": text, "sku_id": text, "segment": text,
            "market": text, "currency": text, "term": text, "billing_cycle": text, "quantity": "BIGINT",
            "quantity_as_of": text, "ordered_at": text, "term_start": "DATE", "term_end": text,
            "anchored_on": text, "unit_price": text, "promotion_id": text, "auto_renew": text,
            "status": text, "origin": text, "channel": text, "tax_code": text,
        }),
        "price_list": of("price_list", {
            "ProductTitle": text, "ProductId": text, "SkuId": text, "SkuTitle": text, "Publisher": text,
            "SkuDescription": text, "UnitOfMeasure": text, "TermDuration": text, "BillingPlan": text,
            "Market": text, "Currency": text, "UnitPrice": "DECIMAL(18,6)", "PricingTierRangeMin": text,
            "PricingTierRangeMax": text, "EffectiveStartDate": text, "EffectiveEndDate": text,
            "Tags": text, "ERP Price": text, "Segment": text,
        }),
        "promotions": of("promotions", {
            "promotion_id": text, "name": text, "product_id": text, "sku_id": text, "term": text,
            "billing_cycle": text, "markets": text, "regions": text, "segments": text,
            "discount": "DECIMAL(18,6)", "starts_on": "DATE", "ends_on": "DATE", "min_seats": text,
            "max_seats": text, "max_redemptions": text, "first_purchase": text, "requires": text,
            "auto_applicable": text, "commerce": text, "pass_on": text,
        }),
        "seat_changes": of("seat_changes", {
            "subscription_id": text, "changed_at": text, "quantity": "BIGINT", "quantity_before": text,
            "change_id": text,
        }),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("indir", type=Path)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("form", choices=["parquet", "csv"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", action="store_true")
    args = parser.parse_args()
    job = tomllib.loads((args.indir / "job.toml").read_text())
    as_of = datetime.date.fromisoformat(job["as_of"])
    first = datetime.date.fromisoformat(job["from"])
    horizon = as_of + datetime.timedelta(days=job["outputs"]["renewal_horizon_days"])
    args.outdir.mkdir(parents=True, exist_ok=True)
    F, A, H = f"date '{first}'", f"date '{as_of}'", f"date '{horizon}'"
    src = sources(args.indir, args.form)
    con = duckdb.connect()
    con.execute(f"set threads={args.threads}")
    cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    at = [time.time(), cpu()]

    def step(name, sql):
        con.execute(sql)
        now = [time.time(), cpu()]
        if args.steps:
            print(f"{name:20s} wall {now[0]-at[0]:6.2f} cpu {now[1]-at[1]:6.2f}", flush=True)
        at[:] = now

    csv = args.form == "csv"
    options = "(format csv, header)" if csv else "(format parquet, compression zstd, compression_level 1)"

    step("read subs", f"""create temp table s as select subscription_id, customer_id, partner_id, order_id, product_id, sku_id, segment, market, currency,
        term, billing_cycle, quantity, term_start, promotion_id, origin, tax_code from {src['subscriptions']}""")
    step("dims", """create temp table dims as select row_number() over () as dim, * from (
        select distinct product_id, sku_id, segment, market, currency, term, billing_cycle, origin, promotion_id, tax_code from s)""")
    step("starts", """create temp table starts as select row_number() over () as start_id, *,
          case term when 'P1M' then 1 when 'P1Y' then 12 else 36 end as months,
          case billing_cycle when 'monthly' then 1 when 'annual' then 12 else months end as step
        from (select distinct term, billing_cycle, term_start from s)""")
    step("prices", f"""create temp table prices as select ProductId as product_id, SkuId as sku_id, case lower(Segment) when '' then 'commercial' when 'charity' then 'nonprofit' else lower(Segment) end as segment,
          Market as market, Currency as currency, TermDuration as term, BillingPlan as plan, (UnitPrice * 1000000)::bigint as price,
          EffectiveStartDate::date as first, EffectiveEndDate::date as last from {src['price_list']}""")
    step("promotions", f"""create temp table promotions as select promotion_id, product_id, sku_id, term, billing_cycle, (discount * 1000000)::bigint as discount,
          starts_on as first, ends_on as last from {src['promotions']}""")
    step("eras", """create temp table eras as select row_number() over (order by first) as era, first from (
        select first from prices union select (last + 1)::date from prices union select first from promotions union select (last + 1)::date from promotions)""")
    step("terms", f"""create temp table terms as
        with recursive chain as (
          select start_id, months, 0 as n, term_start as first, (term_start + to_months(months))::date as next from starts
          union all
          select start_id, months, n + 1, next, (next + to_months(months))::date from chain where next <= {H})
        select c.start_id, n, c.first, next, era from chain c asof join eras e on c.first >= e.first""")
    step("classes", f"""create temp table classes as
        with runs as (select start_id, least(coalesce(min(n) filter (next >= {F}), 0)) as run from terms group by 1),
        shifted as (select t.start_id, n - greatest(run - 1, 0) as m, n = 0 as own, era, first, next from terms t join runs using (start_id) where n >= run - 1),
        lists as (select start_id, list((own, era) order by m) as eras from shifted group by 1),
        named as (select start_id, dense_rank() over (order by s.term, s.billing_cycle, eras) as class from lists join starts s using (start_id))
        select start_id, class, m, own, era, first, next from shifted join named using (start_id)""")
    step("cycles", f"""create temp table cycles as
        select start_id, class, m, own and k = 0 as own_first, k = 0 as first_of_term, c.first as term_first, (next - 1)::date as term_last,
          (c.first + to_months((k * step)::int))::date as first, ((c.first + to_months(((k + 1) * step)::int))::date - 1)::date as last
        from classes c join starts using (start_id), unnest(range(months // step)) u(k)
        where (c.first + to_months(((k + 1) * step)::int))::date > {F} and (c.first + to_months((k * step)::int))::date <= {A}""")
    step("quotes", """create temp table quotes as
        with plans(billing_cycle, term, plan, rank) as (values
          ('monthly', 'P1M', 'Monthly', 0), ('monthly', 'P1Y', 'Monthly', 0), ('monthly', 'P3Y', 'Monthly', 0),
          ('monthly', 'P1M', 'None', 1), ('monthly', 'P1Y', 'None', 1), ('monthly', 'P3Y', 'None', 1),
          ('annual', 'P1Y', 'Annual', 0), ('annual', 'P1Y', 'Upfront', 1), ('annual', 'P1Y', 'None', 2),
          ('annual', 'P3Y', 'Annual', 0), ('annual', 'P3Y', 'None', 1),
          ('upfront', 'P1M', 'Upfront', 0), ('upfront', 'P1M', 'Monthly', 1), ('upfront', 'P1M', 'None', 2),
          ('upfront', 'P1Y', 'Upfront', 0), ('upfront', 'P1Y', 'Annual', 1), ('upfront', 'P1Y', 'None', 2),
          ('upfront', 'P3Y', 'Upfront', 0), ('upfront', 'P3Y', 'Triennial', 0), ('upfront', 'P3Y', 'None', 1))
        select product_id, sku_id, segment, market, currency, term, billing_cycle, era, arg_min(price, (rank, p.first)) as price, min(rank) > 0 as fallback
        from prices p join plans using (term, plan) join eras e on e.first between p.first and p.last
        group by all""")
    step("offers", """create temp table offers as
        with named as (
          select promotion_id, product_id, sku_id, term, c.billing_cycle, first, last, arg_max(discount, (p.billing_cycle is not null, discount)) as discount
          from promotions p join (values ('monthly'), ('annual'), ('upfront')) c(billing_cycle) on p.billing_cycle is null or p.billing_cycle = c.billing_cycle
          group by all)
        select product_id, sku_id, term, billing_cycle, era, arg_min(promotion_id, (-discount, promotion_id)) as promotion_id, max(discount) as discount
        from named n join eras e on e.first between n.first and n.last group by all""")
    step("states", f"""create temp table states as
        with seq as (select distinct class, m, own, era, term, billing_cycle, months, step from classes join starts using (start_id)),
        base as (
          select dim, class, m, price, fallback, months, step, q.era, own,
            d.product_id, d.sku_id, d.term, d.billing_cycle, d.currency,
            case when own and origin = 'renewal' then d.promotion_id else o.promotion_id end as promo,
            case when own and origin = 'renewal' then h.discount else o.discount end as disc,
            case d.currency when 'JPY' then 0 when 'KWD' then 3 else 2 end as digits,
            case when own and origin = 'renewal' then 'renew' when own then 'new' else 'renew' end as first_charge
          from dims d join seq s using (term, billing_cycle)
          join quotes q using (product_id, sku_id, segment, market, currency, term, billing_cycle, era)
          left join offers o using (product_id, sku_id, term, billing_cycle, era)
          left join (select promotion_id, product_id, sku_id, term, c.billing_cycle, arg_max(discount, (p.billing_cycle is not null, discount)) as discount
             from promotions p join (values ('monthly'), ('annual'), ('upfront')) c(billing_cycle) on p.billing_cycle is null or p.billing_cycle = c.billing_cycle
             group by all) h on h.promotion_id = d.promotion_id and h.product_id = d.product_id and h.sku_id = d.sku_id and h.term = d.term and h.billing_cycle = d.billing_cycle),
        before as (select *, lag(price) over w as old_price, lag(promo) over w as old_promo, lag(disc) over w as old_disc from base window w as (partition by dim, class order by m)),
        held as (select b.*, w.last is not null and e.first > w.last as ended, d.origin as origin
          from before b join dims d using (dim) join eras e using (era) left join (select promotion_id, max(last) as last from promotions group by 1) w on w.promotion_id = old_promo),
        parts as (select *, coalesce(1000000 - disc, 1000000)::hugeint as kept, coalesce(1000000 - old_disc, 1000000)::hugeint as old_kept from held),
        exact as (select *, price::hugeint * kept * step * (10 ** digits)::hugeint as cn, months::hugeint * 1000000000000 as cd,
            price::hugeint * kept * (10 ** digits)::hugeint as tn, 1000000000000::hugeint as td,
            old_price::hugeint * old_kept * (10 ** digits)::hugeint as on_ from parts)
        select dim, class, m, price as list_price, old_price is null and m = 0 as whatever, first_charge, digits, promo, disc, old_promo, old_price,
          ((2 * price * step + months) // (2 * months))::bigint as unit_price,
          (cn // gcd(cn, cd))::bigint as p, (cd // gcd(cn, cd))::bigint as q,
          (tn // gcd(tn, td))::bigint as tp, (td // gcd(tn, td))::bigint as tq,
          (on_ // gcd(on_, td))::bigint as op, (td // gcd(on_, td))::bigint as oq,
          ((2 * price * kept + 1000000) // 2000000)::bigint as term_unit,
          ((2 * old_price * old_kept + 1000000) // 2000000)::bigint as old_term_unit,
          concat_ws(';', case when fallback then 'plan-fallback' end,
            case when promo is not null and not (own and origin = 'renewal') and promo is distinct from (case when ended then null else old_promo end) then 'promotion-applied' end,
            case when own and origin = 'renewal' and promo is not null then 'promotion-held' end,
            case when not own and promo = old_promo then 'promotion-kept' end,
            case when not own and ended then 'promotion-ended' end,
            case when not own and promo <> old_promo then 'promotion-replaced' end) as reasons1,
          case when not own and price <> old_price then 'price-changed' end as reasons2
        from exact""")
    step("x", """create temp table x as select subscription_id, customer_id, partner_id, order_id, quantity, dim, start_id, s.currency
        from s join dims d on (s.product_id = d.product_id and s.sku_id = d.sku_id and s.segment = d.segment and s.market = d.market and s.currency = d.currency
           and s.term = d.term and s.billing_cycle = d.billing_cycle and s.origin = d.origin and s.promotion_id is not distinct from d.promotion_id and s.tax_code is not distinct from d.tax_code)
        join starts t on (s.term = t.term and s.billing_cycle = t.billing_cycle and s.term_start = t.term_start)""")
    step("changes", f"""create temp table changes as
        select rid, start_id, moment, c.quantity, coalesce(lag(c.quantity) over w, opening) as before, coalesce(lead(moment) over w, timestamp '9999-01-01') as next
        from (select x.rowid as rid, start_id, x.quantity as opening, changed_at::timestamp as moment, c.quantity from {src['seat_changes']} c join x using (subscription_id)) c
        where moment < {A} + 1 window w as (partition by rid order by moment)""")
    step("lines", f"""create temp table lines as select customer_id, partner_id, order_id, subscription_id, dim, currency, kind, moment, first, last, days, cycle_days, term_first, term_last, u.m, seats, sgn, class
        from (
          select x.customer_id, x.partner_id, x.order_id, x.subscription_id, x.dim, x.currency, case when first_of_term then 0 else 1 end as kind, y.first::timestamp as moment, y.first, y.last, (y.last - y.first + 1)::bigint as days, days as cycle_days, term_first, term_last, m,
            coalesce(c.quantity, x.quantity) as seats, 1 as sgn, class
          from x join cycles y on x.start_id = y.start_id and y.first >= {F}
          left join changes c on c.rid = x.rowid and c.moment < y.first + 1 and c.next >= y.first + 1
          union all
          select x.customer_id, x.partner_id, x.order_id, x.subscription_id, x.dim, x.currency, case when c.quantity > c.before then 2 else 3 end, c.moment, c.moment::date, last, (last - c.moment::date + 1)::bigint, (last - first + 1)::bigint, term_first, term_last, m,
            abs(c.quantity - c.before), sign(c.quantity - c.before), class
          from (select c.*, y.first, y.last, term_first, term_last, m, class from changes c join cycles y on c.start_id = y.start_id and c.moment::date > y.first and c.moment::date <= y.last
          where c.moment >= {F} and c.quantity <> c.before) c join x on c.rid = x.rowid) u""")
    step("rated", """create temp table rated as
        select l.*, product_id, sku_id, segment, market, term, billing_cycle, tax_code, first_charge, digits, promo, disc, unit_price, reasons1, reasons2,
          case when days = cycle_days then p else p * days end as pp, case when days = cycle_days then q else q * cycle_days end as qq,
          pp // qq as whole, pp % qq as rest, (10::bigint ** (10 - digits))::bigint as scale,
          (2 * rest * seats + qq) // (2 * qq) as part, (2 * rest * scale + qq) // (2 * qq) as eff0,
          (2 * eff0 * seats + scale) // (2 * scale) as got,
          sgn * (whole * scale + eff0 + case when got < part then 1 when got > part then -1 else 0 end) as eff,
          sgn * (whole * seats + part) as subtotal
        from lines l join dims using (dim) join states s using (dim, class, m)""")
    step("sorted", """create temp table ordered as
        select *, n - max(case when begins then n end) over (rows between unbounded preceding and current row) + 1 as line
        from (select *, row_number() over () as n, (lag(customer_id) over (), lag(r.currency) over ()) is distinct from (customer_id, r.currency) as begins
        from (from rated order by customer_id, currency, subscription_id, moment) r)""")

    def dec(units, digits, width, scale):
        """`units` of 10^-digits as DECIMAL(width, scale)."""
        return f"cast(cast({units} as decimal({width - scale}, 0)) * cast({10 ** -digits:.{digits}f} as decimal({digits + 1}, {digits})) as decimal({width}, {scale}))"

    def amount(minor):
        if csv:
            return f"""case digits when 2 then (cast({minor} as decimal(16,0)) * 0.01::decimal(3,2))::varchar when 0 then ({minor})::varchar else (cast({minor} as decimal(15,0)) * 0.001::decimal(4,3))::varchar end"""
        return f"cast(cast(({minor}) * case digits when 2 then 100 when 0 then 10000 else 10 end as decimal(18,0)) * 0.0001::decimal(5,4) as decimal(18,4))"

    def price(units):
        if csv:
            text = f"(cast({units} as decimal(18,0)) * 0.000001::decimal(7,6))::varchar"
            return f"""case when digits = 2 and ({units}) % 10000 = 0 then (cast({units} // 10000 as decimal(16,0)) * 0.01::decimal(3,2))::varchar
               when digits = 0 and ({units}) % 1000000 = 0 then (({units}) // 1000000)::varchar
               when digits = 3 and ({units}) % 1000 = 0 then (cast(({units}) // 1000 as decimal(15,0)) * 0.001::decimal(4,3))::varchar
               else rtrim({text}, '0') end"""
        return f"cast(cast({units} as decimal(18,0)) * 0.000001::decimal(7,6) as decimal(18,6))"

    def effective(units):
        if csv:
            text = f"(cast({units} as decimal(19,0)) * 0.0000000001::decimal(11,10))::varchar"
            return f"""case when digits = 2 and ({units}) % 100000000 = 0 then (cast({units} // 100000000 as decimal(16,0)) * 0.01::decimal(3,2))::varchar
               when digits = 0 and ({units}) % 10000000000 = 0 then (({units}) // 10000000000)::varchar
               when digits = 3 and ({units}) % 10000000 = 0 then (cast(({units}) // 10000000 as decimal(15,0)) * 0.001::decimal(4,3))::varchar
               else rtrim({text}, '0') end"""
        return f"cast(cast({units} as decimal(19,0)) * 0.0000000001::decimal(11,10) as decimal(28,10))"

    fraction = lambda units: f"rtrim(rtrim((cast({units} as decimal(7,0)) * 0.000001::decimal(7,6))::varchar, '0'), '.')" if csv else f"cast(cast({units} as decimal(7,0)) * 0.000001::decimal(7,6) as decimal(18,12))"
    instant = lambda at: f"strftime({at}, '%Y-%m-%dT%H:%M:%SZ')" if csv else f"({at})::timestamptz"
    con.execute("set timezone='UTC'")
    void = lambda kind: f"null::{'varchar' if csv else kind}"
    step("write lines", f"""copy (
        select customer_id || ':' || currency || ':{first}:{as_of}' as invoice_id, line,
          subscription_id || case kind when 0 then ':' || first_charge || ':' || first when 1 then ':cycleCharge:' || first when 2 then ':addQuantity:' || strftime(moment, '%Y%m%dT%H%M%SZ') else ':removeQuantity:' || strftime(moment, '%Y%m%dT%H%M%SZ') end
            || case when sgn > 0 then ':charge:' else ':refund:' end || case when promo is null then 'list' else 'promotion' end as line_id,
          {void('varchar')} as corrects, customer_id, customer_id as bill_to_id, partner_id, order_id, subscription_id, product_id, sku_id, segment, market,
          case kind when 0 then first_charge when 1 then 'cycleCharge' when 2 then 'addQuantity' else 'removeQuantity' end as charge_type,
          first as charge_start, last as charge_end, days, cycle_days, term, term_first as term_start, term_last as term_end, billing_cycle,
          {price('unit_price')} as unit_price, {effective('eff')} as effective_unit_price, seats as quantity, {amount('subtotal')} as subtotal, currency,
          {fraction('coalesce(disc, 0)')} as discount, promo as promotion_id, {void('varchar')} as promo_code, {void('decimal(18,6)')} as cost_unit_price, {void('decimal(18,4)')} as cost_subtotal, {void('decimal(18,4)')} as margin,
          tax_code, {void('varchar')} as reference_id, {instant('moment')} as happened_at,
          nullif(concat_ws(';', nullif(reasons1, ''), case kind when 3 then 'refunded-in-window' end, reasons2), '') as reasons
        from ordered) to '{args.outdir}/invoice_lines.{args.form}' {options}""")
    step("write invoices", f"""copy (
        select customer_id || ':' || currency || ':{first}:{as_of}' as invoice_id, customer_id, customer_id as bill_to_id, currency, {F} as "from", {A} as "to", lines, {amount('subtotal')} as subtotal
        from (select customer_id, currency, any_value(digits) as digits, count(*) as lines, sum(subtotal)::bigint as subtotal from ordered group by 1, 2 order by 1, 2)) to '{args.outdir}/invoices.{args.form}' {options}""")
    step("renewals", f"""create temp table renewals as
        select subscription_id, customer_id, x.currency, x.dim, c.first as renewal_date, coalesce(h.quantity, x.quantity) as seats, c.class, c.m
        from x join classes c on x.start_id = c.start_id and not own and c.first between {F} and {H}
        left join changes h on h.rid = x.rowid and h.moment < c.first and h.next >= c.first""")
    step("write renewals", f"""copy (
        select subscription_id, customer_id, customer_id as bill_to_id, product_id, sku_id, 'renews' as outcome, renewal_date, renewal_date - {A} as days_to_renewal, term, billing_cycle, seats as quantity, currency,
          {price('list_price')} as list_unit_price, {price('old_term_unit')} as unit_price_before, {price('term_unit')} as unit_price_after, old_promo as promotion_before, promo as promotion_after,
          {amount('was')} as amount_before, {amount('becomes')} as amount_after, {amount('becomes - was')} as change,
          (case when was > 0 then sign(becomes - was) * ((2 * abs(becomes - was) * 10000 + was) // (2 * was)) end::decimal(18,0) * 0.01::decimal(3,2))::decimal(18,2) as change_percent, renewal_date <= {A} as billed,
          nullif(concat_ws(';', nullif(reasons1, ''), reasons2), '') as reasons
        from (select r.*, s.*, d.*, (2 * op * seats + oq) // (2 * oq) as was, (2 * tp * seats + tq) // (2 * tq) as becomes from renewals r join dims d using (dim) join states s using (dim, class, m)
          order by customer_id, subscription_id, renewal_date)) to '{args.outdir}/renewals.{args.form}' {options}""")


if __name__ == "__main__":
    main()
