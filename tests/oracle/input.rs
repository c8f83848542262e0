//! The inputs as plain rows. A cell that can't be read is noted, never guessed (R60).
use super::Reject;
use super::dates::{Billing, Day, Instant, parse_day, parse_instant, parse_price_day, parse_term};
use super::number::{Frac, parse_decimal};
use super::price::PriceRow;
use super::promo::PromoRow;
use super::subs::{self, Sub};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A data row: its number (from 1) and its cells by column name. An absent column is an empty cell.
pub struct Row {
    pub number: usize,
    pub cells: BTreeMap<String, String>,
}

impl Row {
    pub fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
    pub fn list(&self, column: &str) -> Vec<String> {
        self.get(column).split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_string).collect()
    }
}

pub fn table(dir: &Path, name: &str) -> Result<Option<Vec<Row>>, String> {
    let path = dir.join(format!("{name}.csv"));
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> =
        reader.headers().map_err(|e| e.to_string())?.iter().map(|h| h.trim().to_string()).collect();
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| format!("{}: {e}", path.display()))?;
        let cells = header.iter().cloned().zip(record.iter().map(str::to_string)).collect();
        rows.push(Row { number: i + 1, cells });
    }
    Ok(Some(rows))
}

pub struct Code {
    pub code: String,
    pub discount: Frac,
    pub product: String,
    pub sku: String,
    pub markets: Vec<String>,
    pub redeem_from: Option<Day>,
    pub redeem_by: Day,
    pub max: Option<i64>,
}

pub struct Redemption {
    pub row: usize,
    pub sub: String,
    pub code: String,
    pub entered_at: Instant,
    pub order_id: String,
}

#[derive(Clone)]
pub struct SeatChange {
    pub row: usize,
    pub at: Instant,
    pub quantity: i64,
    pub before: Option<i64>,
    pub change_id: String,
    pub ambiguous: bool,
    pub repeated: bool, // says what an earlier one of that instant says: not due, even where that one is refused (C12)
}

#[derive(Clone)]
pub struct LifeEvent {
    pub row: usize,
    pub at: Instant,
    pub kind: String,
    pub quantity: Option<i64>,
    pub target: String, // subscription id
    pub target_product: String,
    pub target_sku: String,
    pub target_term: Option<i64>,
    pub target_billing: Option<Billing>,
    pub ambiguous: bool,
}

/// Empty cells keep what is (A24).
#[derive(Clone)]
pub struct Scheduled {
    pub row: usize,
    pub at: Instant,
    pub product: String,
    pub sku: String,
    pub term: Option<i64>,
    pub billing: Option<Billing>,
    pub quantity: Option<i64>,
    pub term_end: Option<Day>,
    pub promotion: String,
    pub ambiguous: bool,
}

pub struct Holding {
    pub customer: String,
    pub product: String,
    pub sku: String,
    pub quantity: i64,
    pub promotion: String,
}

pub struct Customer {
    pub market: String,
    pub qualifications: Vec<String>,
}

/// Kinds in the order of the contract's list; it breaks ties on a time line (A6, C13).
pub const KINDS: [&str; 8] = [
    "cancel",
    "suspend",
    "reactivate",
    "upgrade",
    "change_billing_cycle",
    "change_term",
    "convert_trial",
    "migrate",
];

#[derive(Default)]
pub struct Book {
    pub subs: Vec<Sub>,
    pub ids: BTreeSet<String>, // of all rows, readable or not
    pub prices: Vec<PriceRow>,
    pub promotions: BTreeMap<String, Vec<PromoRow>>,
    pub codes: BTreeMap<String, Code>,
    pub redemptions: Vec<Redemption>,
    pub seat_changes: BTreeMap<String, Vec<SeatChange>>,
    pub events: BTreeMap<String, Vec<LifeEvent>>,
    pub scheduled: BTreeMap<String, Vec<Scheduled>>,
    pub holdings: Vec<Holding>,
    pub customers: Option<BTreeMap<String, Customer>>,
    pub regions: BTreeMap<String, String>,
    pub rejects: Vec<Reject>,
}

