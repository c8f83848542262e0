//! What may be typed.

use crate::job::{day_of, month_of};
use crate::names::printable;
use crate::runs::invoice::PART;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use termwise_engine::calendar::{Day, Period};
use termwise_engine::catalog::Segment;

const EXITS: &str = "\
Exit codes:
   0  complete, also: the same run was published or committed before, or nothing is left to do
   2  the command line or the job file is wrong, or the ledger is further, or not as far, as they ask for
   3  complete, but
        run, offers: rows stand in rejects.csv, within the job's tolerance
        check: rows would be set aside by a run
        promotions: rows of promotions or partners could not be read
        eligibility: rows of the job or of the requests are rejected or parked
   4  run: a reconciliation found more differences than the job tolerates
  65  an input is refused as a whole, or too many rows are rejected: nothing is published or answered
  66  an input is missing, unreadable, damaged, or changed while it was read
  70  an invariant of termwise failed: nothing is published; please report it
  71  a resource limit
  73  the output place can't be used
  74  an I/O error while writing; `termwise status JOB` tells whether the ledger has the run
  75  another command holds the ledger's lock: try again when it is done
  76  the ledger is damaged
  79  a safety bound is crossed, or the outputs have another digest than was approved: nothing is committed";

const ABOUT_OPEN: &str = "\
Everything up to the date goes into the ledger as billed elsewhere, on no invoice: runs bill from the \
day after it on, and later refunds draw on it.";

const ABOUT_REVERSE: &str = "\
Nothing is ever deleted: the exact negatives of those lines of the run that still stand are committed, \
and the next run bills anew what then falls due.";

