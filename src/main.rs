//! `termwise`: parses the command line, does what it says, and exits as the contract says.

use termwise::cli::{self, Exit};

fn main() -> Exit {
    cli::main(std::env::args_os())
}
