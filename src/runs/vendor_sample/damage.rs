//! The damages: in what the vendor's file differs from what the book says, and how each has to come out.
//!
//! Each is done to a subscription that has one charge in the period and nothing else, so that there is one cause and no other:
//! where the vendor charges 12 seats instead of 10 the price, the days and the promotion are ours.

use super::line::{Charged, Ids};
use super::no_licence;
use termwise_engine::calendar::{Day, Period};
use termwise_engine::money::{Currency, Kept, PRICE_DIGITS};
use termwise_engine::reconciling::{Cause, Status};

/// What is done to a subscription. The rarer the subscriptions that it can be done to, the earlier it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Damage {
    /// A pair for a change of seats that begins a day late.
    ChangeLate,
    /// Its promotion is lost.
    PromotionLost,
    /// Its amount is that of a seat, cut to the minor unit, times the seats.
    CutOnUnit,
    /// Another price for a seat.
    OtherPrice,
    /// A minor unit more than any published rounding gives.
    OddCent,
    /// The cycle before is charged too.
    OtherPeriod,
    /// Another currency.
    OtherCurrency,
    /// The first day is not charged.
    CycleLate,
    /// The last day is not charged.
    CycleEarly,
    /// Other seats.
    OtherSeats,
    /// The line stands twice.
    Twice,
    /// The vendor charges nothing.
    Missing,
    /// The vendor charges a subscription that the book lacks.
    Unknown,
    /// A credit.
    Credit,
    /// Another id, which the id map resolves: no difference.
    OtherId,
    /// Something that is no licence stands beside it.
    NoLicence,
}

impl Damage {
    /// All of them.
    pub(super) const ALL: [Damage; 16] = [
        Damage::ChangeLate,
        Damage::PromotionLost,
        Damage::CutOnUnit,
        Damage::OtherPrice,
        Damage::OddCent,
        Damage::OtherPeriod,
        Damage::OtherCurrency,
        Damage::CycleLate,
        Damage::CycleEarly,
        Damage::OtherSeats,
        Damage::Twice,
        Damage::Missing,
        Damage::Unknown,
        Damage::Credit,
        Damage::OtherId,
        Damage::NoLicence,
    ];

    /// A name of its own.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Damage::ChangeLate => "change-late",
            Damage::PromotionLost => "promotion-lost",
            Damage::CutOnUnit => "cut-on-unit",
            Damage::OtherPrice => "other-price",
            Damage::OddCent => "odd-cent",
            Damage::OtherPeriod => "other-period",
            Damage::OtherCurrency => "other-currency",
            Damage::CycleLate => "cycle-late",
            Damage::CycleEarly => "cycle-early",
            Damage::OtherSeats => "other-seats",
            Damage::Twice => "twice",
            Damage::Missing => "missing",
            Damage::Unknown => "unknown",
            Damage::Credit => "credit",
            Damage::OtherId => "other-id",
            Damage::NoLicence => "no-licence",
        }
    }

    /// How often it is done where every damage is done so many times.
    pub(super) fn times(self, each: usize) -> usize {
        if self == Damage::NoLicence {
            no_licence::ALL
        } else if self == Damage::CutOnUnit {
            // Where the vendor cuts on the unit, it does not do so once.
            4 * each
        } else {
            each
        }
    }

    /// Whether it can be done to a subscription, so that it shows and nothing else does.
    pub(super) fn is_for(self, candidate: &Candidate) -> bool {
        let line = &candidate.lines[0];
        let is_alone = candidate.lines.len() == 1;
        match self {
            Damage::ChangeLate => !is_alone,
            Damage::PromotionLost => is_alone && !line.promotion.is_empty() && !line.adjustments.is_empty(),
            Damage::CutOnUnit => is_alone && candidate.cut_on_unit != line.subtotal,
            // At a discount another price could be what is left of the promotion.
            Damage::OtherPrice | Damage::OddCent => is_alone && line.kept == Kept::ALL,
            Damage::OtherPeriod => is_alone && line.is_monthly,
            Damage::OtherCurrency => is_alone && CURRENCIES.contains(&line.currency.code()),
            Damage::CycleLate
            | Damage::CycleEarly
            | Damage::OtherSeats
            | Damage::Twice
            | Damage::Missing
            | Damage::Unknown
            | Damage::Credit
            | Damage::OtherId
            | Damage::NoLicence => is_alone,
        }
    }

    /// Does it to a subscription; `number` is how many were damaged so before.
    pub(super) fn done_to(self, candidate: &Candidate, number: usize, ids: &Ids) -> Done {
        let own = &candidate.lines[0];
        match self {
            Damage::ChangeLate => change_late(candidate),
            Damage::PromotionLost => promotion_lost(own),
            Damage::CutOnUnit => cut_on_unit(own, candidate.cut_on_unit),
            Damage::OtherPrice => other_price(own),
            Damage::OddCent => odd_cent(own),
            Damage::OtherPeriod => other_period(own),
            Damage::OtherCurrency => other_currency(own),
            Damage::CycleLate => cycle_late(own),
            Damage::CycleEarly => cycle_early(own),
            Damage::OtherSeats => other_seats(own, number),
            Damage::Twice => twice(own),
            Damage::Missing => {
                Done::of(Vec::new()).with(own, OURS_ONLY, "the vendor's file has no line of it")
            }
            Damage::Unknown => unknown(own, ids),
            Damage::Credit => credit(own),
            Damage::OtherId => other_id(own, ids),
            Damage::NoLicence => {
                let (beside, title) = no_licence::beside(own, number, ids);
                let of = beside.clone();
                let what = format!("no licence: {title}");
                Done::of(vec![own.clone(), beside]).with(&of, (Status::Excluded, None), &what)
            }
        }
    }
}

