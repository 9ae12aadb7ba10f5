//! The soak, `cargo xtask soak`: one daemon under a steady load while its SMSC misbehaves in one way after another,
//! and an audit of journal, ledger and log at the end.
//!
//! Nothing here waits for a while in place of a condition: the load's pace and the length of a fault are what is
//! asked for.
#![allow(clippy::print_stdout, reason = "a command for people answers on standard output")]

mod mishaps;
mod readings;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use harness::drill::{self, Case, Dice, Load};
use harness::process::{self, Api, Daemon, Home, PATIENCE, Waited};
use simulator::{Config, Simulator, Stats};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::mishaps::Mishaps;
use crate::readings::Readings;

/// How long the last answers may take once all is well: a text that was refused three times waits ten minutes.
const SETTLE_PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Messages of one call of [`Load::send`], about.
const BATCH: u32 = 25;
/// Messages without an answer beyond which no more are sent: a mishap must not be told from a load that is too much.
const UNDER_WAY_MAX: u64 = 20_000;
/// Load before the first reading: caches fill, pools grow.
const WARM_UP: Duration = Duration::from_secs(60);
/// How often memory is read and a line printed.
const READING: Duration = Duration::from_secs(15);
/// What this load may hold in memory at most: the cache of the records (128 MiB) and as much again.
const RESIDENT_MAX_KIB: u64 = 256 * 1024;

/// Runs a daemon under load with random faults of its SMSC.
#[derive(Debug, Parser)]
struct Arguments {
    /// A tongdai.
    #[arg(long, value_name = "PATH")]
    tongdai: PathBuf,
    /// How long, in hours; 0.35 is 21 minutes. The SMSC keeps a million pieces and submits of what it witnesses, 2.4
    /// for a message: at 100 messages a second that is full after an hour, and the drill fails.
    #[arg(long, value_name = "H", default_value_t = 0.35)]
    hours: f64,
    /// Messages a second.
    #[arg(long, value_name = "N", default_value_t = 100)]
    rate: u32,
    /// Where the home is kept; it is made anew.
    #[arg(long, value_name = "DIR", default_value = "target/soak")]
    folder: PathBuf,
    /// Everything random is a function of it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// One daemon, its SMSC, and what is done to them.
struct Soak {
    home: Home,
    simulator: Simulator,
    daemon: Daemon,
    api: Api,
    load: Load,
    mishaps: Mishaps,
    readings: Readings,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let length =
        Duration::try_from_secs_f64(arguments.hours * 3_600.0).context("hours are a number above 0")?;
    let mut soak = Soak::begin(&arguments).await?;
    soak.run(length, arguments.rate).await?;
    soak.finish().await
}

impl Soak {
    async fn begin(arguments: &Arguments) -> Result<Self> {
        match fs::remove_dir_all(&arguments.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut config = Config::default();
        config.exchange.witness = true;
        config.exchange.seed = arguments.seed;
        // An operator waits longer; here a redelivery belongs to the mishap that caused it.
        config.exchange.redelivery.first = Duration::from_millis(500);
        config.exchange.redelivery.longest = Duration::from_secs(5);
        let simulator = Simulator::start(config).await?;
        let address = simulator.smpp_address();
        let bind = |name: &str| format!("{},group=office", process::smsc(name, "vn", address));
        let home = Home::at(&arguments.folder, &arguments.tongdai)?;
        let mut command = home.run(&[bind("first"), bind("second")]);
        command.env("TONGDAI_LOG_LEVEL", "info");
        let mut daemon = Daemon::start(&home, command)?;
        let api = match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(api) => api,
            Waited::Ended(status) => bail!("it did not start: {status}"),
        };
        ensure!(simulator.wait_receivers(2, PATIENCE).await, "two binds");
        let (load, mishaps) =
            (Load::new(Dice::of(arguments.seed, 0), 1), Mishaps::new(Dice::of(arguments.seed, 1)));
        Ok(Self { home, simulator, daemon, api, load, mishaps, readings: Readings::default() })
    }

