//! Reading all inputs, in the order in which one needs another.

use super::bounds::bounds;
use super::columns::{ColumnMap, schema_of};
use super::desk::{Desk, Met, Notes};
use super::error::{IntakeError, Warning};
use super::events;
use super::files::{self, FileRead, Grain, Take};
use super::index::{Entries, Index};
use super::link::each_subscription;
use super::openings::{self, Openings};
use super::order::{Order, rank};
use super::parties::{PartnerRows, take_customer, take_holding};
use super::parts::{Memory, Parts};
use super::prices::PriceRows;
use super::promotions::{CodeRows, PromotionRows};
use super::proposals::{self, Ground, ProposedRows, Sketch};
use super::requests::RequestRows;
use super::row::{Fault, Row};
use super::subscriptions::{self, Unread};
use super::worker::{Routes, Worker};
use super::{FileFacts, Intake, Progress, Reading, Trails};
use crate::job::{InputFile, Inputs};
use crate::names::SharedNames;
use hashbrown::DefaultHashBuilder;
use std::sync::Arc;
use std::time::{Duration, Instant};
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Code, Disposition, Source, Table};
use termwise_engine::policy::Policy;

/// Bytes of CSV that one thread splits at a time.
const BLOCK_BYTES: usize = 1 << 20;
/// Bytes of a row, about: a part of few rows is read in blocks of few rows, so that tests see many of both.
const ROW_BYTES: usize = 64;

const ROWS_BETWEEN_REPORTS: u32 = 1 << 16;

/// Small inputs, read by one thread in the order of their rows.
#[derive(Debug, Default)]
pub(super) struct SmallRows {
    desk: Desk,
    partners: PartnerRows,
    prices: PriceRows,
    promotions: PromotionRows,
    codes: CodeRows,
    requests: RequestRows,
    /// What each proposal adds.
    pub(super) proposed: Vec<ProposedRows>,
}

impl SmallRows {
    /// Reads a row of the price list of a proposal, by its place.
    pub(super) fn take_proposed(&mut self, proposal: usize, row: Row<'_>, source: Source) {
        if let Some(rows) = self.proposed.get_mut(proposal) {
            rows.prices.take(row, source, &mut self.desk);
        }
    }

    /// Reads a row of a new promotion of a proposal, and gives what is wrong with it.
    pub(super) fn take_added(&mut self, proposal: usize, row: Row<'_>, source: Source) -> Vec<Fault> {
        let Some(rows) = self.proposed.get_mut(proposal) else { return Vec::new() };
        let (findings, fates) = (self.desk.notes.findings.len(), self.desk.notes.fates.len());
        rows.promotions.take(row, source, &mut self.desk);
        let notes = &mut self.desk.notes;
        notes.fates.truncate(fates);
        notes.findings.drain(findings..).map(|finding| (finding.code, finding.column)).collect()
    }

    /// What is odd about the file of prices that was read last.
    pub(super) fn passed_over(rows: &mut [SmallRows], shown: &str) -> Vec<Warning> {
        let of = |rows: &mut SmallRows| {
            let others = rows.proposed.iter_mut().map(|rows| rows.prices.passed_over()).sum::<u64>();
            rows.prices.passed_over() + others
        };
        let passed_over: u64 = rows.iter_mut().map(of).sum();
        let warning = format!(
            "{shown}: {passed_over} rows of terms and billing plans other than licences' are passed over"
        );
        if passed_over > 0 { vec![Warning::remark(warning)] } else { Vec::new() }
    }

    fn take(&mut self, row: Row<'_>, source: Source) {
        let desk = &mut self.desk;
        match source.table {
            Table::Partners => self.partners.take(row, source, desk),
            Table::PriceList => self.prices.take(row, source, desk),
            Table::Promotions => self.promotions.take(row, source, desk),
            Table::PromoCodes => self.codes.take(row, source, desk),
            Table::Requests => self.requests.take(row, source, desk),
            Table::Subscriptions
            | Table::Customers
            | Table::Redemptions
            | Table::SeatChanges
            | Table::LifecycleEvents
            | Table::ScheduledChanges
            | Table::Holdings
            | Table::Advisors
            | Table::Offices
            | Table::SkuMarkets
            | Table::Offers
            | Table::Acceptances
            | Table::VendorLines
            | Table::InvoiceLines
            | Table::IdMap
            | Table::Explained
            | Table::Proposal
            | Table::ProposedPrices => {}
        }
    }
}

const SMALL: [Table; 5] =
    [Table::Partners, Table::PriceList, Table::Promotions, Table::PromoCodes, Table::Requests];