/// Worth about as much as one another, so that one taken for the other does not drown everything else.
const CURRENCIES: [&str; 4] = ["EUR", "USD", "GBP", "CHF"];
/// Days of a cycle that came before the period.
const DAYS_BEFORE: i32 = 30;
/// Amounts below this many minor units show nothing.
const AMOUNT_LEAST: i64 = 1_000;
const OURS_ONLY: End = (Status::OursOnly, Some(Cause::Unmapped));

/// How a row of `differences` ends.
type End = (Status, Option<Cause>);

const fn different(cause: Cause) -> End {
    (Status::Different, Some(cause))
}

const fn vendor_only(cause: Cause) -> End {
    (Status::VendorOnly, Some(cause))
}

/// A subscription that something can be done to.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The charge of a whole cycle, or what a change of seats comes to in one cycle.
    pub(super) lines: Vec<Charged>,
    /// The amount of the first line where the seat is truncated, in minor units.
    pub(super) cut_on_unit: i64,
}

impl Candidate {
    /// A subscription with these lines in the period, if nothing about it is special.
    pub(super) fn of(lines: Vec<Charged>, cut_on_unit: i64) -> Option<Candidate> {
        let is_plain = match &lines[..] {
            [line] => line.is_whole_cycle() && line.seats >= 2 && line.subtotal >= AMOUNT_LEAST,
            lines => is_one_change(lines),
        };
        let is_new = lines.iter().all(|line| line.is_new_commerce);
        (is_plain && is_new).then_some(Candidate { lines, cut_on_unit })
    }

    /// Whose.
    pub(super) fn subscription(&self) -> &str {
        &self.lines[0].subscription
    }
}

/// Whether lines are one pair for a change of seats, with or without the charge of the cycle that it falls into.
fn is_one_change(lines: &[Charged]) -> bool {
    let pair: Vec<&Charged> = lines.iter().filter(|line| !line.reference.is_empty()).collect();
    let [one, other] = pair[..] else { return false };
    let is_pair = one.reference == other.reference
        && one.charge == other.charge
        && one.charge.days() >= 2
        && one.seats != other.seats
        && one.subtotal.signum() * other.subtotal.signum() < 0
        && one.subtotal.abs().min(other.subtotal.abs()) >= AMOUNT_LEAST;
    let is_of_one_cycle = |line: &Charged| {
        line.charge.last == one.charge.last && (&line.product, &line.sku) == (&one.product, &one.sku)
    };
    let others = lines.iter().filter(|line| line.reference.is_empty());
    is_pair
        && lines.len() <= 3
        && lines.iter().all(is_of_one_cycle)
        && others.into_iter().all(Charged::is_whole_cycle)
}

/// What a damage left.
#[derive(Debug)]
pub(super) struct Done {
    /// The vendor's lines of the subscription.
    pub(super) lines: Vec<Charged>,
    /// The rows of `differences` that are not plainly matched.
    pub(super) expected: Vec<[String; 7]>,
    /// Our id and the vendor's.
    pub(super) mapped: Option<[String; 2]>,
}

impl Done {
    fn of(lines: Vec<Charged>) -> Done {
        Done { lines, expected: Vec::new(), mapped: None }
    }

    /// With a row for the product, SKU and currency of a line.
    fn with(mut self, line: &Charged, (status, cause): End, what: &str) -> Done {
        let words = [
            line.subscription.as_str(),
            &line.product,
            &line.sku,
            line.currency.code(),
            status.name(),
            cause.map_or("", Cause::name),
            what,
        ];
        self.expected.push(words.map(str::to_owned));
        self
    }
}

/// A line with something changed, as the only one.
fn changed(own: &Charged, change: impl FnOnce(&mut Charged)) -> Done {
    let mut line = own.clone();
    change(&mut line);
    Done::of(vec![line])
}

/// The line as it is, and another one that is like it but for something.
fn joined(own: &Charged, change: impl FnOnce(&mut Charged)) -> Done {
    let Done { mut lines, .. } = changed(own, change);
    lines.insert(0, own.clone());
    Done::of(lines)
}

