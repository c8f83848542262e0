//! The policy file: every setting of the rule book's section 14 with its rule and source, and the profiles.
//!
//! `data/policy.toml` is built into the program. A job names a profile and overrides single settings; what is in force is
//! handed to the engine as typed choices and to the manifest as words, from the same place. Windows are written in jobs
//! as `"168h"` or `"7d"`.

use chrono::Datelike;
use serde::Deserialize;
use std::collections::BTreeMap;
use termwise_engine::calendar::{Day, Span};
use termwise_engine::money::Surcharge;
use termwise_engine::policy::{Choice, Extension, Policy};

const TEXT: &str = include_str!("../data/policy.toml");
/// The profile of a job that names none.
pub const STANDARD: &str = "standard";
/// The profile of a reconciliation that names none: what the vendor's own files show.
pub const OF_THE_VENDOR: &str = "partner-center";
/// The setting that a what-if does not leave to anybody (R59), and its word there.
pub const REFUSED_EVENTS: &str = "refused_events";
/// What is refused is rejected.
pub const REJECT: &str = "reject";
/// Settings of what happens inside a term, and of codes, which never renew: what follows from the book of a day can't differ by
/// them.
pub const OF_EVENTS: [&str; 7] = [
    REFUSED_EVENTS,
    "seat_changes",
    "refund_window",
    "full_refund",
    "late_seats",
    "upgrade_promotions",
    "stacking",
];
const WINDOWS: [(&str, &str); 2] =
    [("refund_window", "refund_window_hours"), ("full_refund", "full_refund_hours")];
/// Ten years: a longer window is a slip of the pen.
const HOURS_MAX: u32 = 87_600;

/// A policy in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// For the engine.
    pub policy: Policy,
    /// Setting → word, the profile's name among them, for the manifest.
    pub words: BTreeMap<String, String>,
}

/// A setting that can't be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Which.
    pub key: String,
    /// What is wrong.
    pub says: String,
    /// What to do about it.
    pub hint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    settings: BTreeMap<String, Declared>,
    bounds: Bounds,
    profiles: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The safety bounds that hold where a job names none (R66).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    lines_per_subscription_and_day: Bound,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    #[serde(rename = "rule")]
    _rule: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "unit")]
    _unit: String,
    #[serde(rename = "means")]
    _means: String,
    default: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    rule: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "means")]
    _means: String,
    #[serde(default)]
    values: Vec<String>,
    #[serde(rename = "unit")]
    _unit: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Value {
    Word(String),
    Number(u32),
}

impl File {
    fn read() -> Result<File, Refused> {
        toml::from_str(TEXT).map_err(|error| broken(&error.to_string()))
    }
}

/// The policy file is built in, so this is a fault of the program; a test reads it.
fn broken(why: &str) -> Refused {
    Refused {
        key: "profile".to_owned(),
        says: format!("the policy file that is built into termwise is broken: {why}"),
        hint: "please report this".to_owned(),
    }
}

/// What a job may write in `[policy]`, in order.
pub fn keys() -> Vec<String> {
    let Ok(file) = File::read() else { return Vec::new() };
    let mut keys: Vec<String> = file
        .settings
        .into_iter()
        .filter(|(_, declared)| !declared.values.is_empty())
        .map(|(key, _)| key)
        .collect();
    keys.extend(WINDOWS.iter().map(|&(key, _)| key.to_owned()));
    keys.push("profile".to_owned());
    keys.sort();
    keys
}

/// The most lines for one subscription and day where a job's `[bounds]` says nothing else (R66).
///
/// # Errors
/// The built-in file is broken.
pub fn lines_per_subscription_and_day() -> Result<u32, Refused> {
    File::read().map(|file| file.bounds.lines_per_subscription_and_day.default)
}

