//! `[ledger]`, `[notice_days]` and `[bounds]`: where a job's runs are kept, when its notices fall due, and how far a run may
//! go before somebody has to approve it (R61 to R66).
//!
//! Of the bounds, `data/policy.toml` has the one that is checked where a job says nothing.

use super::check::Desk;
use super::grammar;
use super::problem::{MISSING, Place, VALUE};
use super::values::fixed;
use crate::policy_file;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LEDGER: &str = "ledger";
const NOTICE_DAYS: &str = "notice_days";
const BOUNDS: &str = "bounds";
/// A notice falls due in the year before its renewal.
const NOTICE_DAYS_MAX: u32 = 365;
/// A hundredfold: a longer number is a slip of the pen.
const PERCENT_MAX: u32 = 10_000;
/// Amounts are whole numbers of ten-thousandths.
const AMOUNT_DECIMALS: usize = 4;
/// In ten-thousandths: more than any line can come to.
const LARGEST_LINE_MAX: i64 = 1_000_000_000_000 * 10_000;
const LINES_MAX: u32 = 1_000_000;

/// The ledger of a job (R61 to R66).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerSettings {
    /// Its folder.
    pub dir: PathBuf,
    /// When notices of renewals fall due; none: there are no notices.
    pub notice_days: Option<NoticeDays>,
    /// What a run may not cross without approval.
    pub bounds: Bounds,
}

/// How many days before a renewal its notice falls due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeDays {
    /// In markets that are not named; none: no notices there.
    pub default: Option<u32>,
    /// In a market, by its code.
    pub by_market: BTreeMap<String, u32>,
}

impl NoticeDays {
    /// The days in a market, if there are notices at all.
    pub fn of_market(&self, market: &str) -> Option<u32> {
        self.by_market.get(market).copied().or(self.default)
    }

    /// The most days in any market.
    pub fn most(&self) -> u32 {
        self.by_market.values().copied().chain(self.default).max().unwrap_or(0)
    }
}

/// The safety bounds of a job (R66). What is none is not checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// How far each currency's total may be from the last comparable run's, up or down: millionths of that.
    pub total: Option<u32>,
    /// How far the number of lines may be from it: millionths of that.
    pub rows: Option<u32>,
    /// What negative lines may come to in each currency: millionths of its positive ones.
    pub credits: Option<u32>,
    /// What one line may come to, positive or negative, in ten-thousandths of its currency's unit.
    pub largest_line: Option<i64>,
    /// How many lines there may be for one subscription and day.
    pub lines_per_subscription_and_day: u32,
}

impl LedgerSettings {
    /// What belongs to a run's identity, key → number: notices and bounds, but not where the ledger is.
    pub fn words(&self) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        if let Some(NoticeDays { default, by_market }) = &self.notice_days {
            let default = default.iter().map(|days| ("default", days));
            for (market, days) in
                by_market.iter().map(|(market, days)| (market.as_str(), days)).chain(default)
            {
                words.insert(format!("{NOTICE_DAYS}.{market}"), days.to_string());
            }
        }
        let Bounds { total, rows, credits, largest_line, lines_per_subscription_and_day } = &self.bounds;
        let shares = [("total", total), ("rows", rows), ("credits", credits)];
        for (name, share) in shares {
            words.extend(share.map(|share| (format!("{BOUNDS}.{name}"), share.to_string())));
        }
        words.extend(largest_line.map(|amount| (format!("{BOUNDS}.largest_line"), amount.to_string())));
        let lines = lines_per_subscription_and_day.to_string();
        words.insert(format!("{BOUNDS}.lines_per_subscription_and_day"), lines);
        words
    }
}

impl Desk {
    /// The job's ledger, if it names one; `horizon` is how many days are forecast, where that could be read.
    pub(super) fn ledger(&mut self, folder: &Path, horizon: Option<u32>) -> Option<LedgerSettings> {
        let notice_days = self.notice_days(horizon);
        let bounds = self.bounds();
        let Some(place) = self.place_of(LEDGER) else {
            for section in [NOTICE_DAYS, BOUNDS] {
                if let Some(place) = self.place_of(section) {
                    let says = format!("[{section}] needs a ledger, and the job names none");
                    let hint = "write [ledger] with its dir, or leave the section out".to_owned();
                    self.refuse(&place, section, VALUE, says, hint);
                }
            }
            return None;
        };
        let parts = [LEDGER, "dir"];
        let hint = "write dir = \"../ledger\" below [ledger]: a folder, relative to the job file's";
        if self.setting(&parts).is_none() {
            let says = "the ledger has no folder".to_owned();
            self.refuse(&place, &parts.join("."), MISSING, says, hint.to_owned());
        }
        let (dir, _) = self.text(&parts, hint)?;
        Some(LedgerSettings { dir: folder.join(dir), notice_days, bounds: bounds? })
    }