fn change_late(candidate: &Candidate) -> Done {
    let mut lines = candidate.lines.clone();
    let mut what = String::new();
    for line in lines.iter_mut().filter(|line| !line.reference.is_empty()) {
        what = format!("the change of seats of {} is charged from the day after", line.charge.first);
        line.charge.first = line.charge.first.next();
        line.count_again();
    }
    Done::of(lines).with(&candidate.lines[0], different(Cause::Days), &what)
}

fn promotion_lost(own: &Charged) -> Done {
    let lost = changed(own, |line| {
        line.promotion.clear();
        line.adjustments.clear();
        line.kept = Kept::ALL;
        line.count_again();
    });
    let what = format!("charged at list, without the promotion {}", own.promotion);
    lost.with(own, different(Cause::Promotion), &what)
}

fn cut_on_unit(own: &Charged, amount: i64) -> Done {
    let cut = changed(own, |line| line.charge_amount(amount));
    let status = (Status::MatchedUnderRounding, Some(Cause::Rounding));
    cut.with(own, status, "the price of a seat is cut to the minor unit before it is multiplied")
}

fn other_price(own: &Charged) -> Done {
    let dearer = changed(own, |line| {
        let minor_unit = 10_i64.pow(PRICE_DIGITS - own.currency.digits());
        let price = own.unit_price + own.unit_price / 20;
        line.unit_price = price - price % minor_unit;
        line.count_again();
    });
    dearer.with(own, different(Cause::Price), "a seat is charged at some 5 % more")
}

fn odd_cent(own: &Charged) -> Done {
    let odd = changed(own, |line| line.charge_amount(own.subtotal + 1));
    odd.with(own, different(Cause::Rounding), "a minor unit more than any published rounding gives")
}

fn other_period(own: &Charged) -> Done {
    let last = own.charge.first.previous();
    let first = Day::from_epoch_days(last.epoch_days() - DAYS_BEFORE + 1).unwrap_or(last);
    let late = joined(own, |line| {
        line.charge = Period { first, last };
        line.charge_type = "cycleCharge";
    });
    let what = format!("the cycle that began on {first} is charged once more");
    late.with(own, vendor_only(Cause::Period), &what)
}

fn other_currency(own: &Charged) -> Done {
    let code = if own.currency.code() == "USD" { "EUR" } else { "USD" };
    let done = changed(own, |line| line.currency = Currency::from_code(code).unwrap_or(own.currency));
    let what = format!("charged in {code}, expected in {}", own.currency);
    let theirs = done.lines[0].clone();
    done.with(own, different(Cause::Currency), &what).with(&theirs, different(Cause::Currency), &what)
}

fn cycle_late(own: &Charged) -> Done {
    let late = changed(own, |line| {
        line.charge.first = line.charge.first.next();
        line.count_again();
    });
    late.with(own, different(Cause::Days), "the first day of the cycle is not charged")
}

fn cycle_early(own: &Charged) -> Done {
    let early = changed(own, |line| {
        line.charge.last = line.charge.last.previous();
        line.count_again();
    });
    early.with(own, different(Cause::Days), "the last day of the cycle is not charged")
}

fn other_seats(own: &Charged, number: usize) -> Done {
    // One time more, one time fewer: what is missing on the vendor's invoice is a difference too.
    let seats = if number.is_multiple_of(2) { own.seats + 2 } else { own.seats - 1 };
    let done = changed(own, |line| line.charge_seats(seats));
    done.with(own, different(Cause::Quantity), &format!("{seats} seats are charged, {} expected", own.seats))
}

fn twice(own: &Charged) -> Done {
    joined(own, |_| ()).with(own, different(Cause::Quantity), "the line stands twice")
}

fn unknown(own: &Charged, ids: &Ids) -> Done {
    let done = joined(own, |line| {
        line.subscription = ids.guid("unknown", &own.subscription);
        line.order = ids.guid("order", &line.subscription);
    });
    let theirs = done.lines[1].clone();
    done.with(&theirs, vendor_only(Cause::Unmapped), "the book has no such subscription")
}

fn credit(own: &Charged) -> Done {
    let done = joined(own, |line| {
        line.charge_type = "customerCredit";
        line.credit_reason = "Service Level Agreement credit";
        line.adjustments.clear();
        line.promotion.clear();
        line.charge_seats(1);
        line.charge_amount(-own.subtotal / 4);
        line.unit_price = line.subtotal.abs() * 10_i64.pow(PRICE_DIGITS - own.currency.digits());
    });
    done.with(own, vendor_only(Cause::Unknown), "a credit that no charge of ours answers")
}

fn other_id(own: &Charged, ids: &Ids) -> Done {
    let id = ids.guid("subscription", &own.subscription);
    let done = changed(own, |line| line.subscription.clone_from(&id));
    Done { mapped: Some([own.subscription.clone(), id]), ..done }
}
