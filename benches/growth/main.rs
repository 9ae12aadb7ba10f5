//! Whether the daemon's cost stays what it is while what it holds grows: rules, dossiers, binds; and how long it takes
//! to start after kill -9.

mod ground;
mod table;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use benches::daemon::{self, Home};
use benches::load::Report;
use benches::statistics::for_thousand;
use benches::usage::Memory;
use benches::{fill, packs};
use clap::{Parser, ValueEnum};
use routing::Rules;
use serde::Serialize;

use crate::ground::{Ground, Trial};

/// The mix of `tongdai load`, and the line of it that says which dossiers are asked for.
const MIX: &str = include_str!("../../deploy/load/mix.toml");
const MIX_DOSSIERS: &str = "dossier = { below = 100_000, of = \"citizen\" }";
/// Dossiers that are asked for, where there are more: the daemon's cache holds them.
const ASKED_MAX: u32 = 100_000;

/// Loads daemons that hold ever more and prints what a message costs each.
#[derive(Debug, Parser)]
#[command(name = "growth", max_term_width = 100)]
struct Arguments {
    /// What grows.
    #[arg(value_enum)]
    what: What,
    /// How far, as 10,1000 [default: as docs/PERFORMANCE.md has it].
    #[arg(value_delimiter = ',', value_name = "N")]
    sizes: Vec<u32>,
    /// Rounds for each size; medians are printed.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
    /// How long each round is under load.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u32,
    /// So many messages a second whatever happens, in place of as many as the windows allow.
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Transceivers, where they are not what grows.
    #[arg(long, value_name = "N", default_value_t = 4)]
    binds: u16,
    /// Window of each of them in each direction.
    #[arg(long, value_name = "N", default_value_t = 100)]
    window: u16,
    /// Where stores are made, and the results left.
    #[arg(long, value_name = "DIR", default_value = "target/versus")]
    folder: PathBuf,
}

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Rules: 10, 1,000 and 100,000 beside those that are compiled in.
    Rules,
    /// Dossiers: 1,000, 100,000 and 1,000,000, of which 100,000 are asked for.
    Dossiers,
    /// Dossiers, uniformly asked for: 10,000,000.
    Uniform,
    /// Binds: 1, 4, 16 and 64.
    Binds,
    /// Dossiers in a store that is started from after kill -9: 1,000,000.
    Start,
}

impl What {
    fn sizes(self) -> Vec<u32> {
        match self {
            Self::Rules => vec![10, 1_000, 100_000],
            Self::Dossiers => vec![1_000, 100_000, 1_000_000],
            Self::Uniform => vec![10_000_000],
            Self::Binds => vec![1, 4, 16, 64],
            Self::Start => vec![1_000_000],
        }
    }
}

/// One round.
#[derive(Debug, Serialize)]
struct Row {
    size: u32,
    report: Report,
    /// Of the daemon, for 1,000 messages.
    cost: f64,
    /// From exec until it said that it serves.
    start_s: f64,
    resident_kib: u64,
    peak_kib: u64,
}

