//! A small world of a seed: who has what, what happens to it, when the extracts tell, and what each night is like.

use super::dice::Dice;
use super::facts::{Extract, Fact};
use super::prices::PriceList;
use super::{crowd, happenings, subscriptions};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Rows that extracts lack for some nights.
#[derive(Clone, Debug)]
pub(crate) struct Absence {
    pub(crate) subscription: String,
    pub(crate) what: Lacks,
    /// From this night on, and before that one.
    pub(crate) from: u32,
    pub(crate) to: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lacks {
    Row,
    RowAndEvents,
    Events,
}

/// What is special about a night.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Night {
    Plain,
    Missed,
    /// Facts come in between two runs.
    Twice,
    /// The same run once more, as after a crash that came after the rename.
    Again,
    /// Killed with everything staged.
    Killed,
    /// Something lies in staging.
    Litter,
    Draft,
    /// Facts come in between the draft and its approval.
    StaleDraft,
    DryRun,
    /// The run is reversed, which the next night makes good, or a run of the same day.
    Reversed,
    ReversedAndAgain,
    /// An earlier day is asked for.
    Backwards,
    Locked,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) cut_over: NaiveDate,
    pub(crate) nights: Vec<Night>,
    pub(crate) facts: Vec<Fact>,
    /// Inputs that stay as they are.
    pub(crate) others: BTreeMap<&'static str, String>,
    /// Price lists and promotions, from when on they are the extract's.
    pub(crate) prices: Vec<(u32, String)>,
    pub(crate) promotions: Vec<(u32, String)>,
    pub(crate) policy: BTreeMap<String, String>,
    pub(crate) absences: Vec<Absence>,
    /// Subscriptions whose rows are stated anew at a renewal, with the nights that this takes.
    pub(crate) restates: BTreeMap<String, u32>,
    /// A price was changed behind terms that were billed: what they cost is the ledger's alone to know.
    pub(crate) is_repriced: bool,
    pub(crate) notice_days: Option<u32>,
    pub(crate) largest_line: Option<&'static str>,
}

impl World {
    pub(crate) fn new(seed: u64, nights: u32) -> World {
        // Every fourth world is a crowded book, dealt out over the nights.
        if seed % 4 == 3 { World::crowded(seed, nights) } else { World::lively(seed, nights) }
    }

    fn lively(seed: u64, nights: u32) -> World {
        let mut dice = Dice::new(seed, "world");
        let starts = [
            "2026-01-20",
            "2026-03-25",
            "2026-03-31",
            "2025-12-15",
            "2024-01-31",
            "2024-02-10",
            "2026-04-30",
            "2025-08-01",
        ];
        let cut_over = date(dice.pick(&starts));
        let mut list = PriceList::new(&mut dice);
        let is_repriced = dice.chance(30);
        let mut world = World::empty(seed, cut_over, nights);
        let sold = subscriptions::sell(&mut dice, &mut world);
        happenings::happen(&mut Dice::new(seed, "happenings"), &mut world, &sold);
        world.is_repriced = is_repriced;
        world.prices = list.versions(&mut Dice::new(seed, "prices"), cut_over, nights, is_repriced);
        world.promotions = list.promotions(&mut Dice::new(seed, "promotions"), cut_over, nights, is_repriced);
        world.policy = subscriptions::policy(&mut dice);
        world.deal_out();
        world.plan();
        world
    }

    fn crowded(seed: u64, nights: u32) -> World {
        let mut world = World::empty(seed, date("2026-03-25"), nights);
        crowd::fill(seed, &mut world);
        world.deal_out();
        world.plan();
        world
    }

    fn empty(seed: u64, cut_over: NaiveDate, nights: u32) -> World {
        World {
            seed,
            cut_over,
            nights: vec![Night::Plain; nights as usize],
            facts: Vec::new(),
            others: BTreeMap::new(),
            prices: Vec::new(),
            promotions: Vec::new(),
            policy: BTreeMap::new(),
            absences: Vec::new(),
            restates: BTreeMap::new(),
            is_repriced: false,
            notice_days: None,
            largest_line: None,
        }
    }

