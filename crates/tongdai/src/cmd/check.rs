//! `tongdai check PATH…`: 0 or 78.

use std::io::IsTerminal;
use std::path::PathBuf;

use routing::Report;

use crate::cli::{CheckArgs, services_files};
use crate::cmd::run::read_services;
use crate::exit::Exit;
use crate::output;

/// Checks services files and runs their own tests.
pub(crate) fn run(arguments: &CheckArgs) -> Result<(), Exit> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &arguments.paths {
        if path.is_dir() {
            files.extend(services_files(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let report = routing::check(&read_services(&files)?);
    if arguments.json {
        output::print_line(serde_json::to_string(&report).map_err(anyhow::Error::from)?)?;
    } else {
        output::print(report.render(std::io::stdout().is_terminal()))?;
    }
    if report.is_error() { Err(Exit::BadServices) } else { Ok(()) }
}

/// Shows the mistakes that keep a daemon from starting.
#[allow(clippy::print_stderr, reason = "the last words of a start that failed")]
pub(crate) fn print(report: &Report) {
    eprint!("{}", report.render(std::io::stderr().is_terminal()));
}