impl Row {
    fn of(size: u32, trial: Trial, memory: Memory) -> Self {
        Self {
            size,
            cost: for_thousand(trial.cpu_s, trial.report.messages),
            start_s: trial.start_s,
            resident_kib: memory.resident_kib,
            peak_kib: memory.peak_kib,
            report: trial.report,
        }
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    let what = arguments.what;
    let folder = daemon::on_disk(&arguments.folder)?;
    if arguments.sizes.is_empty() {
        arguments.sizes = what.sizes();
    }
    table::introduce(what);
    let tongdai = daemon::beside_this_program("tongdai")?;
    let grounds = arguments.sizes.iter().map(|size| prepare(&arguments, *size, tongdai.clone(), &folder));
    let grounds = grounds.collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    // In turn: a machine that others use as well has better minutes and worse ones.
    for _ in 0..arguments.rounds {
        for (size, ground) in arguments.sizes.iter().zip(&grounds) {
            let row = run_round(ground, what, *size).with_context(|| format!("{size} of {what:?}"))?;
            table::row(&row);
            rows.push(row);
        }
    }
    let missing = table::medians(what, &arguments.sizes, &rows);
    let name = what.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    fs::write(folder.join(format!("growth-{name}.json")), serde_json::to_vec_pretty(&rows)?)?;
    ensure!(missing == 0, "{missing} of {} sizes have no figure", arguments.sizes.len());
    Ok(())
}

/// Store, services and mix for a size.
fn prepare(
    arguments: &Arguments,
    size: u32,
    tongdai: PathBuf,
    folder: &std::path::Path,
) -> anyhow::Result<Ground> {
    let what = arguments.what;
    let home = Home::make(&tongdai, folder)?;
    let files = daemon::temporary(folder)?;
    let dossiers = match what {
        What::Dossiers | What::Uniform | What::Start => size,
        What::Rules | What::Binds => ASKED_MAX,
    };
    fill::fill(&home.data(), &home.key(), dossiers)?;
    let services = (what == What::Rules).then(|| files.path().join("services"));
    if let Some(services) = &services {
        fs::create_dir(services)?;
        for (name, text) in Rules::builtin_files() {
            fs::write(services.join(name), text)?;
        }
        fs::write(services.join("generated.toml"), packs::pack(size))?;
    }
    let mix = files.path().join("mix.toml");
    fs::write(&mix, mix_of(dossiers, what == What::Uniform)?)?;
    let binds = if what == What::Binds { u16::try_from(size)? } else { arguments.binds };
    let Arguments { window, rate, seconds, .. } = *arguments;
    let warm_up = warm_up(what, rate);
    Ok(Ground { tongdai, home, services, mix, binds, window, rate, warm_up, seconds, files })
}

/// Messages before those that count: in a closed loop so many that nearly all of [`ASKED_MAX`] dossiers were asked for
/// and are in the daemon's cache. A start is measured after what counts, and wants no more than that in the journal.
fn warm_up(what: What, rate: Option<u32>) -> u64 {
    match (what, rate) {
        (What::Start, _) => 20_000,
        (_, Some(rate)) => u64::from(rate) * 2,
        (_, None) => 600_000,
    }
}

/// The mix that is compiled in, for a store of so many dossiers.
fn mix_of(dossiers: u32, uniform: bool) -> anyhow::Result<String> {
    ensure!(MIX.contains(MIX_DOSSIERS), "the mix no longer has the line `{MIX_DOSSIERS}`");
    let asked = if uniform {
        format!("dossier = {{ below = {dossiers}, random = true }}")
    } else {
        format!("dossier = {{ below = {}, of = \"citizen\" }}", dossiers.min(ASKED_MAX))
    };
    Ok(MIX.replace(MIX_DOSSIERS, &asked))
}

fn run_round(ground: &Ground, what: What, size: u32) -> anyhow::Result<Row> {
    // A daemon that had the last round's messages would take the same ones for redeliveries.
    let home = ground.home.copy()?;
    let (daemon, trial) = ground.run(&home)?;
    if what != What::Start {
        let memory = daemon.memory()?;
        daemon.stop()?;
        return Ok(Row::of(size, trial, memory));
    }
    // Dropped, it is killed, with whatever its journal has since the last checkpoint.
    drop(daemon);
    let (daemon, start_s) = ground.start(&home, daemon::free_address()?)?;
    let memory = daemon.memory()?;
    daemon.stop()?;
    Ok(Row::of(size, Trial { start_s, ..trial }, memory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_asks_for_what_the_store_has_and_the_cache_holds() {
        assert!(mix_of(1_000, false).unwrap().contains("dossier = { below = 1000, of"));
        assert!(mix_of(1_000_000, false).unwrap().contains("dossier = { below = 100000, of"));
        assert!(mix_of(10_000_000, true).unwrap().contains("dossier = { below = 10000000, random = true }"));
    }
}
