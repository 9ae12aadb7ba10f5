//! The daemon beside its yardsticks, in one run on one machine: the durable echo (the limit), Tongdai, and Debian's
//! Kannel with a fixed text and with `get-url`, each under the same load, in turn, several rounds, medians.
//!
//! Everybody starts each round anew. A round in which anything was lost, doubled or wrong gives no figure.

mod contender;
mod figures;
mod kannel;
mod plot;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use benches::daemon::{self, Home};
use benches::fill;
use benches::load::Load;
use clap::Parser;
use serde::Serialize;

use crate::contender::{Contender, Stage};
use crate::figures::{Round, Summary};

/// Runs the durable echo, Tongdai and Kannel under the same load and compares them.
#[derive(Debug, Clone, Parser, Serialize)]
#[command(name = "versus", max_term_width = 100)]
struct Arguments {
    /// Rounds, everybody once in each.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
    /// How long each is under load in a round.
    #[arg(long, value_name = "N", default_value_t = 15)]
    seconds: u32,
    /// Only these; repeat it for more.
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Contender>,
    /// Transceivers.
    #[arg(long, value_name = "N", default_value_t = 4)]
    binds: u16,
    /// Window of each of them in each direction.
    #[arg(long, value_name = "N", default_value_t = 100)]
    window: u16,
    /// So many messages a second whatever happens (an open loop): latency in place of throughput.
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Messages before those that count [default: 20,000, or 2 seconds of the rate].
    #[arg(long, value_name = "N")]
    warm_up: Option<u64>,
    /// Dossiers in Tongdai's store; the compiled-in mix asks for 100,000.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    dossiers: u32,
    /// A file of messages in place of the mix that is compiled into `tongdai load`.
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
    /// Where stores and files are made, and the results left.
    #[arg(long, value_name = "DIR", default_value = "target/versus")]
    folder: PathBuf,
}

/// Everything that came out, as `versus.json` has it.
#[derive(Debug, Serialize)]
struct Results {
    machine: String,
    arguments: Arguments,
    rounds: Vec<Round>,
    medians: Vec<Summary>,
    left_out: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = daemon::on_disk(&arguments.folder)?;
    let stage = set_up(&arguments, folder)?;
    let (contenders, left_out) = choose(&arguments.only);
    table::introduce(&arguments, &machine(), &left_out);
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        for contender in &contenders {
            let round = run_round(&stage, *contender, number, &arguments)
                .with_context(|| format!("round {number} of {}", contender.name()))?;
            table::round(&round);
            rounds.push(round);
        }
    }
    let medians: Vec<Summary> =
        contenders.iter().filter_map(|contender| figures::summarise(contender.name(), &rounds)).collect();
    table::medians(&medians);
    table::bars(&medians, arguments.rate.is_some());
    let folder = arguments.folder.clone();
    let results = Results { machine: machine(), arguments, rounds, medians, left_out };
    leave(&folder, &results)
}

/// Who is to run, and who can't and why.
fn choose(only: &[Contender]) -> (Vec<Contender>, Vec<String>) {
    let wanted = Contender::ALL.iter().copied().filter(|it| only.is_empty() || only.contains(it));
    let mut left_out = Vec::new();
    let contenders = wanted.filter(|contender| {
        let missing = contender.missing();
        left_out.extend(missing.map(|program| {
            format!("{} is left out: {program} is not installed (Debian: kannel)", contender.name())
        }));
        missing.is_none()
    });
    (contenders.collect(), left_out)
}

/// A store with the dossiers, made once and copied for each round.
fn set_up(arguments: &Arguments, folder: PathBuf) -> anyhow::Result<Stage> {
    let tongdai = daemon::beside_this_program("tongdai")?;
    let home = Home::make(&tongdai, &folder)?;
    fill::fill(&home.data(), &home.key(), arguments.dossiers)?;
    Ok(Stage { tongdai, folder, home, binds: arguments.binds, window: arguments.window })
}

fn run_round(
    stage: &Stage,
    contender: Contender,
    number: u32,
    arguments: &Arguments,
) -> anyhow::Result<Round> {
    let load = Load {
        listen: daemon::free_address()?,
        binds: arguments.binds,
        window: arguments.window,
        rate: arguments.rate,
        seconds: arguments.seconds,
        warm_up: warm_up(arguments),
        any_reply: contender.has_fixed_text(),
        mix: arguments.mix.clone(),
    };
    let folder = daemon::temporary(&stage.folder)?;
    let running = load.start(&stage.tongdai, folder.path())?;
    // Whoever comes next would wait for what the one before has left to write.
    daemon::settle(&stage.folder)?;
    let esme = contender.start(stage, folder.path(), load.listen)?;
    let before = esme.cpu()?;
    let report = running.finish()?;
    let processes = esme.used_since(&before)?;
    esme.stop()?;
    Ok(Round { contender: contender.name().to_owned(), number, warm_up: load.warm_up, report, processes })
}

fn warm_up(arguments: &Arguments) -> u64 {
    arguments.warm_up.unwrap_or_else(|| arguments.rate.map_or(20_000, |rate| u64::from(rate) * 2))
}

/// Processors, their kind and the kernel, as far as Linux tells.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}

fn leave(folder: &Path, results: &Results) -> anyhow::Result<()> {
    let (json, html) = (folder.join("versus.json"), folder.join("versus.html"));
    fs::write(&json, serde_json::to_vec_pretty(results)?)?;
    fs::write(&html, plot::page(&results.machine, &results.medians, &results.rounds))?;
    table::left(&json, &html);
    Ok(())
}
