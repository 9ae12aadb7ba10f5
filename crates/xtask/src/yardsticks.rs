//! Programs of `benches` that measure the daemon beside others and while what it holds grows (benches/README.md).

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo;

/// The rest of the command line.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The program's own arguments, as its `--help` tells.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

/// Builds the release of the daemon and of all that it is compared with, then runs the program `name`.
pub(crate) fn run(root: &Path, name: &str, arguments: &Arguments) -> Result<Vec<String>> {
    cargo::build(root, &["--release", "--package", "tongdai", "--package", "benches", "--bins"])?;
    let mut program = Command::new(cargo::target(root).join("release").join(name));
    let status = program.current_dir(root).args(&arguments.rest).status().context("it does not start")?;
    // What went wrong was told by the program.
    Ok(if status.success() { Vec::new() } else { vec![format!("{name}: {status}")] })
}
