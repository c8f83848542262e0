//! The workings of one subscription today and under a proposal, side by side.
//!
//! Both worlds are told by the teller of every account, and the two pages are held against each other line by line: what both
//! say stands once, what only one says is marked. The first step that differs is the cause.

use super::rows::row_of_reject;
use super::{Teller, blank, customer_of, of_no_row, rejects_about};
use crate::intake::{Intake, Part, Proposal};
use crate::job::{InputFile, Job, Kind};
use crate::names::printable;
use crate::runs::account::{Account, LineTold};
use crate::runs::invoice::{Work, in_pool, read};
use crate::runs::{Progress, RunError, figures};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use termwise_engine::book::Subscription;
use termwise_engine::findings::Table;
use termwise_engine::invoicing;
use termwise_engine::repricing::{self, Cause, Effects, Renewals, Side, Unexplained};
use termwise_engine::timeline::{Horizon, Slate, World, play_worlds};
use termwise_engine::workings::{Line, Played, Renewal};

/// What is to be said of a subscription today and under a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compared {
    /// The proposal's name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// As it goes on today.
    pub today: Account,
    /// As it goes on under the proposal.
    pub proposal: Account,
    /// Month by month.
    pub effects: Vec<EffectTold>,
    /// The first day of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<String>,
    /// From where on it is left out, where a world can't price a renewal, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
}

/// A month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EffectTold {
    /// Which.
    pub month: String,
    /// The product and SKU charged.
    pub item: String,
    /// Today.
    pub before: String,
    /// Under the proposal.
    pub after: String,
    /// What changes.
    pub change: String,
    /// What of it has which cause; those that are nothing are left out.
    pub causes: Vec<(&'static str, String)>,
    /// The currency.
    pub currency: &'static str,
}

/// Explains a subscription under a proposal of a what-if: one that the job names, or another file.
///
/// # Errors
/// The job is no what-if, an input is refused as a whole, there is no such proposal, or no row has this id.
pub fn explain_proposal(
    job: &Job,
    subscription: &str,
    proposal: &str,
    work: Work,
    progress: &dyn Progress,
) -> Result<Compared, RunError> {
    if job.kind != Kind::WhatIf {
        return Err(RunError::NotKnown {
            what: "proposal",
            value: proposal.to_owned(),
            by: "only a what-if knows",
            hint: "name a job with kind = \"what-if\", such as jobs/what-if.toml",
        });
    }
    let mut job = job.clone();
    let file = InputFile { shown: proposal.to_owned(), path: proposal.into() };
    let is_file = file.path.extension().is_some_and(|ending| ending == "toml");
    if is_file {
        job.inputs.files.insert(Table::Proposal, vec![file.clone()]);
    }
    in_pool(work, || {
        let intake = read(&job, work, progress)?;
        let wanted = if is_file { file.stem() } else { proposal.to_owned() };
        let number = intake.proposals.iter().position(|one| one.name == wanted);
        let found = number.and_then(|number| Some((number + 1, intake.proposals.get(number)?)));
        let (number, found) = found.ok_or_else(|| RunError::NotKnown {
            what: "proposal",
            value: proposal.to_owned(),
            by: "the job does not name",
            hint: "write the name of one of its files without .toml, or the path of another file",
        })?;
        let part = intake.part_with(subscription)?.unwrap_or_default();
        let rank = part.names.subscriptions.iter().position(|name| name == subscription);
        match rank.and_then(|rank| part.book.subscriptions.get(rank)) {
            Some(row) => compared(&job, (&intake, &part), row, (number, found)),
            None => {
                let mut account = of_no_row(&job, (&intake, &part), subscription)?;
                (account.from, account.as_of) = days(Horizon::of(job.window));
                let [today, proposal] = [account.clone(), account];
                let title = printable(&found.title);
                let (name, effects) = (found.name.clone(), Vec::new());
                Ok(Compared { name, title, today, proposal, effects, effective_on: None, left_out: None })
            }
        }
    })
}

/// Its first and last day.
fn days(horizon: Horizon) -> (String, String) {
    (horizon.days().first.to_string(), horizon.last.to_string())
}

fn compared(
    job: &Job,
    (intake, part): (&Intake, &Part),
    row: &Subscription,
    (number, proposal): (usize, &Proposal),
) -> Result<Compared, RunError> {
    let all = intake.worlds(&job.policy);
    let worlds: Vec<World<'_>> =
        [0, number].into_iter().filter_map(|place| all.get(place).copied()).collect();
    let horizon = Horizon::of(job.window);
    let mut played = [Played::default(), Played::default()];
    let (mut known, mut rejects) = (None, Vec::new());
    for customer in part.book.customers_of(&part.book.subscriptions[customer_of(&part.book, row)]) {
        play_worlds(&mut Slate::default(), customer, &worlds, horizon, &mut played);
        known = Some(customer.known);
        rejects = rejects_about(job, (intake, part), row, customer, &played[0])?;
    }
    // A running term was decided on by today's.
    let past = worlds.first().map(|today| (horizon.as_of, today.catalog, today.policy));
    let mut sides = played.iter().zip(&worlds).map(|(played, world)| {
        let World { catalog, policy } = *world;
        let teller = Teller { job, intake, part, played, row, catalog, policy, past };
        let mut account = blank(job, part.names.subscription(row.id));
        (account.from, account.as_of) = days(horizon);
        account.row = known.map(|known| teller.head(known));
        account.terms = teller.terms(&invoicing::invoice(&part.book, played.lines.clone()));
        account.renewals = teller.renewals();
        account.rows = rejects.iter().map(row_of_reject).collect();
        account
    });
    let (Some(today), Some(proposed)) = (sides.next(), sides.next()) else {
        return Err(RunError::NoSuchSubscription(part.names.subscription(row.id).to_owned()));
    };
    let (mut today, mut proposed) = (today, proposed);
    shorten(&mut today, &mut proposed);
    let (effects, left_out) = effects(&played, &worlds, (row, part.names.subscription(row.id)))?;
    Ok(Compared {
        name: proposal.name.clone(),
        title: printable(&proposal.title),
        today,
        proposal: proposed,
        effects: effects.rows.iter().map(|effect| told(effect, row, part)).collect(),
        effective_on: effects.effective_on().map(|day| day.to_string()),
        left_out,
    })
}

