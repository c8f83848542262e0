//! What is printed where: data to stdout, talk to stderr, progress on a terminal only.

use super::Exit;
use crate::intake;
use crate::locks::locked;
use crate::runs::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// What was printed, where it is caught rather than shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Printed {
    /// Data.
    pub out: String,
    /// Talk.
    pub err: String,
}

/// Where a command talks.
#[derive(Clone, Copy)]
pub(super) struct Screen<'a> {
    quiet: bool,
    caught: Option<&'a RefCell<Printed>>,
}

impl<'a> Screen<'a> {
    pub(super) const fn new(caught: Option<&'a RefCell<Printed>>) -> Screen<'a> {
        Screen { quiet: false, caught }
    }

    /// The same, silent on success where silence was asked for.
    pub(super) const fn hushed(self, quiet: bool) -> Screen<'a> {
        Screen { quiet, ..self }
    }

    /// Prints what was asked for, and gives the exit code: a reader that has seen enough is no failure.
    pub(super) fn print(self, text: &str, exit: Exit) -> Exit {
        if let Some(caught) = self.caught {
            caught.borrow_mut().out.push_str(text);
            return exit;
        }
        let mut out = stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => exit,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => exit,
            Err(error) => {
                complain(&format!("error: stdout: {error}"));
                Exit::WriteFailed
            }
        }
    }

    /// Says something that is good to know, unless silence was asked for.
    pub(super) fn say(self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// Says what went wrong; it is said in any case.
    pub(super) fn error(self, text: &str) {
        match self.caught {
            Some(caught) => {
                let err = &mut caught.borrow_mut().err;
                err.push_str(text);
                err.push('\n');
            }
            None => complain(text),
        }
    }

    /// Whether people read what is printed.
    pub(super) fn is_terminal(self) -> bool {
        self.caught.is_none() && stdout().is_terminal()
    }

    /// Shows how far a run is, on a terminal.
    pub(super) fn progress(self) -> Bars {
        let is_shown = !self.quiet && self.caught.is_none() && stderr().is_terminal();
        Bars { is_shown, bar: Mutex::new(ProgressBar::hidden()) }
    }
}

/// Writes a line to stderr; where nobody listens, nobody is told.
pub(super) fn complain(text: &str) {
    let text = if is_coloured() { coloured(text) } else { text.to_owned() };
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Colour is for terminals, and for those who have not said NO_COLOR.
fn is_coloured() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !unwanted && !dumb && stderr().is_terminal()
}

fn coloured(text: &str) -> String {
    let paint = |line: &str| {
        for (word, colour) in [("error", "\u{1b}[1;31m"), ("warning", "\u{1b}[1;33m")] {
            let starts = line.find(word).filter(|&at| at == 0 || line[..at].ends_with(": "));
            if let Some(at) = starts {
                let end = at + line[at..].find(": ").unwrap_or(word.len());
                return format!("{}{colour}{}\u{1b}[0m{}", &line[..at], &line[at..end], &line[end..]);
            }
        }
        line.to_owned()
    };
    text.lines().map(paint).collect::<Vec<_>>().join("\n")
}

/// A bar for the stage that runs.
pub(super) struct Bars {
    is_shown: bool,
    bar: Mutex<ProgressBar>,
}

impl Bars {
    pub(super) fn finish(&self) {
        self.bar().finish_and_clear();
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Bars {
    fn bar(&self) -> MutexGuard<'_, ProgressBar> {
        locked(&self.bar)
    }

    fn show(&self, next: ProgressBar, form: &str, message: String) {
        let mut bar = self.bar();
        bar.finish_and_clear();
        let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
        *bar = next.with_style(style).with_message(message);
        bar.enable_steady_tick(Duration::from_millis(120));
    }
}

impl intake::Progress for Bars {
    fn file(&self, shown: &str, _bytes: u64) {
        if self.is_shown {
            self.show(ProgressBar::new_spinner(), "{spinner} {msg}  {pos} rows", format!("reading {shown}"));
        }
    }

    fn rows(&self, _shown: &str, rows: u64) {
        if self.is_shown {
            self.bar().set_position(rows);
        }
    }
}

impl Progress for Bars {
    fn stage(&self, name: &str, parts: u64) {
        if !self.is_shown {
            return;
        }
        if parts == 0 {
            self.show(ProgressBar::new_spinner(), "{spinner} {msg}", name.to_owned());
        } else {
            self.show(ProgressBar::new(parts), "{msg:<12} [{bar:40}] {percent:>3} %  {eta}", name.to_owned());
        }
    }

    fn advance(&self, parts: u64) {
        if self.is_shown {
            self.bar().inc(parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_level_is_coloured() {
        assert_eq!(coloured("error: no"), "\u{1b}[1;31merror\u{1b}[0m: no");
        let told = coloured("job.toml:3:as_of: error[job-value]: no error: here\n  hint: mend it");
        assert_eq!(
            told,
            "job.toml:3:as_of: \u{1b}[1;31merror[job-value]\u{1b}[0m: no error: here\n  hint: mend it"
        );
        assert_eq!(coloured("as_of is 2026-11-30"), "as_of is 2026-11-30");
    }
}
