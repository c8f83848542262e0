//! Exit codes, and the boundary at which a panic becomes one.

use super::screen;
use crate::locks::locked;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::{ExitCode, Termination};
use std::sync::Mutex;

/// What the program exits with (contract, section 1). Codes are stable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Complete; also: nothing new.
    Complete = 0,
    /// The command line or the job file is wrong.
    Usage = 2,
    /// Complete, but rows stand in rejects.csv, within the job's tolerance.
    WithRejects = 3,
    /// A reconciliation found more differences than the job tolerates.
    Differences = 4,
    /// An input is refused as a whole, or too many rows are rejected.
    InputRefused = 65,
    /// An input is missing, unreadable, or changed while it was read.
    InputMissing = 66,
    /// An invariant of ours failed.
    Internal = 70,
    /// A resource limit.
    ResourceLimit = 71,
    /// The output place is unusable or unsafe.
    OutputUnusable = 73,
    /// An I/O error while writing.
    WriteFailed = 74,
    /// Another run holds the ledger's lock.
    Locked = 75,
    /// The ledger is damaged.
    LedgerDamaged = 76,
    /// A safety bound was crossed, or the outputs are not those that were approved.
    NeedsApproval = 79,
}

impl Exit {
    /// Every exit code of this version.
    pub const ALL: [Exit; 13] = [
        Exit::Complete,
        Exit::Usage,
        Exit::WithRejects,
        Exit::Differences,
        Exit::InputRefused,
        Exit::InputMissing,
        Exit::Internal,
        Exit::ResourceLimit,
        Exit::OutputUnusable,
        Exit::WriteFailed,
        Exit::Locked,
        Exit::LedgerDamaged,
        Exit::NeedsApproval,
    ];

    /// The exit of a number; one that the contract lacks is an invariant of ours that failed.
    pub fn of(number: u8) -> Exit {
        Exit::ALL.into_iter().find(|exit| exit.number() == number).unwrap_or(Exit::Internal)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}

/// The place and the message of the panic that came first.
static PANICKED: Mutex<Option<String>> = Mutex::new(None);

/// Does something; a panic in it, on any thread, is told with its place and a request to report it, and exits 70.
pub(super) fn guarded(what: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|panicked| {
        let mut first = locked(&PANICKED);
        first.get_or_insert_with(|| describe(panicked));
    }));
    panic::catch_unwind(AssertUnwindSafe(what)).unwrap_or_else(|_| {
        let first = locked(&PANICKED).take();
        screen::complain(&report_of(first.as_deref().unwrap_or("at a place that is not known")));
        Exit::Internal
    })
}

fn describe(panicked: &PanicHookInfo<'_>) -> String {
    let place =
        panicked.location().map_or_else(|| "a place that is not known".to_owned(), ToString::to_string);
    match panicked.payload_as_str() {
        Some(message) => format!("at {place}: {message}"),
        None => format!("at {place}"),
    }
}

fn report_of(what: &str) -> String {
    format!(
        "error[internal]: termwise {} stopped {what}\n  hint: this is a fault of termwise and not of your data; a run that \
         stops has published nothing. Please report it with this message and the job file",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_the_contracts() {
        let numbers: Vec<u8> = Exit::ALL.into_iter().map(Exit::number).collect();
        assert_eq!(numbers, [0, 2, 3, 4, 65, 66, 70, 71, 73, 74, 75, 76, 79]);
        for exit in Exit::ALL {
            assert_eq!(Exit::of(exit.number()), exit);
        }
        assert_eq!(Exit::of(101), Exit::Internal);
        assert_eq!(Exit::of(1), Exit::Internal);
    }

    #[test]
    fn a_panic_on_any_thread_exits_70() {
        let exit = guarded(|| {
            rayon::join(|| (), || panic!("a law of ours"));
            Exit::Complete
        });
        drop(panic::take_hook());
        assert_eq!(exit, Exit::Internal);
    }

    #[test]
    fn a_panic_is_told_with_its_place() {
        let told = report_of("at src/engine/money.rs:12:3: a law");
        assert!(told.starts_with("error[internal]: termwise "), "{told}");
        assert!(told.contains("at src/engine/money.rs:12:3: a law"), "{told}");
        assert!(told.contains("Please report it"), "{told}");
    }
}
