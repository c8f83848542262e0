//! The chain of runs: its lock, its proof, and what its manifests say.
//!
//! Each manifest holds its own hash and that of the one before, without timings; so a run that was changed, left out or put back
//! from an old copy is found by the next one, and a last one that was changed by itself. Whoever only looks needs no lock: a run
//! is there whole or not at all.

use super::{Charges, LedgerError, Location, State};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use termwise_engine::calendar::Day;

const RUNS: &str = "runs";
const STAGING: &str = "staging";
const DRAFTS: &str = "drafts";
const LOCK: &str = "lock";
const MANIFEST: &str = "manifest.json";
/// The charges of a run.
pub const CHARGES: &str = "charges.bin";
/// The state that a run leaves.
pub const STATE: &str = "state.bin";
/// Group and others may write.
const WRITABLE: u32 = 0o022;

/// What a run of the chain is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It starts with an existing book (R64).
    Open,
    /// It bills.
    Run,
    /// It issues the invoices of a period (R65).
    Close,
    /// It takes back another run (R65).
    Reverse,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Open, Kind::Run, Kind::Close, Kind::Reverse];

    /// As manifests write it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Open => "open",
            Kind::Run => "run",
            Kind::Close => "close",
            Kind::Reverse => "reverse",
        }
    }
}

/// A run of the chain, as its manifest tells it.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// Its number, from 1.
    pub number: u32,
    /// What it is.
    pub kind: Kind,
    /// Its folder.
    pub folder: PathBuf,
    /// The last day that the ledger was at after it.
    pub as_of: Day,
    /// The first day that the ledger bills.
    pub cut_over: Day,
    /// The digest of what went in.
    pub identity: String,
    /// The hash of its manifest without timings, which the manifest itself says.
    pub hash: String,
    /// All that its manifest says.
    pub manifest: Arc<Value>,
}

impl RunInfo {
    /// A member of what the manifest says of the ledger.
    pub fn says(&self, member: &str) -> Option<&Value> {
        self.manifest.get("ledger")?.get(member)
    }

    /// The run that it takes back, where it takes back one.
    pub fn reverses(&self) -> Option<u32> {
        self.says("reverses")?.as_u64().and_then(|number| u32::try_from(number).ok())
    }

    /// The period that it closes, where it closes one.
    pub fn period(&self) -> Option<&str> {
        self.says("period")?.as_str()
    }

    /// The files of the run: name, bytes, hash.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        let outputs = self.manifest.get("outputs").and_then(Value::as_array);
        outputs.into_iter().flatten().filter_map(|output| {
            let text = |member| output.get(member).and_then(Value::as_str);
            Some((text("name")?, output.get("bytes")?.as_u64()?, text("hash")?))
        })
    }

    /// The digest over its files.
    pub fn digest(&self) -> &str {
        self.manifest.get("digest_of_outputs").and_then(Value::as_str).unwrap_or_default()
    }
}

/// What links a new run to the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its number.
    pub number: u32,
    /// The hash of the run before it.
    pub previous: Option<String>,
}

/// A ledger.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    /// Held while this lives; none: for looking only.
    _locks: Option<[File; 2]>,
    runs: Vec<RunInfo>,
}

