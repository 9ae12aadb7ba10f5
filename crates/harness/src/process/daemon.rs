//! A running daemon.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

use super::{Api, Home};

/// How a wait for readiness ended.
#[derive(Debug)]
pub enum Waited {
    /// The daemon said that it is ready.
    Ready(Api),
    /// It ended first.
    Ended(ExitStatus),
}

/// A running `tongdai run`, killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    /// Stands for this very process, also when its number was given to another.
    handle: OwnedFd,
    manager: UnixDatagram,
    /// Holds the manager's socket: a path short enough for one.
    _folder: TempDir,
    log: PathBuf,
    /// Where the log of this process begins.
    log_from: u64,
}

impl Daemon {
    /// Starts `command`, made by [`Home::run`]; its log is appended to the home's.
    pub fn start(home: &Home, mut command: Command) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("notify");
        let manager = UnixDatagram::bind(&socket)?;
        manager.set_nonblocking(true)?;
        let log = File::options().create(true).append(true).open(home.log())?;
        let log_from = log.metadata()?.len();
        command.env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Self { child, handle, manager, _folder: folder, log: home.log(), log_from })
    }

    /// Waits until the daemon is ready or has ended; an error after `patience`, whatever else it says meanwhile.
    pub fn wait_ready(&mut self, patience: Duration) -> Result<Waited> {
        let deadline = Instant::now() + patience;
        loop {
            let mut watched = [
                PollFd::new(&self.manager, PollFlags::IN),
                // Readable once the process has ended.
                PollFd::new(&self.handle, PollFlags::IN),
            ];
            let left = deadline.saturating_duration_since(Instant::now());
            look(&mut watched, left)?;
            let told = watched.first().is_some_and(|fd| !fd.revents().is_empty());
            let ended = watched.get(1).is_some_and(|fd| !fd.revents().is_empty());
            ensure!((told || ended) && !left.is_zero(), "neither ready nor ended after {patience:?}");
            if ended {
                return Ok(Waited::Ended(self.child.wait()?));
            }
            let mut word = [0; 128];
            self.manager.recv(&mut word)?;
            // Until then it may say what it waits for.
            if word.starts_with(b"READY=1") {
                break;
            }
        }
        let address = self.log_text()?.lines().find_map(ready_at);
        Ok(Waited::Ready(Api::new(address.context("the log says where the API listens")?)))
    }

    /// Waits until the process has ended; `None` where it has not after `patience`.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let mut watched = [PollFd::new(&self.handle, PollFlags::IN)];
        let ended = look(&mut watched, patience)? > 0;
        ended.then(|| self.child.wait().context("waiting for the daemon")).transpose()
    }

    /// Comes back once the process has ended; [`Self::wait`] tells how. For a `select!` with other things: make one
    /// for each process, for a thread waits behind it.
    pub fn ended(&self) -> Result<impl Future<Output = Result<()>> + Unpin + use<>> {
        let handle = self.handle.try_clone()?;
        let waiting = tokio::task::spawn_blocking(move || {
            poll(&mut [PollFd::new(&handle, PollFlags::IN)], None).map(drop)
        });
        Ok(Box::pin(async move { Ok(waiting.await??) }))
    }

    /// kill -9, and the end of it.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal, without waiting; one that has ended meanwhile is no error.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        match pidfd_send_signal(self.handle.as_fd(), signal) {
            Err(rustix::io::Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// SIGTERM, without waiting.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    /// SIGTERM; how it ended once it had drained, an error where it has not after `patience`.
    pub fn terminate(mut self, patience: Duration) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait(patience)?.with_context(|| format!("still there {patience:?} after SIGTERM"))
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Octets of memory that the process has now.
    pub fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes =
            line.and_then(|line| line.trim().strip_suffix(" kB")).context("VmRSS of a process")?;
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    /// Descriptors that the process has open now.
    pub fn descriptors(&self) -> Result<u64> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid()))?.count() as u64)
    }

    /// Threads that the process has now.
    pub fn threads(&self) -> Result<u64> {
        Ok(fs::read_dir(format!("/proc/{}/task", self.pid()))?.count() as u64)
    }

    /// What this process has written to its log so far.
    pub fn log_text(&self) -> Result<String> {
        let mut log = File::open(&self.log)?;
        log.seek(SeekFrom::Start(self.log_from))?;
        let mut octets = Vec::new();
        log.read_to_end(&mut octets)?;
        Ok(String::from_utf8_lossy(&octets).into_owned())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many of the descriptors have something to tell, at the latest after `patience`.
fn look(watched: &mut [PollFd<'_>], patience: Duration) -> Result<usize> {
    Ok(poll(watched, Some(&Timespec::try_from(patience)?))?)
}

fn ready_at(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    (fields["message"] == "ready").then(|| fields["http"].as_str()?.parse().ok()).flatten()
}
