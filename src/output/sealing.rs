//! What every publisher of a folder does: files are staged, put on the disk, read back, and published by one rename.

use super::columnar::{self, ColumnarFile};
use super::days::DayTexts;
use super::sheet::{self, Column, Context};
use super::staging::{StagedFile, Staging, Written};
use super::{MANIFEST, OutputError, Published, Report, manifest, readback, rejects};
use crate::job::{Format, Job};
use crate::names::{Names, Reject};
use parquet::errors::ParquetError;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How a run was closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    /// Where its output is.
    pub published: Published,
    /// How long each step of writing took. `set` and `encode` are the sums of all threads.
    pub timings: Vec<(String, Duration)>,
}

/// How long each step of writing took.
#[derive(Clone, Copy, Default)]
pub(super) struct Timings {
    pub(super) set: Duration,
    pub(super) encode: Duration,
    pub(super) write: Duration,
    pub(super) sync: Duration,
    pub(super) read_back: Duration,
}

/// The files of a run that are written one after the other.
pub(super) struct Folder<'a> {
    pub(super) staging: Staging,
    pub(super) outputs: Vec<Written>,
    pub(super) timings: Timings,
    report: &'a Report<'a>,
}

impl<'a> Folder<'a> {
    /// Opens a staging folder in the output folder of a job.
    pub(super) fn open(report: &'a Report<'a>) -> Result<Folder<'a>, OutputError> {
        let staging = Staging::open(&report.job.outputs.dir)?;
        Ok(Folder { staging, outputs: Vec::new(), timings: Timings::default(), report })
    }

    /// A folder that was opened before its report was made.
    pub(super) const fn of(staging: Staging, timings: Timings, report: &'a Report<'a>) -> Folder<'a> {
        Folder { staging, outputs: Vec::new(), timings, report }
    }

    /// Writes a small table.
    pub(super) fn table<R>(
        &mut self,
        name: &str,
        mut columns: Vec<Column<R>>,
        rows: &[R],
    ) -> Result<(), OutputError> {
        let job: &Job = self.report.job;
        let (format, window, names) = (job.outputs.format, job.window, Names::default());
        let context = Context { names: &names, window, days: &DayTexts::around(window) };
        let mut file = self.staging.create(&format!("{name}.{}", manifest::format_name(format)))?;
        let file = match format {
            Format::Csv => {
                write_all(&mut file, &sheet::header(&columns))?;
                write_all(&mut file, &sheet::text(&mut columns, &context, rows))?;
                file
            }
            Format::Parquet => {
                let path = file.path().to_owned();
                let wrong = |error| failed(&path, error);
                let mut table = ColumnarFile::new(&columns, file).map_err(wrong)?;
                if !rows.is_empty() {
                    let strips = sheet::strips(&mut columns, &context, rows)?;
                    let part = |number: usize| strips.get(number).map(|strip| (strip, 0..rows.len()));
                    let chunks = table.encoder().encode(|number| part(number).into_iter().collect());
                    table.append(chunks.map_err(wrong)?).map_err(wrong)?;
                }
                table.finish().map_err(wrong)?
            }
        };
        self.keep(file, Some(rows.len() as u64))
    }

    /// Puts a file on the disk, and counts it among the outputs.
    pub(super) fn keep(&mut self, file: StagedFile, rows: Option<u64>) -> Result<(), OutputError> {
        self.outputs.push(sync(file, rows, &mut self.timings)?);
        Ok(())
    }

    /// Writes a file that is no table.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let mut file = self.staging.create(name)?;
        write_all(&mut file, bytes)?;
        self.keep(file, None)
    }

    /// Writes rejects.csv.
    pub(super) fn rejects(&mut self) -> Result<(), OutputError> {
        self.outputs.push(write_rejects(&self.staging, self.report, &mut self.timings)?);
        Ok(())
    }

    /// Reads everything back, writes the manifest, which is made of the outputs and of how long each step took, and publishes
    /// the folder by one rename.
    pub(super) fn publish(
        mut self,
        name: &str,
        manifest: impl FnOnce(&[Written], &[(String, Duration)]) -> String,
    ) -> Result<Closed, OutputError> {
        let since = Instant::now();
        for written in &self.outputs {
            readback::check(self.staging.folder(), written, None)?;
        }
        self.timings.read_back += since.elapsed();
        let timings = &self.report.timings;
        let all: Vec<(String, Duration)> = timings.iter().cloned().chain(self.timings.list()).collect();
        let text = manifest(&self.outputs, &all);
        let Folder { staging, outputs, mut timings, .. } = self;
        let written = write_text(&staging, MANIFEST, &text, &mut timings)?;
        readback::check(staging.folder(), &written, None)?;
        let published = rename(staging, name, &outputs, &mut timings)?;
        Ok(Closed { published, timings: timings.list().to_vec() })
    }
}

