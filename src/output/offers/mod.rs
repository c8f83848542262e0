//! The output of purchase offers: what is offered, the text for each client, and what was bought, published as one
//! folder by one rename, as a run's is.
//!
//! ```text
//! out/2026-11-30-5f0c9a1be27d/
//!   purchase_offers.csv  advisor_purchases.csv  advisor_totals.csv  subscriptions.csv
//!   offers/PO-7K3M-Q2XE-04VD-9HTB.txt …  rejects.csv  summary.txt  manifest.json
//! ```
//! No name of a file is made of what somebody wrote into a cell: a text is named by its offer's summary id.

mod letter;
mod mint;
mod publish;
mod sheets;

pub use mint::Mint;
pub use publish::publish;

use super::account::Account;
use super::{OutputError, Report, balance, manifest, summary};
use crate::intake::OfferNames;
use crate::names::printable;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use termwise_engine::advising::{Judged, PurchaseOffer};
use termwise_engine::ids::{AdvisorId, PurchaseOfferId};

const KIND: &str = "offers";
/// The folder of the texts for clients.
const LETTERS: &str = "offers";

/// Offers that stand, with what they are known by, and what was bought.
pub struct Offering<'a> {
    judged: &'a Judged,
    names: &'a OfferNames,
    /// In the order of their ids, as in `judged`.
    offers: Vec<Offered<'a>>,
    advisors: Vec<AdvisorId>,
    fingerprint: Option<&'a str>,
}

/// An offer that stands.
struct Offered<'a> {
    offer: &'a PurchaseOffer,
    summary_id: String,
    url: String,
}

impl Offered<'_> {
    /// All licences that it offers.
    fn licences(&self) -> u64 {
        self.offer.items.iter().map(|&(_, licences)| u64::from(licences)).sum()
    }
}

impl<'a> Offering<'a> {
    /// Gives every offer that stands its summary id and its URL below `address`; `advisors` are all that there are.
    pub fn new(
        judged: &'a Judged,
        names: &'a OfferNames,
        advisors: impl IntoIterator<Item = AdvisorId>,
        (address, mint): (&str, &'a Mint),
    ) -> Offering<'a> {
        let offered = |offer| Offered {
            offer,
            summary_id: mint::summary_id(offer, names),
            url: mint.url(address, offer, names),
        };
        Offering {
            judged,
            names,
            offers: judged.offers.iter().map(offered).collect(),
            advisors: advisors.into_iter().collect(),
            fingerprint: mint.fingerprint(),
        }
    }

    fn offered(&self, id: PurchaseOfferId) -> Option<&Offered<'a>> {
        let place = self.offers.binary_search_by_key(&id, |offered| offered.offer.id).ok()?;
        self.offers.get(place)
    }

    /// Proves what must hold before anything is published.
    ///
    /// # Errors
    /// [`OutputError::Invariant`], with the first law that does not hold.
    pub fn prove(&self, report: &Report<'_>) -> Result<(), OutputError> {
        balance::prove(report)?;
        for (what, all) in [
            (
                "summary ids",
                self.offers.iter().map(|offered| offered.summary_id.as_str()).collect::<BTreeSet<_>>(),
            ),
            ("URLs", self.offers.iter().map(|offered| offered.url.as_str()).collect()),
        ] {
            if all.len() != self.offers.len() {
                let detail = format!("{} {what} for {} offers", all.len(), self.offers.len());
                return Err(OutputError::broken("every offer has a summary id and a URL of its own", detail));
            }
        }
        let purchases = &self.judged.purchases;
        let ids: BTreeSet<String> =
            purchases.iter().map(|purchase| mint::subscription_id(purchase, self.names)).collect();
        if ids.len() != purchases.len() {
            let detail = format!("{} ids for {} subscriptions", ids.len(), purchases.len());
            return Err(OutputError::broken(
                "every subscription that was bought has an id of its own",
                detail,
            ));
        }
        let orphan = self.judged.purchases.iter().find(|purchase| self.offered(purchase.offer).is_none());
        match orphan {
            None => Ok(()),
            Some(purchase) => {
                let detail = self.names.offer(purchase.offer).to_owned();
                Err(OutputError::broken("what is bought was offered", detail))
            }
        }
    }

    /// The closing summary as text; `place` says where the output is.
    pub fn summary(&self, report: &Report<'_>, place: &str) -> String {
        let account = account(report);
        let totals = self.totals();
        let mut lines = vec![
            format!("termwise {}  {KIND}  {}", env!("CARGO_PKG_VERSION"), report.job.window.billed.last),
            String::new(),
        ];
        lines.extend(summary::inputs(&account));
        lines.push(String::new());
        lines.push(format!(
            "offers: {} made by {}, {} accepted",
            totals.offers,
            summary::counted(totals.advisors as u64, "advisor"),
            totals.accepted_offers
        ));
        lines.push(format!(
            "accepted: {}, {} with delegated administration; {}, {}, billed by {}",
            summary::counted(totals.accepted.clients as u64, "acceptance"),
            totals.accepted.with_delegation,
            summary::counted(totals.accepted.subscriptions as u64, "subscription"),
            summary::counted(totals.accepted.licences, "licence"),
            report.job.offers.vendor,
        ));
        lines.push(String::new());
        lines.extend(summary::rejects(&account));
        lines.extend(summary::notes(&account));
        lines.push(format!("output: {}", printable(place)));
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// The summary as JSON; `place` says where the output is.
    pub fn json(&self, report: &Report<'_>, place: &str) -> Value {
        let account = account(report);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "kind": KIND,
            "as_of": report.job.window.billed.last.to_string(),
            "inputs": manifest::inputs_json(report),
            "offers": self.totals().json(),
            "rejects": account.rejects_json(),
            "notes": account.notes,
            "output": place,
        })
    }

    fn totals(&self) -> Totals {
        let purchases = &self.judged.purchases;
        // A client that accepts two offers accepts twice.
        let of_each = sheets::by_offer(purchases).into_values().map(sheets::Accepted::of);
        let accepted = of_each.fold(sheets::Accepted::default(), |sum, of| sheets::Accepted {
            clients: sum.clients + of.clients,
            with_delegation: sum.with_delegation + of.with_delegation,
            subscriptions: sum.subscriptions + of.subscriptions,
            licences: sum.licences + of.licences,
        });
        Totals {
            offers: self.offers.len(),
            advisors: self
                .offers
                .iter()
                .map(|offered| offered.offer.terms.advisor)
                .collect::<BTreeSet<_>>()
                .len(),
            accepted_offers: sheets::by_offer(purchases).len(),
            accepted,
        }
    }
}

/// What there is, counted.
struct Totals {
    offers: usize,
    advisors: usize,
    accepted_offers: usize,
    accepted: sheets::Accepted,
}

impl Totals {
    fn json(&self) -> Value {
        json!({
            "made": self.offers,
            "advisors": self.advisors,
            "accepted": self.accepted_offers,
            "acceptances": self.accepted.clients,
            "with_delegated_admin": self.accepted.with_delegation,
            "subscriptions": self.accepted.subscriptions,
            "licences": self.accepted.licences,
        })
    }
}

/// What became of the rows; checks that only a run makes are no news here.
fn account(report: &Report<'_>) -> Account {
    Account { notes: report.notes.to_vec(), ..Account::of(report) }
}