const OF_CUSTOMERS: [Table; 3] = [Table::Subscriptions, Table::Customers, Table::Holdings];
const EVENTS: [Table; 3] = [Table::Redemptions, Table::SeatChanges, Table::ScheduledChanges];

/// What all files are read with.
pub(super) struct Reader<'a> {
    inputs: &'a Inputs,
    grain: Grain,
    progress: &'a dyn Progress,
    no_map: ColumnMap,
    pub(super) facts: Vec<FileFacts>,
    pub(super) trails: Trails,
    pub(super) timings: Vec<(String, Duration)>,
    /// Price lists that proposals name, in the order of their numbers.
    pub(super) named: Vec<InputFile>,
}

/// Reads every input of a job, on the threads of the pool that it is called in.
///
/// # Errors
/// [`IntakeError`] where a file can't be trusted as a whole.
pub fn read(
    inputs: &Inputs,
    policy: &Policy,
    reading: &Reading,
    progress: &dyn Progress,
) -> Result<Intake, IntakeError> {
    let mut reader = Reader::new(inputs, reading, progress);
    let mut small = SmallRows::default();
    for promotion in &reading.held {
        small.desk.met.promotions.meet(promotion);
    }
    for table in SMALL {
        reader.small_table(table, &mut small)?;
    }
    let sketches = proposals::read(&mut reader, &mut small, &reading.policy_words)?;
    let subscriptions = inputs.files.get(&Table::Subscriptions).map(Vec::as_slice).unwrap_or_default();
    let map = reader.map(Table::Subscriptions);
    let memory = Memory::new(reading.memory, &reading.beside);
    let parts = Parts::new(bounds(subscriptions, map, reading.part_rows), memory);
    let hasher = DefaultHashBuilder::default();
    let mut workers: Vec<Worker> = (1..=reading.threads.clamp(1, 512) as u16)
        .map(|number| Worker::new(number, parts.len(), &hasher))
        .collect();
    for table in OF_CUSTOMERS {
        reader.table(table, &mut workers, &|worker, row, source| {
            if table == Table::Customers {
                take_customer(worker, &parts, row, source)
            } else if table == Table::Holdings {
                take_holding(worker, &parts, row, source)
            } else {
                subscriptions::take(worker, &parts, row, source)
            }
        })?;
    }
    let since = Instant::now();
    let index = index(&mut workers, &parts, hasher)?;
    reader.timings.push(("read/index".to_owned(), since.elapsed()));
    // Upgrades can open subscriptions, whose events of every table have to find their part (B3).
    let none = Openings::default();
    let routes = Routes { parts: &parts, index: &index, openings: &none };
    reader.table(Table::LifecycleEvents, &mut workers, &|worker, row, source| {
        events::take(worker, routes, row, source)
    })?;
    let openings = openings::settle(&mut workers, &parts, &index)?;
    let routes = Routes { openings: &openings, ..routes };
    for table in EVENTS {
        reader
            .table(table, &mut workers, &|worker, row, source| events::take(worker, routes, row, source))?;
    }
    for worker in &mut workers {
        worker.scatter.hand_over(&parts)?;
    }
    reader.finish((small, sketches), workers, (parts, index, openings), policy)
}

/// Decodes what a run needs of every input and does nothing with it: what the bare reading of a job costs.
///
/// # Errors
/// As [`read`], as far as files go.
pub fn decode(inputs: &Inputs, reading: &Reading) -> Result<u64, IntakeError> {
    let no_map = ColumnMap::new();
    let mut rows = 0;
    for (&table, files) in &inputs.files {
        let is_of_others = Table::OF_OFFERS.contains(&table) || Table::OF_RECONCILIATION.contains(&table);
        if is_of_others || table == Table::Proposal {
            continue;
        }
        let columns = (schema_of(table), inputs.columns.get(&table).unwrap_or(&no_map));
        for file in files {
            let mut workers = vec![0_u64; reading.threads.max(1)];
            let take: Take<'_, u64> = &|seen, _| {
                *seen += 1;
                Ok(())
            };
            files::read(file, columns, Grain { block_bytes: BLOCK_BYTES }, &mut workers, take)?;
            rows += workers.iter().sum::<u64>();
        }
    }
    Ok(rows)
}

