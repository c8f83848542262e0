//! A customer that is divisible, played in pieces, comes to what it comes to as a whole.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that can't go on says why")]

mod common;

use common::policy;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeSet;
use termwise_engine::book::{
    Book, Channel, CustomerBook, EventKind, LifecycleEvent, Origin, PromotionCell, ScheduledChange,
    SeatChange, Status, Subscription, Target, Window,
};
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::{
    Catalog, Commerce, Items, Offer, Partners, Plan, PriceKey, PriceList, PriceRow, PromoCodes, Promotion,
    PromotionChanges, Promotions, Segment, Tier,
};
use termwise_engine::findings::{Source, Table};
use termwise_engine::ids::{CustomerId, ItemId, MarketId, PromotionId, SubscriptionId};
use termwise_engine::money::{Currency, Discount, Price};
use termwise_engine::policy::PriceOverlap;
use termwise_engine::timeline;
use termwise_engine::workings::{Line, Played, Renewal, Steps};

/// Product:SKUs 0 to 2 are free of customer-wide promotions; 3 has one that counts the customer's seats.
const ITEMS: usize = 4;

fn day(month: u32, day: u32) -> Day {
    Day::from_ymd(2026, month, day).expect("a day")
}

fn promotion(rank: usize, item: usize, max_seats: Option<u32>) -> Promotion {
    let offer = |term| Offer {
        item: ItemId::of_rank(item),
        term,
        billing_cycle: None,
        discount: Discount::from_millionths(100_000 * (rank as u32 + 1)).expect("a fraction"),
    };
    Promotion {
        id: PromotionId::of_rank(rank),
        commerce: Commerce::New,
        window: Period { first: day(1, 1), last: day(4, 10) },
        markets: Vec::new(),
        regions: Vec::new(),
        segments: Vec::new(),
        min_seats: Some(3),
        max_seats,
        max_redemptions: None,
        first_purchase: false,
        requires: Vec::new(),
        auto_applicable: true,
        offers: vec![offer(Term::P1M), offer(Term::P1Y)],
    }
}

fn catalog() -> Catalog {
    let currency = Currency::from_code("EUR").expect("a currency");
    let plans = [
        (Term::P1M, Plan::Monthly),
        (Term::P1Y, Plan::Monthly),
        (Term::P1Y, Plan::Annual),
        (Term::P3Y, Plan::Upfront),
    ];
    let mut rows = Vec::new();
    for item in 0..ITEMS {
        for (term, plan) in plans {
            for (number, first) in [day(1, 1), day(3, 1)].into_iter().enumerate() {
                let millionths = (item as i64 + 3) * 1_234_567 * i64::from(term.months()) + number as i64;
                rows.push(PriceRow {
                    is_triennial: false,
                    key: PriceKey {
                        item: ItemId::of_rank(item),
                        term,
                        plan,
                        market: MarketId::of_rank(0),
                        currency,
                        segment: Segment::Commercial,
                    },
                    effective: Period { first, last: day(12, 31) },
                    tier: Tier::ANY,
                    unit_price: Price::from_millionths(millionths).expect("a price"),
                    row: rows.len() as u32,
                });
            }
        }
    }
    let promotions = vec![promotion(0, 0, None), promotion(1, 1, None), promotion(2, 3, Some(12))];
    Catalog {
        items: Items::default(),
        prices: PriceList::new(rows, &BTreeSet::new(), PriceOverlap::NewestStart),
        promotions: Promotions::new(promotions, BTreeSet::new()),
        codes: PromoCodes::default(),
        partners: Partners::default(),
    }
}

fn at() -> impl Strategy<Value = Instant> {
    let begin = day(1, 1).start().ticks();
    (0..150_i64, 0..4_i64).prop_map(move |(days, quarters)| {
        Instant::from_ticks(begin + (days * 4 + quarters) * 6 * 3_600 * 10_000_000)
    })
}

fn source(table: Table) -> impl Strategy<Value = Source> {
    (1..1_000_000_u32).prop_map(move |row| Source { table, file: 0, row })
}

prop_compose! {
    fn subscription(items: usize)(
        source in source(Table::Subscriptions),
        item in 0..items,
        (term, billing_cycle) in prop::sample::select(vec![
            (Term::P1M, BillingCycle::Monthly), (Term::P1Y, BillingCycle::Monthly),
            (Term::P1Y, BillingCycle::Annual), (Term::P3Y, BillingCycle::Upfront),
        ]),
        quantity in 1..12_u32,
        ordered_at in proptest::option::of(at()),
        start in at(),
        promotion in prop::sample::select(vec![
            PromotionCell::Empty, PromotionCell::Empty, PromotionCell::Declined,
            PromotionCell::Id(PromotionId::of_rank(0)), PromotionCell::Id(PromotionId::of_rank(1)),
        ]),
        auto_renew in prop::bool::weighted(0.8),
        status in prop::sample::select(vec![Status::Active, Status::Active, Status::Suspended, Status::Expired]),
        origin in prop::sample::select(vec![Origin::Purchase, Origin::Purchase, Origin::Renewal, Origin::Trial]),
        commerce in prop::sample::select(vec![Commerce::New, Commerce::New, Commerce::Legacy]),
    ) -> Subscription {
        Subscription {
            source,
            id: SubscriptionId::of_rank(0),
            customer: CustomerId::of_rank(0),
            partner: None,
            bill_to: None,
            order: None,
            commerce,
            item: ItemId::of_rank(item),
            segment: Segment::Commercial,
            market: MarketId::of_rank(0),
            currency: Currency::from_code("EUR").expect("a currency"),
            term,
            billing_cycle,
            quantity,
            quantity_as_of: None,
            ordered_at,
            term_start: start.day(),
            term_end: None,
            anchored_on: None,
            unit_price: None,
            promotion,
            auto_renew,
            status,
            origin,
            channel: Channel::Reseller,
            tax_code: None,
            opened: false,
            parked: false,
        }
    }
}

