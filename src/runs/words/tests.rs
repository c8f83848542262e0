use super::*;
use crate::names::{SharedNames, TextTable};
use crate::policy_file;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::book::{Channel, Origin, PromotionCell, Status};
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::{
    Commerce, Items, Offer, Partners, PriceList, PromoCodes, Promotion, Promotions, Segment,
};
use termwise_engine::findings::Table;
use termwise_engine::ids::{CustomerId, MarketId, RegionId, SubscriptionId};
use termwise_engine::money::{Kept, Price};
use termwise_engine::policy::PriceOverlap;
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::{
    Cause, ChargeType, Condition, Conditions, Quoted, Reduction, Side, Steps, Verdict,
};

fn day(month: u32, day: u32) -> Day {
    Day::from_ymd(2026, month, day).unwrap()
}

fn price(millionths: i64) -> Price {
    Price::from_millionths(millionths).unwrap()
}

fn discount(millionths: u32) -> Discount {
    Discount::from_millionths(millionths).unwrap()
}

fn texts(texts: &[&str]) -> TextTable {
    TextTable::of(texts.iter().copied())
}

const SPRING: usize = 1;
const GONE: usize = 0;

fn names() -> Names {
    let shared = SharedNames {
        products: ["CFQ7TTC0LH18", "CFQ7TTC0LH18"].into_iter().collect(),
        skus: ["0001", "0002"].into_iter().collect(),
        markets: texts(&["DE", "FR", "NL"]),
        regions: texts(&["EMEA"]),
        promotions: texts(&["GONE", "SPRING-15"]),
        codes: texts(&["WELCOME-20"]),
        ..SharedNames::default()
    };
    Names {
        shared: std::sync::Arc::new(shared),
        customers: texts(&["CUS-00042"]),
        subscriptions: ["SUB-000123"].into_iter().collect(),
        ..Names::default()
    }
}

/// Everything stands in the way of it.
fn spring() -> Promotion {
    let offer = |item, term, billing_cycle| Offer {
        item: ItemId::of_rank(item),
        term,
        billing_cycle,
        discount: discount(150_000),
    };
    Promotion {
        id: PromotionId::of_rank(SPRING),
        commerce: Commerce::New,
        window: Period { first: day(1, 1), last: day(3, 30) },
        markets: vec![MarketId::of_rank(0), MarketId::of_rank(1)],
        regions: vec![RegionId::of_rank(0)],
        segments: vec![Segment::Education, Segment::Nonprofit],
        min_seats: Some(5),
        max_seats: Some(2_400),
        max_redemptions: Some(2),
        first_purchase: true,
        requires: vec![ItemId::of_rank(1)],
        auto_applicable: false,
        offers: vec![offer(0, Term::P1Y, Some(BillingCycle::Monthly)), offer(0, Term::P3Y, None)],
    }
}

fn catalog() -> Catalog {
    Catalog {
        items: Items::default(),
        prices: PriceList::new(Vec::new(), &BTreeSet::new(), PriceOverlap::OlderHolds),
        promotions: Promotions::new(vec![spring()], BTreeSet::new()),
        codes: PromoCodes::default(),
        partners: Partners::default(),
    }
}

fn row() -> Subscription {
    Subscription {
        source: Source { table: Table::Subscriptions, file: 0, row: 1 },
        id: SubscriptionId::of_rank(0),
        customer: CustomerId::of_rank(0),
        partner: None,
        bill_to: None,
        order: None,
        commerce: Commerce::New,
        item: ItemId::of_rank(0),
        segment: Segment::Commercial,
        market: MarketId::of_rank(2),
        currency: Currency::from_code("EUR").unwrap(),
        term: Term::P1Y,
        billing_cycle: BillingCycle::Monthly,
        quantity: 25,
        quantity_as_of: None,
        ordered_at: None,
        term_start: day(3, 31),
        term_end: None,
        anchored_on: None,
        unit_price: None,
        promotion: PromotionCell::Empty,
        auto_renew: true,
        status: Status::Active,
        origin: Origin::Purchase,
        channel: Channel::Reseller,
        tax_code: None,
        opened: false,
        parked: false,
    }
}

