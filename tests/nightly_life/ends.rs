//! How else a ledger may come to the same end: by one run over the final facts, or by the same facts in another order.

use super::checks::{Expected, differences};
use super::facts::{Extract, Fact};
use super::ledger::Ledger;
use super::program::Program;
use super::world::World;
use crate::oracle;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Nights split in any way bill what one run bills.
pub(crate) fn by_one_run(world: &World, program: &Program, folder: &Path) -> Result<(), String> {
    let last = 2 * world.last_night() + 1;
    through(world, program, &folder.join("by one run"), &world.facts, &[last])
}

/// Late events in any order end in the same ledger.
pub(crate) fn in_another_order(world: &World, program: &Program, folder: &Path) -> Result<(), String> {
    let last = world.last_night();
    let slots: Vec<u32> = (1..=6).map(|step| 2 * (last * step / 6) + 1).collect();
    through(world, program, &folder.join("in another order"), &world.dealt_anew(), &slots)
}

/// Runs on some nights, and compares what stands at the end with the oracle.
fn through(
    world: &World,
    program: &Program,
    folder: &Path,
    facts: &[Fact],
    slots: &[u32],
) -> Result<(), String> {
    fs::create_dir_all(folder.join("book")).expect("a folder");
    fs::write(folder.join("job.toml"), world.job()).expect("the job");
    let mut ledger = Ledger::default();
    let mut before: Option<Extract> = None;
    for slot in slots {
        let shown = facts.iter().filter(|fact| fact.shows <= *slot).cloned().collect();
        let extract = world.with_lists(*slot, shown);
        extract.write(&folder.join("book"), before.as_ref());
        let as_of = world.as_of(slot / 2);
        let (mut exit, data, talk) = program.call(folder, &["run", "--as-of", &as_of.to_string()]);
        if exit == 79 {
            let said = format!("{data}{talk}");
            let hex = |word: &&str| word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            let words = said.split(|letter: char| !letter.is_ascii_alphanumeric());
            let digest = words.filter(hex).max_by_key(|word| word.len()).unwrap_or_default();
            exit = program.call(folder, &["run", "--as-of", &as_of.to_string(), "--approve", digest]).0;
        }
        if !matches!(exit, 0 | 3) {
            return Err(format!("exit {exit} on {as_of}: {data}{talk}"));
        }
        ledger.take(&folder.join("ledger"))?;
        let job = oracle::Job { from: world.cut_over, as_of, horizon_days: 0, policy: world.policy.clone() };
        let expected = Expected::of(&extract, oracle::run(&folder.join("book"), &job)?);
        // What was billed once and is set aside now stays as it was.
        if Some(slot) == slots.last() {
            let set_aside =
                if slots.len() == 1 { BTreeSet::new() } else { extract.with_targets(&expected.set_aside) };
            let told = differences(&ledger, &expected, &extract, &set_aside);
            if !told.is_empty() {
                return Err(format!("{}:\n{told}", folder.display()));
            }
        }
        before = Some(extract);
    }
    Ok(())
}