prop_compose! {
    fn seat_change(subscriptions: usize)(
        source in source(Table::SeatChanges), of in 0..subscriptions, changed_at in at(), quantity in 0..20_i32,
    ) -> SeatChange {
        let subscription = SubscriptionId::of_rank(of);
        SeatChange { source, subscription, changed_at, quantity, quantity_before: None, change: None }
    }
}

prop_compose! {
    fn event(subscriptions: usize, items: usize)(
        source in source(Table::LifecycleEvents), of in 0..subscriptions, happened_at in at(),
        kind in prop::sample::select(EventKind::ALL.to_vec()),
        item in proptest::option::of(0..items),
        target_term in proptest::option::of(prop::sample::select(Term::ALL.to_vec())),
    ) -> LifecycleEvent {
        let is_upgrade = kind == EventKind::Upgrade;
        LifecycleEvent {
            source,
            subscription: SubscriptionId::of_rank(of),
            happened_at,
            kind,
            quantity: None,
            target: Target::Nobody,
            target_item: item.filter(|_| is_upgrade).map(ItemId::of_rank),
            is_sku_alone: false,
            target_term: target_term.filter(|_| !is_upgrade),
            target_billing_cycle: (kind == EventKind::ChangeBillingCycle).then_some(BillingCycle::Annual),
        }
    }
}

prop_compose! {
    fn scheduled(subscriptions: usize, items: usize)(
        source in source(Table::ScheduledChanges), of in 0..subscriptions, scheduled_at in at(),
        item in proptest::option::of(0..items), quantity in proptest::option::of(1..9_i32),
        promotion in prop::sample::select(vec![PromotionCell::Empty, PromotionCell::Id(PromotionId::of_rank(0))]),
    ) -> ScheduledChange {
        ScheduledChange {
            source,
            subscription: SubscriptionId::of_rank(of),
            scheduled_at,
            item: item.map(ItemId::of_rank),
            is_sku_alone: false,
            term: None,
            billing_cycle: None,
            quantity,
            term_end: None,
            promotion,
        }
    }
}

/// A customer with up to seven subscriptions of the first few product:SKUs.
fn book(items: usize) -> impl Strategy<Value = Book> {
    prop::collection::vec(subscription(items), 1..8).prop_flat_map(move |mut subscriptions| {
        let count = subscriptions.len();
        for (rank, row) in subscriptions.iter_mut().enumerate() {
            row.id = SubscriptionId::of_rank(rank);
        }
        let seat_changes = prop::collection::vec(seat_change(count), 0..9);
        let events = prop::collection::vec(event(count, items), 0..4);
        let scheduled = prop::collection::vec(scheduled(count, items), 0..4);
        (Just(subscriptions), seat_changes, events, scheduled).prop_map(
            |(subscriptions, seat_changes, events, scheduled)| {
                let mut book = Book { subscriptions, seat_changes, events, scheduled, ..Book::default() };
                book.sort();
                book
            },
        )
    })
}

fn play<'a>(customers: impl Iterator<Item = CustomerBook<'a>>, catalog: &Catalog) -> Played {
    let window = Window { billed: Period { first: day(3, 5), last: day(4, 20) }, horizon: day(7, 1) };
    let mut played = Played::default();
    let mut slate = timeline::Slate::default();
    for customer in customers {
        timeline::play_on(&mut slate, customer, catalog, &policy(), window, &mut played);
    }
    settled(played)
}

/// By subscription, as happened; steps have other numbers in another order of subscriptions.
fn settled(mut played: Played) -> Played {
    let blank = Steps::default();
    played.lines.iter_mut().for_each(|line: &mut Line| (line.steps, line.term_steps) = (blank, blank));
    played.renewals.iter_mut().for_each(|renewal: &mut Renewal| renewal.steps = blank);
    played.lines.sort_by_key(|line| line.subscription);
    played.renewals.sort_by_key(|renewal| renewal.subscription);
    played.findings.sort();
    played.fates.sort();
    played
}