fn line(unit_price: i64, effective_unit_price: i128, subtotal: i64, reasons: Reasons) -> Line {
    Line {
        subscription: SubscriptionId::of_rank(0),
        item: ItemId::of_rank(0),
        charge_type: ChargeType::CycleCharge,
        charge: Period { first: day(11, 30), last: day(12, 30) },
        days: 31,
        cycle_days: 31,
        term: Term::P1Y,
        term_period: Period { first: day(3, 31), last: day(3, 31) },
        billing_cycle: BillingCycle::Monthly,
        unit_price,
        effective_unit_price,
        quantity: 25,
        subtotal,
        reduction: Reduction::NONE,
        cause: Cause::Cycle(day(11, 30)),
        side: Side::Charge,
        paired: false,
        behind: SubscriptionId::of_rank(0),
        happened_at: Instant::from_ticks(0),
        due: day(11, 30),
        quoted: Quoted { list: Price::ZERO, listed_for: Term::P1Y, on: day(3, 31), seats: 25 },
        held: None,
        reasons,
        term_steps: Steps::default(),
        steps: Steps::default(),
    }
}

fn tell(step: Step, line: Option<&Line>, own: &[(&str, &str)]) -> Told {
    let own: BTreeMap<String, String> = own.iter().map(|&(key, word)| (key.into(), word.into())).collect();
    let policy = policy_file::in_force("standard", &own).unwrap().policy;
    let (names, catalog, row) = (names(), catalog(), row());
    let place = |source: Source| format!("{}.csv row {}", source.table.name(), source.row);
    let item = ItemId::of_rank(0);
    Scene { names: &names, catalog: &catalog, policy: &policy, row: &row, item, line, place: &place }
        .tell(&step)
}

fn told(step: Step) -> String {
    let told = tell(step, None, &[]);
    format!("{} {}", told.rule, told.says)
}

#[test]
fn every_step_of_a_term_has_its_words_and_its_rule() {
    let (promotion, code) = (PromotionId::of_rank(SPRING), CodeId::of_rank(0));
    let source = Source { table: Table::ScheduledChanges, file: 0, row: 3 };
    let at_renewal =
        |in_window, discount| Step::PromotionAtRenewal { promotion, on: day(3, 31), in_window, discount };
    let table = [
        (
            Step::PriceFound { unit_price: price(144_000_000), on: day(3, 31), row: 17, seats: 25 },
            "R7 list price 144.00 EUR a seat for the term, in force on 2026-03-31 for 25 seats (price list row 17)",
        ),
        (
            Step::PriceLocked { unit_price: price(99_500_000) },
            "R8 price 99.50 EUR a seat for the term, locked with the subscription's row",
        ),
        (Step::Trial, "R48 a trial: free of charge for 30 days, without a promotion (R28)"),
        (Step::PromotionDeclined, "R14 no promotion: the vendor applied none"),
        (
            Step::PromotionAskedUnknown { promotion: PromotionId::of_rank(GONE) },
            "R14 promotion GONE was asked for: the promotions file lacks it",
        ),
        (
            Step::PromotionHeld { promotion, discount: discount(150_000) },
            "A20 promotion SPRING-15 is held in this term: 15 % off, taken as it is",
        ),
        (
            Step::PromotionApplied { promotion, discount: discount(125_000) },
            "R21 promotion SPRING-15 applies: 12.5 % off, the most of what is eligible",
        ),
        (
            at_renewal(true, Some(discount(150_000))),
            "R23 held promotion SPRING-15 at the renewal on 2026-03-31: inside its window 2026-01-01 … 2026-03-30, kept \
             at 15 % off",
        ),
        (
            at_renewal(false, Some(discount(150_000))),
            "R23 held promotion SPRING-15 at the renewal on 2026-03-31: outside its window 2026-01-01 … 2026-03-30, so \
             it ends",
        ),
        (
            at_renewal(true, None),
            "R25 held promotion SPRING-15 at the renewal on 2026-03-31: it does not name the new product, term and \
             billing cycle, so it ends",
        ),
        (Step::LegacyRenewal, "R24 a legacy renewal is at list price, without a promotion"),
        (Step::TrialConversion, "R28 the trial became paid: at list price, without a promotion"),
        (
            Step::CodeAccepted { code, discount: discount(200_000), max_licences: Some(25) },
            "R41 promo code WELCOME-20 counts for this term: 20 % off up to 25 licences (R42)",
        ),
        (
            Step::CodeRefused { code, why: Code::PromoCodeExpired },
            "R40 promo code WELCOME-20 refused: the code was entered after its last day (promo-code-expired)",
        ),
        (
            Step::ScheduledChange { source },
            "R44 the scheduled change of scheduled_changes.csv row 3 takes effect",
        ),
        (
            Step::ScheduledChangeRejected { source, why: Code::BillingCycleNotForTerm },
            "A24 the scheduled change of scheduled_changes.csv row 3 is not possible: this term can't be billed in this \
             cycle (billing-cycle-not-for-term)",
        ),
        (Step::Renewed { on: day(3, 31), seats: 1 }, "R44 renewed on 2026-03-31 with 1 seat"),
    ];
    for (step, expected) in table {
        assert_eq!(told(step), expected, "{step:?}");
    }
}

