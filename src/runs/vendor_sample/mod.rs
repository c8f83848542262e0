//! The vendor's invoice of the sample: what the vendor would charge for the book that was just written, and some damage.
//!
//! ```text
//! book ── played under the vendor's policy ── a line for each line ── damaged here and there ── vendor_lines.csv
//!                                                                      └─ what each damage has to come out as ── planted_differences.csv
//! ```
//! The book is played as a reconciliation plays it, so that every difference that a reconciliation finds was planted here, and
//! each was planted on a subscription that had nothing else to be found: `planted_differences.csv` is the whole answer.
//!
//! What it deliberately does not do: imitate the layout of legacy commerce. The few legacy subscriptions of the sample stand in
//! the new-commerce file like the others.

mod damage;
mod draw;
mod line;
mod no_licence;

use super::RunError;
use super::invoice::{Work, in_pool, read};
use super::reconcile::{Scene, Stage};
use crate::job::{self, Overrides};
use crate::sample::{
    Dice, EXPLAINED, Format, ID_MAP, PLANTED_DIFFERENCES, Request, Shuffler, Style, Table, TableWriter,
    VENDOR_LINES, Written, write_reconcile_job,
};
use damage::Candidate;
use draw::{Draw, Drawn};
use line::{Charged, Ids};
use std::path::Path;
use termwise_engine::calendar::Instant;

/// Dice of its own: customers count their streams from 1, and shuffled tables from the far end.
const STREAM: u64 = u64::MAX - 64;
/// The same on every machine, since the bytes must be: how the book is cut does not show in them, and this makes sure.
const WORK: Work = Work { threads: 2, unit: super::invoice::PART, memory: Some(1 << 30) };
const CSV: Style = Style { format: Format::Csv, typed: false, partner_center: true };

/// Writes what a reconciliation of the sample below `out` reads beside the book, and the job for it.
///
/// # Errors
/// The book can't be read back, or a file can't be written.
pub fn write_vendor_sample(out: &Path, request: &Request) -> Result<Vec<Written>, RunError> {
    // The job names its days: no other day is asked for.
    let none = Overrides::none(Instant::BEGINNING.day());
    let overrides = Overrides {
        out: Some(out.to_path_buf()),
        set: vec!["policy.profile=partner-center".to_owned()],
        ..none
    };
    let job = job::read(&out.join("job.toml"), &overrides)?.job;
    in_pool(WORK, || {
        let intake = read(&job, WORK, &())?;
        let mut stage = Stage::new(&job, &intake);
        let mut desk = Desk {
            ids: Ids { seed: request.seed },
            request,
            lines: Shuffler::create(out, Dice::of(request.seed, STREAM))?,
            draw: Draw::for_book(request.subscriptions),
        };
        for number in 0..intake.parts() {
            stage.play(number, |scene| desk.take(scene))?;
        }
        desk.write(out)
    })
}

struct Desk<'a> {
    ids: Ids,
    request: &'a Request,
    /// Every line without damage.
    lines: Shuffler,
    draw: Draw,
}

impl Desk<'_> {
    /// Takes the lines of a customer.
    fn take(&mut self, scene: Scene<'_>) -> Result<(), RunError> {
        let mut places: Vec<usize> = (0..scene.lines.len()).collect();
        places.sort_by_key(|&place| scene.lines[place].subscription);
        for of_one in
            places.chunk_by(|&one, &other| scene.lines[one].subscription == scene.lines[other].subscription)
        {
            let charged = |&place: &usize| Charged::of(&scene, &scene.lines[place], self.request, &self.ids);
            let lines: Vec<Charged> = of_one.iter().map(charged).collect();
            for line in &lines {
                self.lines.add(&line.cells(&self.ids))?;
            }
            let [_, cut_on_unit] = scene.truncated[of_one[0]];
            if let Some(candidate) = Candidate::of(lines, cut_on_unit) {
                self.draw.offer(candidate, &self.ids);
            }
        }
        Ok(())
    }

    /// Damages what was drawn, and writes everything.
    fn write(self, out: &Path) -> Result<Vec<Written>, RunError> {
        let Drawn { damaged, lines, mut expected, mut mapped, explained } = self.draw.settle(&self.ids);
        let cells: Vec<Vec<String>> = lines.iter().map(|line| line.cells(&self.ids).into()).collect();
        let place = VENDOR_LINES.place("SubscriptionId");
        let is_whole = |record: &csv::StringRecord| {
            place.and_then(|place| record.get(place)).is_none_or(|id| !damaged.contains(id))
        };
        let mut table = TableWriter::create(out, &VENDOR_LINES, CSV)?;
        self.lines.pour_instead(is_whole, &cells, &mut table)?;
        expected.sort_unstable();
        mapped.sort_unstable();
        let mut written = vec![table.finish()?];
        written.push(write_table(out, &PLANTED_DIFFERENCES, &expected)?);
        written.push(write_table(out, &ID_MAP, &mapped)?);
        written.push(write_table(out, &EXPLAINED, &explained)?);
        written.push(write_reconcile_job(out, self.request)?);
        Ok(written)
    }
}

fn write_table<const N: usize>(out: &Path, table: &Table, rows: &[[String; N]]) -> Result<Written, RunError> {
    let mut writer = TableWriter::create(out, table, CSV)?;
    for row in rows {
        writer.row(row)?;
    }
    Ok(writer.finish()?)
}
