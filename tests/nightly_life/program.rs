//! What keeps the ledger: the program, called as a user calls it, or a stand-in that tests the simulator itself.

use super::model::Model;
use crate::common::typed;
use std::path::Path;

pub(crate) enum Program {
    Termwise,
    /// A naive ledger over the engine without one, sound or with a fault that the simulator must find.
    StandIn(Model),
}

impl Program {
    /// Gives the exit code and what was said: data, then talk.
    pub(crate) fn call(&self, folder: &Path, words: &[&str]) -> (u8, String, String) {
        match self {
            Program::Termwise => {
                let job = folder.join("job.toml").display().to_string();
                let mut all = vec![words[0].to_owned(), job];
                all.extend(words[1..].iter().map(|word| (*word).to_owned()));
                all.push("-q".to_owned());
                if words[0] == "run" {
                    all.extend(["--threads".to_owned(), "1".to_owned()]);
                }
                typed(&all)
            }
            Program::StandIn(model) => model.call(folder, words),
        }
    }
}
