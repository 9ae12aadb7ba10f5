//! The team's commands, `cargo xtask …`. They read the sources and start programs; they never change a
//! file of the repository, but for what `counts --record` records.
#![allow(clippy::print_stdout, reason = "a command for people answers on standard output")]

mod arrows;
mod cargo;
mod code;
mod counts;
mod drills;
mod faults;
mod fuzz;
mod tidy;
mod yardsticks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

/// The team's commands.
#[derive(Parser)]
enum Task {
    /// Check the dependencies between crates against the table in docs/ARCHITECTURE.md.
    Arrows,
    /// Check that every fault has its row in docs/FAULTS.md and every test that it names is there.
    Faults,
    /// Check lengths of functions and files, and left-over markers.
    Tidy,
    /// Simulate the whole way with faults, one seed a run.
    #[command(disable_help_flag = true)]
    Simulate(drills::Arguments),
    /// Kill real daemons at every point of their path, and audit what is left.
    #[command(disable_help_flag = true)]
    Crash(drills::Arguments),
    /// Cut the power of a disk under a real daemon, and audit what is left.
    #[command(disable_help_flag = true)]
    Powercut(drills::Arguments),
    /// Fail each call to the disk of a real daemon in turn, and audit what is left.
    #[command(disable_help_flag = true)]
    IoErrors(drills::Arguments),
    /// Run daemons for hours with random faults, and audit what is left.
    #[command(disable_help_flag = true)]
    Soak(drills::Arguments),
    /// Count instructions and allocations of one message, and compare them with benches/counts.txt.
    Counts(counts::Options),
    /// Measure a release of the daemon beside a durable echo and, where it is installed, Kannel.
    #[command(disable_help_flag = true)]
    Versus(yardsticks::Arguments),
    /// Measure a release of the daemon while its rules, dossiers or binds grow, and its start after kill -9.
    #[command(disable_help_flag = true)]
    Growth(yardsticks::Arguments),
    /// Fuzz the targets of crates/fuzz with what earlier runs found.
    Fuzz(fuzz::Options),
}

fn main() -> Result<ExitCode> {
    let root = root()?;
    let findings = match Task::parse() {
        Task::Arrows => arrows::check(&root)?,
        Task::Faults => faults::check(&root)?,
        Task::Tidy => tidy::check(&root)?,
        Task::Simulate(arguments) => drills::simulated(&root, "simulate", &arguments)?,
        Task::Crash(arguments) => drills::real(&root, "crash", &arguments)?,
        Task::Powercut(arguments) => drills::real(&root, "powercut", &arguments)?,
        Task::IoErrors(arguments) => drills::real(&root, "io_errors", &arguments)?,
        Task::Soak(arguments) => drills::real(&root, "soak", &arguments)?,
        Task::Counts(options) => counts::run(&root, &options)?,
        Task::Versus(arguments) => yardsticks::run(&root, "versus", &arguments)?,
        Task::Growth(arguments) => yardsticks::run(&root, "growth", &arguments)?,
        Task::Fuzz(options) => fuzz::run(&root, &options)?,
    };
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The repository: two folders above this crate.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.map(Path::to_path_buf).context("xtask lies two folders below the repository")
}
