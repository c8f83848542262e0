//! `[offers]`: what purchase offers are made with (R53 to R55).
//!
//! What a job leaves out is taken from `data/offers.toml`, which is built in; the address and the currencies have no
//! default, as any would be wrong.

use super::check::{Desk, Purpose};
use super::problem::{MISSING, Place};
use super::settings::{Setting, Settings, Value};
use super::{InputFile, grammar};
use crate::names::printable;
use crate::policy_file;
use std::collections::BTreeMap;
use std::path::Path;
use termwise_engine::calendar::{BillingCycle, Span, Term};
use termwise_engine::findings::Table;
use termwise_engine::money::Currency;

const DEFAULTS: &str = include_str!("../../data/offers.toml");
const SECTION: &str = "offers";
/// Characters of a vendor's name: it stands in the middle of sentences.
const VENDOR_CHARS: usize = 60;

/// What purchase offers are made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferSettings {
    /// The address that every offer's URL begins with; a job that makes offers has one.
    pub url: Option<String>,
    /// Who bills the client.
    pub vendor: String,
    /// In which currency, by usage location.
    pub currencies: Currencies,
    /// The term of a subscription made of an acceptance.
    pub term: Term,
    /// How it is paid.
    pub billing_cycle: BillingCycle,
    /// How long a new office may take until it can be selected (R54).
    pub office_ready: Span,
    /// What only the advisors' firm knows; URLs are made with it.
    pub secret_file: Option<InputFile>,
}

/// The vendor's currency by usage location.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Currencies {
    /// Where nothing else is said.
    pub elsewhere: Option<Currency>,
    /// At a location.
    pub at: BTreeMap<String, Currency>,
}

impl Currencies {
    /// The currency at a usage location, if the job says it.
    pub fn of(&self, usage_location: &str) -> Option<Currency> {
        self.at.get(usage_location).copied().or(self.elsewhere)
    }
}

impl Desk {
    /// Puts the defaults where the job says nothing.
    pub(super) fn complete_offers(&mut self) {
        // The file is built in and a test reads it; were it broken, its keys would be missing and refused below.
        let defaults = Settings::of_file(DEFAULTS).unwrap_or_default();
        for (key, setting) in defaults.keys {
            self.settings.keys.entry(key).or_insert(Setting { place: Place::File, ..setting });
        }
    }

    pub(super) fn offers(&mut self, folder: &Path, purpose: Purpose) -> Option<OfferSettings> {
        let url = self.url(purpose);
        let vendor = self.vendor();
        let currencies = self.currencies();
        let term = self.offer_word("term", &Term::ALL, Term::name);
        let billing_cycle = self.offer_word("billing_cycle", &BillingCycle::ALL, BillingCycle::name);
        let office_ready = self.office_ready();
        let hint = "name a file, relative to the job file's folder";
        let secret_file = self.text(&[SECTION, "secret_file"], hint);
        let secret_file = secret_file.map(|(shown, _)| InputFile { path: folder.join(&shown), shown });
        if let (Some(term), Some(cycle)) = (term, billing_cycle)
            && cycle.months(term).is_none()
        {
            let says = format!("a {} can't be billed {} (B27)", term.name(), cycle.name());
            self.wrong_offer("billing_cycle", &says, "P1M is billed monthly or upfront");
        }
        Some(OfferSettings {
            url,
            vendor: vendor?,
            currencies,
            term: term?,
            billing_cycle: billing_cycle?,
            office_ready: office_ready?,
            secret_file,
        })
    }

    /// Says what is wrong with a key of the section.
    fn wrong_offer(&mut self, name: &str, says: &str, hint: &str) {
        let shown = format!("{SECTION}.{name}");
        match self.setting(&[SECTION, name]) {
            Some(setting) => self.wrong(&setting, &shown, says, hint),
            None => self.refuse(&Place::File, &shown, MISSING, says.to_owned(), hint.to_owned()),
        }
    }

    fn url(&mut self, purpose: Purpose) -> Option<String> {
        const HINT: &str =
            "write the address that clients are sent to, such as \"https://offers.example.com/accept\"";
        let url = self.text(&[SECTION, "url"], HINT);
        let makes_offers = match purpose {
            Purpose::Offers => true,
            Purpose::Check => self.names(Table::Offers),
            Purpose::Invoices => false,
        };
        if url.is_none() && makes_offers && self.setting(&[SECTION, "url"]).is_none() {
            self.wrong_offer("url", "an offer needs an address that its client is sent to", HINT);
        }
        let (url, _) = url?;
        if is_address(&url) {
            return Some(url);
        }
        let says = format!("{url:?} is not an https address without a query");
        self.wrong_offer("url", &says, HINT);
        None
    }

