//! Upgrades, changes of term and billing cycle, extensions: thrown over three of four books, on the days on which
//! something else happens already.

use super::{Dice, NaiveDate, PRODUCTS, Sold, Written, date};
use chrono::{Days, Months};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Adds happenings and rows to a book, and gives the settings that they are played under.
pub(super) fn crowd(seed: u64, written: &mut Written, prices: &mut String) -> BTreeMap<String, String> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed.wrapping_add(0x7EA5)));
    let mut settings = BTreeMap::new();
    if dice.chance(25) {
        return settings;
    }
    for (name, words) in [("upgrade_promotions", ["none", "eligible"]), ("end_of_term", ["stop", "extend"])] {
        if dice.chance(70) {
            settings.insert(name.to_owned(), words[usize::from(dice.chance(80))].to_owned());
        }
    }
    if dice.chance(20) {
        // No month can be bought of one product: an extension costs a twelfth of the year.
        let product = format!("{},0001,P1M,", dice.pick(&PRODUCTS));
        let kept: Vec<&str> = prices.lines().filter(|line| !line.starts_with(&product)).collect();
        *prices = kept.join("\n") + "\n";
    }
    let mut opened: Vec<(String, String, NaiveDate)> = Vec::new();
    for (customer, market, currency) in written.places.clone() {
        if dice.chance(50) {
            three_years(&mut dice, written, &customer, (market, currency));
        }
        for _ in 0..1 + dice.below(2) {
            side_by_side(&mut dice, written, &customer, (market, currency), &mut opened);
        }
        for _ in 0..dice.below(4) {
            without_renewal(&mut dice, written, &customer, (market, currency));
        }
    }
    for place in 0..written.sold.len() {
        if dice.chance(12) {
            opened_row(&mut dice, written, place);
        } else if dice.chance(55) {
            for _ in 0..1 + dice.below(3) {
                let at = moment(&mut dice, &written.sold[place]);
                happen(&mut dice, written, place, at, &mut opened);
            }
        }
    }
    // What happens to subscriptions that upgrades may open, some of it too early, some of it again an upgrade.
    let mut done = 0;
    while done < opened.len() && done < 12 {
        let (id, customer, day) = opened[done].clone();
        done += 1;
        life_of_opened(&mut dice, written, &id, &customer, day, &mut opened);
    }
    settings
}

/// A day that is worth it: of the row's beginning, of a cycle or term, of another happening, or any of the window.
fn moment(dice: &mut Dice, of: &Sold) -> NaiveDate {
    let months = |n: u32| of.start.checked_add_months(Months::new(n)).expect("a day");
    match dice.below(8) {
        0 => of.start + Days::new(u64::from(dice.below(3))),
        1 => months(dice.below(15)),
        2 => months([1, 12, 24, 36][dice.below(4) as usize]),
        3 | 4 if !of.days.is_empty() => of.days[dice.below(of.days.len() as u32) as usize],
        5 => dice.day(),
        6 => of.start + Days::new(u64::from(dice.below(60))),
        _ => date("2026-03-20") + Days::new(u64::from(dice.below(65))),
    }
}

/// One of the events, and sometimes a change of seats on the same day.
fn happen(
    dice: &mut Dice,
    written: &mut Written,
    place: usize,
    day: NaiveDate,
    opened: &mut Vec<(String, String, NaiveDate)>,
) {
    let (id, seats) = (written.sold[place].id.clone(), written.sold[place].seats);
    let kind = match written.sold[place].term.as_str() {
        "P3Y" => dice.pick(&["upgrade", "change_billing_cycle", "change_billing_cycle"]),
        _ => dice.pick(&[
            "upgrade",
            "upgrade",
            "upgrade",
            "change_term",
            "change_term",
            "change_billing_cycle",
        ]),
    };
    let at = dice.at(day);
    match kind {
        "upgrade" => upgrade(dice, written, place, &at, day, opened),
        other => change(dice, written, &id, &at, other),
    }
    for _ in 0..dice.below(3) {
        let later =
            day + Days::new(u64::from(dice.pick(&["0", "0", "0", "3"]).parse::<u32>().expect("days")));
        let at = dice.at(later);
        let wanted = (seats + dice.below(10)).saturating_sub(dice.below(8));
        writeln!(written.changes, "{id},{at},{wanted},up{},", dice.below(100)).expect("text");
    }
    if dice.chance(15) {
        let at = dice.at(day);
        let kind = dice.pick(&["cancel", "suspend", "reactivate"]);
        writeln!(written.events, "{id},{at},{kind},,,,,,").expect("text");
    }
}

