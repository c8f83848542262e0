//! Purchase offers: read what advisors offer and clients accepted, judge it, and publish it (R53 to R55).
//!
//! The days of a job only name the folder here: an offer and an acceptance are what they are on any day. Nothing is
//! billed. What clients bought comes out as rows of our own subscriptions input, so that a run can count it as history.

use super::gathered::Gathered;
use super::invoice::{End, Outcome, Watch, Work, in_pool, json_of, place_of};
use super::{Progress, RunError};
use crate::intake::{self, OfferIntake, OfferNames};
use crate::job::{InputFile, Job};
use crate::output::offers::{Mint, Offering, publish};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use termwise_engine::advising::{Judged, judge};
use termwise_engine::findings::{Code, Table};

/// A secret shorter than this can be tried out.
const SECRET_LEAST: usize = 32;
const SECRET_MOST: u64 = 1 << 16;

/// Makes the offers of a job: everything is judged and proved, and published unless it is a dry run.
///
/// # Errors
/// An input is refused as a whole, a law does not hold, or the output can't be written. Nothing is published then.
pub fn offers(job: &Job, is_dry: bool, work: Work, progress: &dyn Progress) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let mut watch = Watch::start();
        let mint = Mint::new(job.offers.secret_file.as_ref().map(secret).transpose()?.as_deref());
        let intake = intake::read_offers(&job.inputs, &work.reading(job), progress)?;
        watch.lap("read");
        watch.laps.extend(intake.timings.iter().cloned());
        let mut found = Found::new(job, &intake)?;
        watch.lap("judge");
        found.gathered.timings.clone_from(&watch.laps);
        let report = found.gathered.report(job, &intake.files);
        let set_aside = found.gathered.set_aside(job, &intake.files);
        let address = job.offers.url.as_deref().unwrap_or_default();
        let advisors = intake.book.advisors.keys().copied();
        let offering = Offering::new(&found.judged, &intake.names, advisors, (address, &mint));
        let end = if set_aside.is_too_many() {
            End::TooManyRejects
        } else if is_dry {
            offering.prove(&report)?;
            End::Dry
        } else {
            progress.stage("publishing", 0);
            let closed = publish(&offering, &report)?;
            watch.lap("publish");
            watch.laps.extend(closed.timings);
            End::Published(closed.published)
        };
        let place = place_of(&end, set_aside);
        let summary = offering.summary(&report, &place);
        let text = found.gathered.told(is_dry, summary);
        let json = json_of(offering.json(&report, &place), &end, set_aside);
        let troubles = intake.warnings.iter().filter(|warning| warning.is_trouble).map(ToString::to_string);
        let troubles = troubles.chain(without_contact(&found.judged, &intake.names)).collect();
        Ok(Outcome { troubles, ..Outcome::of(end, set_aside, (text, json), watch.laps) })
    })
}

/// What a job's offers come to, and what is wrong with their rows.
pub(super) struct Found {
    judged: Judged,
    /// What is told beside them.
    pub(super) gathered: Gathered,
}

impl Found {
    /// Judges what was read.
    pub(super) fn new(job: &Job, intake: &OfferIntake) -> Result<Found, RunError> {
        let mut judged = judge(&intake.book, job.offers.office_ready);
        // No currency is guessed: one acceptance is told what the job lacks, and the others go on.
        let locations: Vec<_> =
            judged.offers.iter().map(|offer| (offer.id, offer.terms.usage_location)).collect();
        judged.reject_purchases(Code::CurrencyNotSettled, "", |purchase| {
            let place = locations.binary_search_by_key(&purchase.offer, |(id, _)| *id).ok();
            let location = place.and_then(|place| locations.get(place));
            location.is_none_or(|(_, location)| {
                job.offers.currencies.of(intake.names.market(*location)).is_none()
            })
        });
        let mut findings = judged.findings.clone();
        findings.extend(&intake.findings);
        let fates = intake.fates.iter().chain(&judged.fates).copied();
        let silent = without_contact(&judged, &intake.names);
        let notes = intake.warnings.iter().map(ToString::to_string).chain(silent).chain(notes(job)).collect();
        let rejects = intake.excerpts(&job.inputs, &findings)?;
        let gathered = Gathered { counts: fates.collect(), rejects, notes, ..Gathered::default() };
        Ok(Found { judged, gathered })
    }
}

/// The advisors that make offers and can't be asked about them: a client should know whom to ask (R53).
fn without_contact(judged: &Judged, names: &OfferNames) -> Option<String> {
    let advisors: BTreeSet<_> = judged.offers.iter().map(|offer| offer.terms.advisor).collect();
    let silent = advisors.into_iter().filter(|&advisor| names.card(advisor).contact.is_none());
    let silent: Vec<&str> = silent.map(|advisor| names.advisor(advisor)).collect();
    let told = format!("no contact: the texts of {} say to ask whoever sent the offer", silent.join(", "));
    (!silent.is_empty()).then_some(told)
}

/// What is not checked for want of an input, and what makes URLs easy to reckon.
fn notes(job: &Job) -> impl Iterator<Item = String> {
    let is_missing = |table| !job.inputs.files.contains_key(&table);
    let all = [
        (
            is_missing(Table::SkuMarkets),
            "no sku_markets file: it is not checked that SKUs are sold where they are offered (R54)",
        ),
        (is_missing(Table::Offices), "no offices file: the offices of offers are not checked (R53, R54)"),
        (
            job.offers.secret_file.is_none(),
            "no offers.secret_file: who knows all that an offer says can reckon its URL",
        ),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned())
}

/// The secret in a file; line breaks at its end are none of it.
fn secret(file: &InputFile) -> Result<Vec<u8>, RunError> {
    let refused = |why: String, exit| RunError::Secret { shown: file.shown.clone(), why, exit };
    let mut bytes = Vec::new();
    let read = File::open(&file.path).and_then(|open| open.take(SECRET_MOST).read_to_end(&mut bytes));
    read.map_err(|error| refused(error.to_string(), 66))?;
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.len() >= SECRET_LEAST {
        return Ok(bytes);
    }
    Err(refused(format!("the secret has {} bytes, and needs {SECRET_LEAST} or more", bytes.len()), 65))
}
