//! The commands of the ledger (R61 to R66). None of them is built yet.

use super::Exit;
use super::arguments::{CloseFlags, OpenFlags, ReverseFlags, StatusFlags, VerifyFlags};
use super::screen::Screen;

pub(super) fn open(_: &OpenFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("open", "R64", screen)
}

pub(super) fn status(_: &StatusFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("status", "R61", screen)
}

pub(super) fn close(_: &CloseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("close", "R65", screen)
}

pub(super) fn reverse(_: &ReverseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("reverse", "R65", screen)
}

pub(super) fn verify(_: &VerifyFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("verify", "R61", screen)
}

pub(super) fn not_built(what: &str, rule: &str, screen: Screen<'_>) -> Result<Exit, Exit> {
    screen.error(&format!("{what}: error[job-not-built]: {what} is not built yet: the ledger ({rule})"));
    Err(Exit::Usage)
}
