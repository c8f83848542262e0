//! What a proposal may say, what it changes, and what is told of one that can't be.

use super::{Given, PRICES, SUBSCRIPTIONS};
use crate::intake::Proposal;
use std::collections::BTreeMap;
use termwise_engine::calendar::{BillingCycle, Day, Term};
use termwise_engine::catalog::{Plan, PriceKey, Segment};
use termwise_engine::findings::Table;
use termwise_engine::ids::{ItemId, MarketId, PromotionId};
use termwise_engine::money::Currency;

const HEAD: &str = "title = \"t\"\nauthor = \"a\"\nwhy = \"w\"\n";
const PROMOTIONS: &str = "promotion_id,product_id,sku_id,term,discount,starts_on,ends_on";

fn given() -> Given {
    Given::new()
        .csv(Table::Subscriptions, SUBSCRIPTIONS, &["SUB-1,CUS-1,PRO,0001,NL,EUR,P1Y,monthly,10,2026-06-01"])
        .csv(
            Table::PriceList,
            PRICES,
            &[
                "PRO,0001,P1Y,Monthly,NL,EUR,120.00,2020-01-01,,License",
                "PRO,0001,P1M,Monthly,NL,EUR,12.00,2020-01-01,,License",
                "TWO,0001,P1Y,Monthly,DE,EUR,60.00,2020-01-01,,License",
            ],
        )
        .csv(Table::Promotions, PROMOTIONS, &["OLD,PRO,0001,P1Y,0.1,2026-01-01,2026-12-31"])
}

fn with(text: &str) -> Given {
    given().with(Table::Proposal, "plan.toml", format!("{HEAD}{text}"))
}

/// The one proposal.
fn read(text: &str) -> Proposal {
    with(text).read().intake.proposals.remove(0)
}

fn refused(text: &str) -> String {
    let error = with(text).refusal();
    assert_eq!(error.exit_code(), 65);
    error.to_string()
}

fn day(year: i32, month: u32, day: u32) -> Day {
    Day::from_ymd(year, month, day).unwrap_or(Day::FIRST)
}

/// What a seat of PRO costs for a year on a day, in cents.
fn year_of_pro(proposal: &Proposal, on: Day) -> Option<i64> {
    let currency = Currency::from_code("EUR")?;
    let (item, market) = (ItemId::of_rank(0), MarketId::of_rank(1));
    let key =
        PriceKey { item, term: Term::P1Y, plan: Plan::None, market, currency, segment: Segment::Commercial };
    let quote = proposal.catalog.prices.quote(key, BillingCycle::Monthly, 1, on).ok()?;
    Some(quote.unit_price.millionths() / 10_000)
}

fn matches(proposal: &Proposal) -> Vec<(u32, &str, u64)> {
    proposal.changes.iter().map(|change| (change.line, change.says.as_str(), change.matches)).collect()
}

#[test]
fn prices_change_by_scope_from_their_day_on() {
    let found = read(
        "[[price]]\nterm = \"P1Y\"\nmarket = \"NL\"\npercent = \"+5%\"\nfrom = 2027-03-01\n\n[[price]]\nsku_id = \"0001\"\nbilling_plan = \"monthly\"\npercent = \"-2.5 %\"\n\n[[price]]\nproduct_id = \"NONE\"\nprice = \"1.00\"\n",
    );
    assert_eq!(year_of_pro(&found, day(2027, 2, 28)), Some(11_700));
    assert_eq!(year_of_pro(&found, day(2027, 3, 1)), Some(12_285));
    assert_eq!(
        matches(&found),
        [
            (4, "+5% on P1Y, market NL, from 2027-03-01", 1),
            (10, "-2.5 % on SKU 0001, billed monthly", 3),
            (15, "1.00 for NONE", 0)
        ]
    );
}

