//! What happens in a world, each fact with the night on which the extracts first show it; and the extract of a night.

use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The inputs whose rows are facts, with their columns.
pub(crate) const FILES: [(&str, &str); 5] = [
    (
        "subscriptions",
        "subscription_id,customer_id,partner_id,bill_to_id,order_id,commerce,product_id,sku_id,segment,market,currency,\
         term,billing_cycle,quantity,quantity_as_of,ordered_at,term_start,term_end,anchored_on,unit_price,promotion_id,\
         auto_renew,status,origin,channel",
    ),
    ("seat_changes", "subscription_id,changed_at,quantity,change_id,quantity_before"),
    (
        "lifecycle_events",
        "subscription_id,happened_at,kind,quantity,target_term,target_billing_cycle,target_subscription_id,\
         target_product_id,target_sku_id",
    ),
    (
        "scheduled_changes",
        "subscription_id,scheduled_at,product_id,sku_id,term,billing_cycle,quantity,term_end,promotion_id",
    ),
    ("redemptions", "subscription_id,code,entered_at,order_id"),
];

/// A row of one of the files: its cells by the names of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) file: &'static str,
    pub(crate) cells: Vec<String>,
    /// The day on which it happens.
    pub(crate) day: NaiveDate,
    /// From when on the extracts have it: twice the number of the night, and one more for the second extract of that night.
    pub(crate) shows: u32,
}

impl Fact {
    pub(crate) fn new(file: &'static str, cells: &[(&str, &str)], day: NaiveDate) -> Fact {
        let cell = |name: &str| cells.iter().find(|(of, _)| *of == name).map_or("", |(_, text)| *text);
        let known: BTreeSet<&str> = columns(file).collect();
        assert!(cells.iter().all(|(name, _)| known.contains(name)), "{file} has not all of {cells:?}");
        let cells = columns(file).map(|name| cell(name).to_owned()).collect();
        Fact { file, cells, day, shows: 0 }
    }

    pub(crate) fn cell(&self, name: &str) -> &str {
        let place = columns(self.file).position(|column| column == name).expect("a column");
        &self.cells[place]
    }

    pub(crate) fn set(&mut self, name: &str, text: &str) {
        let place = columns(self.file).position(|column| column == name).expect("a column");
        text.clone_into(&mut self.cells[place]);
    }

    /// The subscription that it is about.
    pub(crate) fn about(&self) -> &str {
        &self.cells[0]
    }

    /// Whether it says something of this subscription, as its own row or as the target of another's upgrade.
    pub(crate) fn concerns(&self, id: &str) -> bool {
        self.about() == id || (self.file == "lifecycle_events" && self.cell("target_subscription_id") == id)
    }

    /// A seat change or an event of the subscription's life.
    pub(crate) fn is_event(&self) -> bool {
        matches!(self.file, "seat_changes" | "lifecycle_events")
    }
}

pub(crate) fn columns(file: &str) -> impl Iterator<Item = &'static str> {
    FILES.iter().find(|(name, _)| *name == file).expect("a file").1.split(',')
}

/// The inputs of one run.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Extract {
    pub(crate) facts: Vec<Fact>,
    /// The other inputs, as text.
    pub(crate) others: BTreeMap<&'static str, String>,
}

impl Extract {
    /// Writes what is not as it stands there already.
    pub(crate) fn write(&self, book: &Path, before: Option<&Extract>) {
        let put = |name: &str, text: &str| {
            fs::write(book.join(format!("{name}.csv")), text).expect("an input");
        };
        for (file, header) in FILES {
            let text = self.text(file, header);
            if before.is_none_or(|before| before.text(file, header) != text) {
                put(file, &text);
            }
        }
        for (name, text) in &self.others {
            if before.is_none_or(|before| before.others.get(name) != Some(text)) {
                put(name, text);
            }
        }
    }

    fn text(&self, file: &str, header: &str) -> String {
        let mut text = format!("{header}\n");
        for fact in self.facts.iter().filter(|fact| fact.file == file) {
            text.push_str(&fact.cells.join(","));
            text.push('\n');
        }
        text
    }

    /// The rows of subscriptions, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| fact.file == "subscriptions")
    }

    pub(crate) fn row(&self, id: &str) -> Option<&Fact> {
        self.rows().find(|fact| fact.about() == id)
    }

    /// Subscriptions from which an upgrade names another, with the other.
    pub(crate) fn moves(&self) -> Vec<(&str, &str)> {
        let named = |fact: &&Fact| {
            fact.file == "lifecycle_events"
                && fact.cell("kind") == "upgrade"
                && !fact.cell("target_subscription_id").is_empty()
        };
        let moves = self.facts.iter().filter(named);
        moves.map(|fact| (fact.about(), fact.cell("target_subscription_id"))).collect()
    }

    /// These subscriptions and all that upgrades from them name, on and on.
    pub(crate) fn with_targets(&self, of: &BTreeSet<String>) -> BTreeSet<String> {
        let moves = self.moves();
        let mut all = of.clone();
        loop {
            let more: Vec<&str> = moves
                .iter()
                .filter(|(from, into)| all.contains(*from) && !all.contains(*into))
                .map(|it| it.1)
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more.into_iter().map(str::to_owned));
        }
    }

    /// Seat changes and events, by file and cells.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        self.facts.iter().filter(|fact| fact.is_event()).map(|fact| (fact.file, fact.cells.as_slice()))
    }

    /// Everything that the extract says of a subscription itself.
    pub(crate) fn said_of(&self, id: &str) -> String {
        let said = self.facts.iter().filter(|fact| fact.concerns(id));
        said.map(|fact| format!("{}:{}\n", fact.file, fact.cells.join(","))).collect()
    }

    /// Each subscription's customer, those included that upgrades of another open.
    pub(crate) fn customers(&self) -> BTreeMap<String, String> {
        let mut customers: BTreeMap<String, String> =
            self.rows().map(|row| (row.about().to_owned(), row.cell("customer_id").to_owned())).collect();
        loop {
            let moves = self.moves().into_iter();
            let new: Vec<(String, String)> = moves
                .filter(|(_, into)| !customers.contains_key(*into))
                .filter_map(|(from, into)| Some((into.to_owned(), customers.get(from)?.clone())))
                .collect();
            if new.is_empty() {
                return customers;
            }
            customers.extend(new);
        }
    }
}
