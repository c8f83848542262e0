//! What a job says of a reconciliation: what may differ, and what people get to read (R68, R69).

use super::check::{Desk, Purpose};
use super::problem::{MISSING, Place, VALUE};
use super::values::fixed;
use super::{Kind, grammar};
use std::collections::BTreeMap;
use termwise_engine::findings::Table;
use termwise_engine::money::{PRICE_DIGITS, Price, Tolerance};

/// What may differ, and which workbook is wished for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReconcileSettings {
    /// What a line may differ by.
    pub line: Tolerance,
    /// What all lines that differ by no more may come to, in each currency.
    pub total: Tolerance,
    /// Both as they were written; empty where they were not.
    pub words: BTreeMap<String, String>,
    /// The workbook.
    pub workbook: Workbook,
}

/// How much of the differences people get as a workbook.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Workbook {
    /// All of it.
    #[default]
    Full,
    /// All but what matched.
    Differences,
    /// No workbook.
    None,
}

impl Workbook {
    const ALL: [(&'static str, Workbook); 3] =
        [("full", Workbook::Full), ("differences", Workbook::Differences), ("none", Workbook::None)];

    /// As a job writes it.
    pub fn name(self) -> &'static str {
        Workbook::ALL.iter().find(|(_, known)| *known == self).map_or("full", |(name, _)| name)
    }
}

impl Desk {
    /// What the job says of a reconciliation; a job of another kind says nothing of it.
    pub(super) fn reconciliation(&mut self, kind: Kind) -> ReconcileSettings {
        if kind != Kind::Reconcile {
            self.refuse_reconciliation(kind);
            return ReconcileSettings::default();
        }
        self.refuse_two_sides();
        let mut words = BTreeMap::new();
        let line = self.tolerance("line", &mut words);
        let total = self.tolerance("total", &mut words);
        if line.is_some() && total.is_none() && self.setting(&["tolerance", "total"]).is_none() {
            let says = "tolerance.line without tolerance.total lets any number of lines differ".to_owned();
            let hint = "write what they may come to in a currency, such as total = \"5.00\"".to_owned();
            self.refuse(&Place::File, "tolerance.total", MISSING, says, hint);
        }
        let hint = "write workbook = \"full\", \"differences\" (without what matched) or \"none\"";
        let workbook = self.workbook(hint);
        ReconcileSettings {
            line: line.unwrap_or_default(),
            total: total.unwrap_or_default(),
            words,
            workbook,
        }
    }

    fn tolerance(&mut self, name: &'static str, words: &mut BTreeMap<String, String>) -> Option<Tolerance> {
        let hint = "write an amount in quotes, such as \"0.01\"; it holds in every currency";
        let parts = ["tolerance", name];
        let (text, setting) = self.text(&parts, hint)?;
        let Some(price) = fixed(&text, PRICE_DIGITS as usize).and_then(Price::from_millionths) else {
            self.wrong(&setting, &parts.join("."), &format!("{text:?} is not an amount"), hint);
            return None;
        };
        words.insert(name.to_owned(), text);
        Some(Tolerance::of(price))
    }

    pub(super) fn workbook(&mut self, hint: &str) -> Workbook {
        let Some((word, setting)) = self.text(&["outputs", "workbook"], hint) else { return Workbook::Full };
        match Workbook::ALL.into_iter().find(|(name, _)| *name == word) {
            Some((_, workbook)) => workbook,
            None => {
                let says = format!("{word:?} is not a kind of workbook");
                self.wrong(&setting, "outputs.workbook", &says, hint);
                Workbook::Full
            }
        }
    }

    /// Our side is recomputed or read, and not both; and nothing is committed.
    fn refuse_two_sides(&mut self) {
        // Customers are called by their names in the workbook, whichever way our side comes.
        let is_of_book = |table: &Table| {
            *table != Table::Customers
                && !Table::OF_RECONCILIATION.contains(table)
                && !Table::OF_OFFERS.contains(table)
        };
        let mut book = Table::ALL.into_iter().filter(is_of_book);
        let named = book.find(|table| self.setting(&["inputs", table.name()]).is_some());
        if let (Some(lines), Some(table)) = (self.setting(&["inputs", Table::InvoiceLines.name()]), named) {
            let says = format!(
                "our side is named twice: by published lines, and by {} to recompute it",
                table.name()
            );
            let hint = "leave out the inputs of the book (customers may stay), or invoice_lines";
            self.wrong(&lines, "inputs.invoice_lines", &says, hint);
        }
        if let Some(ledger) = self.setting(&["ledger", "dir"]) {
            let hint = "leave [ledger] out; name the lines of its runs as inputs.invoice_lines instead";
            self.wrong(&ledger, "ledger.dir", "a reconciliation goes into no ledger", hint);
        }
    }

    fn refuse_reconciliation(&mut self, kind: Kind) {
        let of_inputs = Table::OF_RECONCILIATION.map(|table| ["inputs", table.name()]);
        let of_others = [["tolerance", "line"], ["tolerance", "total"]];
        let of_people = ["outputs", "workbook"];
        let of_people = Some(of_people).filter(|_| kind != Kind::WhatIf);
        for parts in of_inputs.into_iter().chain(of_others).chain(of_people) {
            if let Some(setting) = self.setting(&parts) {
                let says = format!("{} belongs to a reconciliation", parts.join("."));
                self.refuse(
                    &setting.place,
                    &parts.join("."),
                    VALUE,
                    says,
                    "write kind = \"reconcile\", or leave it out".to_owned(),
                );
            }
        }
    }

    /// The inputs that a job of this kind can't do without.
    pub(super) fn required_of(&self, kind: Kind, purpose: Purpose) -> Vec<Table> {
        match kind {
            Kind::Invoice => self.required(purpose),
            Kind::WhatIf => {
                let of_book = self.required(purpose);
                of_book.into_iter().chain([grammar::REQUIRED_FOR_WHAT_IF]).collect()
            }
            Kind::Reconcile => {
                let is_read = self.setting(&["inputs", Table::InvoiceLines.name()]).is_some();
                let ours = grammar::REQUIRED.into_iter().filter(|_| !is_read);
                grammar::REQUIRED_FOR_RECONCILIATION.into_iter().chain(ours).collect()
            }
        }
    }
}