/// Where every subscription is; where hashes leave a doubt, the ids themselves are looked at.
fn index(workers: &mut [Worker], parts: &Parts, hasher: DefaultHashBuilder) -> Result<Index, IntakeError> {
    let unread = || workers.iter().flat_map(|worker| &worker.unread).filter_map(|row| row.id.as_deref());
    let unread_ids = unread().map(Into::into).collect();
    for worker in workers.iter_mut() {
        worker.scatter.hand_over(parts)?;
    }
    let entries = workers.iter_mut().map(|worker| std::mem::replace(&mut worker.entries, Entries::none()));
    let mut index = Index::of(entries.collect(), unread_ids, hasher);
    let doubtful = index.doubtful();
    if doubtful.is_empty() && !index.has_doubts() {
        return Ok(index);
    }
    let unranked: Vec<Order> = std::iter::once(Order::as_met(&Met::default()))
        .chain(workers.iter().map(|worker| Order::as_met(&worker.desk.met)))
        .collect();
    for part in doubtful {
        each_subscription(&parts.look(part)?, &unranked, |id, _| index.settle(id, Some(part)))?;
    }
    for id in workers.iter().flat_map(|worker| &worker.unread).filter_map(|row| row.id.as_deref()) {
        index.settle(id, None);
    }
    Ok(index)
}

