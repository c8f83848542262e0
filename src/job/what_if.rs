//! What a job says of a what-if: how far it looks, and what is proposed (R70, R71).

use super::Kind;
use super::check::{Desk, Overrides};
use super::problem::{Place, VALUE};
use super::reconcile::Workbook;
use super::settings::Value;
use crate::policy_file;
use termwise_engine::findings::Table;

/// A year: every annual term renews once.
const MONTHS_DEFAULT: u32 = 12;
/// Five years: every term of three years renews.
const MONTHS_MAX: u32 = 60;
/// Each proposal is a world of its own in memory.
const PROPOSALS_MAX: usize = 16;

/// How far a what-if looks, and what people get to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WhatIfSettings {
    /// The months after `as_of`.
    pub horizon_months: u32,
    /// The page and the workbook: both or none.
    pub workbook: Workbook,
}

impl Default for WhatIfSettings {
    fn default() -> WhatIfSettings {
        WhatIfSettings { horizon_months: MONTHS_DEFAULT, workbook: Workbook::Full }
    }
}

impl Desk {
    /// What the job says of a what-if; a job of another kind says nothing of it.
    pub(super) fn what_if(&mut self, kind: Kind, overrides: &Overrides) -> WhatIfSettings {
        let standing = WhatIfSettings::default();
        if kind != Kind::WhatIf {
            self.refuse_what_if();
            return standing;
        }
        self.refuse_the_past(overrides);
        if let Some(setting) = self.setting(&["inputs", Table::Proposal.name()])
            && let Value::Texts(files) = &setting.value
            && files.len() > PROPOSALS_MAX
        {
            let says = format!("{} proposals are more than {PROPOSALS_MAX}", files.len());
            self.wrong(&setting, "inputs.proposal", &says, "compare them in several runs");
        }
        let months = self.number(&["horizon_months"], "months", 1..=MONTHS_MAX);
        let hint = "write workbook = \"full\" for what_if.xlsx and what_if.html, or \"none\"";
        let workbook = self.workbook(hint);
        if let Some(setting) =
            self.setting(&["outputs", "workbook"]).filter(|_| workbook == Workbook::Differences)
        {
            self.wrong(&setting, "outputs.workbook", "a what-if lists no differences", hint);
        }
        WhatIfSettings { horizon_months: months.unwrap_or(standing.horizon_months), workbook }
    }

    /// A what-if begins on the day after `as_of`, and commits nothing.
    fn refuse_the_past(&mut self, overrides: &Overrides) {
        let hint = "write as_of, the day whose book is looked at, and horizon_months";
        if let Some(setting) = self.setting(&["from"]) {
            self.wrong(&setting, "from", "a what-if begins on the day after as_of", hint);
        }
        if let Some(typed) = &overrides.period {
            let place = Place::Flag(format!("--period {typed}"));
            let says = "a what-if looks at the months after as_of".to_owned();
            self.refuse(&place, "", VALUE, says, hint.to_owned());
        }
        if let Some(ledger) = self.setting(&["ledger", "dir"]) {
            let hint = "leave [ledger] out: nothing is billed";
            self.wrong(&ledger, "ledger.dir", "a what-if goes into no ledger", hint);
        }
    }

    /// What a rule refuses is refused in a what-if, whatever an extract tells (R59).
    pub(super) fn refuse_flagging(&mut self, word: Option<&String>) {
        let name = policy_file::REFUSED_EVENTS;
        let is_other = word.is_some_and(|word| word != policy_file::REJECT);
        if let Some(setting) = self.setting(&["policy", name]).filter(|_| is_other) {
            let hint = format!("leave it out, or write {name} = {:?}", policy_file::REJECT);
            self.wrong(&setting, &format!("policy.{name}"), "a what-if always rejects (R59)", &hint);
        }
    }

    fn refuse_what_if(&mut self) {
        for parts in [&["horizon_months"][..], &["inputs", Table::Proposal.name()]] {
            if let Some(setting) = self.setting(parts) {
                let shown = parts.join(".");
                let says = format!("{shown} belongs to a what-if");
                let hint = "write kind = \"what-if\", or leave it out".to_owned();
                self.refuse(&setting.place, &shown, VALUE, says, hint);
            }
        }
    }
}
