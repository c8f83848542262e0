//! The sample: a book of any size that looks like a reseller's, and a job file that runs on it.
//!
//! `termwise sample --subscriptions 2000 --out data/sample` writes every input of the contract for 30 November 2026:
//! five sixths of the subscriptions are unremarkable, the others show one rule each, and `stories.csv` says which. The same seed gives
//! the same bytes, and a customer's rows are all that is held in memory, of a very large one some thousands at a time.
//!
//! What it does not do: it says nothing about what the right invoice is. Only the rows planted by `bad_rows` come with
//! the code and the disposition that they should end in.

mod advising;
mod bad_rows;
mod book;
mod catalogue;
mod codes;
mod customers;
mod days;
mod dice;
mod lifecycle;
mod offers;
mod plain;
mod prices;
mod promoted;
mod promotions;
mod renewals;
mod requests;
mod scheduled;
mod seats;
mod shuffle;
mod stories;
mod tables;
mod terms;
#[cfg(test)]
mod tests;
mod upgrades;
mod vendor;
mod write;

pub(crate) use dice::Dice;
pub(crate) use shuffle::Shuffler;
pub(crate) use tables::Table;
pub(crate) use vendor::{
    EXPLAINED, ID_MAP, PLANTED_DIFFERENCES, VENDOR_LINES, account_of, customer_name, title,
    write_reconcile_job,
};
pub(crate) use write::{Style, TableWriter};

use book::{Desk, Rows};
use customers::Customer;
use std::path::{Path, PathBuf};
use stories::Deck;
use thiserror::Error;
use write::file_name;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Subscriptions in the book; bad rows come on top.
    pub subscriptions: u64,
    /// Same seed, same bytes.
    pub seed: u64,
    /// How the inputs are written.
    pub format: Format,
    /// Whether to plant one row of each fault.
    pub bad_rows: bool,
    /// What the book holds.
    pub profile: Profile,
    /// How many customers the book is spread over, evenly; none: as many as come, small and large ones. There is none
    /// without a subscription.
    pub customers: Option<u64>,
    /// Whether subscriptions and events stand in a random order instead of customer by customer.
    pub shuffled: bool,
}

/// Subscriptions of one customer that are held before they are written: more than any customer of a book has whose
/// customers come as they are.
const MOST_HELD: usize = 10_000;

/// How the inputs are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Plain text.
    Csv,
    /// Columns.
    Parquet,
}

/// What the book holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Every rule.
    Full,
    /// Only what SQL can compare: new commerce, commercial, plain terms, promotions that are windows.
    Plain,
}

/// A file that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Its name below the folder.
    pub file: String,
    /// Its data rows; lines for the job file.
    pub rows: u64,
}

/// Why a sample could not be written.
#[derive(Debug, Error)]
pub enum SampleError {
    /// A file or folder.
    #[error("can't write {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A CSV file.
    #[error("can't write {path}: {source}")]
    Csv {
        /// Which.
        path: PathBuf,
        /// What the writer says.
        source: csv::Error,
    },
    /// A Parquet file.
    #[error("can't write {path}: {source}")]
    Parquet {
        /// Which.
        path: PathBuf,
        /// What the writer says.
        source: parquet::errors::ParquetError,
    },
}

impl SampleError {
    fn io(path: &Path, source: std::io::Error) -> SampleError {
        SampleError::Io { path: path.to_owned(), source }
    }

    fn csv(path: &Path, source: csv::Error) -> SampleError {
        SampleError::Csv { path: path.to_owned(), source }
    }

    fn parquet(path: &Path, source: parquet::errors::ParquetError) -> SampleError {
        SampleError::Parquet { path: path.to_owned(), source }
    }
}

/// Writes every input and `job.toml` below `out`, and says what was written. Files of these names are replaced.
pub fn write_sample(out: &Path, request: &Request) -> Result<Vec<Written>, SampleError> {
    std::fs::create_dir_all(out).map_err(|source| SampleError::io(out, source))?;
    let mut files = Files::create(out, request)?;
    prices::write_price_list(files.of(&tables::PRICE_LIST)?, request.profile)?;
    promotions::write_promotions(files.of(&tables::PROMOTIONS)?, request.profile)?;
    if request.profile == Profile::Full {
        codes::write_codes(files.of(&tables::PROMO_CODES)?)?;
        for partner in customers::partners() {
            let cells = [partner.partner_id.as_str(), partner.region, partner.kind, &partner.provider_id];
            files.add(&tables::PARTNERS, &cells)?;
        }
        requests::write_requests(files.of(&tables::REQUESTS)?)?;
    }
    let end = write_book(&mut files, request)?;
    // Before the bad rows, which are found by their numbers.
    files.pour()?;
    let mut written = Vec::new();
    if request.profile == Profile::Full {
        advising::write_offers(&mut files, request, &end)?;
        written.push(advising::write_job(out, request.format)?);
    }
    if request.bad_rows {
        let faults = bad_rows::plant(&mut files, request, &end)?;
        written.push(bad_rows::write_faults(out, &faults)?);
    }
    let mut inputs = files.finish()?;
    inputs.append(&mut written);
    inputs.push(write_job(out, request)?);
    Ok(inputs)
}