/// What is played of today and of a proposal.
fn play_worlds<'a>(customers: impl Iterator<Item = CustomerBook<'a>>, worlds: &[Catalog; 2]) -> [Played; 2] {
    let horizon = timeline::Horizon { as_of: day(4, 20), last: day(9, 1) };
    let policy = policy();
    let worlds = worlds.each_ref().map(|catalog| timeline::World { catalog, policy: &policy });
    let mut played = [Played::default(), Played::default()];
    let mut slate = timeline::Slate::default();
    for customer in customers {
        timeline::play_worlds(&mut slate, customer, &worlds, horizon, &mut played);
    }
    played.map(settled)
}

/// Today and a proposal, whose promotion on a product:SKU has a maximum of seats or none.
fn worlds(item: usize, max_seats: Option<u32>) -> [Catalog; 2] {
    let (today, mut proposed) = (catalog(), catalog());
    let added = Promotion {
        window: Period { first: day(4, 21), last: day(12, 31) },
        ..promotion(5, item, max_seats)
    };
    proposed.promotions =
        today.promotions.proposed(&PromotionChanges { added: vec![added], ..PromotionChanges::default() });
    [today, proposed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_customer_that_is_divisible_in_every_world_comes_to_the_same_in_pieces(
        book in book(ITEMS - 1), item in 0..ITEMS, max_seats in proptest::option::of(5..20_u32),
    ) {
        let worlds = worlds(item, max_seats);
        let is_divisible = |customer: &CustomerBook<'_>| worlds.iter().all(|world| customer.is_divisible(world));
        for customer in book.customers_of(&book.subscriptions).filter(is_divisible) {
            let whole = play_worlds([customer].into_iter(), &worlds);
            let pieces = play_worlds(customer.pieces(1), &worlds);
            for (whole, pieces) in whole.iter().zip(&pieces) {
                prop_assert_eq!(&pieces.lines, &whole.lines);
                prop_assert_eq!(&pieces.renewals, &whole.renewals);
            }
        }
    }

    #[test]
    fn a_divisible_customer_comes_to_the_same_in_pieces(book in book(ITEMS - 1)) {
        let catalog = catalog();
        let customer = || book.customers_of(&book.subscriptions);
        prop_assert!(customer().all(|customer| customer.is_divisible(&catalog)));
        let whole = play(customer(), &catalog);
        for size in 1..=3 {
            let pieces = play(customer().flat_map(|customer| customer.pieces(size)), &catalog);
            prop_assert_eq!(&pieces.lines, &whole.lines);
            prop_assert_eq!(&pieces.renewals, &whole.renewals);
            prop_assert_eq!(&pieces.findings, &whole.findings);
            prop_assert_eq!(&pieces.fates, &whole.fates);
        }
    }

    #[test]
    fn a_customer_that_says_it_is_divisible_comes_to_the_same_in_pieces(book in book(ITEMS)) {
        let catalog = catalog();
        for customer in book.customers_of(&book.subscriptions).filter(|customer| customer.is_divisible(&catalog)) {
            let whole = play([customer].into_iter(), &catalog);
            let pieces = play(customer.pieces(1), &catalog);
            prop_assert_eq!(&pieces.lines, &whole.lines);
            prop_assert_eq!(&pieces.renewals, &whole.renewals);
        }
    }
}

/// A customer that is divisible today, and not under a promotion that counts its seats.
#[test]
fn a_proposal_can_keep_a_customer_whole() {
    let worlds = worlds(0, Some(12));
    let book = Book { subscriptions: purchases([0, 0, 1]), ..Book::default() };
    let customer = || book.customers_of(&book.subscriptions);
    assert!(customer().all(|customer| customer.is_divisible(&worlds[0])));
    assert!(customer().all(|customer| !customer.is_divisible(&worlds[1])));
}

#[test]
fn what_counts_a_customers_seats_keeps_it_whole() {
    let catalog = catalog();
    let book = Book { subscriptions: purchases([3, 3, 0]), ..Book::default() };
    let customer = || book.customers_of(&book.subscriptions);
    assert!(customer().all(|customer| !customer.is_divisible(&catalog)));
    // Eight and eight pass twelve: as a whole the second is at list price, and apart it would not be.
    let whole = play(customer(), &catalog);
    let apart = play(customer().flat_map(|customer| customer.pieces(1)), &catalog);
    assert_eq!(whole.lines[0], apart.lines[0]);
    assert_ne!(whole.lines[2], apart.lines[2]);
    assert!(whole.lines[2].reduction.promotion.is_none() && apart.lines[2].reduction.promotion.is_some());
}

/// Eight seats of each of these, bought for a year.
fn purchases(items: [usize; 3]) -> Vec<Subscription> {
    let mut rows = Vec::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for (rank, item) in items.into_iter().enumerate() {
        let mut row = subscription(1).new_tree(&mut runner).expect("a row").current();
        (row.id, row.item, row.quantity) = (SubscriptionId::of_rank(rank), ItemId::of_rank(item), 8);
        (row.origin, row.status, row.commerce) = (Origin::Purchase, Status::Active, Commerce::New);
        (row.term, row.billing_cycle, row.promotion) =
            (Term::P1Y, BillingCycle::Monthly, PromotionCell::Empty);
        (row.term_start, row.ordered_at) = (day(3, 10), None);
        rows.push(row);
    }
    rows
}
