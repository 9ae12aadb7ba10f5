//! One home over some rounds: its daemons live and die, its SMSC and its citizens go on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use failpoints::{Bug, Point};
use harness::auditor::{Finding, Readings};
use harness::drill::{self, Case, Dice, Load};
use harness::process::{Api, Daemon, Home, PATIENCE, Waited, copy};
use simulator::{Config, Simulator, Stats};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::plan::{Kill, Round};
use crate::tally::Tally;

/// How long a load goes on that does not get to its point.
const POINT_PATIENCE: Duration = Duration::from_secs(60);
/// The longest wait for a random moment of a load.
const MOMENT_PATIENCE: Duration = Duration::from_secs(10);
/// The same for what must be a minute old.
const PRUNE_PATIENCE: Duration = Duration::from_secs(110);
/// A load's pace: so many messages each time, as far as what was sent before is through.
const PACE: Duration = Duration::from_millis(400);
/// Messages that may be under way before more are sent.
const UNDER_WAY_MAX: u64 = 120;
/// Deliveries in flight on one bind: a turn of both fits a small segment well.
const WINDOW: usize = 20;
/// Seconds of load roll segments of this size: the smallest that any turn here fits.
const SEGMENT_OCTETS: u64 = 256 << 10;
/// Seconds of load take several checkpoints.
const CHECKPOINT_WRITES: u64 = 150;

/// SIGKILL, as a parent sees it.
const KILLED: i32 = 9;

/// One home with its SMSC and its citizens.
pub(crate) struct Leg {
    pub(crate) home: Home,
    pub(crate) simulator: Simulator,
    pub(crate) load: Load,
    /// What the last living daemon used at rest: before its load and after it.
    pub(crate) readings: [Readings; 2],
    smscs: Vec<String>,
    /// A bug that all daemons have.
    plant: Option<Bug>,
    /// Panics that were asked for.
    pub(crate) faults: u64,
    /// Texts that the rounds before had sent again.
    pub(crate) resent: u64,
    /// Places in the ledger and the log where the present round begins.
    pub(crate) round_from: usize,
    pub(crate) log_from: u64,
}

impl Drop for Leg {
    fn drop(&mut self) {
        self.simulator.stop();
    }
}

/// How one start with a kill ended.
enum End {
    Killed,
    /// The point was not reached in its time.
    NotReached,
    /// It had stopped before the kill came.
    Stopped,
}

