//! The floor: what a job costs that only decodes its inputs and encodes its outputs, for the bench to measure a run against.

use super::invoice::{Work, in_pool, read};
use super::{RunError, pipeline};
use crate::intake;
use crate::job::Job;
use crate::output::Writer;
use std::time::{Duration, Instant};

/// How long the two ends of a job take on their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Floor {
    /// Decoding the columns that are needed of all inputs.
    pub decode: Duration,
    /// Encoding and writing the very cells that a run publishes; nothing is put on the disk or published.
    pub encode: Duration,
}

/// Measures the floor of a job.
///
/// # Errors
/// As a run.
pub fn floor(job: &Job, work: Work) -> Result<Floor, RunError> {
    in_pool(work, || {
        let since = Instant::now();
        intake::decode(&job.inputs, &work.reading(job))?;
        let decode = since.elapsed();
        let intake = read(job, work, &())?;
        let cells = pipeline::up_to_cells(&intake, job, work.unit)?;
        drop(intake);
        let mut writer = Writer::open(job)?;
        let since = Instant::now();
        pipeline::encode(cells, &mut writer)?;
        Ok(Floor { decode, encode: since.elapsed() })
    })
}