const ABOUT_REQUESTS: &str = "\
A request is a purchase that nobody has made yet. Its columns, those in brackets optional:
  request_id, customer_id, [partner_id], product_id, sku_id, [segment] (commercial), market,
  [currency] (else the customer's own in that market, else one that there is a price in),
  quantity, term (P1M, P1Y, P3Y), billing_cycle (monthly, annual, upfront),
  on (a date or an instant: when it would be ordered),
  [promotion_id] (else every one of the product)

An answer for each request and promotion:
  request_id, promotion_id, is_eligible (true, false),
  errors: a JSON list of everything that stands in the way, each with type, description, what it
  needs, and code where a run would turn the whole purchase down

It exits 3 where rows of the job or of the requests are rejected or parked. Where more rows of the \
job are than limits.rejected_rows tolerates, it answers nothing and exits 65.";

const ABOUT_OFFERS: &str = "\
The job has to name:
  [inputs]  advisors, offers; optional are offices, sku_markets and, to count what was accepted,
            acceptances
  [offers]  url: the https address that clients are sent to

Of [offers], vendor, term, billing_cycle and office_ready have defaults. Without a currency for its \
usage location an acceptance is rejected. Without secret_file who knows all that an offer says can \
reckon its URL. The inputs of a run are not read.";

const ABOUT_SAMPLE: &str = "\
Beside the book it writes job.toml to run it, offers.toml with purchase offers for `termwise offers`, \
requests.csv (or .parquet) for `termwise eligibility`, and reconcile.toml with an invoice of the vendor's \
for the book: vendor_lines.csv differs from it in known ways, planted_differences.csv says in which. The \
profile plain has the book and job.toml alone.";

/// Batch billing and renewal for licence-based cloud subscriptions.
#[derive(Parser, Debug)]
#[command(name = "termwise", version, about, after_help = EXITS, subcommand_required = true)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Run a job: read, bill, publish
    Run(RunFlags),
    /// Read and validate every input, print every finding, bill nothing
    Check {
        /// The job file
        job: PathBuf,
        #[command(flatten)]
        shared: Shared,
    },
    /// Tell the workings of one subscription in words: each line, and what was not due
    Explain {
        /// The job file
        job: PathBuf,
        /// The subscription's id, exactly as in the subscriptions file
        subscription: String,
        /// Of a what-if: the workings today and under this proposal, side by side; its name in the job, or another file
        #[arg(long, value_name = "NAME|FILE")]
        proposal: Option<String>,
        /// Print the account as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        shared: Shared,
    },
    /// Begin a job's ledger with a book that was billed elsewhere
    #[command(after_long_help = ABOUT_OPEN)]
    Open(OpenFlags),
    /// Tell what a job's ledger holds: its last run, totals, the open period, drafts
    Status(StatusFlags),
    /// Issue the invoices of a month from the lines in a job's ledger
    Close(CloseFlags),
    /// Take a run back in a job's ledger
    #[command(after_long_help = ABOUT_REVERSE)]
    Reverse(ReverseFlags),
    /// Re-add every run in a job's ledger, and check its digests, its chain and its state
    Verify(VerifyFlags),
    /// Make purchase offers: the URL and the text for each client, and what was accepted; bill nothing
    #[command(after_long_help = ABOUT_OFFERS)]
    Offers(OffersFlags),
    /// List the promotions for a market and segment, as far as the asking partner's region allows
    Promotions(PromotionsFlags),
    /// Tell for a file of requests which promotions each purchase would get, and if not, everything that stands in the way
    #[command(after_long_help = ABOUT_REQUESTS)]
    Eligibility(EligibilityFlags),
    /// Write a realistic, reproducible data set of any size, and a job file that runs on it
    #[command(after_long_help = ABOUT_SAMPLE)]
    Sample(SampleFlags),
    /// For the bench: how long it takes only to decode a job's inputs and to encode its outputs
    #[command(hide = true)]
    Floor {
        /// The job file
        job: PathBuf,
        #[command(flatten)]
        shared: Shared,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The window that is billed, and how.
#[derive(Args, Debug)]
pub(super) struct Shared {
    /// The last day that is billed, YYYY-MM-DD
    #[arg(long, value_name = "DATE", conflicts_with = "period")]
    pub(super) as_of: Option<String>,
    /// The month that is billed, from its first to its last day
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) period: Option<String>,
    #[command(flatten)]
    pub(super) manner: Manner,
}

/// How the work is done, whatever the window; questions before a sale bill none.
#[derive(Args, Debug)]
pub(super) struct Manner {
    /// Override a key of the job file, such as policy.rounding=truncate; paths count from the job file's folder
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Worker threads; 0: one for each core. They change no byte of the output
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=512))]
    pub(super) threads: u16,
    /// Memory for the book, such as 512MiB or 2GiB; what does not fit is cut to disk beside the output. It changes no byte
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) memory: Option<u64>,
    /// For tests: subscriptions of a part of the book, about
    #[arg(long, value_name = "N", hide = true, default_value_t = PART)]
    pub(super) unit: usize,
    /// Say nothing on success
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Args, Debug)]
pub(super) struct RunFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The folder below which the run publishes one, instead of the job's
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How tables are written
    #[arg(long)]
    pub(super) format: Option<FormatName>,
    /// Compute everything and write nothing but the summary
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Commit nothing to the ledger: leave a draft and print its digest
    #[arg(long, conflicts_with_all = ["approve", "dry_run"])]
    pub(super) draft: bool,
    /// Commit to the ledger if, and only if, the outputs have this digest; it was printed with a draft
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    pub(super) approve: Option<String>,
    /// Print the closing summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Say on stderr how long each stage took; the manifest says it too
    #[arg(long)]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) shared: Shared,
}

#[derive(Args, Debug)]
pub(super) struct OpenFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The last day that was billed elsewhere, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(super) through: Day,
    /// How tables are written
    #[arg(long)]
    pub(super) format: Option<FormatName>,
    /// Print the closing summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

#[derive(Args, Debug)]
pub(super) struct StatusFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Override a key of the job file, such as ledger.dir=../ledger; paths count from the job file's folder
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct CloseFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The month; what earlier months left open is issued with it
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub(super) period: Period,
    /// The folder below which a link to the invoices appears, instead of the job's
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How tables are written
    #[arg(long)]
    pub(super) format: Option<FormatName>,
    /// Print the closing summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

#[derive(Args, Debug)]
pub(super) struct ReverseFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The run's number, as `termwise status JOB` tells it
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) run: u64,
    /// Why, in one line: the ledger keeps it
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: String,
    /// Print the closing summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