/// The policy of a profile with some settings of a job's own (section 14).
///
/// # Errors
/// Every setting that can't be; keys that [`keys`] lacks are the caller's to refuse and are passed over here.
pub fn in_force(profile: &str, own: &BTreeMap<String, String>) -> Result<InForce, Vec<Refused>> {
    let file = File::read().map_err(|refused| vec![refused])?;
    let mut refused = Vec::new();
    let mut settings = file.profiles.get(STANDARD).cloned().unwrap_or_default();
    match file.profiles.get(profile) {
        Some(differences) => settings.extend(differences.clone()),
        None => {
            refused.push(unknown_word("profile", profile, file.profiles.keys().map(String::as_str), "14"))
        }
    }
    for (key, word) in own {
        match own_setting(&file, key, word) {
            Ok(Some((key, value))) => drop(settings.insert(key, value)),
            Ok(None) => {}
            Err(why) => refused.push(why),
        }
    }
    let typed = Typed(&settings).policy();
    match typed {
        Some(policy) if refused.is_empty() && policy.full_refund > policy.refund_window => {
            Err(vec![Refused {
                key: "full_refund".to_owned(),
                says: "full_refund is longer than refund_window (R34, R35)".to_owned(),
                hint: "give full_refund at most the hours of refund_window".to_owned(),
            }])
        }
        Some(policy) if refused.is_empty() => Ok(InForce { policy, words: words(profile, &settings) }),
        Some(_) => Err(refused),
        None => {
            refused.push(broken("a setting has no typed value"));
            Err(refused)
        }
    }
}

/// The policy of a job, by its words, with some settings changed (R70).
///
/// # Errors
/// Every setting that can't be.
pub fn changed(
    words: &BTreeMap<String, String>,
    changes: BTreeMap<String, String>,
) -> Result<InForce, Vec<Refused>> {
    let settings = keys();
    let is_setting = |key: &String| key != "profile" && settings.contains(key);
    let mut own: BTreeMap<String, String> = words
        .iter()
        .filter(|(key, _)| is_setting(key))
        .map(|(key, word)| (key.clone(), word.clone()))
        .collect();
    own.extend(changes);
    in_force(words.get("profile").map_or(STANDARD, String::as_str), &own)
}

/// A job's own setting as the file writes it; none where the file has no such setting.
fn own_setting(file: &File, key: &str, word: &str) -> Result<Option<(String, Value)>, Refused> {
    if let Some(&(_, in_hours)) = WINDOWS.iter().find(|window| window.0 == key) {
        let hours = hours(word).ok_or_else(|| Refused {
            key: key.to_owned(),
            says: format!("{word:?} is not a number of hours or days"),
            hint: "write \"168h\" or \"7d\"".to_owned(),
        })?;
        return Ok(Some((in_hours.to_owned(), Value::Number(hours))));
    }
    let Some(declared) = file.settings.get(key).filter(|declared| !declared.values.is_empty()) else {
        return Ok(None);
    };
    if !declared.values.iter().any(|value| value == word) {
        return Err(unknown_word(key, word, declared.values.iter().map(String::as_str), &declared.rule));
    }
    Ok(Some((key.to_owned(), Value::Word(word.to_owned()))))
}

fn unknown_word<'a>(key: &str, word: &str, known: impl Iterator<Item = &'a str>, rule: &str) -> Refused {
    let known: Vec<&str> = known.collect();
    let rule = if rule.starts_with('R') { format!(" ({rule})") } else { String::new() };
    Refused {
        key: key.to_owned(),
        says: format!("{word:?} is not a value of {key}{rule}"),
        hint: format!("write one of {}", known.join(", ")),
    }
}

/// The hours of `"168h"` or `"7d"`.
pub fn hours(word: &str) -> Option<u32> {
    let (digits, each) = match (word.strip_suffix('h'), word.strip_suffix('d')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 24),
        (None, None) => return None,
    };
    // The rule book writes "168 h", so one blank before the unit is read.
    let digits = digits.strip_suffix(' ').unwrap_or(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u32>().ok()?.checked_mul(each).filter(|&hours| hours <= HOURS_MAX)
}

fn words(profile: &str, settings: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let mut words = BTreeMap::from([("profile".to_owned(), profile.to_owned())]);
    for (key, value) in settings {
        let window = WINDOWS.iter().find(|window| window.1 == key);
        match (window, value) {
            (Some((key, _)), Value::Number(hours)) => words.insert((*key).to_owned(), format!("{hours}h")),
            (_, Value::Number(number)) => words.insert(key.clone(), number.to_string()),
            (_, Value::Word(word)) => words.insert(key.clone(), word.clone()),
        };
    }
    words
}