    fn vendor(&mut self) -> Option<String> {
        const HINT: &str = "write the vendor's name as clients know it";
        let (vendor, _) = self.text(&[SECTION, "vendor"], HINT)?;
        if printable(&vendor) == vendor && vendor.chars().count() <= VENDOR_CHARS {
            return Some(vendor);
        }
        let says = format!("the name has a control character or more than {VENDOR_CHARS} letters");
        self.wrong_offer("vendor", &says, HINT);
        None
    }

    fn currencies(&mut self) -> Currencies {
        const HINT: &str =
            "write currency = \"EUR\", or [\"EUR\", \"CH:CHF\"]: one for all locations, and those of some";
        let mut currencies = Currencies::default();
        let entries = match self.setting(&[SECTION, "currency"]).map(|setting| setting.value) {
            None => return currencies,
            Some(Value::Text(text)) => vec![text],
            Some(Value::Texts(texts)) => texts,
            Some(other @ (Value::Integer(_) | Value::Date(_) | Value::Other(_))) => {
                let says = format!("{} where currencies are meant", other.kind());
                self.wrong_offer("currency", &says, HINT);
                return currencies;
            }
        };
        for entry in entries {
            let (location, code) = match entry.split_once(':') {
                Some((location, code)) => (Some(location), code),
                None => (None, entry.as_str()),
            };
            let currency = Currency::from_code(code).filter(|_| location != Some(""));
            let Some(currency) = currency else {
                self.wrong_offer("currency", &format!("{entry:?} is not a currency"), HINT);
                continue;
            };
            let before = match location {
                Some(location) => currencies.at.insert(location.to_owned(), currency),
                None => currencies.elsewhere.replace(currency),
            };
            if before.is_some() {
                self.wrong_offer(
                    "currency",
                    &format!("{entry:?}: its location has a currency already"),
                    HINT,
                );
            }
        }
        currencies
    }