    pub(crate) fn as_of(&self, night: u32) -> NaiveDate {
        self.cut_over + Days::new(night.into())
    }

    pub(crate) fn last_night(&self) -> u32 {
        self.nights.len() as u32 - 1
    }

    /// Says for each fact when the extracts have it: mostly on its night or the next, some days late, a few ahead.
    fn deal_out(&mut self) {
        let mut dice = Dice::new(self.seed, "arrivals");
        let (first, last) = (self.cut_over, 2 * self.last_night());
        for fact in &mut self.facts {
            let night = (fact.day - first).num_days().clamp(0, last.into()) as u32;
            let old = fact.day < first;
            let late = match dice.below(100) {
                0..=39 => 0,
                40..=74 => 1,
                75..=86 => dice.between(2, 5),
                _ => dice.between(5, 25),
            };
            // What was there before the first night is mostly in the first extract.
            let late = if old && dice.chance(80) { 0 } else { late };
            let early = if dice.chance(4) { dice.below(8) } else { 0 };
            fact.shows = (2 * (night + late).saturating_sub(early) + dice.below(2)).min(last);
        }
        targets_first(&mut self.facts);
    }

    /// The same facts in any other order, all there on the last night.
    pub(crate) fn dealt_anew(&self) -> Vec<Fact> {
        let mut dice = Dice::new(self.seed, "another order");
        let last = 2 * self.last_night();
        let mut facts = self.facts.clone();
        for fact in &mut facts {
            fact.shows = if dice.chance(30) { 0 } else { dice.below(last + 1) };
        }
        targets_first(&mut facts);
        facts
    }

    /// What the nights are like, who is missing when, and whose rows are stated anew.
    fn plan(&mut self) {
        let mut dice = Dice::new(self.seed, "nights");
        let last = self.last_night();
        for night in 0..last {
            self.nights[night as usize] = match dice.below(100) {
                0..=9 => Night::Missed,
                10..=15 => Night::Twice,
                16..=23 => Night::Again,
                24..=27 => Night::Killed,
                28..=30 => Night::Litter,
                31..=36 => Night::Draft,
                37..=39 => Night::StaleDraft,
                40..=41 => Night::DryRun,
                42..=43 if !self.is_repriced => Night::Reversed,
                44..=45 if !self.is_repriced => Night::ReversedAndAgain,
                46..=47 => Night::Backwards,
                48 => Night::Locked,
                _ => Night::Plain,
            };
        }
        let ids: Vec<String> = (self.facts.iter())
            .filter(|fact| fact.file == "subscriptions")
            .map(|fact| fact.about().to_owned())
            .collect();
        for id in &ids {
            if self.is_repriced || !dice.chance(20) {
                continue;
            }
            let from = dice.below(last);
            let to = (from + dice.between(1, 8)).min(last);
            let what = *dice.pick(&[&Lacks::Row, &Lacks::Row, &Lacks::RowAndEvents, &Lacks::Events]);
            self.absences.push(Absence { subscription: id.clone(), what, from, to });
        }
        for id in ids {
            let moves = |fact: &Fact| fact.file == "lifecycle_events" && fact.cell("kind") == "upgrade";
            let moved = self.facts.iter().any(|fact| moves(fact) && fact.concerns(&id));
            if dice.chance(25) && !moved {
                self.restates.insert(id, dice.below(4));
            }
        }
        self.notice_days = dice.chance(40).then(|| dice.between(1, 45));
        self.largest_line = dice.chance(8).then(|| *dice.pick(&[&"100.00", &"1000.00", &"5000.00"]));
    }

    /// The extract of a night, the first or the second of it, with some rows stated anew.
    pub(crate) fn extract(&self, slot: u32, restated: &BTreeMap<String, Fact>) -> Extract {
        let night = slot / 2;
        let lacks = |fact: &Fact| {
            self.absences.iter().any(|absence| {
                absence.from <= night && night < absence.to && absence.subscription == fact.about() && {
                    match absence.what {
                        Lacks::Row => fact.file == "subscriptions",
                        Lacks::RowAndEvents => true,
                        Lacks::Events => fact.is_event(),
                    }
                }
            })
        };
        let stated = |fact: &Fact| match restated.get(fact.about()) {
            Some(anew) if fact.file == "subscriptions" => anew.clone(),
            Some(_) | None => fact.clone(),
        };
        let shown = self.facts.iter().filter(|fact| fact.shows <= slot && !lacks(fact));
        self.with_lists(slot, shown.map(stated).collect())
    }