#[test]
fn every_step_of_a_line_has_its_words_and_ends_in_the_billed_amount() {
    let billed = line(12_000_000, 102_000_000_000, 25_500, Reasons::NONE);
    let odd = line(4_166_667, 41_666_666_667, 4_167, Reasons::NONE);
    let refund = line(12_000_000, -119_333_333_333, -14_320, Reasons::of(Reason::FullRefund));
    let (promotion, code) = (Some(PromotionId::of_rank(SPRING)), Some(CodeId::of_rank(0)));
    let spring = discount(150_000).kept();
    let reduced = |kept, promotion, code| Step::Reduced { reduction: Reduction { kept, promotion, code } };
    let share = |unit_price, months| Step::CycleShare { unit_price, months, term_months: 12 };
    let table = [
        (
            share(price(144_000_000), 1),
            &billed,
            "R6 144.00 × 1 ÷ 12 months = 12.00 a seat for one charge cycle",
        ),
        (
            share(price(50_000_000), 1),
            &odd,
            "R6 50.00 × 1 ÷ 12 months ≈ 4.166667 a seat for one charge cycle",
        ),
        (
            share(price(144_000_000), 12),
            &billed,
            "R6 144.00 a seat for the whole term, which is one charge cycle",
        ),
        (reduced(spring, promotion, None), &billed, "R13 − 15 % promotion SPRING-15"),
        (reduced(discount(200_000).kept(), None, code), &billed, "R41 − 20 % promo code WELCOME-20"),
        (
            reduced(spring.then(discount(200_000)), promotion, code),
            &billed,
            "R43 − 32 % promotion SPRING-15, then promo code WELCOME-20",
        ),
        (reduced(Kept::ALL, promotion, None), &billed, "R13 − 0 % promotion SPRING-15"),
        (Step::DaysCharged { days: 29, cycle_days: 31 }, &billed, "R31 × 29 ÷ 31 days"),
        (Step::DaysCharged { days: 31, cycle_days: 31 }, &billed, "R31 × 31 ÷ 31 days, the whole cycle"),
        (Step::Seats { seats: 25, side: Side::Charge }, &billed, " × 25 seats"),
        (Step::Seats { seats: 1, side: Side::Refund }, &billed, " × 1 seat, refunded"),
        (
            Step::TermRefunded { charged: 14_320 },
            &refund,
            "R35 everything charged in the term so far, 143.20 EUR, is refunded (A9)",
        ),
        (Step::Rounded { subtotal: -14_320 }, &refund, "R32 as it was charged: -143.20 EUR"),
        (
            Step::Rounded { subtotal: 25_500 },
            &billed,
            "R32 10.20 a seat; rounded once, half-up, to 255.00 EUR",
        ),
    ];
    for (step, line, expected) in table {
        let told = tell(step, Some(line), &[]);
        assert_eq!(format!("{} {}", told.rule, told.says), expected, "{step:?}");
    }
    let own = [("rounding", "truncate"), ("rounding_at", "unit")];
    let told = tell(Step::Rounded { subtotal: 25_500 }, Some(&billed), &own);
    assert_eq!(told.says, "rounded truncate to 10.20 a seat, which makes 255.00 EUR");
    assert_eq!(told.operands["subtotal"], "255.00");
}