    /// Where a section was begun, or the first of its keys was typed.
    fn place_of(&self, section: &str) -> Option<Place> {
        let is_within =
            |path: &[String]| path.len() > 1 && path.first().is_some_and(|first| first == section);
        let begun = self.settings.sections.get([section.to_owned()].as_slice());
        let typed = || self.settings.keys.iter().find(|(path, _)| is_within(path));
        begun.or_else(|| typed().map(|(_, setting)| &setting.place)).cloned()
    }

    fn notice_days(&mut self, horizon: Option<u32>) -> Option<NoticeDays> {
        let place = self.place_of(NOTICE_DAYS)?;
        let names: Vec<String> = self
            .settings
            .keys
            .keys()
            .filter_map(|path| match path.as_slice() {
                [section, name] if section == NOTICE_DAYS => Some(name.clone()),
                _ => None,
            })
            .collect();
        if names.is_empty() {
            let says = format!("[{NOTICE_DAYS}] says no days");
            let hint = "write default = 30 below it, or leave the section out".to_owned();
            self.refuse(&place, NOTICE_DAYS, MISSING, says, hint);
        }
        let mut found = NoticeDays { default: None, by_market: BTreeMap::new() };
        for name in names {
            let is_default = grammar::NOTICE_DAYS.contains(&name.as_str());
            if !is_default && !grammar::is_market(&name) {
                continue;
            }
            let Some(days) = self.number(&[NOTICE_DAYS, &name], "days", 0..=NOTICE_DAYS_MAX) else {
                continue;
            };
            self.check_forecast(&name, days, horizon);
            if is_default {
                found.default = Some(days);
            } else {
                found.by_market.insert(name, days);
            }
        }
        Some(found)
    }

    /// A notice is made of a forecast: a renewal that is not forecast when its notice falls due would get none.
    fn check_forecast(&mut self, name: &str, days: u32, horizon: Option<u32>) {
        let Some(horizon) = horizon.filter(|&horizon| horizon < days) else { return };
        let parts = [NOTICE_DAYS, name];
        let Some(setting) = self.setting(&parts) else { return };
        let says = format!(
            "notices fall due {days} days before a renewal, and renewals are forecast for {horizon} days only"
        );
        let hint = format!("write renewal_horizon_days = {days} or more below [outputs]");
        self.wrong(&setting, &parts.join("."), &says, &hint);
    }

    fn bounds(&mut self) -> Option<Bounds> {
        let total = self.share(&[BOUNDS, "total"], PERCENT_MAX, "50%");
        let rows = self.share(&[BOUNDS, "rows"], PERCENT_MAX, "50%");
        let credits = self.share(&[BOUNDS, "credits"], PERCENT_MAX, "20%");
        let largest_line = self.largest_line();
        let parts = [BOUNDS, "lines_per_subscription_and_day"];
        let lines = match self.setting(&parts) {
            Some(_) => self.number(&parts, "lines", 1..=LINES_MAX),
            None => match policy_file::lines_per_subscription_and_day() {
                Ok(lines) => Some(lines),
                Err(refused) => {
                    self.refuse(&Place::File, &parts.join("."), VALUE, refused.says, refused.hint);
                    None
                }
            },
        };
        Some(Bounds { total, rows, credits, largest_line, lines_per_subscription_and_day: lines? })
    }

    fn largest_line(&mut self) -> Option<i64> {
        const HINT: &str = "write an amount of at most four decimals in quotes, such as \"50000.00\"";
        let parts = [BOUNDS, "largest_line"];
        let (text, setting) = self.text(&parts, HINT)?;
        let amount = fixed(&text, AMOUNT_DECIMALS).filter(|amount| (1..=LARGEST_LINE_MAX).contains(amount));
        if amount.is_none() {
            let says = format!("{text:?} is not an amount above zero");
            self.wrong(&setting, &parts.join("."), &says, HINT);
        }
        amount
    }
}