/// A change of term or of billing cycle, mostly an allowed one.
fn change(dice: &mut Dice, written: &mut Written, id: &str, at: &str, kind: &str) {
    let (term, cycle) = match kind {
        "change_term" => (
            dice.pick(&["P1Y", "P1Y", "P3Y", "P3Y", "P1M", ""]),
            dice.maybe(40, &["monthly", "annual", "upfront"]),
        ),
        _ => ("", dice.pick(&["annual", "annual", "annual", "monthly", "monthly", "upfront", ""])),
    };
    writeln!(written.events, "{id},{at},{kind},,{term},{cycle},,,").expect("text");
}

fn upgrade(
    dice: &mut Dice,
    written: &mut Written,
    place: usize,
    at: &str,
    day: NaiveDate,
    opened: &mut Vec<(String, String, NaiveDate)>,
) {
    let of = &written.sold[place];
    let (id, customer, seats) = (of.id.clone(), of.customer.clone(), of.seats);
    let others: Vec<&str> = PRODUCTS.iter().copied().filter(|product| *product != of.product).collect();
    let mut product = dice.pick(&others).to_owned();
    if dice.chance(6) {
        product = dice.maybe(50, &PRODUCTS).to_owned();
    }
    let target = match dice.below(10) {
        0 | 1 => String::new(),
        2..=5 => {
            let new = written.new_id('N', &customer, &id, dice.below(4));
            opened.push((new.clone(), customer.clone(), day));
            new
        }
        // Somebody else's, or its own. One that the book lacks would be opened by several customers, which the oracle settles
        // in the order of customers and the engine not at all.
        6 => {
            let named = dice.pick(&["S01", "S04", &id]).to_owned();
            if written.sold.iter().any(|sold| sold.id == named) { named } else { String::new() }
        }
        _ => {
            let own: Vec<&Sold> = written
                .sold
                .iter()
                .filter(|other| other.customer == customer && other.id != id)
                .filter(|other| other.product != written.sold[place].product)
                .collect();
            if own.is_empty() {
                String::new()
            } else {
                let other = own[dice.below(own.len() as u32) as usize];
                if !dice.chance(6) {
                    product.clone_from(&other.product);
                }
                other.id.clone()
            }
        }
    };
    let quantity = match dice.below(10) {
        0..=2 => String::new(),
        3 => seats.to_string(),
        4 if dice.chance(30) => "0".to_owned(),
        4 => (seats + dice.below(9)).to_string(),
        _ => (1 + dice.below(seats)).to_string(),
    };
    let (term, cycle) = (dice.maybe(8, &["P1M", "P1Y", "P3Y"]), dice.maybe(8, &["monthly", "annual"]));
    let sku = if dice.chance(98) { "0001" } else { "0002" };
    writeln!(written.events, "{id},{at},upgrade,{quantity},{term},{cycle},{target},{product},{sku}")
        .expect("text");
}

fn life_of_opened(
    dice: &mut Dice,
    written: &mut Written,
    id: &str,
    customer: &str,
    day: NaiveDate,
    opened: &mut Vec<(String, String, NaiveDate)>,
) {
    let around = |dice: &mut Dice| match dice.below(6) {
        0 => day - Days::new(u64::from(dice.below(9))),
        1 | 2 => day,
        _ => day + Days::new(u64::from(dice.below(45))),
    };
    for number in 0..dice.below(4) {
        let on = around(dice);
        let at = dice.at(on);
        writeln!(written.changes, "{id},{at},{},o{number},", 1 + dice.below(12)).expect("text");
    }
    for _ in 0..dice.below(3) {
        let on = around(dice);
        let at = dice.at(on);
        match dice.pick(&["cancel", "suspend", "reactivate", "change", "upgrade", "upgrade"]) {
            "change" => {
                let kind = dice.pick(&["change_term", "change_billing_cycle"]);
                change(dice, written, id, &at, kind);
            }
            "upgrade" => {
                let target = if dice.chance(50) {
                    let new = written.new_id('M', customer, id, dice.below(2));
                    opened.push((new.clone(), customer.to_owned(), on));
                    new
                } else {
                    String::new()
                };
                let (quantity, product) = (dice.maybe(60, &["1", "2", "3"]), dice.pick(&PRODUCTS));
                writeln!(written.events, "{id},{at},upgrade,{quantity},,,{target},{product},0001")
                    .expect("text");
            }
            kind => writeln!(written.events, "{id},{at},{kind},,,,,,").expect("text"),
        }
    }
    if dice.chance(40) {
        let on = around(dice);
        let at = dice.at(on);
        let (term, quantity) = (dice.maybe(40, &["P1M", "P1Y"]), dice.maybe(60, &["2", "7"]));
        writeln!(written.scheduled, "{id},{at},,,{term},,{quantity},,").expect("text");
    }
}