impl<'a> Reader<'a> {
    /// Nothing is read yet.
    pub(super) fn new(inputs: &'a Inputs, reading: &Reading, progress: &'a dyn Progress) -> Reader<'a> {
        let block_bytes = reading.part_rows.saturating_mul(ROW_BYTES).clamp(1, BLOCK_BYTES);
        Reader {
            inputs,
            grain: Grain { block_bytes },
            progress,
            no_map: ColumnMap::new(),
            facts: Vec::new(),
            trails: Trails::new(),
            timings: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Notes a file that was read elsewhere.
    pub(super) fn note(&mut self, facts: FileFacts) {
        self.facts.push(facts);
    }

    pub(super) fn map(&self, table: Table) -> &ColumnMap {
        self.inputs.columns.get(&table).unwrap_or(&self.no_map)
    }

    /// Reads a table of which every thread takes a share.
    fn table(
        &mut self,
        table: Table,
        workers: &mut [Worker],
        take: &(dyn Fn(&mut Worker, Row<'_>, Source) -> Result<(), IntakeError> + Sync),
    ) -> Result<(), IntakeError> {
        for (number, file) in self.files(table) {
            self.file((table, number?), file, workers, take, |_| Vec::new())?;
            if workers.iter().any(|worker| worker.desk.met.is_too_many()) {
                return Err(IntakeError::limit(&file.shown, "the inputs hold too many different texts"));
            }
        }
        Ok(())
    }

    /// Reads a table that one thread reads in the order of its rows.
    fn small_table(&mut self, table: Table, rows: &mut SmallRows) -> Result<(), IntakeError> {
        for (number, file) in self.files(table) {
            let take = |rows: &mut SmallRows, row: Row<'_>, source: Source| {
                rows.take(row, source);
                Ok(())
            };
            let passed_over = |rows: &mut [SmallRows]| SmallRows::passed_over(rows, &file.shown);
            self.file((table, number?), file, std::slice::from_mut(rows), &take, passed_over)?;
        }
        Ok(())
    }

    pub(super) fn files<'i>(&self, table: Table) -> Vec<(Result<u16, IntakeError>, &'i InputFile)>
    where
        Self: 'i,
    {
        let inputs = self.inputs;
        let files = inputs.files.get(&table).map(Vec::as_slice).unwrap_or_default();
        let number = |(number, file): (usize, &'i InputFile)| {
            let too_many = |_| IntakeError::limit(&file.shown, "an input takes at most 65,536 files");
            (u16::try_from(number).map_err(too_many), file)
        };
        files.iter().enumerate().map(number).collect()
    }

    pub(super) fn file<W: Send>(
        &mut self,
        (table, number): (Table, u16),
        file: &InputFile,
        workers: &mut [W],
        take: &(dyn Fn(&mut W, Row<'_>, Source) -> Result<(), IntakeError> + Sync),
        more_warnings: impl FnOnce(&mut [W]) -> Vec<Warning>,
    ) -> Result<(), IntakeError> {
        let map = self.map(table).clone();
        self.file_by_names((table, number), file, &map, workers, take, more_warnings)
    }

    /// Reads a file whose columns have names of their own.
    pub(super) fn file_by_names<W: Send>(
        &mut self,
        (table, number): (Table, u16),
        file: &InputFile,
        map: &ColumnMap,
        workers: &mut [W],
        take: &(dyn Fn(&mut W, Row<'_>, Source) -> Result<(), IntakeError> + Sync),
        more_warnings: impl FnOnce(&mut [W]) -> Vec<Warning>,
    ) -> Result<(), IntakeError> {
        let bytes = std::fs::metadata(&file.path).map(|metadata| metadata.len()).unwrap_or_default();
        self.progress.file(&file.shown, bytes);
        let since = Instant::now();
        let (progress, shown) = (self.progress, &file.shown);
        let taking: Take<'_, W> = &|worker, row| {
            if row.number.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                progress.rows(shown, row.number.into());
            }
            take(worker, row, Source { table, file: number, row: row.number })
        };
        let columns = (schema_of(table), map);
        let FileRead { rows, blank_lines, mut warnings, bytes, hash, trail } =
            files::read(file, columns, self.grain, workers, taking)?;
        self.progress.rows(&file.shown, rows);
        self.timings.push((format!("read/{}", table.name()), since.elapsed()));
        warnings.extend(more_warnings(workers));
        let shown = file.shown.clone();
        self.trails.insert((table, number), trail);
        self.facts.push(FileFacts { table, file: number, shown, rows, blank_lines, bytes, hash, warnings });
        Ok(())
    }

    fn finish(
        mut self,
        (small, sketches): (SmallRows, Vec<Sketch>),
        workers: Vec<Worker>,
        (parts, index, openings): (Parts, Index, Openings),
        policy: &Policy,
    ) -> Result<Intake, IntakeError> {
        let Desk { met, mut notes, .. } = small.desk;
        let mut desks = vec![met];
        for worker in workers {
            let Desk { met, notes: noted, .. } = worker.desk;
            desks.push(met);
            notes.findings.extend(noted.findings);
            notes.fates.extend(noted.fates);
            worker.unread.iter().for_each(|row| note_unread(row, &index, &mut notes));
        }
        let (mut shared, orders) = rank(desks);
        let order = orders.first().unwrap_or_else(|| unreachable!("there is a desk for the small tables"));
        let (prices, unlicensed, mut conflicting) = small.prices.prices(policy.price_overlap, order);
        shared.promotion_names = small.promotions.names(order);
        let requests = small.requests.requests(order, &mut notes);
        let catalog = Catalog {
            items: shared.items(),
            prices,
            promotions: small.promotions.promotions(unlicensed, order, &mut notes),
            codes: small.codes.codes(&shared, order, &mut notes),
            partners: small.partners.partners(order, &mut notes),
        };
        let ground = Ground { today: &catalog, names: &shared, order };
        let (proposals, found) = proposals::settle(sketches, small.proposed, ground)?;
        conflicting.extend(found);
        notes.sort();
        let Notes { findings, fates } = notes;
        self.facts.sort_by_key(|facts| (facts.table, facts.file));
        let has_customers = self.facts.iter().any(|facts| facts.table == Table::Customers);
        let warnings = warnings(&self.facts, &conflicting);
        Ok(Intake {
            catalog,
            shared: Arc::<SharedNames>::new(shared),
            findings,
            fates,
            files: self.facts,
            warnings,
            requests,
            proposals,
            named: self.named,
            policy: *policy,
            has_customers,
            parts,
            orders,
            index,
            openings,
            trails: self.trails,
            timings: self.timings,
        })
    }
}

/// Of an id in several rows all are rejected (C10), those that can't be read among them.
fn note_unread(row: &Unread, index: &Index, notes: &mut Notes) {
    if row.id.as_deref().is_some_and(|id| index.is_repeated(id)) {
        let duplicate = (Code::SubscriptionDuplicate, subscriptions::ID.name);
        notes.set(row.source, Disposition::Rejected, &row.faults);
        notes.set(row.source, Disposition::Rejected, &[duplicate]);
    } else {
        notes.set(row.source, row.disposition(), &row.faults);
    }
}

/// What is odd about the files, and the rows of price lists that contradict each other (R7).
fn warnings(facts: &[FileFacts], conflicting: &[Source]) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = facts.iter().flat_map(|facts| facts.warnings.iter().cloned()).collect();
    for facts in facts.iter().filter(|facts| matches!(facts.table, Table::PriceList | Table::ProposedPrices))
    {
        let own = (facts.table, facts.file);
        let here = conflicting.iter().filter(|source| (source.table, source.file) == own);
        let rows: Vec<String> = here.map(|source| source.row.to_string()).collect();
        if !rows.is_empty() {
            let (shown, rows) = (&facts.shown, rows.join(", "));
            let then =
                if facts.table == Table::PriceList { "is parked (price-conflict)" } else { "is left out" };
            warnings.push(Warning::trouble(format!(
                "{shown}: rows {rows}: two prices of one key from one day; who looks the key up {then}"
            )));
        }
    }
    warnings
}