struct Typed<'a>(&'a BTreeMap<String, Value>);

impl Typed<'_> {
    fn policy(&self) -> Option<Policy> {
        Some(Policy {
            month_end: self.choice("month_end")?,
            price_overlap: self.choice("price_overlap")?,
            seat_count: self.choice("seat_count")?,
            first_purchase: self.choice("first_purchase")?,
            late_seats: self.choice("late_seats")?,
            renewal_percentage: self.choice("renewal_percentage")?,
            rounding: self.choice("rounding")?,
            rounding_at: self.choice("rounding_at")?,
            seat_changes: self.choice("seat_changes")?,
            refund_window: Span::hours(self.number("refund_window_hours")?),
            full_refund: Span::hours(self.number("full_refund_hours")?),
            upgrade_promotions: self.choice("upgrade_promotions")?,
            end_of_term: self.choice("end_of_term")?,
            extension: Extension {
                surcharge: self.surcharge("extension_surcharge")?,
                surcharge_of_annual: self.surcharge("extension_surcharge_of_annual")?,
                ends_from: self.day("extension_ends_from")?,
                begins_from: self.day("extension_begins_from")?,
            },
            stacking: self.choice("stacking")?,
            refused_events: self.choice("refused_events")?,
            trial_days: self.number("trial_days")?,
            trial_seats: self.number("trial_seats")?,
        })
    }

    fn choice<C: Choice>(&self, key: &str) -> Option<C> {
        match self.0.get(key)? {
            Value::Word(word) => C::from_word(word),
            Value::Number(_) => None,
        }
    }

    /// A fraction of at most six decimals, such as `0.03`.
    fn surcharge(&self, key: &str) -> Option<Surcharge> {
        let Value::Word(word) = self.0.get(key)? else { return None };
        let digits = word.strip_prefix("0.").filter(|digits| (1..=6).contains(&digits.len()))?;
        Surcharge::from_millionths(format!("{digits:0<6}").parse().ok()?)
    }

    fn day(&self, key: &str) -> Option<Day> {
        let Value::Word(word) = self.0.get(key)? else { return None };
        let date = word.parse::<chrono::NaiveDate>().ok()?;
        Day::from_ymd(date.year(), date.month(), date.day())
    }

    fn number(&self, key: &str) -> Option<u32> {
        match self.0.get(key)? {
            Value::Word(_) => None,
            Value::Number(number) => Some(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use termwise_engine::calendar::MonthEnd;
    use termwise_engine::money::Rounding;
    use termwise_engine::policy::{
        EndOfTerm, FirstPurchase, LateSeats, PriceOverlap, RefusedEvents, RenewalPercentage, RoundingAt,
        SeatChangeForm, SeatCount, Stacking, UpgradePromotions,
    };

    fn own(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
        settings.iter().map(|&(key, word)| (key.to_owned(), word.to_owned())).collect()
    }

    #[test]
    fn every_profile_is_a_policy_and_names_only_declared_settings_and_values() {
        let file = File::read().unwrap();
        for (profile, settings) in &file.profiles {
            assert!(in_force(profile, &BTreeMap::new()).is_ok(), "{profile}");
            for (key, value) in settings {
                let declared = &file.settings[key];
                match value {
                    // The vendor's own dates and fractions are words of no list.
                    Value::Word(word) => assert!(
                        declared.values.contains(word) || declared._unit.is_some(),
                        "{profile}.{key} = {word}"
                    ),
                    Value::Number(_) => assert!(declared.values.is_empty(), "{profile}.{key}"),
                }
            }
        }
        assert!(file.settings.keys().eq(file.profiles[STANDARD].keys()), "standard says everything");
    }

    #[test]
    fn the_declared_values_are_the_engines_and_standard_has_the_first() {
        fn check<C: Choice>(file: &File, key: &str) {
            assert_eq!(file.settings[key].values, C::WORDS, "{key}");
            let Value::Word(word) = &file.profiles[STANDARD][key] else { panic!("{key} is a word") };
            assert_eq!(word, C::WORDS[0], "{key}");
        }
        let file = File::read().unwrap();
        check::<MonthEnd>(&file, "month_end");
        check::<PriceOverlap>(&file, "price_overlap");
        check::<SeatCount>(&file, "seat_count");
        check::<FirstPurchase>(&file, "first_purchase");
        check::<LateSeats>(&file, "late_seats");
        check::<RenewalPercentage>(&file, "renewal_percentage");
        check::<Rounding>(&file, "rounding");
        check::<RoundingAt>(&file, "rounding_at");
        check::<SeatChangeForm>(&file, "seat_changes");
        check::<UpgradePromotions>(&file, "upgrade_promotions");
        check::<EndOfTerm>(&file, "end_of_term");
        check::<Stacking>(&file, "stacking");
        check::<RefusedEvents>(&file, "refused_events");
    }

    #[test]
    fn the_standard_policy_has_the_numbers_of_the_rule_book() {
        let standard = in_force(STANDARD, &BTreeMap::new()).unwrap();
        assert_eq!(standard.policy.refund_window, Span::hours(168));
        assert_eq!(standard.policy.full_refund, Span::hours(24));
        assert_eq!((standard.policy.trial_days, standard.policy.trial_seats), (30, 25));
        assert_eq!(standard.words["refund_window"], "168h");
        assert_eq!(standard.words["end_of_term"], "stop");
        assert_eq!(standard.words["profile"], "standard");
        assert_eq!(standard.words.len(), 22);
        let extension = standard.policy.extension;
        assert_eq!(extension.surcharge.millionths(), 30_000);
        assert_eq!(extension.surcharge_of_annual.millionths(), 230_000);
        assert_eq!(extension.ends_from.to_string(), "2026-05-04");
        assert_eq!(extension.begins_from.to_string(), "2025-04-01");
    }

    #[test]
    fn a_bound_is_no_setting_and_no_word_of_the_policy() {
        assert_eq!(lines_per_subscription_and_day(), Ok(100));
        let name = "lines_per_subscription_and_day";
        assert!(!keys().iter().any(|key| key == name));
        assert!(!in_force(STANDARD, &BTreeMap::new()).unwrap().words.contains_key(name));
    }

    #[test]
    fn a_job_overrides_its_profile_and_the_words_say_so() {
        let own = own(&[("rounding", "half-even"), ("refund_window", "3d"), ("full_refund", "12h")]);
        let found = in_force("partner-center", &own).unwrap();
        assert_eq!(found.policy.rounding, Rounding::HalfEven);
        assert_eq!(found.policy.seat_changes, SeatChangeForm::Pair);
        assert_eq!(found.policy.refund_window, Span::hours(72));
        assert_eq!(found.words["refund_window"], "72h");
        assert_eq!(found.words["rounding"], "half-even");
        assert_eq!(found.words["month_end"], "keep-distance");
    }

    #[test]
    fn every_setting_that_cannot_be_is_named() {
        let own = own(&[
            ("rounding", "nearest"),
            ("end_of_term", "go on"),
            ("upgrade_promotions", "eligible"),
            ("refund_window", "a week"),
        ]);
        let refused = in_force("partner-centre", &own).unwrap_err();
        let keys: Vec<&str> = refused.iter().map(|refused| refused.key.as_str()).collect();
        assert_eq!(keys, ["profile", "end_of_term", "refund_window", "rounding"]);
        assert_eq!(refused[0].hint, "write one of partner-center, standard");
        assert_eq!(refused[1].says, "\"go on\" is not a value of end_of_term (R37)");
        assert_eq!(refused[3].hint, "write one of half-up, half-even, truncate");
    }

    #[test]
    fn windows_are_hours_or_days() {
        assert_eq!(hours("168h"), Some(168));
        assert_eq!(hours("7d"), Some(168));
        assert_eq!(hours("720 h"), Some(720));
        assert_eq!(hours("0h"), Some(0));
        for wrong in ["", "h", "7", "-1h", "+1h", "1.5d", " h", "7  d", "99999999d", "87601h"] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
        let shorter = in_force(STANDARD, &own(&[("refund_window", "12h")])).unwrap_err();
        assert_eq!(shorter[0].key, "full_refund");
    }
}
