//! Subscription rows: reading them, and what can be said of them without the time line.
use super::dates::{
    Billing, Day, Instant, check_term_end, midnight, natural_end, parse_day, parse_instant, parse_term,
    plus_days,
};
use super::input::{Book, Row, int, opt, reject, segment};
use super::number::{Frac, parse_decimal};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// played on the time line
    Live,
    /// never billed, its events not due, but it is history (advisor channel; parked for an event's row)
    History,
    /// cancelled or expired before: history, and its events are rejected (B13)
    Finished,
    /// rejected or parked for its own cells: it is not there
    Nothing,
}

#[derive(Clone, Debug)]
pub struct Sub {
    pub file: &'static str, // where findings about it stand, with the row
    pub row: usize,
    pub fate: Fate,
    pub over: bool, // cancelled or expired, whatever else keeps it from being played
    pub id: String,
    pub customer: String,
    pub partner: String,
    pub legacy: bool,
    pub product: String,
    pub sku: String,
    pub segment: String,
    pub market: String,
    pub currency: String,
    pub digits: u32,
    pub term: i64,
    pub billing: Billing,
    pub quantity: i64, // as the term began
    pub quantity_as_of: Option<Instant>,
    pub ordered_at: Option<Instant>,
    pub term_start: Day,
    pub term_end: Day, // of the first term
    pub anchored_on: Option<Day>,
    pub unit_price: Option<Frac>,
    pub promotion: String,
    pub auto_renew: bool,
    pub suspended: bool,
    pub origin: String,
    pub begin: Instant, // A6: the later of ordered_at and term_start 00:00Z
}

impl Sub {
    pub fn trial(&self) -> bool {
        self.origin == "trial"
    }
    /// A partial upgrade opened it in the run: it is no row of the book (B3).
    pub fn opened(&self) -> bool {
        self.file == "lifecycle_events"
    }
    /// Only these are judged for promotions and for segments (A20, B17).
    pub fn sold(&self) -> bool {
        self.origin == "purchase" || self.origin == "migration"
    }
    pub fn judged(&self) -> bool {
        self.unit_price.is_none() && self.sold()
    }
    pub fn ordered_on(&self) -> Day {
        self.ordered_at.map_or(self.term_start, |t| t.date_naive())
    }
    /// The promotion that the row says it holds, for rows that are not judged.
    pub fn named_promotion(&self) -> Option<String> {
        (!self.promotion.is_empty() && self.promotion != "none" && !self.trial())
            .then(|| self.promotion.clone())
    }
}

pub fn read(rows: &[Row], b: &mut Book, parked: &BTreeSet<String>) -> Vec<Sub> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for r in rows {
        *count.entry(r.get("subscription_id")).or_default() += 1;
    }
    let mut out = Vec::new();
    for r in rows {
        let id = r.get("subscription_id");
        if count.get(id).copied().unwrap_or(0) > 1 {
            b.rejects.push(reject("subscriptions", r.number, "rejected", "subscription-duplicate"));
            continue;
        }
        let Some(mut s) = parse(r) else {
            b.rejects.push(reject("subscriptions", r.number, "parked", "unreadable"));
            continue;
        };
        if let Err(code) = check(&mut s, r, b) {
            b.rejects.push(reject("subscriptions", r.number, "rejected", code));
            continue;
        }
        if parked.contains(id) {
            b.rejects.push(reject("subscriptions", r.number, "parked", "unreadable"));
            s.fate = Fate::History;
        }
        out.push(s);
    }
    let opening: Vec<Option<i64>> = out.iter().map(|s| walk_back(s, &out, b)).collect();
    for (s, opening) in out.iter_mut().zip(opening) {
        let Some(quantity) = opening else {
            if s.fate != Fate::History {
                b.rejects.push(reject("subscriptions", s.row, "parked", "seat-history-unknown"));
            }
            s.fate = Fate::History;
            continue;
        };
        s.quantity = quantity;
    }
    out
}