#[test]
fn a_list_of_its_own_is_read_as_strictly_as_todays() {
    let list = format!(
        "{PRICES}\nPRO,0001,P1Y,Monthly,NL,EUR,132.00,2020-01-01,,License\nPRO,0001,P1Y,Monthly,DE,EUR,12x,2020-01-01,,License\n"
    );
    let given = with("[price_list]\nfiles = \"new.csv\"\nfrom = \"2027-02-01\"\n");
    let path = given.folder().join("new.csv");
    assert!(std::fs::write(path, list).is_ok());
    let read = given.read();
    let found = &read.intake.proposals[0];
    assert_eq!(year_of_pro(found, day(2027, 1, 31)), Some(12_000));
    assert_eq!(year_of_pro(found, day(2027, 2, 1)), Some(13_200));
    let told: Vec<String> = read.findings.iter().map(super::shown_finding).collect();
    assert_eq!(told, ["proposed_prices:2:UnitPrice money-invalid rejected"]);
    let shown = read.intake.excerpts(&given.inputs, &read.findings).unwrap_or_default();
    assert_eq!((shown[0].file.as_str(), shown[0].value.as_str()), ("new.csv", "12x"));
    let files: Vec<(Table, u64)> = read.files.iter().map(|file| (file.table, file.rows)).collect();
    assert!(
        files.contains(&(Table::Proposal, 1)) && files.contains(&(Table::ProposedPrices, 2)),
        "{files:?}"
    );
}

#[test]
fn promotions_are_added_ended_and_extended() {
    let added = "[[promotion_added]]\npromotion_id = \"NEW\"\nproduct_id = \"TWO\"\nsku_id = \"0001\"\nterm = \"P1Y\"\ndiscount = 0.25\nstarts_on = 2027-01-01\nends_on = 2027-12-31\nauto_applicable = true\nmarkets = [\"NL\", \"DE\"]\n";
    let found = read(&format!("{added}[[promotion_ended]]\npromotion_id = \"OLD\"\nlast_day = 2026-06-30\n"));
    let promotions = &found.catalog.promotions;
    let window = |rank| promotions.get(PromotionId::of_rank(rank)).map(|promotion| promotion.window.last);
    assert_eq!((window(0), window(1)), (Some(day(2027, 12, 31)), Some(day(2026, 6, 30))));
    assert_eq!(promotions.get(PromotionId::of_rank(0)).map(|promotion| promotion.markets.len()), Some(2));
    let says: Vec<u64> = found.changes.iter().map(|change| change.matches).collect();
    assert_eq!(says, [1, 1]);
    for (section, last, matches) in
        [("extended", "2027-06-30", 1), ("extended", "2026-12-31", 0), ("ended", "2027-01-01", 0)]
    {
        let found = read(&format!("[[promotion_{section}]]\npromotion_id = \"OLD\"\nlast_day = {last}\n"));
        assert_eq!(found.changes[0].matches, matches, "{section} {last}");
    }
    let gone = read("[[promotion_ended]]\npromotion_id = \"OLD\"\nlast_day = 2025-12-31\n");
    assert!(gone.catalog.promotions.get(PromotionId::of_rank(0)).is_none(), "it ends before it begins");
}

/// Rows of one promotion are changes of their own.
#[test]
fn a_new_promotion_that_has_no_price_to_take_anything_off_matches_nothing() {
    let row = |sku: &str, more: &str| {
        format!(
            "[[promotion_added]]\npromotion_id = \"NEW\"\nproduct_id = \"PRO\"\nsku_id = \"{sku}\"\ndiscount = 0.25\nstarts_on = 2027-01-01\nends_on = 2027-12-31\n{more}\n"
        )
    };
    let of = |rows: &[String]| {
        read(&rows.concat()).changes.iter().map(|change| change.matches).collect::<Vec<_>>()
    };
    assert_eq!(of(&[row("0001", "term = \"P1Y\""), row("9999", "term = \"P1Y\"")]), [1, 0], "another SKU");
    assert_eq!(of(&[row("0001", "term = \"P1M\""), row("0001", "term = \"P3Y\"")]), [1, 0], "another term");
    let annual = "term = \"P1Y\"\nbilling_cycle = \"annual\"";
    let monthly = "term = \"P1Y\"\nbilling_cycle = \"monthly\"";
    assert_eq!((of(&[row("0001", annual)]), of(&[row("0001", monthly)])), (vec![0], vec![1]), "another plan");
    assert_eq!(of(&[row("0001", "term = \"P1Y\"\nmarkets = [\"DE\"]")]), [0], "another market");
    let inline = |sku: &str| {
        format!(
            "{{ promotion_id = \"NEW\", product_id = \"PRO\", sku_id = \"{sku}\", term = \"P1Y\", discount = 0.25, starts_on = 2027-01-01, ends_on = 2027-12-31 }}"
        )
    };
    let one_line = format!("promotion_added = [{}, {}]\n", inline("0001"), inline("9999"));
    assert_eq!(of(&[one_line]), [1, 0], "on one line");
}