    fn offer_word<T: Copy>(&mut self, name: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Option<T> {
        let words: Vec<&str> = all.iter().map(|&one| word(one)).collect();
        let hint = format!("write one of {}", words.join(", "));
        let (text, _) = self.text(&[SECTION, name], &hint)?;
        let found = all.iter().copied().find(|&one| word(one) == text);
        if found.is_none() {
            self.wrong_offer(name, &format!("{text:?} is not a {}", name.replace('_', " ")), &hint);
        }
        found
    }

    fn office_ready(&mut self) -> Option<Span> {
        const HINT: &str = "write \"24h\" or \"1d\"";
        let (text, _) = self.text(&[SECTION, "office_ready"], HINT)?;
        let hours = policy_file::hours(&text);
        if hours.is_none() {
            self.wrong_offer("office_ready", &format!("{text:?} is not a number of hours or days"), HINT);
        }
        hours.map(Span::hours)
    }

    /// The inputs that this job can't do without.
    pub(super) fn required(&self, purpose: Purpose) -> Vec<Table> {
        let bills = grammar::REQUIRED.into_iter().any(|table| self.names(table));
        let (invoices, offers) = match purpose {
            Purpose::Invoices => (true, false),
            Purpose::Offers => (false, true),
            Purpose::Check => (bills || !self.names(Table::Offers), self.names(Table::Offers)),
        };
        let of = |tables: [Table; 2], are: bool| tables.into_iter().filter(move |_| are);
        of(grammar::REQUIRED, invoices).chain(of(grammar::REQUIRED_FOR_OFFERS, offers)).collect()
    }

    fn names(&self, table: Table) -> bool {
        self.setting(&["inputs", table.name()]).is_some()
    }
}

/// Whether offers can be made below an address: https, a host, and nothing that a query could not follow.
fn is_address(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~:/%[]".contains(&letter);
    !host.is_empty() && rest.bytes().all(is_plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::job::{Overrides, Purpose, parse};
    use termwise_engine::calendar::Day;

    const INPUTS: &str = "as_of = \"2026-11-30\"\n[inputs]\nadvisors = \"a.csv\"\noffers = \"o.csv\"\n";
    const URL: &str = "url = \"https://offers.example.com/accept\"\n";

    fn read(section: &str, purpose: Purpose) -> Result<OfferSettings, String> {
        let text = format!("{INPUTS}[offers]\n{section}");
        let overrides = Overrides { purpose, ..Overrides::none(Day::from_ymd(2026, 11, 21).unwrap()) };
        match parse(&text, Path::new("jobs/offers.toml"), &overrides) {
            Ok(given) => Ok(given.job.offers),
            Err(error) => Err(error.to_string()),
        }
    }

    fn settings(section: &str) -> OfferSettings {
        read(section, Purpose::Offers).unwrap()
    }

    fn refused(section: &str) -> String {
        read(section, Purpose::Offers).unwrap_err()
    }

    #[test]
    fn what_is_left_out_is_as_the_built_in_file_says() {
        let found = settings(URL);
        assert_eq!(found.url.as_deref(), Some("https://offers.example.com/accept"));
        assert_eq!(found.vendor, "Microsoft");
        assert_eq!((found.term, found.billing_cycle), (Term::P1Y, BillingCycle::Monthly));
        assert_eq!(found.office_ready, Span::hours(24));
        assert_eq!((found.currencies, found.secret_file), (Currencies::default(), None));
    }

    #[test]
    fn a_job_says_otherwise() {
        let found = settings(&format!(
            "{URL}vendor = \"Contoso\"\nterm = \"P3Y\"\nbilling_cycle = \"annual\"\noffice_ready = \"2d\"\n\
             secret_file = \"offers.secret\"\ncurrency = [\"EUR\", \"CH:CHF\"]\n"
        ));
        assert_eq!(found.vendor, "Contoso");
        assert_eq!((found.term, found.billing_cycle), (Term::P3Y, BillingCycle::Annual));
        assert_eq!(found.office_ready, Span::hours(48));
        assert_eq!(found.secret_file.unwrap().path, Path::new("jobs/offers.secret"));
        let currency = |location| found.currencies.of(location).map(Currency::code);
        assert_eq!((currency("NL"), currency("CH")), (Some("EUR"), Some("CHF")));
        let one = settings(&format!("{URL}currency = \"NL:EUR\"\n")).currencies;
        assert_eq!((one.of("NL").map(Currency::code), one.of("CH")), (Some("EUR"), None), "none is guessed");
    }

    #[test]
    fn only_a_job_that_makes_offers_needs_an_address_and_advisors() {
        assert!(refused("").contains("offers.url: error[job-key-missing]: an offer needs an address"));
        let said = read("", Purpose::Invoices).unwrap_err();
        assert!(said.contains("the input subscriptions is missing") && !said.contains("address"), "{said}");
        let text = "[inputs]\nsubscriptions = \"s.csv\"\nprice_list = \"p.csv\"\n";
        let overrides =
            Overrides { purpose: Purpose::Offers, ..Overrides::none(Day::from_ymd(2026, 11, 21).unwrap()) };
        let said = parse(text, Path::new("job.toml"), &overrides).unwrap_err().to_string();
        assert!(
            said.contains("the input advisors is missing") && said.contains("the input offers is missing")
        );
    }

    #[test]
    fn an_address_is_https_and_leaves_room_for_a_query() {
        for url in ["https://a.example", "https://a.example:8443/o/%20/", "https://[::1]/x"] {
            assert_eq!(settings(&format!("url = {url:?}\n")).url.as_deref(), Some(url));
        }
        for url in [
            "http://a.example",
            "https://",
            "https:///x",
            "https://a.example/?x=1",
            "https://a.example/#x",
            "https://me@a.example/",
            "https://a.example/a b",
            "https://a.example/\u{e9}",
            "javascript:alert(1)",
        ] {
            let said = refused(&format!("url = {url:?}\n"));
            assert!(said.contains("is not an https address without a query"), "{url}: {said}");
        }
    }

    #[test]
    fn what_can_not_be_is_told_with_what_could() {
        for (section, says) in [
            ("currency = \"euro\"", "offers.currency: error[job-value]: \"euro\" is not a currency"),
            ("currency = [\":EUR\"]", "\":EUR\" is not a currency"),
            ("currency = [\"EUR\", \"GBP\"]", "\"GBP\": its location has a currency already"),
            ("currency = 1", "a whole number where currencies are meant"),
            ("term = \"P2Y\"", "\"P2Y\" is not a term"),
            ("billing_cycle = \"weekly\"", "write one of monthly, annual, upfront"),
            ("term = \"P1M\"\nbilling_cycle = \"annual\"", "a P1M can't be billed annual (B27)"),
            ("office_ready = \"a day\"", "\"a day\" is not a number of hours or days"),
            ("vendor = \"\\u001b[2J\"", "the name has a control character"),
            ("vendors = \"x\"", "[offers] has no key vendors\n  hint: the nearest known key is vendor"),
        ] {
            let said = refused(&format!("{URL}{section}\n"));
            assert!(said.contains(says), "{section}: {said}");
        }
    }
}
