//! A law: what an error says that is needed is enough, and what it does not say is not.

use crate::asked::{Asked, requests, with_two_currencies, word};
use crate::crowded::write_book;
use crate::{ask, told_by, with_partners};
use std::collections::BTreeMap;
use termwise::runs::answers::Answer;
use termwise::runs::invoice::Work;

/// Whether an answer names what an error is about.
fn fails(answer: &Answer, kind: &str) -> bool {
    answer.errors.iter().any(|error| told_by(error) == kind)
}

/// The same purchase as an error says that it could be: what would no longer fail, and with a seat more would fail again.
fn remedies(
    one: &Asked,
    kind: &str,
    error: &serde_json::Map<String, serde_json::Value>,
) -> Vec<(Asked, bool)> {
    let texts = |name: &str| -> Vec<String> {
        let list = error[name].as_array().expect("a list").iter();
        list.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let seats = |name: &str| error[name].as_u64().map(|seats| u32::try_from(seats).expect("seats"));
    match kind {
        "Market" => texts("eligibleMarkets")
            .iter()
            .map(|market| (Asked { market: word(&["NL", "JP", "KW"], market), ..one.clone() }, false))
            .collect(),
        "Region" => texts("eligibleRegions")
            .iter()
            .map(|region| {
                (Asked { partner: if region == "EMEA" { "P-EMEA" } else { "P-APAC" }, ..one.clone() }, false)
            })
            .collect(),
        "Window" => ["startDate", "endDate"]
            .iter()
            .map(|name| {
                (Asked { on: error[*name].as_str().expect("a day").to_owned(), ..one.clone() }, false)
            })
            .collect(),
        "Term" | "billing-cycle-not-for-term" => error["eligibleTerms"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|pair| {
                let term = word(&["P1M", "P1Y", "P3Y"], pair["duration"].as_str().expect("a term"));
                let cycle = pair["billingCycle"].as_str().expect("a billing cycle");
                (Asked { term, cycle: word(&["monthly", "annual", "upfront"], cycle), ..one.clone() }, false)
            })
            .collect(),
        "SeatCount" => {
            let least = seats("minimumRequiredSeats").unwrap_or(1).max(1);
            match seats("availableSeats") {
                None => vec![(Asked { quantity: least, ..one.clone() }, false)],
                Some(available) if available < least => {
                    vec![(Asked { quantity: least, ..one.clone() }, true)]
                }
                Some(available) => vec![
                    (Asked { quantity: available, ..one.clone() }, false),
                    (Asked { quantity: available + 1, ..one.clone() }, true),
                    (Asked { quantity: least, ..one.clone() }, false),
                ],
            }
        }
        "NotOptedIn" => vec![(one.clone(), false)],
        "market-differs" => {
            let market = word(&["NL", "JP", "KW", "BE"], error["customerMarket"].as_str().expect("a market"));
            vec![(Asked { market, ..one.clone() }, false)]
        }
        "segment-not-allowed" => {
            let words = ["commercial", "education", "nonprofit", "government"];
            let eligible = texts("eligibleSegments");
            let other = |segment: &&&str| !eligible.iter().any(|text| text == **segment);
            let asked = |segment: &&'static str| Asked { segment, ..one.clone() };
            let refused = words.iter().filter(other).map(|segment| (asked(segment), true));
            let sold = words.iter().filter(|segment| !other(segment)).map(|segment| (asked(segment), false));
            refused.chain(sold).collect()
        }
        "seats-not-positive" => {
            let quantity = seats("minimumRequiredSeats").expect("a minimum");
            vec![(Asked { quantity, ..one.clone() }, false)]
        }
        "amount-too-large" => {
            let quantity = seats("maximumRequiredSeats").expect("a maximum");
            vec![(Asked { quantity, ..one.clone() }, false)]
        }
        _ => Vec::new(),
    }
}

#[test]
fn what_an_error_says_that_is_needed_is_enough() {
    let mut tried: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..30 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        with_partners(dir.path());
        with_two_currencies(dir.path());
        let asked = requests(seed, dir.path());
        let answered = ask(dir.path(), &asked, Work { threads: 1, ..Work::default() });
        let mut again: Vec<(Asked, String, bool)> = Vec::new();
        for answer in &answered.answers {
            let one = asked.iter().find(|one| one.id == answer.request_id).expect("a request");
            let ids = ["PR-0", "PR-1", "PR-2", "PR-3", "PR-4", "PR-5", "PR-9"];
            let by_id = Asked {
                promotion: word(&ids, answer.promotion_id.as_deref().unwrap_or_default()),
                ..one.clone()
            };
            for error in &answer.errors {
                let kind = told_by(error);
                for (remedy, still_fails) in remedies(&by_id, kind, error) {
                    let id = format!("T{}", again.len());
                    again.push((Asked { id, ..remedy }, kind.to_owned(), still_fails));
                }
            }
        }
        let remedies: Vec<Asked> = again.iter().map(|(remedy, ..)| remedy.clone()).collect();
        let answered = ask(dir.path(), &remedies, Work { threads: 1, ..Work::default() });
        assert_eq!(answered.answers.len(), again.len(), "seed {seed}");
        for ((remedy, kind, still_fails), answer) in again.iter().zip(&answered.answers) {
            assert_eq!(fails(answer, kind), *still_fails, "seed {seed}, {kind}, {remedy:?}: {answer:#?}");
            *tried.entry(kind.clone()).or_default() += 1;
        }
    }
    let conditions = ["Market", "Region", "Window", "Term", "SeatCount", "NotOptedIn"];
    let codes = ["market-differs", "segment-not-allowed", "billing-cycle-not-for-term", "seats-not-positive"];
    for kind in conditions.iter().chain(&codes).chain(&["amount-too-large"]) {
        assert!(tried.get(*kind).is_some_and(|&times| times > 3), "{kind} was hardly tried: {tried:?}");
    }
}