/// A row of origin upgrade, and the event of its source that names it on its first day or thereabouts (B5).
fn opened_row(dice: &mut Dice, written: &mut Written, place: usize) {
    let day = moment(dice, &written.sold[place]);
    let of = &written.sold[place];
    let (source, customer, term, cycle) =
        (of.id.clone(), of.customer.clone(), of.term.clone(), of.cycle.clone());
    let months = match term.as_str() {
        "P1M" => 1,
        "P1Y" => 12,
        _ => 36,
    };
    let mut end = of.start;
    while end <= day {
        end = end.checked_add_months(Months::new(months)).expect("a day");
    }
    let end = if dice.chance(70) { (end - Days::new(1)).to_string() } else { String::new() };
    let anchor = if dice.chance(60) { of.start.to_string() } else { String::new() };
    let seats = 1 + dice.below(of.seats);
    let others: Vec<&str> = PRODUCTS.iter().copied().filter(|product| *product != of.product).collect();
    let product = dice.pick(&others);
    let (_, market, currency) =
        *written.places.iter().find(|(name, _, _)| *name == customer).expect("a place");
    let id = format!("U{source}");
    let ordered = if dice.chance(40) { dice.at(day) } else { String::new() };
    let start = if dice.chance(90) { day } else { day + Days::new(1) };
    let row = format!(
        "{id},{customer},,,,{product},0001,,{market},{currency},{term},{cycle},{seats},,{ordered},{start},{end},{anchor},\
         {},{},{},,upgrade,",
        dice.maybe(20, &["120", "48"]),
        dice.maybe(20, &["PR-0", "PR-1"]),
        dice.maybe(30, &["true", "false"]),
    );
    writeln!(written.subscriptions, "{row}").expect("text");
    let at = dice.at(day);
    let quantity = if dice.chance(85) { seats.to_string() } else { String::new() };
    writeln!(written.events, "{source},{at},upgrade,{quantity},,,{id},{product},0001").expect("text");
    if dice.chance(40) {
        let at = dice.at(day);
        writeln!(written.changes, "{id},{at},{},row,", 1 + dice.below(12)).expect("text");
    }
    if dice.chance(30) {
        // Another subscription's seats move into it on the same day.
        let own = written.sold.iter().find(|other| other.customer == customer && other.id != source);
        if let Some(other) = own {
            let at = dice.at(day);
            writeln!(written.events, "{},{at},upgrade,1,,,{id},{product},0001", other.id).expect("text");
        }
    }
    written.sold.push(Sold {
        id,
        customer,
        product: product.to_owned(),
        term,
        cycle,
        start,
        seats,
        days: vec![day],
    });
}