impl Leg {
    /// A new home in `path`, in place of any that is there.
    pub(crate) async fn begin(path: &Path, program: &Path, dice: Dice, plant: Option<Bug>) -> Result<Self> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut config = Config::default();
        config.exchange.witness = true;
        config.exchange.window = WINDOW;
        // An operator waits longer; here the next start must not wait for it.
        config.exchange.redelivery.first = Duration::from_millis(200);
        config.exchange.redelivery.longest = Duration::from_secs(1);
        let simulator = Simulator::start(config).await?;
        let address = simulator.smpp_address();
        let bind = |name: &str| format!("{},group=office", harness::process::smsc(name, "vn", address));
        Ok(Self {
            home: Home::at(path, program)?,
            smscs: vec![bind("first"), bind("second")],
            simulator,
            plant,
            load: Load::new(dice, 8),
            readings: Default::default(),
            faults: 0,
            resent: 0,
            round_from: 0,
            log_from: 0,
        })
    }

    /// Plays a round up to its orderly stop.
    pub(crate) async fn play(&mut self, round: &Round, tally: &mut Tally) -> Result<()> {
        let before = self.simulator.stats();
        self.round_from = self.load.citizens.len();
        self.log_from = fs::metadata(self.home.log()).map_or(0, |log| log.len());
        let commands = self.load.commands;
        for kill in &round.kills {
            let end = self.end_by(*kill).await.with_context(|| format!("{kill:?}"))?;
            match (kill, end) {
                (Kill::At { point, .. }, end) => tally.note(*point, matches!(end, End::Killed)),
                (Kill::Moment { .. }, _) => tally.moments += 1,
                (Kill::Stopping { .. }, End::Stopped) => tally.stopped_first += 1,
                (Kill::Stopping { .. }, _) => tally.stopping += 1,
            }
        }
        if round.stop_under_load {
            self.stop_under_load().await.context("a stop under load")?;
            tally.stops_under_load += 1;
        }
        self.live(round.panic_at).await.context("the start that lives")?;
        self.faults += u64::from(round.panic_at.is_some());
        tally.panics += u64::from(round.panic_at.is_some());
        let after = self.simulator.stats();
        tally.messages += after.messages - before.messages;
        tally.submits += after.submits - before.submits;
        tally.redelivered += after.redelivered - before.redelivered;
        tally.commands += self.load.commands - commands;
        Ok(())
    }

    async fn end_by(&mut self, kill: Kill) -> Result<End> {
        let mut daemon = self.start(Some(kill))?;
        let api = match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(api) => api,
            Waited::Ended(status) => return self.killed(kill, status),
        };
        match kill {
            Kill::At { point, .. } => {
                self.load_until_it_ends(&daemon, &api, patience(point)).await?;
                match daemon.wait(Duration::ZERO)? {
                    Some(status) => self.killed(kill, status),
                    None => daemon.kill().map(|()| End::NotReached),
                }
            }
            Kill::Moment { events } => {
                self.load.send(&self.simulator)?;
                self.load.command(&api);
                self.wait_events(events).await;
                daemon.kill()?;
                Ok(End::Killed)
            }
            Kill::Stopping { after_ms } => {
                self.load.send(&self.simulator)?;
                self.wait_events(50).await;
                daemon.ask_to_stop()?;
                match daemon.wait(Duration::from_millis(after_ms))? {
                    Some(status) if status.success() => Ok(End::Stopped),
                    Some(status) => bail!("asked to stop, it ended with {status}"),
                    None => daemon.kill().map(|()| End::Killed),
                }
            }
        }
    }

    /// What ended by itself must have been killed at its point, and nothing else.
    fn killed(&self, kill: Kill, status: ExitStatus) -> Result<End> {
        use std::os::unix::process::ExitStatusExt;
        let at_a_point = matches!(kill, Kill::At { .. });
        ensure!(at_a_point && status.signal() == Some(KILLED), "it ended by itself: {status}");
        Ok(End::Killed)
    }

    fn command(&self) -> Result<Command> {
        self.keep_segments()?;
        let mut command = self.home.run(&self.smscs);
        command.env("TONGDAI_SEGMENT_OCTETS", SEGMENT_OCTETS.to_string());
        command.env("TONGDAI_CHECKPOINT_WRITES", CHECKPOINT_WRITES.to_string());
        if let Some(bug) = self.plant {
            command.env("TONGDAI_PLANT", bug.name());
        }
        Ok(command)
    }

    fn start(&self, kill: Option<Kill>) -> Result<Daemon> {
        let mut command = self.command()?;
        if let Some(Kill::At { point, times }) = kill {
            command.env("TONGDAI_KILL_AT", format!("{}:{times}", point.name()));
            if point == Point::SegmentPruned {
                command.env("TONGDAI_RETENTION_S", "0");
            }
        }
        Daemon::start(&self.home, command)
    }

    async fn load_until_it_ends(&mut self, daemon: &Daemon, api: &Api, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut pace = interval(PACE);
        let mut ended = daemon.ended()?;
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                ended = &mut ended => return ended,
                () = sleep_until(deadline) => return Ok(()),
                _ = pace.tick() => {
                    if under_way(&self.simulator.stats()) < UNDER_WAY_MAX {
                        self.load.send(&self.simulator)?;
                        self.load.command(api);
                    }
                }
            }
        }
    }

    /// Waits until the SMSC has seen so many more deliveries, submits and binds, or no more came for a while: a load
    /// that is through sooner meets its end at rest.
    async fn wait_events(&self, events: u64) {
        let seen = |stats: &Stats| stats.delivered + stats.submits + stats.binds;
        let enough = seen(&self.simulator.stats()) + events;
        self.simulator.wait_until(MOMENT_PATIENCE, |stats| seen(stats) >= enough).await;
    }

    async fn stop_under_load(&mut self) -> Result<()> {
        let mut daemon = self.start(None)?;
        let api = ready(&mut daemon)?;
        self.load.send(&self.simulator)?;
        self.load.command(&api);
        self.wait_events(60).await;
        ensure_stopped(daemon)
    }

    /// A start without a kill: everything is acknowledged and answered, and it stops in good order. A panic over one
    /// text is no end.
    async fn live(&mut self, panic_at: Option<u64>) -> Result<()> {
        let mut command = self.command()?;
        if let Some(times) = panic_at {
            command.env("TONGDAI_PANIC_AT", format!("{}:{times}", Point::TextRead.name()));
        }
        let mut daemon = Daemon::start(&self.home, command)?;
        let api = ready(&mut daemon)?;
        ensure!(self.simulator.wait_receivers(2, PATIENCE).await, "two binds");
        self.settle().await?;
        let before = read(&daemon)?;
        self.load.send(&self.simulator)?;
        self.load.command(&api);
        self.settle().await?;
        self.readings = [before, read(&daemon)?];
        ensure_stopped(daemon)
    }

    async fn settle(&self) -> Result<()> {
        if self.simulator.wait_until(PATIENCE, is_settled).await {
            return Ok(());
        }
        let open = self.simulator.ledger().into_iter().zip(&self.load.citizens);
        let open: Vec<_> = open.filter(|(entry, _)| entry.replies == 0).map(|(_, citizen)| citizen).collect();
        bail!("after {PATIENCE:?} not all is answered: {open:?}, {:?}", self.simulator.stats())
    }

    /// Keeps a second name for each segment of the journal: what is pruned can still be audited.
    fn keep_segments(&self) -> Result<()> {
        let kept = self.kept();
        fs::create_dir_all(&kept)?;
        for name in segments(&self.home.data())? {
            match fs::hard_link(self.home.data().join(&name), kept.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// What is wrong with the closed store and with what the citizens have, and how often a text was sent again.
    pub(crate) fn audit(&self) -> Result<(Vec<Finding>, u64)> {
        let whole = self.whole_store().context("copying the store")?;
        let audited = drill::audit(&Case {
            home: &self.home,
            store: &whole,
            simulator: &self.simulator,
            load: &self.load,
            faults: self.faults,
            readings: self.readings,
            words_from: self.round_from,
            log_from: self.log_from,
        });
        fs::remove_dir_all(whole)?;
        audited
    }

    /// A copy of the closed store as if nothing had been pruned.
    fn whole_store(&self) -> Result<PathBuf> {
        let whole = self.home.path().join("whole");
        copy(&self.home.data(), &whole)?;
        let oldest = segments(&self.home.data())?.into_iter().min();
        for name in segments(&self.kept())? {
            if oldest.as_ref().is_some_and(|oldest| name < *oldest) {
                fs::copy(self.kept().join(&name), whole.join(&name))?;
            }
        }
        Ok(whole)
    }

    fn kept(&self) -> PathBuf {
        self.home.path().join("kept")
    }
}

fn patience(point: Point) -> Duration {
    if point == Point::SegmentPruned { PRUNE_PATIENCE } else { POINT_PATIENCE }
}

fn ready(daemon: &mut Daemon) -> Result<Api> {
    match daemon.wait_ready(PATIENCE)? {
        Waited::Ready(api) => Ok(api),
        Waited::Ended(status) => bail!("it did not start: {status}\n{}", daemon.log_text()?),
    }
}

fn ensure_stopped(daemon: Daemon) -> Result<()> {
    let status = daemon.terminate(PATIENCE)?;
    ensure!(status.success(), "asked to stop, it ended with {status}");
    Ok(())
}

fn read(daemon: &Daemon) -> Result<Readings> {
    Ok(Readings {
        descriptors: daemon.descriptors()?,
        tasks: daemon.threads()?,
        resident_kib: daemon.resident()? / 1024,
    })
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

fn segments(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: io::Result<Vec<String>> = names.collect();
    Ok(names?.into_iter().filter(|name| name.starts_with("journal-")).collect())
}