impl Ledger {
    /// Opens a ledger to add a run: makes it where it is missing, takes its lock, proves its chain, and cleans its staging.
    ///
    /// # Errors
    /// Another holds the lock, the place can't be used, or the chain is damaged.
    pub fn open(dir: &Path) -> Result<Ledger, LedgerError> {
        make(dir)?;
        check_place(dir)?;
        let path = dir.join(LOCK);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|source| LedgerError::io(&path, source))?;
        // The folder too: whoever removes the file for a leftover lets nobody else in.
        let folder = File::open(dir).map_err(|source| LedgerError::io(dir, source))?;
        let locks = [file, folder];
        for lock in &locks {
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LedgerError::Locked(dir.to_owned())),
                Err(TryLockError::Error(source)) => return Err(LedgerError::io(&path, source)),
            }
        }
        for name in [RUNS, STAGING, DRAFTS] {
            make(&dir.join(name))?;
        }
        let ledger = Ledger { dir: dir.to_owned(), _locks: Some(locks), runs: read_runs(dir)? };
        // What a run before this one renamed, and did not live to put on the disk.
        sync(&ledger.place())?;
        clean(&dir.join(STAGING))?;
        Ok(ledger)
    }

    /// Opens a ledger to look at it; none: there is no such folder.
    ///
    /// # Errors
    /// It can't be read, or the chain is damaged.
    pub fn look(dir: &Path) -> Result<Option<Ledger>, LedgerError> {
        match fs::symlink_metadata(dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LedgerError::io(dir, source)),
            Ok(_) => check_place(dir)?,
        }
        Ok(Some(Ledger { dir: dir.to_owned(), _locks: None, runs: read_runs(dir)? }))
    }

    /// A ledger that is not there yet.
    pub fn empty(dir: &Path) -> Ledger {
        Ledger { dir: dir.to_owned(), _locks: None, runs: Vec::new() }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where its runs are.
    pub fn place(&self) -> PathBuf {
        self.dir.join(RUNS)
    }

    /// Where drafts are left.
    pub fn drafts(&self) -> PathBuf {
        self.dir.join(DRAFTS)
    }

    /// Removes the drafts that earlier runs left.
    ///
    /// # Errors
    /// The system refuses.
    pub fn clean_drafts(&self) -> Result<(), LedgerError> {
        clean(&self.drafts())
    }

    /// What stands in a folder of its own that is no run: drafts, or what a crash left.
    pub fn litter(&self) -> [Vec<String>; 2] {
        [DRAFTS, STAGING].map(|name| {
            let entries = fs::read_dir(self.dir.join(name)).into_iter().flatten().flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        })
    }

    /// Its runs, in their order.
    pub fn runs(&self) -> &[RunInfo] {
        &self.runs
    }

    /// A run by its number.
    pub fn run(&self, number: u32) -> Option<&RunInfo> {
        self.runs.get((number as usize).checked_sub(1)?)
    }

    /// The last run.
    pub fn head(&self) -> Option<&RunInfo> {
        self.runs.last()
    }

    /// What links the next run.
    pub fn link(&self) -> Link {
        let previous = self.head().map(|head| head.hash.clone());
        Link { number: self.runs.len() as u32 + 1, previous }
    }

    /// The folder's name of a run.
    pub fn name_of(number: u32) -> String {
        format!("{number:08}")
    }

    /// Whether a later run takes it back.
    pub fn is_reversed(&self, number: u32) -> bool {
        self.runs.iter().any(|run| run.reverses() == Some(number))
    }

    /// The state that the last run left.
    ///
    /// # Errors
    /// A file of it is not what was written.
    pub fn state(&self) -> Result<State, LedgerError> {
        let (mut whole, mut layers) = (None, Vec::new());
        for run in self.runs.iter().rev() {
            let Some((_, bytes, hash)) = run.files().find(|(name, ..)| *name == STATE) else { continue };
            let path = run.folder.join(STATE);
            let read = read_checked(&path, bytes, hash)?;
            let is_whole = super::state::is_whole(&read)
                .map_err(|_| LedgerError::damaged(&path, "it holds no records"))?;
            if is_whole {
                whole = Some(read);
                break;
            }
            layers.push(read);
        }
        layers.reverse();
        State::of(whole, &layers).map_err(|_| LedgerError::damaged(&self.dir, "its state holds no records"))
    }
}

/// Charges of a ledger, read as they are asked for; each thread has its own.
#[derive(Debug)]
pub struct Reader<'l> {
    ledger: &'l Ledger,
    open: RefCell<BTreeMap<u32, Arc<Charges>>>,
    blocks: RefCell<BTreeMap<Location, Arc<super::Kept>>>,
}

/// Blocks that a reader keeps, as neighbours are asked for one after the other.
const KEPT: usize = 96;