/// Two plain subscriptions of one customer, the second of another product and not ending before the first: seats move
/// between them, into subscriptions that this opens, and on.
fn side_by_side(
    dice: &mut Dice,
    written: &mut Written,
    customer: &str,
    place: (&str, &str),
    opened: &mut Vec<(String, String, NaiveDate)>,
) {
    let (term, longer) = dice
        .pick(&["P1M P1M", "P1M P1Y", "P1Y P1Y", "P1Y P1Y", "P1Y P3Y", "P3Y P3Y"])
        .split_once(' ')
        .expect("two");
    let start = match dice.below(3) {
        0 if term != "P1M" => date("2025-05-21") + Days::new(u64::from(dice.below(320))),
        1 => date(dice.pick(&["2026-01-31", "2026-03-31", "2026-04-30", "2026-02-28", "2026-04-01"])),
        _ => date("2026-03-20") + Days::new(u64::from(dice.below(50))),
    };
    let cycle = dice.pick(&["monthly", "monthly", "monthly", "upfront"]);
    let row = |term, start, promised| {
        let (end, anchor) = (String::new(), String::new());
        Row { term, cycle, start, end, anchor, promised }
    };
    let id = row(term, start, 30).write(dice, written, 'V', customer, place, "");
    let from = written.sold.len() - 1;
    let later = start + Days::new(u64::from(dice.below(30)));
    let into = row(longer, later, 85).write(dice, written, 'V', customer, place, "");
    let target = written.sold.len() - 1;
    for _ in 0..1 + dice.below(4) {
        let reach = 20 + 30 * dice.below(3);
        let day = start + Days::new(u64::from(dice.below(reach)));
        let at = dice.at(day);
        let product = written.sold[target].product.clone();
        match dice.below(5) {
            0 | 1 => {
                let seats = dice.maybe(80, &["1", "2", "4", "9", "14"]);
                writeln!(written.events, "{id},{at},upgrade,{seats},,,{into},{product},0001").expect("text");
            }
            2 => {
                let new = written.new_id('N', customer, &id, dice.below(4));
                let (seats, product) = (dice.pick(&["1", "1", "2", "3"]), dice.pick(&PRODUCTS));
                writeln!(written.events, "{id},{at},upgrade,{seats},,,{new},{product},0001").expect("text");
                opened.push((new, customer.to_owned(), day));
            }
            3 => happen(dice, written, target, day, opened),
            _ => happen(dice, written, from, day, opened),
        }
        if dice.chance(40) {
            let row = dice.pick(&[&id, &into]).to_owned();
            let on = day + Days::new(u64::from(dice.below(2) * dice.below(9)));
            let at = dice.at(on);
            writeln!(written.changes, "{row},{at},{},v{},", 1 + dice.below(24), dice.below(50))
                .expect("text");
        }
        if dice.chance(20) {
            let row = dice.pick(&[&id, &into]).to_owned();
            let on = day + Days::new(u64::from(dice.below(3)));
            let at = dice.at(on);
            writeln!(written.events, "{row},{at},cancel,,,,,,").expect("text");
        }
    }
}

/// A three-year subscription whose plan can change.
fn three_years(dice: &mut Dice, written: &mut Written, customer: &str, place: (&str, &str)) {
    let start = match dice.below(3) {
        0 => date(dice.pick(&["2024-02-29", "2023-04-30", "2023-05-10", "2025-03-31", "2024-05-31"])),
        1 => date("2024-04-01") + Days::new(u64::from(dice.below(90))),
        _ => date("2023-05-01") + Days::new(u64::from(dice.below(1000))),
    };
    let anchor = match dice.below(8) {
        0 => (start + Days::new(u64::from(dice.below(20)))).to_string(),
        1 => start.checked_sub_months(Months::new(dice.below(9))).expect("a day").to_string(),
        _ => String::new(),
    };
    let end = if dice.chance(15) {
        let months = Months::new(26 + dice.below(10));
        let by = Days::new(1 + u64::from(dice.below(2)) * u64::from(dice.below(20)));
        (start.checked_add_months(months).expect("a day") - by).to_string()
    } else {
        String::new()
    };
    let row = Row {
        term: "P3Y",
        cycle: dice.pick(&["monthly", "monthly", "annual"]),
        start,
        end,
        anchor,
        promised: 30,
    };
    let auto = dice.maybe(20, &["false"]);
    let id = row.write(dice, written, 'B', customer, place, auto);
    let seats = written.sold.last().expect("a row").seats;
    let mut days = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let day = moment(dice, written.sold.last().expect("a row"));
        days.push(day);
        let at = dice.at(day);
        change(dice, written, &id, &at, "change_billing_cycle");
        if dice.chance(60) {
            let later = day + Days::new(u64::from(dice.below(70)));
            let at = dice.at(later);
            writeln!(written.changes, "{id},{at},{},b{},", seats + 1 + dice.below(9), dice.below(50))
                .expect("text");
        }
    }
    written.sold.last_mut().expect("a row").days = days;
}