impl Timings {
    pub(super) fn list(self) -> [(String, Duration); 5] {
        [
            ("publish/set".to_owned(), self.set),
            ("publish/encode".to_owned(), self.encode),
            ("publish/write".to_owned(), self.write),
            ("publish/sync".to_owned(), self.sync),
            ("publish/read back".to_owned(), self.read_back),
        ]
    }
}

pub(super) fn failed(path: &Path, error: ParquetError) -> OutputError {
    OutputError::Write { path: path.to_owned(), source: columnar::to_io(error) }
}

pub(super) fn write_all(file: &mut StagedFile, bytes: &[u8]) -> Result<(), OutputError> {
    file.write_all(bytes).map_err(|source| OutputError::Write { path: file.path().to_owned(), source })
}

pub(super) fn sync(
    file: StagedFile,
    rows: Option<u64>,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let since = Instant::now();
    let written = file.finish(rows)?;
    timings.sync += since.elapsed();
    Ok(written)
}

pub(super) fn write_text(
    staging: &Staging,
    name: &str,
    text: &str,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let mut file = staging.create(name)?;
    write_all(&mut file, text.as_bytes())?;
    sync(file, None, timings)
}

pub(super) fn write_rejects(
    staging: &Staging,
    report: &Report<'_>,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let mut sorted: Vec<&Reject> = report.rejects.iter().collect();
    sorted.sort();
    let mut columns = rejects::columns();
    let (window, names) = (report.job.window, Names::default());
    let context = Context { names: &names, window, days: &DayTexts::around(window) };
    let mut file = staging.create("rejects.csv")?;
    write_all(&mut file, &sheet::header(&columns))?;
    write_all(&mut file, &sheet::text(&mut columns, &context, &sorted))?;
    sync(file, Some(sorted.len() as u64), timings)
}

/// Publishes the folder, or holds the one of its name against it.
pub(super) fn rename(
    staging: Staging,
    name: &str,
    outputs: &[Written],
    timings: &mut Timings,
) -> Result<Published, OutputError> {
    let folder = staging.place().join(name);
    let digest = manifest::output_digest(outputs);
    let since = Instant::now();
    let is_new = staging.publish(name)?;
    timings.sync += since.elapsed();
    if is_new {
        return Ok(Published::Now { folder, digest });
    }
    same_as_before(&folder, outputs)?;
    Ok(Published::AlreadyThere { folder, digest })
}

/// A folder of this name is there: it must hold what this run made, byte for byte (section 15, one run twice).
fn same_as_before(folder: &Path, outputs: &[Written]) -> Result<(), OutputError> {
    for written in outputs.iter() {
        let found = readback::hash(&folder.join(&written.name));
        if !found.is_ok_and(|found| found == (written.bytes, written.hash.clone())) {
            let why = format!(
                "{} in it is not what this run makes of the same inputs: it was changed, or another build wrote it; \
                 move the folder away",
                written.name
            );
            return Err(OutputError::place(folder, why));
        }
    }
    if folder.join(MANIFEST).is_file() {
        return Ok(());
    }
    Err(OutputError::place(folder, format!("there is no {MANIFEST} in it; move the folder away")))
}
