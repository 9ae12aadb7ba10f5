//! Who is compared, and how each is started.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use benches::daemon::{self, Daemon, Home, Wiring};
use benches::usage::{self, Memory};
use clap::ValueEnum;
use serde::Serialize;

use crate::figures::Process;
use crate::kannel;

/// How long a daemon may take to open a store of millions.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// What is answered by those who know no more: as long as what Tongdai answers about a dossier.
pub(crate) const FIXED_TEXT: &str =
    "Ho so 10000000: dang giai quyet. Ngay hen tra ket qua: 06/12/2026. (Cap nhat 15h23 26/11/2026)";

/// An ESME under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Contender {
    /// One write and one fdatasync a batch, and a fixed text.
    Echo,
    /// The daemon.
    Tongdai,
    /// Kannel with a fixed text; it syncs nothing.
    KannelText,
    /// Kannel that asks a local web service with a fixed text; it syncs nothing.
    KannelGetUrl,
}

/// What all rounds share.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) tongdai: PathBuf,
    /// Where files are made: a real disk.
    pub(crate) folder: PathBuf,
    /// With a store that is copied for each round.
    pub(crate) home: Home,
    pub(crate) binds: u16,
    pub(crate) window: u16,
}

impl Contender {
    pub(crate) const ALL: [Self; 4] = [Self::Echo, Self::Tongdai, Self::KannelText, Self::KannelGetUrl];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "durable echo",
            Self::Tongdai => "Tongdai",
            Self::KannelText => "Kannel, fixed text",
            Self::KannelGetUrl => "Kannel, get-url",
        }
    }

    /// It answers everything alike, so that a reply can't be wrong.
    pub(crate) fn has_fixed_text(self) -> bool {
        self != Self::Tongdai
    }

    /// A program that it needs and this machine has not.
    pub(crate) fn missing(self) -> Option<&'static str> {
        match self {
            Self::Echo | Self::Tongdai => None,
            Self::KannelText | Self::KannelGetUrl => kannel::missing(),
        }
    }

    /// Starts it with its files in `folder`; it binds to `smsc`.
    pub(crate) fn start(self, stage: &Stage, folder: &Path, smsc: SocketAddr) -> anyhow::Result<Esme> {
        match self {
            Self::Echo => start_echo(stage, folder, smsc),
            Self::Tongdai => start_tongdai(stage, smsc),
            Self::KannelText => kannel::start(stage, folder, smsc, None),
            Self::KannelGetUrl => {
                let service = daemon::free_address()?;
                let mut command = Command::new(daemon::beside_this_program("web-service")?);
                command.args(["--text", FIXED_TEXT, "--listen", &service.to_string()]);
                let web = Part::spawn("web service", command, folder)?;
                let mut esme = kannel::start(stage, folder, smsc, Some(service))?;
                esme.parts.push(web);
                Ok(esme)
            }
        }
    }
}

fn start_echo(stage: &Stage, folder: &Path, smsc: SocketAddr) -> anyhow::Result<Esme> {
    let mut command = Command::new(daemon::beside_this_program("durable-echo")?);
    command.args(["--text", FIXED_TEXT, "--connect", &smsc.to_string()]);
    command.args(["--binds", &stage.binds.to_string(), "--window", &stage.window.to_string()]);
    command.arg("--stay").arg("--file").arg(folder.join("echo"));
    Ok(Esme { daemon: None, parts: vec![Part::spawn("echo", command, folder)?] })
}

fn start_tongdai(stage: &Stage, smsc: SocketAddr) -> anyhow::Result<Esme> {
    let home = stage.home.copy()?;
    let wiring = Wiring { smsc, binds: stage.binds, window: stage.window, services: None };
    let daemon = Daemon::start(&stage.tongdai, &home, &wiring)?;
    daemon.wait_ready(START_PATIENCE)?;
    Ok(Esme { daemon: Some((daemon, home)), parts: Vec::new() })
}

/// What was started for a round.
#[derive(Debug)]
pub(crate) struct Esme {
    daemon: Option<(Daemon, Home)>,
    pub(crate) parts: Vec<Part>,
}

impl Esme {
    /// Of processes that need no farewell.
    pub(crate) fn of(parts: Vec<Part>) -> Self {
        Self { daemon: None, parts }
    }

    fn processes(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let daemon = self.daemon.iter().map(|(daemon, _)| ("tongdai", daemon.pid()));
        daemon.chain(self.parts.iter().map(|part| (part.name, part.child.id())))
    }

    /// Processor time that each process has used so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Vec<Duration>> {
        self.processes()
            .map(|(name, pid)| usage::cpu(pid).with_context(|| format!("{name} has ended")))
            .collect()
    }

    /// What each has used since, and what it holds.
    pub(crate) fn used_since(&self, before: &[Duration]) -> anyhow::Result<Vec<Process>> {
        let used = self.processes().zip(self.cpu()?).zip(before);
        used.map(|(((name, pid), now), before)| {
            let Memory { resident_kib, peak_kib } = Memory::of(pid)?;
            let cpu_s = now.saturating_sub(*before).as_secs_f64();
            Ok(Process { name: name.to_owned(), cpu_s, resident_kib, peak_kib })
        })
        .collect()
    }

    /// Ends it; an end of the daemon that is not clean is an error.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.daemon.map_or(Ok(()), |(daemon, home)| {
            let stopped = daemon.stop();
            drop(home);
            stopped
        })
    }
}

/// A process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Part {
    name: &'static str,
    child: Child,
}

impl Part {
    /// Starts it; what it says goes to a file in `folder`.
    pub(crate) fn spawn(name: &'static str, mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let log = File::create(folder.join(format!("{name}.log")))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self { name, child: command.spawn().with_context(|| format!("{name} can't be started"))? })
    }

    /// An error where it has ended by itself.
    pub(crate) fn ensure_alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended with {status}", self.name),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