impl<'l> Reader<'l> {
    /// Of a ledger.
    pub fn new(ledger: &'l Ledger) -> Reader<'l> {
        Reader { ledger, open: RefCell::default(), blocks: RefCell::default() }
    }

    /// The charges of a run.
    ///
    /// # Errors
    /// They are not there, or not what was written.
    pub fn charges(&self, run: u32) -> Result<Arc<Charges>, LedgerError> {
        if let Some(charges) = self.open.borrow().get(&run) {
            return Ok(Arc::clone(charges));
        }
        let info = self.ledger.run(run).ok_or_else(|| {
            LedgerError::damaged(&self.ledger.dir, format!("run {run} is named and is not there"))
        })?;
        let charges = Arc::new(Charges::open(&info.folder.join(CHARGES))?);
        self.open.borrow_mut().insert(run, Arc::clone(&charges));
        Ok(charges)
    }

    /// A block of a run.
    ///
    /// # Errors
    /// It is not there, or not what was written.
    pub fn block(&self, at: Location) -> Result<Arc<super::Kept>, LedgerError> {
        if let Some(block) = self.blocks.borrow().get(&at) {
            return Ok(Arc::clone(block));
        }
        let block = Arc::new(self.charges(at.run)?.block(at.block)?);
        let mut blocks = self.blocks.borrow_mut();
        if blocks.len() >= KEPT {
            blocks.clear();
        }
        blocks.insert(at, Arc::clone(&block));
        Ok(block)
    }
}

/// Reads a file, and holds it against what its manifest says.
fn read_checked(path: &Path, bytes: u64, hash: &str) -> Result<Vec<u8>, LedgerError> {
    let read = fs::read(path).map_err(|source| {
        if source.kind() == ErrorKind::NotFound {
            return LedgerError::damaged(path, "it is not there");
        }
        LedgerError::io(path, source)
    })?;
    let found = blake3::Hasher::new().update_rayon(&read).finalize().to_hex();
    if read.len() as u64 == bytes && *found == *hash {
        return Ok(read);
    }
    Err(LedgerError::damaged(path, "it is not what was written"))
}

/// The runs of a ledger, each held against the one before it and against the sizes of its files.
fn read_runs(dir: &Path) -> Result<Vec<RunInfo>, LedgerError> {
    let place = dir.join(RUNS);
    let entries = match fs::read_dir(&place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(LedgerError::io(&place, source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| LedgerError::io(&place, source))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let mut runs: Vec<RunInfo> = Vec::with_capacity(names.len());
    for (name, number) in names.iter().zip(1..) {
        let folder = place.join(name);
        if *name != Ledger::name_of(number) {
            let why = format!("run {number} is not there: {name} comes in its place");
            return Err(LedgerError::damaged(&place, why));
        }
        let run = read_run(folder, number)?;
        let previous = run.says("previous").and_then(Value::as_str);
        if previous != runs.last().map(|before| before.hash.as_str()) {
            let why = "it follows another run than the one before it: one of them was changed or put back";
            return Err(LedgerError::damaged(&run.folder, why));
        }
        runs.push(run);
    }
    if let Some(last) = runs.last() {
        for (name, bytes, hash) in last.files().filter(|(name, ..)| !is_table(name)) {
            read_checked(&last.folder.join(name), bytes, hash)?;
        }
    }
    Ok(runs)
}

/// What can be large, and is held against its digest where it is read.
fn is_table(name: &str) -> bool {
    name.ends_with(".csv") || name.ends_with(".parquet") || matches!(name, CHARGES | STATE)
}

fn read_run(folder: PathBuf, number: u32) -> Result<RunInfo, LedgerError> {
    let path = folder.join(MANIFEST);
    let bytes = fs::read(&path).map_err(|source| {
        if source.kind() == ErrorKind::NotFound {
            return LedgerError::damaged(&folder, format!("there is no {MANIFEST} in it"));
        }
        LedgerError::io(&path, source)
    })?;
    let manifest: Value = serde_json::from_slice(&bytes)
        .map_err(|error| LedgerError::damaged(&path, format!("it can't be read: {error}")))?;
    let hash = crate::output::digest_of_manifest(&manifest)
        .ok_or_else(|| LedgerError::damaged(&path, "it is not what was written"))?;
    let run = info(folder, number, hash, manifest)
        .ok_or_else(|| LedgerError::damaged(&path, "it says too little of the ledger"))?;
    for (name, bytes, _) in run.files() {
        let path = run.folder.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() && found.len() == bytes => {}
            Ok(_) => return Err(LedgerError::damaged(&path, "it is not what was written")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(LedgerError::damaged(&path, "it is not there"));
            }
            Err(source) => return Err(LedgerError::io(&path, source)),
        }
    }
    Ok(run)
}

fn info(folder: PathBuf, number: u32, hash: String, manifest: Value) -> Option<RunInfo> {
    let says = manifest.get("ledger")?;
    let text = |member: &str| says.get(member)?.as_str();
    let day = |member: &str| crate::job::day_of(text(member)?);
    let kind = text("kind")?;
    let run = RunInfo {
        number,
        kind: Kind::ALL.into_iter().find(|known| known.name() == kind)?,
        as_of: day("as_of")?,
        cut_over: day("cut_over")?,
        identity: manifest.get("digest_of_inputs")?.as_str()?.to_owned(),
        folder,
        hash,
        manifest: Arc::new(manifest),
    };
    let says_number = run.says("run")?.as_u64()?;
    (says_number == u64::from(number)).then_some(run)
}

fn make(dir: &Path) -> Result<(), LedgerError> {
    if fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let unusable = |source: std::io::Error| {
        if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            return LedgerError::io(dir, source);
        }
        LedgerError::Place { path: dir.to_owned(), why: format!("the folder can't be made: {source}") }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync)
}

/// A ledger is a folder itself, that nobody else may write to.
fn check_place(dir: &Path) -> Result<(), LedgerError> {
    let place = |why: &str| Err(LedgerError::Place { path: dir.to_owned(), why: why.to_owned() });
    match fs::symlink_metadata(dir) {
        Ok(found) if found.is_symlink() => place("this is a symbolic link; name the folder itself"),
        Ok(found) if !found.is_dir() => place("this is not a folder"),
        Ok(found) if found.mode() & WRITABLE != 0 => {
            place("others may write to it; `chmod go-w` it, as what is billed depends on it")
        }
        Ok(_) => Ok(()),
        Err(source) => Err(LedgerError::io(dir, source)),
    }
}

/// Empties a folder that holds nothing true.
fn clean(dir: &Path) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::io(dir, source);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|source| LedgerError::io(&path, source))?;
    }
    Ok(())
}

fn sync(dir: &Path) -> Result<(), LedgerError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(|source| LedgerError::io(dir, source))
}