fn judged(failed: &[Condition]) -> Step {
    let mut conditions = Conditions::NONE;
    for &condition in failed {
        conditions.fail_if(true, condition);
    }
    Step::PromotionJudged {
        promotion: PromotionId::of_rank(SPRING),
        discount: Some(discount(150_000)),
        on: day(3, 31),
        seats: 25,
        verdict: Verdict { failed: conditions, seats_counted: 2_390, redemptions: 2 },
    }
}

#[test]
fn a_promotion_that_was_considered_says_what_it_would_take_off_and_every_condition_that_fails() {
    assert_eq!(told(judged(&[])), "R15 promotion SPRING-15 considered: 15 % off; eligible");
    assert_eq!(
        told(judged(&[Condition::Window, Condition::SeatCount])),
        "R15 promotion SPRING-15 considered: 15 % off; not eligible: Window (2026-01-01 … 2026-03-30; the day is \
         2026-03-31), SeatCount (minimum 5, maximum 2400, 2390 held, 10 available, 25 asked for)"
    );
}

#[test]
fn every_condition_says_what_it_needs() {
    let unmet = tell(judged(&Condition::ALL), None, &[]).unmet;
    let told: Vec<(&str, &str)> = unmet.iter().map(|unmet| (unmet.condition, unmet.needs.as_str())).collect();
    let expected = [
        ("Market", "for DE, FR; the customer's market is NL"),
        ("Region", "for EMEA; the partner's region is not known"),
        ("Segment", "for education, nonprofit; the subscription's is commercial"),
        ("Product", "for CFQ7TTC0LH18:0001; this is CFQ7TTC0LH18:0001"),
        ("Window", "2026-01-01 … 2026-03-30; the day is 2026-03-31"),
        ("Term", "eligible terms: P1Y monthly, P3Y"),
        ("SeatCount", "minimum 5, maximum 2400, 2390 held, 10 available, 25 asked for"),
        ("FirstPurchase", "the customer has had this promotion before"),
        ("RedemptionLimit", "maximum 2, 2 redeemed, 0 remaining"),
        ("PrerequisiteProductOwnership", "all of CFQ7TTC0LH18:0002 must be held"),
        ("NotOptedIn", "it applies only where it is asked for by its id"),
    ];
    assert_eq!(told, expected);
    let product = tell(judged(&[Condition::FirstPurchase]), None, &[("first_purchase", "product")]);
    assert_eq!(product.unmet[0].needs, "the customer has had this product and SKU before");
}

#[test]
fn steps_keep_their_operands_for_programs() {
    let told = tell(judged(&[Condition::Window]), None, &[]);
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(json["step"], "promotion-judged");
    assert_eq!(json["rule"], "R15");
    assert_eq!(json["operands"]["eligible"], false);
    assert_eq!(json["operands"]["discount"], "15 %");
    assert_eq!(json["operands"]["seats_counted"], 2_390);
    assert_eq!(json["unmet"][0]["type"], "Window");
}

#[test]
fn every_reason_for_not_being_due_has_a_rule_and_a_sentence() {
    for why in NotDue::ALL {
        let (rule, says) = not_due(why);
        assert!(rule.starts_with(['A', 'B', 'C', 'R']) && says.len() > 10, "{why:?}");
    }
    assert_eq!(rule_of(Code::PromoCodeSecond), "R38");
}