pub fn reject(file: &str, row: usize, disposition: &str, code: &str) -> Reject {
    Reject { file: file.to_string(), row, disposition: disposition.to_string(), code: code.to_string() }
}

/// An optional cell: Some(None) where empty, None where it can't be read.
pub fn opt<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

pub fn int(text: &str) -> Option<i64> {
    text.parse().ok()
}

pub fn segment(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "" => "commercial".to_string(),
        "charity" => "nonprofit".to_string(),
        "gcc" => "government".to_string(),
        other => other.to_string(),
    }
}

pub fn read(dir: &Path) -> Result<Book, String> {
    let mut b = Book::default();
    for r in table(dir, "price_list")?.ok_or("no price_list.csv")? {
        match price_row(&r) {
            Some(p) => b.prices.push(p),
            None => b.rejects.push(reject("price_list", r.number, "rejected", "unreadable")),
        }
    }
    for r in table(dir, "promotions")?.unwrap_or_default() {
        match promo_row(&r) {
            Some(p) => b.promotions.entry(p.id.clone()).or_default().push(p),
            None => b.rejects.push(reject("promotions", r.number, "rejected", "unreadable")),
        }
    }
    for r in table(dir, "promo_codes")?.unwrap_or_default() {
        match code_row(&r) {
            Some(c) => drop(b.codes.insert(c.code.clone(), c)),
            None => b.rejects.push(reject("promo_codes", r.number, "rejected", "unreadable")),
        }
    }
    for r in table(dir, "holdings")?.unwrap_or_default() {
        let Some(quantity) = int(r.get("quantity")) else {
            b.rejects.push(reject("holdings", r.number, "rejected", "unreadable"));
            continue;
        };
        let text = |c: &str| r.get(c).to_string();
        b.holdings.push(Holding {
            customer: text("customer_id"),
            product: text("product_id"),
            sku: text("sku_id"),
            quantity,
            promotion: text("promotion_id"),
        });
    }
    if let Some(rows) = table(dir, "customers")? {
        let one = |r: &Row| {
            (
                r.get("customer_id").to_string(),
                Customer { market: r.get("market").to_string(), qualifications: r.list("qualifications") },
            )
        };
        b.customers = Some(rows.iter().map(one).collect());
    }
    for r in table(dir, "partners")?.unwrap_or_default() {
        b.regions.insert(r.get("partner_id").to_string(), r.get("region").to_string());
    }
    let rows = table(dir, "subscriptions")?.ok_or("no subscriptions.csv")?;
    let ids: BTreeSet<String> = rows.iter().map(|r| r.get("subscription_id").to_string()).collect();
    let mut unreadable: BTreeSet<String> = BTreeSet::new(); // subscriptions parked by a row about them
    // ids that an upgrade may open (B3): rows that name them are judged on the time line
    let upgrades = table(dir, "lifecycle_events")?.unwrap_or_default();
    let openable: BTreeSet<String> = upgrades
        .iter()
        .filter(|r| r.get("kind") == "upgrade")
        .map(|r| r.get("target_subscription_id").to_string())
        .filter(|id| !id.is_empty())
        .collect();
    let mut take = |b: &mut Book, file: &str, r: &Row, readable: bool| {
        let id = r.get("subscription_id");
        if !ids.contains(id) && (file == "redemptions" || !openable.contains(id)) {
            b.rejects.push(reject(file, r.number, "refused", "subscription-unknown"));
            false
        } else if !readable {
            b.rejects.push(reject(file, r.number, "parked", "unreadable"));
            unreadable.insert(id.to_string());
            false
        } else {
            true
        }
    };
    for r in table(dir, "redemptions")?.unwrap_or_default() {
        let entered = parse_instant(r.get("entered_at"));
        if take(&mut b, "redemptions", &r, entered.is_some()) {
            let text = |c: &str| r.get(c).to_string();
            b.redemptions.push(Redemption {
                row: r.number,
                sub: text("subscription_id"),
                code: text("code"),
                entered_at: entered.ok_or("?")?,
                order_id: text("order_id"),
            });
        }
    }
    for r in table(dir, "seat_changes")?.unwrap_or_default() {
        let x = seat_change(&r);
        if take(&mut b, "seat_changes", &r, x.is_some()) {
            b.seat_changes.entry(r.get("subscription_id").to_string()).or_default().push(x.ok_or("?")?);
        }
    }
    for r in table(dir, "lifecycle_events")?.unwrap_or_default() {
        let x = life_event(&r);
        if take(&mut b, "lifecycle_events", &r, x.is_some()) {
            b.events.entry(r.get("subscription_id").to_string()).or_default().push(x.ok_or("?")?);
        }
    }
    for r in table(dir, "scheduled_changes")?.unwrap_or_default() {
        let x = scheduled(&r);
        if take(&mut b, "scheduled_changes", &r, x.is_some()) {
            b.scheduled.entry(r.get("subscription_id").to_string()).or_default().push(x.ok_or("?")?);
        }
    }
    mark_ambiguous(&mut b);
    b.ids = ids.clone();
    b.subs = subs::read(&rows, &mut b, &unreadable);
    Ok(b)
}