    /// Facts with the lists of that night.
    pub(crate) fn with_lists(&self, slot: u32, facts: Vec<Fact>) -> Extract {
        let mut others = self.others.clone();
        for (name, versions) in [("price_list", &self.prices), ("promotions", &self.promotions)] {
            let current = versions.iter().rfind(|(from, _)| *from <= slot);
            others.insert(name, current.expect("a version from the first night on").1.clone());
        }
        Extract { facts, others }
    }

    /// The day on which a subscription's row begins: no charge day lies before it (A2).
    pub(crate) fn begins(&self, id: &str) -> Option<NaiveDate> {
        let row = self.facts.iter().find(|fact| fact.file == "subscriptions" && fact.about() == id)?;
        let start = date(row.cell("term_start"));
        Some(utc_day(row.cell("ordered_at")).map_or(start, |ordered| ordered.max(start)))
    }

    /// The job, but for its day.
    pub(crate) fn job(&self) -> String {
        use std::fmt::Write as _;
        let mut job = format!("kind = \"invoice\"\nfrom = \"{}\"\n[inputs]\n", self.cut_over);
        let lists = ["price_list", "promotions"].into_iter();
        let files = super::facts::FILES.iter().map(|(name, _)| *name);
        for name in files.chain(self.others.keys().copied()).chain(lists) {
            writeln!(job, "{name} = \"book/{name}.csv\"").expect("text");
        }
        job.push_str("[policy]\n");
        for (name, word) in &self.policy {
            // A full refund is never longer than the refund window.
            if name == "refund_window" {
                job.push_str("full_refund = \"24h\"\n");
            }
            writeln!(job, "{name} = \"{word}\"").expect("text");
        }
        if let Some(days) = self.notice_days {
            writeln!(job, "[notice_days]\ndefault = {days}\nNL = {}", days + 7).expect("text");
        }
        if let Some(most) = self.largest_line {
            writeln!(job, "[bounds]\nlargest_line = \"{most}\"").expect("text");
        }
        let horizon = self.notice_days.map_or(0, |days| days + 7);
        job.push_str("[ledger]\ndir = \"ledger\"\n[outputs]\ndir = \"out\"\nformat = \"csv\"\n");
        writeln!(job, "renewal_horizon_days = {horizon}").expect("text");
        job.push_str("[limits]\nrejected_rows = \"100%\"\n");
        job
    }
}

/// An upgrade into a subscription that begins later is told when that one's row is there: before, it would open it, and what
/// was billed for the days before the row's own term would stay (R62). So is one of several into the same, which the row alone
/// can tie to a customer.
fn targets_first(facts: &mut [Fact]) {
    let rows = facts.iter().filter(|fact| fact.file == "subscriptions");
    let rows: BTreeMap<String, (u32, NaiveDate)> =
        rows.map(|row| (row.about().to_owned(), (row.shows, date(row.cell("term_start"))))).collect();
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for event in facts.iter().filter(|fact| fact.file == "lifecycle_events") {
        *named.entry(event.cell("target_subscription_id").to_owned()).or_default() += 1;
    }
    for event in facts.iter_mut().filter(|fact| fact.file == "lifecycle_events") {
        let into = rows.get(event.cell("target_subscription_id"));
        let several = named.get(event.cell("target_subscription_id")).is_some_and(|times| *times > 1);
        if let Some((shows, _)) = into.filter(|(_, starts)| several || *starts > event.day) {
            event.shows = event.shows.max(*shows);
        }
    }
}

/// The UTC day of an instant as the extracts write it.
pub(crate) fn utc_day(text: &str) -> Option<NaiveDate> {
    if text.len() <= 10 {
        return text.parse().ok();
    }
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&chrono::Utc).date_naive())
}