#[derive(Args, Debug)]
pub(super) struct VerifyFlags {
    /// The job file
    pub(super) job: PathBuf,
    #[command(flatten)]
    pub(super) manner: Manner,
}

#[derive(Args, Debug)]
pub(super) struct OffersFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The folder below which the offers are published as one, instead of the job's
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How tables are written
    #[arg(long)]
    pub(super) format: Option<FormatName>,
    /// Judge everything, print every finding and the summary, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print the closing summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The day that the folder is named by, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// Override a key of the job file, such as offers.vendor=Contoso; paths count from the job file's folder
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Say nothing on success
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Args, Debug)]
pub(super) struct PromotionsFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The customer's country, as in the price list, such as NL
    #[arg(long, value_name = "MARKET")]
    pub(super) market: String,
    /// The segment: commercial, education, nonprofit or government
    #[arg(long, value_name = "SEGMENT", value_parser = segment)]
    pub(super) segment: Segment,
    /// Only what names this product and SKU
    #[arg(long, value_name = "PRODUCT:SKU", value_parser = product_and_sku)]
    pub(super) sku: Option<(String, String)>,
    /// The day, instead of the job's as_of, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(super) on: Option<Day>,
    /// The partner who asks: regional promotions of its region are listed too
    #[arg(long, value_name = "ID", conflicts_with = "region")]
    pub(super) partner: Option<String>,
    /// The region of the partner who asks
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print CSV on a terminal too
    #[arg(long)]
    pub(super) csv: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

#[derive(Args, Debug)]
pub(super) struct EligibilityFlags {
    /// The job file
    pub(super) job: PathBuf,
    /// The requests, CSV or Parquet by the file's ending
    pub(super) requests: PathBuf,
    /// Write the answers to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Lines of JSON instead of CSV
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

fn segment(word: &str) -> Result<Segment, String> {
    let found = Segment::ALL.into_iter().find(|segment| segment.name() == word);
    found.ok_or_else(|| "write commercial, education, nonprofit or government".to_owned())
}

fn product_and_sku(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((product, sku)) if !product.is_empty() && !sku.is_empty() => {
            Ok((product.to_owned(), sku.to_owned()))
        }
        Some(_) | None => Err("write product and SKU, such as CFQ7TTC0LH18:0001".to_owned()),
    }
}

fn day(text: &str) -> Result<Day, String> {
    day_of(text).ok_or_else(|| "write the date as YYYY-MM-DD".to_owned())
}

fn month(text: &str) -> Result<Period, String> {
    month_of(text).ok_or_else(|| "write the month as YYYY-MM".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || printable(text) != text {
        return Err("write in one line why, such as \"the price list was last year's\"".to_owned());
    }
    Ok(text.to_owned())
}

#[derive(Args, Debug)]
pub(super) struct SampleFlags {
    /// Subscriptions in the book; bad rows come on top
    #[arg(long, value_name = "N")]
    pub(super) subscriptions: u64,
    /// Where the files go; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// How the inputs are written
    #[arg(long, default_value = "csv")]
    pub(super) format: FormatName,
    /// Plant one row of each fault
    #[arg(long)]
    pub(super) bad_rows: bool,
    /// What the book holds
    #[arg(long, default_value = "full")]
    pub(super) profile: ProfileName,
    /// Spread the book evenly over so many customers, at most one for each subscription
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) customers: Option<u64>,
    /// Put subscriptions and events in a random order, the same for the same seed, instead of customer by customer
    #[arg(long)]
    pub(super) shuffle: bool,
    /// Say nothing on success
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// Bytes, as `512MiB`, `2GiB` or `1000000`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "B" => Some(1_u64),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let bytes =
        number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| "write a whole number and B, KiB, MiB, GiB or TiB, such as 512MiB".to_owned())
}

/// How tables are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum FormatName {
    /// Plain text
    Csv,
    /// Columns
    Parquet,
}

/// What a sample holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum ProfileName {
    /// Every rule
    Full,
    /// New commerce, commercial, plain terms, promotions that are windows
    Plain,
}

#[cfg(test)]
#[path = "arguments_tests.rs"]
mod tests;
