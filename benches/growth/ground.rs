//! A daemon on its store under load.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use benches::daemon::{self, Daemon, Home, Wiring};
use benches::load::{Load, Report};
use tempfile::TempDir;

/// How long a daemon may take to open a store of millions.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// What all rounds of a size share.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) tongdai: PathBuf,
    /// With a store that is copied for each round.
    pub(crate) home: Home,
    pub(crate) services: Option<PathBuf>,
    pub(crate) mix: PathBuf,
    pub(crate) binds: u16,
    pub(crate) window: u16,
    pub(crate) rate: Option<u32>,
    /// Messages before those that count.
    pub(crate) warm_up: u64,
    pub(crate) seconds: u32,
    /// Of services, mix and the load.
    pub(crate) files: TempDir,
}

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) report: Report,
    /// Of the daemon, for the messages that count.
    pub(crate) cpu_s: f64,
    pub(crate) start_s: f64,
}

impl Ground {
    /// Starts a daemon on a copy of the store; in how many seconds.
    pub(crate) fn start(&self, home: &Home, smsc: SocketAddr) -> anyhow::Result<(Daemon, f64)> {
        let wiring = Wiring { smsc, binds: self.binds, window: self.window, services: self.services.clone() };
        let began = now();
        let daemon = Daemon::start(&self.tongdai, home, &wiring)?;
        daemon.wait_ready(START_PATIENCE)?;
        Ok((daemon, began.elapsed().as_secs_f64()))
    }

    /// A round of load; the daemon still runs.
    pub(crate) fn run(&self, home: &Home) -> anyhow::Result<(Daemon, Trial)> {
        let load = Load {
            listen: daemon::free_address()?,
            binds: self.binds,
            window: self.window,
            rate: self.rate,
            seconds: self.seconds,
            warm_up: self.warm_up,
            any_reply: false,
            mix: Some(self.mix.clone()),
        };
        let mut running = load.start(&self.tongdai, self.files.path())?;
        let (daemon, start_s) = self.start(home, load.listen)?;
        running.wait_warm()?;
        let before = daemon.cpu()?;
        let report = running.finish()?;
        let cpu_s = daemon.cpu()?.saturating_sub(before).as_secs_f64();
        Ok((daemon, Trial { report, cpu_s, start_s }))
    }
}

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn now() -> Instant {
    Instant::now()
}
