//! The whole line: a simulated SMSC on one side of loopback, a real `tongdai run` with its store on the other.
//!
//! Every message is decoded, understood, decided, sealed, journalled with `fdatasync` and answered; there is no
//! mode that leaves any of it out. Load and daemon share the machine, and both are accounted for.

mod feed;
mod mix;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use simulator::{Config, Message, Pace, Simulator};

use crate::mix::Mix;
use crate::report::Round;
use benches::daemon::{self, Daemon, Home, Wiring};
use benches::usage::Usage;

/// How long the bench waits for binds, and for what is outstanding at the end of a round.
const PATIENCE: Duration = Duration::from_secs(30);

/// Messages before the first round: caches fill, the allocator settles, the first segments are made.
const WARM_UP: u32 = 20_000;

/// Loads a real daemon over loopback and prints what it made of it.
#[derive(Debug, Parser)]
#[command(name = "end-to-end", max_term_width = 100)]
struct Arguments {
    /// The daemon's release binary [default: `tongdai` beside this program].
    tongdai: Option<PathBuf>,
    /// As fast as the windows allow: throughput (the default).
    #[arg(long, conflicts_with = "rate")]
    flat: bool,
    /// So many messages a second whatever happens: latency.
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Messages in a round [default: 300,000, or 20 seconds of the rate].
    #[arg(long, value_name = "N")]
    messages: Option<u32>,
    /// Rounds against the same daemon; the median is printed as well.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
    /// Binds, all to one SMSC.
    #[arg(long, value_name = "N", default_value_t = 4)]
    binds: u16,
    /// Window of each bind in each direction.
    #[arg(long, value_name = "N", default_value_t = 100)]
    window: u16,
    /// Dossiers in the store.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    dossiers: u32,
    /// Threads of the load.
    #[arg(long, value_name = "N", default_value_t = 1)]
    load_threads: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.load_threads.max(1))
        .enable_all()
        .build()?;
    runtime.block_on(async { tokio::spawn(bench(arguments)).await? })
}

async fn bench(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.exchange.window = usize::from(arguments.window);
    let simulator = Simulator::start(config).await?;
    let binary = arguments.tongdai.clone().map_or_else(|| daemon::beside_this_program("tongdai"), Ok)?;
    // The system's temporary directory should not be in memory.
    let home = Home::make(&binary, &std::env::temp_dir())?;
    feed::write_tokens(&home.tokens())?;
    let (smsc, binds, window) = (simulator.smpp_address(), arguments.binds, arguments.window);
    let daemon = Daemon::start(&binary, &home, &Wiring { smsc, binds, window, services: None })?;
    ensure!(
        simulator.wait_receivers(usize::from(arguments.binds), PATIENCE).await,
        "the binds did not come up; the daemon's log is {}",
        home.log().display()
    );
    report::introduce(&binary, arguments.binds, arguments.window, arguments.dossiers);
    let (api, dossiers) = (daemon.api(), arguments.dossiers);
    tokio::task::spawn_blocking(move || feed::seed(api, dossiers)).await??;
    check_replies(&simulator).await?;

    let mut mix = Mix::new(arguments.dossiers);
    simulator.send_many(mix.by_ref().take(WARM_UP as usize), Pace::Flat, true, PATIENCE).await?;
    report::memory("after the seeding and the warm-up", &daemon.memory()?);
    let pace = arguments.rate.map_or(Pace::Flat, Pace::PerSecond);
    let by_pace = || arguments.rate.map_or(300_000, |rate| rate.saturating_mul(20));
    let messages = arguments.messages.unwrap_or_else(by_pace);
    let mut rounds = Vec::new();
    for _ in 0..arguments.rounds {
        let round = run_round(&simulator, &daemon, mix.by_ref().take(messages as usize), pace).await?;
        report::round(&round);
        rounds.push(round);
    }
    report::median(&rounds);
    report::memory("after the load", &daemon.memory()?);
    simulator.stop();
    daemon.stop()
}

async fn run_round(
    simulator: &Simulator,
    daemon: &Daemon,
    messages: impl Iterator<Item = Message>,
    pace: Pace,
) -> anyhow::Result<Round> {
    let before = (daemon.usage()?, Usage::of(std::process::id())?, simulator.stats());
    let load = simulator.send_many(messages, pace, true, PATIENCE).await?;
    let (daemon_usage, own) = (daemon.usage()?, Usage::of(std::process::id())?);
    let stats = simulator.stats();
    let round = Round {
        load,
        daemon: daemon_usage.since(&before.0),
        own: own.since(&before.1),
        redelivered: stats.redelivered - before.2.redelivered,
    };
    // A figure of a run that lost, doubled or mixed up anything is no figure.
    ensure!(
        load.acknowledged == load.messages,
        "only {} of {} acknowledged",
        load.acknowledged,
        load.messages
    );
    ensure!(load.replies == load.messages, "{} replies to {} messages", load.replies, load.messages);
    ensure!(stats.unmatched == before.2.unmatched, "replies came that nobody waited for");
    Ok(round)
}

/// One message of each kind, whose reply is looked at: a fast wrong answer is no answer.
async fn check_replies(simulator: &Simulator) -> anyhow::Result<()> {
    for (message, expected) in mix::samples() {
        let sent = simulator.send(&message)?;
        let reply = simulator.wait_answer(sent, PATIENCE).await.context("no answer to a sample")?;
        if !expected.iter().any(|words| reply.text.0.contains(words)) {
            bail!("{:?} was answered with {:?}", message.text.0, reply.text.0);
        }
        report::sample(&message.text.0, &reply.text.0);
    }
    Ok(())
}
