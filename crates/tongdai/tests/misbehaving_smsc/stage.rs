//! One daemon, one simulator, and what the system and the daemon say of themselves.

use std::path::Path;
use std::time::Duration;

use simulator::{Config, Faults, Simulator};

use crate::support::{Api, Daemon, Home, PATIENCE};

/// Timers of a bind that let a test see the end of each within seconds.
pub(crate) const FAST: &str = "timers=enquire-link=1s+enquire-link-answer=500ms+response=2s+bind=1s+unbind=1s\
                               +pdu=1s+pause=200ms";

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Ticks a second in /proc/PID/stat: USER_HZ, which is 100 on all that Linux runs on today.
const TICKS_PER_S: f64 = 100.0;

/// See the module.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) home: Home,
    /// The binds as `--smsc` takes them.
    smscs: Vec<String>,
    /// None while it is dead.
    daemon: Option<Daemon>,
    pub(crate) api: Api,
}

impl Stage {
    /// A daemon with these binds (name and what else is particular) to one simulator; waits until all are bound.
    pub(crate) async fn new(binds: &[(&str, &str)]) -> Self {
        Self::with(config(), binds).await
    }

    /// The same with a simulator of its own settings.
    pub(crate) async fn with(config: Config, binds: &[(&str, &str)]) -> Self {
        let stage = Self::unbound(config, binds).await;
        let all = binds.len();
        eventually(|| stage.simulator.binds().iter().filter(|bind| bind.mode.is_some()).count() == all).await;
        stage
    }

    /// The same, and does not wait for a bind.
    pub(crate) async fn unbound(config: Config, binds: &[(&str, &str)]) -> Self {
        let simulator = Simulator::start(config).await.unwrap();
        let port = simulator.smpp_address().port();
        let smscs = binds.iter().map(|(name, more)| spec(name, port, more)).collect();
        Self::of(simulator, smscs)
    }

    /// The same with binds written out.
    pub(crate) fn of(simulator: Simulator, smscs: Vec<String>) -> Self {
        let home = Home::new();
        let (daemon, api) = Daemon::start_ready_with("info", &home, &smscs);
        Self { simulator, home, smscs, daemon: Some(daemon), api }
    }

    pub(crate) fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("the daemon lives")
    }

    /// kill -9, and a new process on the same store.
    pub(crate) fn kill_and_restart(&mut self) {
        self.daemon.take().expect("the daemon lives").kill();
        let (daemon, api) = Daemon::start_ready_with("info", &self.home, &self.smscs);
        (self.daemon, self.api) = (Some(daemon), api);
    }

    /// Asks the daemon to leave and checks that it left in peace.
    pub(crate) fn leave(&mut self) {
        let daemon = self.daemon.take().expect("the daemon lives");
        assert_eq!(daemon.terminate(), Some(0), "{}", self.home.log_text());
    }

    /// The sum of a counter or gauge over those of its series that have all these labels.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        metric(&self.api.get("/metrics").text, name, labels)
    }

    /// Copies that the daemon owns up to.
    pub(crate) fn resent(&self) -> u64 {
        self.metric("tongdai_resent_total", &[])
    }
}

/// A bind to loopback; all that a test makes are one group unless it says else.
pub(crate) fn spec(name: &str, port: u16, more: &str) -> String {
    let group = if more.contains("group=") { "" } else { ",group=all" };
    format!("name={name},host=127.0.0.1,port={port},system-id={name}{group},{more}")
}

/// A simulator that checks its links often and redelivers soon.
pub(crate) fn config() -> Config {
    let mut config = Config { enquire_link_idle: Duration::from_millis(300), ..Config::default() };
    config.exchange.redelivery.first = Duration::from_millis(200);
    config.exchange.redelivery.longest = Duration::from_secs(1);
    config
}

/// The same, at fault from the start.
pub(crate) fn config_with(faults: Faults) -> Config {
    Config { faults, ..config() }
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(look: impl FnMut() -> bool) -> impl Future<Output = ()> {
    within(PATIENCE, look)
}

/// Waits until something is so, and fails where it is not in time.
#[track_caller]
pub(crate) fn within(patience: Duration, mut look: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let deadline = tokio::time::Instant::now() + patience;
        while !look() {
            assert!(tokio::time::Instant::now() < deadline, "{caller}: not within {patience:?}");
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// How long a fault lasts: time is what it is made of, and nothing is waited for.
pub(crate) async fn last(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A number from the environment, else the short form's.
pub(crate) fn number(variable: &str, short: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => short,
    }
}

pub(crate) fn metric(text: &str, name: &str, labels: &[&str]) -> u64 {
    let series = text.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' '])) && labels.iter().all(|it| line.contains(it))
    });
    series.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).sum()
}

/// What the system says of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) rss_kib: u64,
    pub(crate) threads: u64,
    pub(crate) files: usize,
    pub(crate) cpu_s: f64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        Self::try_of(pid).expect("the process lives")
    }

    /// None once the process has ended.
    pub(crate) fn try_of(pid: u32) -> Option<Self> {
        let folder = Path::new("/proc").join(pid.to_string());
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let status = read("status")?;
        let field = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_whitespace().next()?.parse().ok()
        };
        // Behind the name in parentheses the fields are numbers; utime and stime are the 14th and 15th of all.
        let stat = read("stat")?;
        let numbers: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks: f64 = numbers.get(11..13)?.iter().map(|it| it.parse::<f64>().unwrap()).sum();
        Some(Self {
            rss_kib: field("VmRSS:")?,
            threads: field("Threads:")?,
            files: std::fs::read_dir(folder.join("fd")).ok()?.count(),
            cpu_s: ticks / TICKS_PER_S,
        })
    }
}