fn parse(r: &Row) -> Option<Sub> {
    let word = |column: &str, allowed: &[&str]| -> Option<String> {
        let cell = r.get(column);
        if cell.is_empty() {
            return allowed.first().map(|s| (*s).to_string());
        }
        allowed.contains(&cell).then(|| cell.to_string())
    };
    let origin = word("origin", &["purchase", "renewal", "migration", "upgrade", "trial"])?;
    let trial = origin == "trial";
    let segment = segment(r.get("segment"));
    if !["commercial", "education", "nonprofit", "government"].contains(&segment.as_str()) {
        return None;
    }
    let status = word("status", &["active", "suspended", "cancelled", "expired"])?;
    let channel = word("channel", &["reseller", "advisor"])?;
    let term_start = parse_day(r.get("term_start"))?;
    let ordered_at = opt(r.get("ordered_at"), parse_instant)?;
    // a trial's term and billing cycle mean nothing (B7)
    let term = parse_term(r.get("term")).or(trial.then_some(1))?;
    let billing = Billing::parse(r.get("billing_cycle")).or(trial.then_some(Billing::Monthly))?;
    let anchored_on = opt(r.get("anchored_on"), parse_day)?;
    let natural = natural_end(term_start, term, anchored_on);
    let over = status == "cancelled" || status == "expired";
    let fate = if over {
        Fate::Finished
    } else if channel == "advisor" {
        Fate::History
    } else {
        Fate::Live
    };
    let text = |c: &str| r.get(c).to_string();
    Some(Sub {
        file: "subscriptions",
        row: r.number,
        fate,
        over,
        id: text("subscription_id"),
        customer: text("customer_id"),
        partner: text("partner_id"),
        legacy: word("commerce", &["new", "legacy"])? == "legacy",
        product: text("product_id"),
        sku: text("sku_id"),
        segment,
        market: text("market"),
        currency: text("currency"),
        digits: 0,
        term,
        billing,
        quantity: int(r.get("quantity"))?,
        quantity_as_of: opt(r.get("quantity_as_of"), parse_instant)?,
        ordered_at,
        term_start,
        term_end: if trial {
            plus_days(term_start, 29)
        } else {
            opt(r.get("term_end"), parse_day)?.unwrap_or(natural)
        },
        anchored_on,
        unit_price: opt(r.get("unit_price"), parse_decimal)?,
        promotion: text("promotion_id"),
        auto_renew: word("auto_renew", &["true", "false"])? == "true",
        suspended: status == "suspended",
        origin,
        begin: ordered_at.map_or(midnight(term_start), |t| t.max(midnight(term_start))),
    })
}

fn check(s: &mut Sub, _r: &Row, b: &Book) -> Result<(), &'static str> {
    if let Some(customers) = &b.customers {
        let c = customers.get(&s.customer).ok_or("customer-unknown")?;
        if c.market != s.market {
            return Err("market-differs");
        }
    }
    s.digits = minor_digits(&s.currency).ok_or("currency-unknown")?;
    if s.quantity <= 0 {
        return Err("seats-not-positive");
    }
    if s.trial() {
        return if s.quantity > 25 { Err("trial-seats") } else { Ok(()) };
    }
    if !s.billing.fits(s.term) {
        return Err("billing-cycle-not-for-term");
    }
    check_term_end(s.term_start, natural_end(s.term_start, s.term, s.anchored_on), s.term, s.term_end)?;
    if let (false, Some(id)) = (s.judged(), s.named_promotion()) {
        let rows = b.promotions.get(&id).map(Vec::as_slice).unwrap_or_default();
        if super::promo::held_row(rows, &s.product, &s.sku, s.term, s.billing).is_none() {
            return Err("promotion-unknown");
        }
    }
    Ok(())
}

/// C25: `quantity` held at quantity_as_of; what the term began with is before the first change up to then. Decided: an
/// upgrade that took seats away or brought some has no quantity_before, so nothing is known across it.
fn walk_back(s: &Sub, all: &[Sub], b: &Book) -> Option<i64> {
    let Some(as_of) = s.quantity_as_of else { return Some(s.quantity) };
    let none = Vec::new();
    let mut changes: Vec<_> = b.seat_changes.get(&s.id).unwrap_or(&none).iter().collect();
    changes.retain(|c| c.at >= s.begin && c.at <= as_of && c.quantity > 0 && !c.ambiguous);
    changes.sort_by_key(|c| (c.at, c.change_id.clone(), c.row));
    let mut moves: Vec<Instant> = Vec::new();
    for (source, e) in b.events.iter().flat_map(|(id, events)| events.iter().map(move |e| (id, e))) {
        let (own, mine) = (source == &s.id, e.target == s.id);
        if e.kind != "upgrade" || e.target.is_empty() || own == mine {
            continue;
        }
        let Some(giver) = all.iter().find(|t| &t.id == source) else { continue };
        let taker = all.iter().find(|t| t.id == e.target);
        let moved = match taker {
            Some(taker) => taker.customer == giver.customer,
            None => !b.ids.contains(&e.target) && e.quantity.is_some(),
        };
        let begins = mine && s.origin == "upgrade" && e.at.date_naive() == s.term_start;
        if moved && !begins && e.at >= s.begin && e.at <= as_of {
            moves.push(e.at);
        }
    }
    let first = changes.first();
    if moves.iter().any(|at| first.is_none_or(|c| *at < c.at)) {
        return None;
    }
    first.map_or(Some(s.quantity), |c| c.before)
}

/// ISO 4217 (C20).
pub fn minor_digits(currency: &str) -> Option<u32> {
    const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
    const FOUR: &str = "CLF UYW";
    const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWL";
    let has = |list: &str| list.split(' ').any(|c| c == currency);
    if has(TWO) {
        Some(2)
    } else if has(NONE) {
        Some(0)
    } else if has(THREE) {
        Some(3)
    } else if has(FOUR) {
        Some(4)
    } else {
        None
    }
}