/// A term that ends about the first day of extensions, with auto-renew off.
fn without_renewal(dice: &mut Dice, written: &mut Written, customer: &str, place: (&str, &str)) {
    let (term, start) = match dice.below(6) {
        0 => ("P1M", date("2026-04-03") + Days::new(u64::from(dice.below(4)))),
        1 => ("P1M", date("2026-04-01") + Days::new(u64::from(dice.below(60)))),
        2 => ("P1Y", date("2025-05-03") + Days::new(u64::from(dice.below(4)))),
        3 => ("P3Y", date("2023-05-03") + Days::new(u64::from(dice.below(40)))),
        _ => ("P1Y", date("2025-03-25") + Days::new(u64::from(dice.below(110)))),
    };
    let end = if term == "P1Y" && dice.chance(25) {
        (date("2026-05-01") + Days::new(u64::from(dice.below(20)))).to_string()
    } else {
        String::new()
    };
    let anchor = if dice.chance(25) { dice.day().to_string() } else { String::new() };
    let row =
        Row { term, cycle: dice.pick(&["monthly", "monthly", "upfront"]), start, end, anchor, promised: 30 };
    let auto = dice.pick(&["false", "false", "false", "false", ""]);
    let id = row.write(dice, written, 'E', customer, place, auto);
    let mut days = Vec::new();
    for _ in 0..dice.below(3) {
        let day = date("2026-05-03") + Days::new(u64::from(dice.below(17)));
        days.push(day);
        let at = dice.at(day);
        if dice.chance(70) {
            writeln!(written.changes, "{id},{at},{},e{},", 1 + dice.below(20), dice.below(50)).expect("text");
        } else {
            let kind = dice.pick(&["cancel", "suspend"]);
            writeln!(written.events, "{id},{at},{kind},,,,,,").expect("text");
        }
    }
    written.sold.last_mut().expect("a row").days = days;
}

/// What differs between the rows that are added.
struct Row {
    term: &'static str,
    cycle: &'static str,
    start: NaiveDate,
    end: String,
    anchor: String,
    /// How many of a hundred such rows name a promotion.
    promised: u32,
}

impl Row {
    fn write(
        self,
        dice: &mut Dice,
        written: &mut Written,
        letter: char,
        customer: &str,
        (market, currency): (&str, &str),
        auto: &str,
    ) -> String {
        let id = format!("{letter}{}-{}", &customer[1..], written.sold.len());
        let (product, seats) = (dice.pick(&PRODUCTS), 1 + dice.below(18));
        let Row { term, cycle, start, end, anchor, promised } = self;
        let commerce = dice.maybe(10, &["legacy"]);
        let price = dice.maybe(20, &["720", "250"]);
        let promotion = if dice.chance(promised) { dice.pick(&["PR-0", "PR-1"]) } else { "" };
        let (status, origin) = (dice.maybe(4, &["suspended"]), dice.maybe(40, &["renewal", "purchase"]));
        writeln!(
            written.subscriptions,
            "{id},{customer},,,{commerce},{product},0001,,{market},{currency},{term},{cycle},{seats},,,{start},{end},{anchor},\
             {price},{promotion},{auto},{status},{origin},"
        )
        .expect("text");
        written.sold.push(Sold {
            id: id.clone(),
            customer: customer.to_owned(),
            product: product.to_owned(),
            term: term.to_owned(),
            cycle: cycle.to_owned(),
            start,
            seats,
            days: Vec::new(),
        });
        id
    }
}

impl Written {
    /// An id that the book lacks. Several upgrades name one, but only of subscriptions that are sold alike: of others it is
    /// decided that the second one is refused, and the oracle knows of no first.
    fn new_id(&mut self, letter: char, customer: &str, source: &str, number: u32) -> String {
        let sold = self.sold_as(source);
        let shared = format!("{letter}{}-{number}", &customer[1..]);
        let known = self.opened_as.entry(shared.clone()).or_insert_with(|| sold.clone());
        if *known == sold {
            return shared;
        }
        let own = format!("{letter}{}-{source}", &customer[1..]);
        self.opened_as.insert(own.clone(), sold);
        own
    }

    /// What an opened subscription takes over from its source.
    fn sold_as(&self, source: &str) -> Vec<String> {
        if let Some(sold) = self.opened_as.get(source) {
            return sold.clone();
        }
        let row = self.subscriptions.lines().find(|line| line.split(',').next() == Some(source));
        let cells: Vec<&str> = row.unwrap_or_default().split(',').collect();
        [2, 4, 7, 8, 9, 20].iter().filter_map(|&at| cells.get(at)).map(|&cell| cell.to_owned()).collect()
    }
}