/// Leaves out the cycles of a term that come to what the one before them comes to, in both worlds alike: each month stands below.
/// No line has a number, since nothing is invoiced.
fn shorten(today: &mut Account, proposal: &mut Account) {
    for account in [&mut *today, &mut *proposal] {
        account.terms.iter_mut().flat_map(|term| &mut term.lines).for_each(|line| line.line = None);
    }
    for (own, other) in today.terms.iter_mut().zip(&mut proposal.terms) {
        let days =
            |lines: &[LineTold]| lines.iter().map(|line| line.charge_start.clone()).collect::<Vec<_>>();
        if days(&own.lines) != days(&other.lines) {
            continue;
        }
        let repeats = |lines: &[LineTold], place: usize| {
            let before = place.checked_sub(1).and_then(|before| lines.get(before));
            before.zip(lines.get(place)).is_some_and(|(before, line)| before.subtotal == line.subtotal)
        };
        let kept: Vec<bool> = (0..own.lines.len())
            .map(|place| !(repeats(&own.lines, place) && repeats(&other.lines, place)))
            .collect();
        for lines in [&mut own.lines, &mut other.lines] {
            let mut kept = kept.iter();
            lines.retain(|_| kept.next().copied().unwrap_or(true));
        }
    }
}

/// What the proposal does to the subscription, and from where on it is left out.
fn effects(
    played: &[Played; 2],
    worlds: &[World<'_>],
    (row, name): (&Subscription, &str),
) -> Result<(Effects, Option<String>), RunError> {
    let lines = played
        .each_ref()
        .map(|played| played.lines.iter().filter(|line| line.subscription == row.id).collect::<Vec<&Line>>());
    let renewals = played.each_ref().map(|played| {
        let own = played.renewals.iter().filter(|renewal| renewal.subscription == row.id);
        own.copied().collect::<Vec<Renewal>>()
    });
    let [past, proposed] =
        [0, 1].map(|place: usize| Renewals { rows: &renewals[place], played: &played[place] });
    let [Some(before), Some(after)] = [worlds.first(), worlds.get(1)] else {
        return Ok((Effects::default(), None));
    };
    let [own, other] = [(0, before), (1, after)].map(|(place, world): (usize, &World<'_>)| Side {
        lines: &lines[place],
        played: &played[place],
        codes: &world.catalog.codes,
        policy: world.policy,
    });
    let (found, gap) = repricing::held((own, past), (other, proposed), row.currency).map_err(|found| {
        crate::output::OutputError::broken(Unexplained::LAW, format!("{name}, {}", found.first))
    })?;
    let left_out = gap.map(|gap| {
        let (from, whose, why) = (gap.renewal.renewal_date, gap.side.name(), gap.says);
        format!("left out from {from} on, since {why} ({whose})")
    });
    Ok((found, left_out))
}

fn told(effect: &repricing::Effect, row: &Subscription, part: &Part) -> EffectTold {
    let amount = |minor: i64| figures::plain_amount(minor, row.currency);
    let causes = Cause::ALL.into_iter().zip(effect.causes).filter(|(_, share)| *share != 0);
    let (product, sku) = (part.names.product(effect.item), part.names.sku(effect.item));
    EffectTold {
        month: effect.month.to_string(),
        item: format!("{}:{}", printable(product), printable(sku)),
        before: amount(effect.before),
        after: amount(effect.after),
        change: figures::plain_sum(i128::from(effect.after) - i128::from(effect.before), row.currency),
        causes: causes.map(|(cause, share)| (cause.name(), amount(share))).collect(),
        currency: row.currency.code(),
    }
}

impl Compared {
    /// As a page: what only today's world says is marked with a minus, what only the proposal's says with a plus.
    pub fn text(&self) -> String {
        let mut page = format!("under {}: {}\n- today   + proposal\n\n", self.name, self.title);
        let (today, proposal) = (self.today.text(), self.proposal.text());
        for change in TextDiff::from_lines(&today, &proposal).iter_all_changes() {
            let mark = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            page.push_str(format!("{mark} {}", change.value()).trim_end());
            page.push('\n');
        }
        page.push('\n');
        for effect in &self.effects {
            let EffectTold { month, before, after, change, currency, .. } = effect;
            let causes: Vec<String> =
                effect.causes.iter().map(|(cause, share)| format!("{cause} {share}")).collect();
            let why = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
            page.push_str(&format!("{month}  {before:>14} -> {after:>14} {currency}  {change:>12}{why}\n"));
        }
        match (&self.effective_on, &self.left_out) {
            (Some(day), _) => page.push_str(&format!("it takes effect on {day}\n")),
            (None, _) if !self.effects.is_empty() => page.push_str("it has no effect on what is compared\n"),
            (None, None) => page.push_str("no charge in either world\n"),
            (None, Some(_)) => {}
        }
        if let Some(left_out) = &self.left_out {
            page.push_str(&format!("{left_out}\n"));
        }
        page
    }
}
