//! `tongdai`: an SMPP-native daemon for citizen SMS services.
//!
//! This binary reads arguments, wires the crates together, supervises and drains. It decides nothing: what a
//! text means is in `routing`, what a service answers in `services`, what is durable in `store`.

mod cli;
mod cmd;
mod daemon;
mod exit;
mod logging;
mod memory;
mod output;
mod smsc;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    memory::set_up();
    match arguments().and_then(|arguments| run(Cli::parse_from(arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            exit.tell();
            ExitCode::from(exit.code())
        }
    }
}

/// The command line, with each `@file` replaced by the file's lines.
fn arguments() -> Result<Vec<OsString>, Exit> {
    argfile::expand_args(cli::read_argument_file, argfile::PREFIX)
        .map_err(|error| Exit::unreadable("an argument file", error))
}

fn run(cli: Cli) -> Result<(), Exit> {
    match cli.command {
        Command::Run(arguments) => cmd::run::run(arguments),
        Command::Sim(arguments) => cmd::sim::run(arguments),
        Command::Load(arguments) => cmd::load::run(&arguments),
        Command::Demo(arguments) => cmd::demo::run(arguments),
        Command::Check(arguments) => cmd::check::run(&arguments),
        Command::Explain(arguments) => cmd::explain::run(&arguments),
        Command::Key(arguments) => cmd::key::run(&arguments),
        Command::Store(arguments) => cmd::store::run(&arguments),
    }
}