#[test]
fn settings_change_a_policy_and_those_of_events_change_nothing() {
    let mut reading = given().reading();
    reading.policy_words = crate::policy_file::in_force("standard", &BTreeMap::new())
        .map(|in_force| in_force.words)
        .unwrap_or_default();
    let given = with("[policy]\nrounding = \"truncate\"\nmonth_end = \"clamp\"\nstacking = \"combine\"\n");
    let intake = crate::intake::read(&given.inputs, &super::policy(), &reading, &());
    let proposals = intake.map(|intake| intake.proposals).unwrap_or_default();
    assert_eq!(
        matches(&proposals[0]),
        [(5, "rounding is truncate", 1), (6, "month_end is clamp", 0), (7, "stacking is combine", 0)]
    );
    assert_eq!(proposals[0].policy.words["rounding"], "truncate");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_line() {
    let said = refused(
        "extra = 1\n[price]\npercent = \"+5%\"\n\n[[promotion_added]]\npromotion_id = \"OLD\"\ndiscount = \"lots\"\n\n[price_list]\nfiles = \"list.xlsx\"\nfrom = \"soon\"\n\n[policy]\nprofile = \"x\"\n",
    );
    for expected in [
        "plan.toml:4:extra: error[proposal-key-unknown]: a proposal has no key extra",
        "plan.toml:5:price: error[proposal-value]: there can be several of [price], so it stands in two brackets",
        "plan.toml:8:promotion_added.product_id: error[proposal-key-missing]: product_id is missing",
        "plan.toml:12:price_list.files: error[proposal-value]: \"list.xlsx\" names no price list",
        "plan.toml:14:price_list.from: error[proposal-value]: \"soon\" is not a date",
        "plan.toml:17:policy.profile: error[proposal-key-unknown]: [policy] has no key profile",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let said = refused(
        "[[price]]\npercent = \"+5%\"\nprice = \"1.00\"\n\n[[price]]\nterm = \"P1Y\"\n\n[[price]]\npercent = \"-100%\"\n",
    );
    assert!(
        said.contains(":4:price: error[proposal-value]: a price and a percentage are two things"),
        "{said}"
    );
    assert!(said.contains(":8:price: error[proposal-value]: nothing changes"), "{said}");
    assert!(
        said.contains(":12:price.percent: error[proposal-value]: \"-100%\" is not a percentage"),
        "{said}"
    );
    let said = refused("title\n");
    assert!(said.contains("plan.toml:4: error[proposal-syntax]"), "{said}");
}

#[test]
fn what_contradicts_itself_is_refused_with_both_lines() {
    let of = |more: &str| refused(&format!("[[price]]\npercent = \"+5%\"\n\n{more}"));
    let said = of("[[price]]\nproduct_id = \"TWO\"\nprice = \"9.00\"\n");
    assert!(
        said.contains(":7:price: error[proposal-conflict]: what line 4 says of TWO:0001, P1Y, EUR"),
        "{said}"
    );
    let said =
        of("[[price]]\npercent = \"+1%\"\n[[price]]\npercent = \"+1%\"\n[[price]]\npercent = \"+1%\"\n");
    assert!(said.contains("error[proposal-conflict]"), "four percentages meet: {said}");
    let new = "[[promotion_added]]\npromotion_id = \"OLD\"\nproduct_id = \"PRO\"\nsku_id = \"0001\"\nterm = \"P1Y\"\ndiscount = \"0.1\"\nstarts_on = 2027-01-01\nends_on = 2027-02-01\n";
    let said = refused(new);
    assert!(said.contains("there is a promotion \"OLD\" already"), "{said}");
    let said = refused(&new.replace("\"0.1\"", "\"1.5\""));
    assert!(said.contains("promotion_added.discount: error[proposal-value]"), "{said}");
    let rows = new.replace("OLD", "NEW")
        + &new.replace("OLD", "NEW").replace("2027-02-01", "2027-03-01").replace("P1Y", "P1M");
    let said = refused(&rows);
    assert!(said.contains("promotion_added.ends_on: error[proposal-conflict]"), "{said}");
}

#[test]
fn a_proposal_is_known_by_the_name_of_its_file() {
    let twice = with("").with(Table::Proposal, "sub.toml", format!("{HEAD}[[price]]\npercent = \"+0%\"\n"));
    let read = twice.read();
    let names: Vec<&str> = read.intake.proposals.iter().map(|proposal| proposal.name.as_str()).collect();
    assert_eq!(names, ["plan", "sub"]);
    assert_eq!(read.intake.proposals[1].changes[0].matches, 0, "0 % changes nothing");
    let odd = given().with(Table::Proposal, "plan b.toml", HEAD);
    assert!(odd.refusal().to_string().contains("\"plan b\" is no name of a proposal"));
}

#[test]
fn numbers_and_texts_mean_what_toml_says_they_do() {
    let found = read("[[price]]\nterm = \"P1Y\"\nmarket = \"NL\"\nprice = 0x7B\n");
    assert_eq!(year_of_pro(&found, day(2027, 1, 1)), Some(12_300), "0x7B is 123");
    let windows = given().with(
        Table::Proposal,
        "plan.toml",
        "title = \"t\"\r\nauthor = \"a\"\r\nwhy = \"\"\"one\r\ntwo\"\"\"\r\n",
    );
    assert_eq!(windows.read().intake.proposals[0].why.lines().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_value_is_told_with_its_own_line_and_once() {
    let new = "[[promotion_added]]\npromotion_id = \"NEW\"\nproduct_id = \"PRO\"\nsku_id = \"0001\"\nterm = \"P1Y\"\ndiscount = 1.5\nstarts_on = 2027-02-01\nends_on = 2027-01-01\n";
    let said = refused(new);
    for expected in [
        "plan.toml:9:promotion_added.discount: error[proposal-value]: \"1.5\"",
        "plan.toml:11:promotion_added.ends_on: error[proposal-value]: \"2027-01-01\" lies before starts_on",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let said = refused("[[price]]\nprice = 99999999999999999999\nfrom = 2027-01-01T00:00:00Z\n");
    for expected in [
        "plan.toml:5:price.price: error[proposal-value]: this number is too large",
        "plan.toml:6:price.from: error[proposal-value]: this is not a day alone",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert!(!said.contains("nothing changes"), "{said}");
    // The one setting contradicts another that the proposal does not name.
    let said = refused("[policy]\nrefund_window = \"1h\"\n");
    assert!(said.contains("plan.toml:5:policy.full_refund: error[proposal-value]"), "{said}");
    let titles =
        given().with(Table::Proposal, "plan.toml", "title = \" \"\nauthor = 5\nwhy = \"a\\u0007b\"\n");
    let said = titles.refusal().to_string();
    for expected in [
        "1:title: error[proposal-value]: title says nothing",
        "author is not a text",
        "why has control characters",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn a_column_that_is_not_read_is_no_key() {
    let said = refused("[[promotion_added]]\npass_on = \"0.5\"\n");
    assert!(said.contains("plan.toml:5:promotion_added.pass_on: error[proposal-key-unknown]"), "{said}");
}

#[test]
fn a_list_without_a_price_is_refused() {
    let given = with("[price_list]\nfiles = \"new.csv\"\n");
    assert!(std::fs::write(given.folder().join("new.csv"), format!("{PRICES}\n")).is_ok());
    let said = given.refusal().to_string();
    assert!(said.contains("price_list.files: error[proposal-value]: the list has no price"), "{said}");
}

#[test]
fn a_list_that_is_never_asked_has_no_price_to_change() {
    let list = format!("{PRICES}\nPRO,0001,P1Y,Monthly,NL,EUR,132.00,2020-01-01,,License\n");
    let given = with("[price_list]\nfiles = \"new.csv\"\n\n[[price]]\nterm = \"P1M\"\npercent = \"+5%\"\n");
    assert!(std::fs::write(given.folder().join("new.csv"), list).is_ok());
    assert_eq!(
        matches(&given.read().intake.proposals[0])[1],
        (7, "+5% on P1M", 0),
        "today's alone has a month"
    );
}