/// Where the book ended: the numbers that are still free.
#[derive(Debug)]
struct End {
    customers: u64,
    subscriptions: u64,
}

/// Customer by customer, each from a stream of its own.
fn write_book(files: &mut Files, request: &Request) -> Result<End, SampleError> {
    let mut deck = Deck::new();
    let mut end = End { customers: 0, subscriptions: 0 };
    while end.subscriptions < request.subscriptions {
        let index = end.customers;
        let mut dice = Dice::of(request.seed, index + 1);
        let customer = Customer::of(index, request.profile, &mut dice);
        let size = size(index, request, &mut dice).min(request.subscriptions - end.subscriptions);
        let mut desk = Desk::new(&customer, dice, end.subscriptions);
        let last = end.subscriptions + size;
        while desk.numbered() < last {
            add_next(&mut desk, &mut deck, request.profile, last);
            if desk.rows.subscriptions.len() >= MOST_HELD {
                files.add_rows(&customer, &std::mem::take(&mut desk.rows))?;
            }
        }
        end.subscriptions = desk.numbered();
        end.customers += 1;
        files.add_customer(&customer)?;
        files.add_rows(&customer, &desk.rows)?;
    }
    Ok(end)
}

/// A story for every ninth draw, and otherwise an unremarkable subscription.
fn add_next(desk: &mut Desk<'_>, deck: &mut Deck, profile: Profile, last: u64) {
    if profile == Profile::Full
        && desk.dice.per_mille(140)
        && let Some(story) = deck.deal(desk, last - desk.numbered())
    {
        desk.tell(&story);
    } else {
        plain::add(desk, profile);
    }
}

/// Mostly up to ten subscriptions, with a long tail. The first customer has a quarter of the book, up to 5,000: more
/// than a work unit of any sensible size. Where the number of customers is given, all have as many, but for one.
fn size(index: u64, request: &Request, dice: &mut Dice) -> u64 {
    let subscriptions = request.subscriptions;
    if let Some(customers) = request.customers {
        let customers = customers.clamp(1, subscriptions.max(1));
        return subscriptions / customers + u64::from(index < subscriptions % customers);
    }
    if index == 0 {
        return (subscriptions / 4).clamp(1, 5_000);
    }
    let largest = u32::try_from(subscriptions / 20).unwrap_or(u32::MAX).max(10);
    let size = match dice.below(1_000) {
        0..900 => dice.between(1, 10).min(dice.between(1, 14)),
        900..980 => dice.between(11, 40),
        980..997 => dice.between(41, 200),
        _ => dice.between(201, 1_000),
    };
    u64::from(size.min(largest))
}

