//! What became of the rows that tell of a subscription: its own, and the upgrades that name it.

use super::Teller;
use crate::intake::Intake;
use crate::job::Job;
use crate::names::{Reject, printable};
use crate::runs::RunError;
use crate::runs::account::RowTold;
use crate::runs::words::{not_due, rule_of};
use std::collections::BTreeMap;
use termwise_engine::book::{CustomerBook, LifecycleEvent, PromotionCell, ScheduledChange, Target};
use termwise_engine::findings::{Disposition, Fate, Finding, Source};
use termwise_engine::ids::SubscriptionId;

/// What stands in rejects.csv about a subscription, with the texts of the rows.
pub(super) fn rejects_of(
    job: &Job,
    intake: &Intake,
    findings: Vec<Finding>,
    is_about_it: impl Fn(&Reject) -> bool,
) -> Result<Vec<Reject>, RunError> {
    let mut rejects = intake.excerpts(&job.inputs, &findings)?;
    rejects.retain(is_about_it);
    Ok(rejects)
}

/// Whether an upgrade moves seats to a subscription.
pub(super) fn names_it(event: &LifecycleEvent, id: SubscriptionId) -> bool {
    matches!(event.target, Target::Subscription(target) | Target::Opened(target) if target == id)
}

pub(super) fn row_of_reject(reject: &Reject) -> RowTold {
    let Finding { source, disposition, code, column } = reject.finding;
    let what = match (column, reject.value.as_str()) {
        ("", _) => String::new(),
        (column, value) => format!("{column} is {:?}", printable(value)),
    };
    RowTold {
        row: format!("{} row {}", printable(&reject.file), source.row),
        what,
        fate: disposition.name(),
        code: Some(code.name()),
        rule: rule_of(code).to_owned(),
        says: code.sentence().to_owned(),
        hint: code.hint().to_owned(),
    }
}

impl Teller<'_> {
    /// What became of every row of the subscription: those of the book with their fates, and what is wrong with any.
    pub(super) fn rows(&self, customer: CustomerBook<'_>, rejects: Vec<Reject>) -> Vec<RowTold> {
        let mut fates: BTreeMap<Source, Fate> = BTreeMap::new();
        for &(source, fate) in self.intake.fates.iter().chain(&self.part.fates).chain(&self.played.fates) {
            fates.insert(source, fate);
        }
        let mut told: Vec<(Source, RowTold)> = Vec::new();
        for (source, what) in self.rows_of_book(customer) {
            let found: Vec<&Reject> =
                rejects.iter().filter(|reject| reject.finding.source == source).collect();
            let fate = fates.get(&source).copied();
            match fate {
                Some(Fate::Set(_)) if !found.is_empty() => {}
                Some(fate) => told.push((source, self.row(source, what.clone(), fate))),
                None => {}
            }
            let with = |reject: &&Reject| (source, RowTold { what: what.clone(), ..row_of_reject(reject) });
            told.extend(found.iter().map(with));
        }
        let elsewhere: Vec<(Source, RowTold)> = rejects
            .iter()
            .filter(|reject| told.iter().all(|(source, _)| *source != reject.finding.source))
            .map(|reject| (reject.finding.source, row_of_reject(reject)))
            .collect();
        told.extend(elsewhere);
        told.sort_by_key(|(source, _)| *source);
        told.into_iter().map(|(_, row)| row).collect()
    }

    fn row(&self, source: Source, what: String, fate: Fate) -> RowTold {
        let (fate, code, rule, says) = match fate {
            Fate::Billed => ("billed", None, "", ""),
            Fate::NotDue(why) => {
                let (rule, says) = not_due(why);
                ("not due", Some(why.name()), rule, says)
            }
            Fate::Set(Disposition::Rejected) => ("rejected", None, "", ""),
            Fate::Set(Disposition::Parked) => ("parked", None, "", ""),
            Fate::Set(Disposition::Refused) => ("refused", None, "", ""),
            Fate::Set(Disposition::Flagged) => ("flagged", None, "", ""),
        };
        RowTold {
            row: self.place(source),
            what,
            fate,
            code,
            rule: rule.to_owned(),
            says: says.to_owned(),
            hint: String::new(),
        }
    }

    /// The subscription's rows in the book, each with what it says.
    fn rows_of_book(&self, customer: CustomerBook<'_>) -> Vec<(Source, String)> {
        let id = self.row.id;
        let names = &self.part.names;
        let is_own = |subscription: SubscriptionId| subscription == id;
        let mut rows = Vec::new();
        if !self.row.opened {
            rows.push((self.row.source, String::new()));
        }
        for change in customer.seat_changes.iter().filter(|row| is_own(row.subscription)) {
            rows.push((change.source, format!("{} seats at {}", change.quantity, change.changed_at)));
        }
        for redemption in customer.redemptions.iter().filter(|row| is_own(row.subscription)) {
            let code = printable(names.code(redemption.code));
            rows.push((redemption.source, format!("code {code} at {}", redemption.entered_at)));
        }
        for event in customer.events.iter().filter(|row| is_own(row.subscription)) {
            rows.push((event.source, format!("{} at {}", event.kind.name(), event.happened_at)));
        }
        for event in customer.events.iter().filter(|event| names_it(event, id)) {
            let source = printable(names.subscription(event.subscription));
            rows.push((event.source, format!("{} of {source} at {}", event.kind.name(), event.happened_at)));
        }
        for change in customer.scheduled.iter().filter(|row| is_own(row.subscription)) {
            rows.push((change.source, self.scheduled(change)));
        }
        rows
    }

    fn scheduled(&self, change: &ScheduledChange) -> String {
        let mut says = format!("scheduled at {}", change.scheduled_at);
        let parts = [
            change.item.map(|item| self.item(item)),
            change.term.map(|term| term.name().to_owned()),
            change.billing_cycle.map(|cycle| format!("billed {}", cycle.name())),
            change.quantity.map(|seats| format!("{seats} seats")),
            change.term_end.map(|end| format!("to {end}")),
            match change.promotion {
                PromotionCell::Empty => None,
                PromotionCell::Declined => Some("no promotion".to_owned()),
                PromotionCell::Id(id) => {
                    Some(format!("promotion {}", printable(self.part.names.promotion(id))))
                }
            },
        ];
        for part in parts.into_iter().flatten() {
            says.push_str(", ");
            says.push_str(&part);
        }
        says
    }
}
