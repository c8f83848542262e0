//! What a play of a customer adds to the ledger: each subscription in its way, and what differs subtracted (R62, R63).

use super::facts::Facts;
use super::keep::Outcome;
use super::posting::{Case, Poster, Way, beginning, hangs_on_a_price, is_billed_at};
use crate::ledger::{Billed, Owned};
use crate::output::{Charge, line_keys};
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::book::Subscription;
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, Source, Table};
use termwise_engine::invoicing::{Difference, difference};
use termwise_engine::workings::Line;

impl Poster<'_> {
    /// Takes what the last play brought, each subscription in its way.
    pub(super) fn take(
        &mut self,
        case: &Case<'_>,
        facts: &[Facts],
        ways: &[Way],
        mut history: BTreeMap<usize, BTreeMap<String, Billed>>,
    ) {
        let night = self.night;
        let rows = case.book.subscriptions;
        let first = rows[0].id.rank();
        let before = night.billed_to();
        let from = if night.opens { beginning(night.cut_over) } else { night.cut_over };
        let sums = if ways.iter().any(|way| *way != Way::Since) {
            self.sums(case, |_| true)
        } else {
            vec![0; rows.len()]
        };
        let mut played = std::mem::take(&mut self.played);
        // What is refused for anything but a price is refused until facts or control change.
        let is_clean = self.over_but_billed.is_empty()
            && !ways.contains(&Way::Wait)
            && !played.findings.iter().any(|finding| hangs_on_a_price(finding.code));
        let mut fates: BTreeMap<Source, Fate> = BTreeMap::new();
        let mut added = vec![0_u64; rows.len()];
        let mut has_group: BTreeSet<usize> = BTreeSet::new();
        let mut has_billed_term: BTreeSet<usize> = BTreeSet::new();
        let lines = std::mem::take(&mut played.lines);
        for lines in lines.chunk_by(|left, right| left.subscription == right.subscription) {
            let number = lines[0].subscription.rank() - first;
            let row = &rows[number];
            let counts = |line: &&Line| line.due >= from;
            let billed: Vec<Line> = lines.iter().filter(counts).copied().collect();
            if played.closings.get(number).is_some_and(|closing| is_billed_at(&billed, closing)) {
                has_billed_term.insert(number);
            }
            let new: Vec<Line> = match ways[number] {
                Way::Wait | Way::Absent => Vec::new(),
                Way::New => lines.iter().filter(|line| line.due >= from).copied().collect(),
                Way::Since => lines.iter().filter(|line| line.due > before).copied().collect(),
                Way::Compare | Way::Lacking => {
                    let billed = history.remove(&number).unwrap_or_default();
                    let adds_only = ways[number] == Way::Lacking;
                    self.compare((row, adds_only), lines, billed, &mut played.findings)
                }
            };
            if matches!(ways[number], Way::Since | Way::Lacking) {
                let keys = line_keys(self.names, night.window, &new);
                for (line, key) in new.iter().zip(keys.iter()) {
                    added[number] = added[number].wrapping_add(self.weight(row, line, key));
                }
            }
            if !new.is_empty() {
                has_group.insert(number);
            }
            self.posted.played.lines.extend(new);
        }
        // What stands and has no line any more.
        for (number, billed) in history {
            let adds_only = ways[number] == Way::Lacking;
            self.compare((&rows[number], adds_only), &[], billed, &mut played.findings);
        }
        for (_, id, _) in &self.posted.reversals {
            let number = id.rank().checked_sub(first).filter(|&number| number < rows.len());
            has_group.extend(number);
        }
        let flag = |source: Source, code: Code, column: &'static str| Finding {
            source,
            disposition: Disposition::Flagged,
            code,
            column,
        };
        let over = std::mem::take(&mut self.over_but_billed);
        played.findings.extend(over.into_iter().map(|source| flag(source, Code::OverButBilled, "status")));
        // Of what began before an existing book was taken over, and was not in it, nobody was told (R64).
        let untold = |&number: &usize| {
            let row = &rows[number];
            let is_late = ways[number] == Way::New && row.term_start < night.cut_over;
            is_late && night.was_opened && row.is_billable() && !row.opened && !row.parked
        };
        let untold: Vec<usize> = (0..rows.len()).filter(untold).collect();
        played.findings.extend(
            untold.into_iter().map(|number| flag(rows[number].source, Code::BeforeCutOver, "term_start")),
        );
        let is_flag = |code: Code| matches!(code, Code::BeforeCutOver | Code::OverButBilled);
        let flagged = played.findings.iter().filter(|finding| is_flag(finding.code));
        fates.extend(flagged.map(|finding| (finding.source, Fate::Set(Disposition::Flagged))));
        for number in 0..rows.len() {
            if ways[number] == Way::Wait {
                let finding = Finding {
                    source: rows[number].source,
                    disposition: Disposition::Parked,
                    code: Code::EventsMissing,
                    column: "subscription_id",
                };
                played.findings.push(finding);
                fates.insert(rows[number].source, Fate::Set(Disposition::Parked));
            }
        }
        let noticed = self.take_renewals(case, |number| ways[number], &mut played.renewals);
        for number in 0..rows.len() {
            let outcome = Outcome {
                closing: played.closings.get(number),
                facts: facts[number],
                is_clean,
                way: ways[number],
                sums: (sums[number], added[number]),
                noticed: noticed.iter().rfind(|(of, _)| *of == number).map(|(_, date)| *date),
                has_lines: has_group.contains(&number),
                has_billed_term: has_billed_term.contains(&number),
            };
            self.keep(case, number, outcome);
        }
        self.posted.played.findings.append(&mut played.findings);
        for (source, fate) in played.fates.drain(..) {
            let is_row = source.table == Table::Subscriptions;
            let fate = fates.get(&source).copied().filter(|_| is_row).unwrap_or(fate);
            self.posted.played.fates.push((source, fate));
        }
        self.played = played;
    }

    /// Subtracts what stands from what comes out: what is left over is new, and what differs is taken back (R62). Where it only
    /// adds, what stands is left as it is, and only what has no charge at all is new (R63).
    fn compare(
        &mut self,
        (row, adds_only): (&Subscription, bool),
        lines: &[Line],
        billed: BTreeMap<String, Billed>,
        findings: &mut Vec<Finding>,
    ) -> Vec<Line> {
        let night = self.night;
        let keys = line_keys(self.names, night.window, lines);
        let target: Vec<(String, (usize, Line))> =
            keys.iter().map(str::to_owned).zip(lines.iter().copied().enumerate()).collect();
        let times: BTreeMap<String, u32> =
            billed.iter().map(|(key, billed)| (key.clone(), billed.times)).collect();
        let stands = |(key, billed): (String, Billed)| Some((key, billed.standing?));
        let ledger: Vec<(String, Owned)> = billed.into_iter().filter_map(stands).collect();
        // A key without its last part: seats of one charge that were billed at another discount are billed all the same.
        let stem = |key: &str| key.rsplit_once(':').map_or(key, |(stem, _)| stem).to_owned();
        let stems: BTreeSet<String> =
            if adds_only { ledger.iter().map(|(key, _)| stem(key)).collect() } else { BTreeSet::new() };
        let is_ours = |due: Day| due >= night.cut_over;
        let as_of = night.window.billed.last;
        let mut new = Vec::new();
        let mut differs_before = false;
        for found in difference(target, ledger) {
            let (line, owned) = match found {
                Difference::Left(line) => (Some(line), None),
                Difference::Right(owned) => (None, Some(owned)),
                Difference::Both(line, owned) => (Some(line), Some(owned)),
            };
            let charge = owned.as_ref().and_then(Owned::charge);
            let same = line.zip(charge).is_some_and(|((_, line), charge)| self.is_same(row, &line, &charge));
            if same || (adds_only && charge.is_some()) {
                continue;
            }
            if let Some(charge) = charge.filter(|charge| charge.due >= row.term_start && charge.due <= as_of)
            {
                if is_ours(charge.due) {
                    let reversal = Owned::of(&charge.reversed());
                    self.posted.reversals.push((row.customer, row.id, reversal));
                } else {
                    differs_before = true;
                }
            }
            let Some((place, line)) = line else { continue };
            if is_ours(line.due) {
                let key = line_keys(self.names, night.window, &[line]).get(0).to_owned();
                if stems.contains(&stem(&key)) {
                    continue;
                }
                if let Some(&times) = times.get(&key).filter(|&&times| times > 0) {
                    self.posted.billings.insert(key, times + 1);
                }
                new.push((place, line));
            } else {
                differs_before = true;
            }
        }
        // Without `open` nobody told what was billed before.
        if differs_before && night.was_opened {
            let (source, column) = (row.source, "term_start");
            let code = Code::BeforeCutOver;
            findings.push(Finding { source, disposition: Disposition::Flagged, code, column });
        }
        // In the order of happening, as they came: of an upgrade first the refund.
        new.sort_by_key(|(place, _)| *place);
        new.into_iter().map(|(_, line)| line).collect()
    }

    fn is_same(&self, row: &Subscription, line: &Line, charge: &Charge<'_>) -> bool {
        let of_line = (line.charge, line.quantity, line.subtotal, row.currency);
        let of_charge = (charge.charge, charge.quantity, charge.subtotal, charge.currency);
        let items = (self.names.product(line.item), self.names.sku(line.item));
        of_line == of_charge && items == (charge.product, charge.sku)
    }
}