/// The files of a sample while they are written.
struct Files {
    dir: PathBuf,
    writers: Vec<(&'static Table, TableWriter)>,
    /// Rows of the book that are not yet in their order.
    shufflers: Vec<(&'static Table, Shuffler)>,
}

impl Files {
    fn create(out: &Path, request: &Request) -> Result<Files, SampleError> {
        let style = Style {
            format: request.format,
            typed: !request.bad_rows,
            partner_center: request.profile == Profile::Full,
        };
        let mut writers = Vec::new();
        for table in tables_of(request.profile).iter().chain(tables_of_offers(request.profile)) {
            writers.push((*table, TableWriter::create(out, table, style)?));
        }
        if request.profile == Profile::Full {
            writers.push((&tables::REQUESTS, TableWriter::create(out, &tables::REQUESTS, style)?));
            // For people to look into, so in text whatever the inputs are.
            let style = Style { format: Format::Csv, ..style };
            writers.push((&tables::STORIES, TableWriter::create(out, &tables::STORIES, style)?));
        }
        let mut shufflers = Vec::new();
        if request.shuffled {
            let book = tables_of(request.profile).iter().filter(|table| table.is_of_the_book);
            // Streams from the far end: customers count theirs from 1.
            for (table, stream) in book.zip((0..=u64::MAX).rev()) {
                shufflers.push((*table, Shuffler::create(out, Dice::of(request.seed, stream))?));
            }
        }
        Ok(Files { dir: out.to_owned(), writers, shufflers })
    }

    fn has(&self, table: &Table) -> bool {
        self.writers.iter().any(|(known, _)| known.name == table.name)
    }

    /// The writer of an input. Asking for one that the profile leaves out would be a mistake of this module.
    fn of(&mut self, table: &Table) -> Result<&mut TableWriter, SampleError> {
        let path = self.dir.join(table.name);
        self.writers
            .iter_mut()
            .find(|(known, _)| known.name == table.name)
            .map(|(_, writer)| writer)
            .ok_or_else(|| SampleError::io(&path, std::io::ErrorKind::NotFound.into()))
    }

    fn add<T: AsRef<str>>(&mut self, table: &Table, cells: &[T]) -> Result<u64, SampleError> {
        self.of(table)?.row(cells)
    }

    /// Adds a row of the book: where it is shuffled, its place is settled by [`Files::pour`].
    fn add_to_book<T: AsRef<str>>(&mut self, table: &Table, cells: &[T]) -> Result<(), SampleError> {
        match self.shufflers.iter_mut().find(|(known, _)| known.name == table.name) {
            Some((_, shuffler)) => shuffler.add(cells),
            None => self.add(table, cells).map(drop),
        }
    }

    /// Puts what is shuffled into the files.
    fn pour(&mut self) -> Result<(), SampleError> {
        for (table, shuffler) in std::mem::take(&mut self.shufflers) {
            shuffler.pour(self.of(table)?)?;
        }
        Ok(())
    }

    fn add_customer(&mut self, customer: &Customer) -> Result<(), SampleError> {
        if self.has(&tables::CUSTOMERS) {
            let cells = [
                customer.customer_id.as_str(),
                &customer.name,
                customer.market.code,
                customer.standing.qualifications,
                customer.group,
            ];
            self.add(&tables::CUSTOMERS, &cells)?;
        }
        Ok(())
    }

    fn add_rows(&mut self, customer: &Customer, rows: &Rows) -> Result<(), SampleError> {
        for subscription in &rows.subscriptions {
            self.add_to_book(&tables::SUBSCRIPTIONS, &subscription.cells(customer))?;
        }
        self.add_all(&tables::REDEMPTIONS, &rows.redemptions)?;
        self.add_all(&tables::SEAT_CHANGES, &rows.seat_changes)?;
        self.add_all(&tables::LIFECYCLE_EVENTS, &rows.lifecycle_events)?;
        self.add_all(&tables::SCHEDULED_CHANGES, &rows.scheduled_changes)?;
        self.add_all(&tables::HOLDINGS, &rows.holdings)?;
        self.add_all(&tables::STORIES, &rows.stories)
    }

    fn add_all<const N: usize>(&mut self, table: &Table, rows: &[[String; N]]) -> Result<(), SampleError> {
        for row in rows {
            self.add_to_book(table, row)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Written>, SampleError> {
        self.writers.into_iter().map(|(_, writer)| writer.finish()).collect()
    }
}

fn tables_of(profile: Profile) -> &'static [&'static Table] {
    match profile {
        Profile::Full => &tables::FULL,
        Profile::Plain => &tables::PLAIN,
    }
}

/// The inputs of purchase offers, which have a job file of their own.
fn tables_of_offers(profile: Profile) -> &'static [&'static Table] {
    match profile {
        Profile::Full => &tables::OF_OFFERS,
        Profile::Plain => &[],
    }
}

/// The job file that runs on the sample, with every path relative to it.
fn write_job(out: &Path, request: &Request) -> Result<Written, SampleError> {
    let format = match request.format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    };
    let tolerated = if request.bad_rows { "25%" } else { "1%" };
    let (as_of, from) = (days::date_text(days::AS_OF), days::date_text(days::FROM));
    let mut job = format!("kind = \"invoice\"\nas_of = \"{as_of}\"\nfrom = \"{from}\"\n\n[inputs]\n");
    for table in tables_of(request.profile) {
        job.push_str(&format!("{} = \"{}\"\n", table.name, file_name(table, request.format)));
    }
    job.push_str("\n[policy]\nprofile = \"standard\"\n");
    job.push_str(&format!("\n[outputs]\ndir = \"out\"\nformat = \"{format}\"\nrenewal_horizon_days = 90\n"));
    job.push_str(&format!("\n[limits]\nrejected_rows = \"{tolerated}\"\n"));
    let path = out.join("job.toml");
    std::fs::write(&path, &job).map_err(|source| SampleError::io(&path, source))?;
    Ok(Written { file: "job.toml".to_owned(), rows: u64::try_from(job.lines().count()).unwrap_or(0) })
}