    /// Load, mishaps and readings for `length`.
    async fn run(&mut self, length: Duration, rate: u32) -> Result<()> {
        let began = Instant::now();
        let mut pace = interval(Duration::from_secs(1) * BATCH / rate.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reading = interval(READING);
        let mut mishap = interval(mishaps::EVERY);
        while began.elapsed() < length {
            let warm = began.elapsed() >= WARM_UP;
            tokio::select! {
                _ = pace.tick() => self.send()?,
                _ = mishap.tick(), if warm => self.mishaps.next(&self.simulator, &self.daemon)?,
                _ = reading.tick() => {
                    ensure!(self.daemon.wait(Duration::ZERO)?.is_none(), "the daemon ended: {}", self.home.log().display());
                    ensure_witnessed(&self.simulator)?;
                    self.readings.take(&self.daemon, began.elapsed(), warm)?;
                    self.report(began.elapsed());
                }
            }
        }
        self.mishaps.end(&self.simulator, &self.daemon)
    }

    fn send(&mut self) -> Result<()> {
        if under_way(&self.simulator.stats()) < UNDER_WAY_MAX {
            self.load.send(&self.simulator)?;
            // A stopped process would keep the call, and with it the end of its own stop.
            if !self.mishaps.is_stopped() {
                self.load.command(&self.api);
            }
        }
        Ok(())
    }

    fn report(&self, elapsed: Duration) {
        let stats = self.simulator.stats();
        println!(
            "{:>6} s  {:>8} sent  {:>6} without an answer  {:>6} KiB  {}",
            elapsed.as_secs(),
            stats.messages,
            under_way(&stats),
            self.readings.last().resident_kib,
            self.mishaps.now(),
        );
    }

    /// All that is due arrives, the daemon stops in good order, and everything is audited.
    async fn finish(self) -> Result<()> {
        if !self.simulator.wait_until(SETTLE_PATIENCE, is_settled).await {
            bail!("after {SETTLE_PATIENCE:?} not all is answered: {:?}", self.simulator.stats());
        }
        let at_rest = Readings::of(&self.daemon)?;
        let status = self.daemon.terminate(PATIENCE)?;
        ensure!(status.success(), "asked to stop, it ended with {status}");
        ensure_witnessed(&self.simulator)?;
        let (findings, resent) = drill::audit(&Case {
            home: &self.home,
            store: &self.home.data(),
            simulator: &self.simulator,
            load: &self.load,
            faults: 0,
            readings: [self.readings.warm(), at_rest],
            words_from: 0,
            log_from: 0,
        })?;
        println!("\n{}", self.mishaps);
        println!("{}", self.readings);
        println!("{:#?}\n{:#?}", self.simulator.stats(), self.simulator.latencies());
        println!("{resent} texts were sent again and counted");
        findings.iter().for_each(|finding| println!("{finding}"));
        let highest = self.readings.highest();
        ensure!(highest < RESIDENT_MAX_KIB, "{highest} KiB of memory, more than {RESIDENT_MAX_KIB}");
        ensure!(findings.is_empty(), "{} findings; home: {}", findings.len(), self.home.path().display());
        println!("sound");
        Ok(())
    }
}

/// Without all of what was said there is nothing to audit.
fn ensure_witnessed(simulator: &Simulator) -> Result<()> {
    ensure!(simulator.is_witnessed_whole(), "too much was said to be kept: a shorter soak, or a slower one");
    Ok(())
}

/// Messages that are not answered yet.
fn under_way(stats: &Stats) -> u64 {
    stats.messages.saturating_sub(stats.replies - stats.unmatched)
}

fn is_settled(stats: &Stats) -> bool {
    stats.acknowledged == stats.messages
        && under_way(stats) == 0
        && stats.receipts_acknowledged == stats.receipts
}