fn price_row(r: &Row) -> Option<PriceRow> {
    let year = |d: &Day| chrono::Datelike::year(d);
    let start = parse_price_day(r.get("EffectiveStartDate"))?;
    // a placeholder year as the end means: no end
    let end = opt(r.get("EffectiveEndDate"), parse_price_day)?.filter(|d| year(d) > 1753 && year(d) < 9999);
    let tags: Vec<String> = r
        .get("Tags")
        .split([';', ',', '|'])
        .map(|t| t.trim().to_lowercase())
        .filter(|t| !t.is_empty())
        .collect();
    Some(PriceRow {
        product: r.get("ProductId").to_string(),
        sku: r.get("SkuId").to_string(),
        term: r.get("TermDuration").to_string(),
        plan: r.get("BillingPlan").to_lowercase(),
        market: r.get("Market").to_string(),
        currency: r.get("Currency").to_string(),
        segment: segment(r.get("Segment")),
        price: parse_decimal(r.get("UnitPrice"))?,
        tier_min: opt(r.get("PricingTierRangeMin"), int)?,
        tier_max: opt(r.get("PricingTierRangeMax"), int)?,
        start,
        end,
        licence: tags.is_empty() || tags.iter().any(|t| t == "license"),
    })
}

fn promo_row(r: &Row) -> Option<PromoRow> {
    let flag = |c: &str, default: bool| match r.get(c) {
        "" => Some(default),
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    Some(PromoRow {
        id: r.get("promotion_id").to_string(),
        product: r.get("product_id").to_string(),
        sku: r.get("sku_id").to_string(),
        term: parse_term(r.get("term"))?,
        billing: opt(r.get("billing_cycle"), Billing::parse)?,
        markets: r.list("markets"),
        regions: r.list("regions"),
        segments: r.list("segments").iter().map(|s| segment(s)).collect(),
        discount: parse_decimal(r.get("discount"))?,
        starts_on: parse_day(r.get("starts_on"))?,
        ends_on: parse_day(r.get("ends_on"))?,
        min_seats: opt(r.get("min_seats"), int)?,
        max_seats: opt(r.get("max_seats"), int)?,
        max_redemptions: opt(r.get("max_redemptions"), int)?,
        first_purchase: flag("first_purchase", false)?,
        requires: r.list("requires"),
        automatic: flag("auto_applicable", true)?,
        commerce: if r.get("commerce").is_empty() {
            "new".to_string()
        } else {
            r.get("commerce").to_string()
        },
    })
}

fn code_row(r: &Row) -> Option<Code> {
    Some(Code {
        code: r.get("code").to_string(),
        discount: parse_decimal(r.get("discount"))?,
        product: r.get("product_id").to_string(),
        sku: r.get("sku_id").to_string(),
        markets: r.list("markets"),
        redeem_from: opt(r.get("redeem_from"), parse_day)?,
        redeem_by: parse_day(r.get("redeem_by"))?,
        max: opt(r.get("max_licences"), int)?,
    })
}

fn seat_change(r: &Row) -> Option<SeatChange> {
    Some(SeatChange {
        row: r.number,
        at: parse_instant(r.get("changed_at"))?,
        quantity: int(r.get("quantity"))?,
        before: opt(r.get("quantity_before"), int)?,
        change_id: r.get("change_id").to_string(),
        ambiguous: false,
        repeated: false,
    })
}

fn life_event(r: &Row) -> Option<LifeEvent> {
    let kind = KINDS.iter().find(|k| **k == r.get("kind"))?;
    Some(LifeEvent {
        row: r.number,
        at: parse_instant(r.get("happened_at"))?,
        kind: (*kind).to_string(),
        quantity: opt(r.get("quantity"), int)?,
        target: r.get("target_subscription_id").to_string(),
        target_product: r.get("target_product_id").to_string(),
        target_sku: r.get("target_sku_id").to_string(),
        target_term: opt(r.get("target_term"), parse_term)?,
        target_billing: opt(r.get("target_billing_cycle"), Billing::parse)?,
        ambiguous: false,
    })
}

fn scheduled(r: &Row) -> Option<Scheduled> {
    Some(Scheduled {
        row: r.number,
        at: parse_instant(r.get("scheduled_at"))?,
        product: r.get("product_id").to_string(),
        sku: r.get("sku_id").to_string(),
        term: opt(r.get("term"), parse_term)?,
        billing: opt(r.get("billing_cycle"), Billing::parse)?,
        quantity: opt(r.get("quantity"), int)?,
        term_end: opt(r.get("term_end"), parse_day)?,
        promotion: r.get("promotion_id").to_string(),
        ambiguous: false,
    })
}

/// C12, C13, A24: things of one instant that contradict each other.
fn mark_ambiguous(b: &mut Book) {
    for list in b.seat_changes.values_mut() {
        let all = list.clone();
        for x in list.iter_mut() {
            let same: Vec<&SeatChange> = all.iter().filter(|y| y.at == x.at).collect();
            let differ = same.iter().any(|y| y.quantity != x.quantity);
            let ids: BTreeSet<&str> = same.iter().map(|y| y.change_id.as_str()).collect();
            x.ambiguous = differ && (ids.len() < same.len() || ids.contains(""));
            let key = |y: &SeatChange| (y.change_id.clone(), y.row);
            x.repeated = !differ && same.iter().any(|y| key(y) < key(x));
        }
    }
    for list in b.events.values_mut() {
        let all = list.clone();
        for x in list.iter_mut() {
            let differs = |y: &LifeEvent| {
                y.quantity != x.quantity
                    || (&y.target, &y.target_product, &y.target_sku)
                        != (&x.target, &x.target_product, &x.target_sku)
                    || y.target_term != x.target_term
                    || y.target_billing != x.target_billing
            };
            x.ambiguous = all.iter().any(|y| y.at == x.at && y.kind == x.kind && differs(y));
        }
    }
    for list in b.scheduled.values_mut() {
        let key = |s: &Scheduled| {
            (
                s.product.clone(),
                s.sku.clone(),
                s.term,
                s.billing.map(Billing::name),
                s.quantity,
                s.term_end,
                s.promotion.clone(),
            )
        };
        let all = list.clone();
        for x in list.iter_mut() {
            x.ambiguous = all.iter().any(|y| y.at == x.at && key(y) != key(x));
        }
    }
}
