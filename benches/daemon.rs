//! The daemon under load: a child process with a folder of its own.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::usage::{self, Memory};

/// What the names of our temporary folders begin with; the number of the process that made one follows.
const TEMPORARY: &str = "tongdai-bench-";
/// The most that a service manager is told at once.
const NOTICE_MAX: usize = 4_096;

/// The folder of a daemon: its key, its store, its log. Removed when dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// A new one in `parent`, which should not be in memory, with a new key.
    pub fn make(binary: &Path, parent: &Path) -> anyhow::Result<Self> {
        let home = Self { folder: temporary(parent)? };
        let made = Command::new(binary).args(["key", "new"]).arg(home.key()).stderr(Stdio::null()).status();
        ensure!(made.context("the daemon can't be started")?.success(), "no key could be made");
        Ok(home)
    }

    /// Another one with the same key and a copy of the store, which nothing has open.
    pub fn copy(&self) -> anyhow::Result<Self> {
        let parent = self.folder.path().parent().context("a folder has a parent")?;
        let copy = Self { folder: temporary(parent)? };
        let copied = Command::new("cp")
            .args(["--recursive", "--preserve=mode", "--sparse=never"])
            .args([self.key(), self.data()])
            .arg(copy.folder.path())
            .status()?;
        ensure!(copied.success(), "the store can't be copied");
        settle(copy.folder.path())?;
        Ok(copy)
    }

    /// The file with the key.
    pub fn key(&self) -> PathBuf {
        self.at("key")
    }

    /// The folder of the store.
    pub fn data(&self) -> PathBuf {
        self.at("data")
    }

    /// What the daemon logs.
    pub fn log(&self) -> PathBuf {
        self.at("log")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// How a daemon is set up.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// All binds go there.
    pub smsc: SocketAddr,
    /// Transceivers.
    pub binds: u16,
    /// Of each of them.
    pub window: u16,
    /// A folder with services files in place of those that are compiled in.
    pub services: Option<PathBuf>,
}

/// A running daemon; killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    /// Where it says what it would say to a service manager.
    notices: UnixDatagram,
    _notices_folder: TempDir,
}

/// The program `name` that was built with this one.
pub fn beside_this_program(name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().map(Path::to_owned).context("no folder")?;
    let binary = folder.join(name);
    ensure!(
        binary.exists(),
        "{} is not there: cargo build --release -p tongdai -p benches",
        binary.display()
    );
    Ok(binary)
}

impl Daemon {
    /// Starts it; see [`Self::wait_ready`].
    pub fn start(binary: &Path, home: &Home, wiring: &Wiring) -> anyhow::Result<Self> {
        // The path of a socket has at most 108 octets.
        let notices_folder = tempfile::tempdir()?;
        let notify = notices_folder.path().join("notify");
        let notices = UnixDatagram::bind(&notify)?;
        let mut command = Command::new(binary);
        command.arg("run").arg("--data").arg(home.data()).arg("--key-file").arg(home.key());
        command.arg("--http").arg(free_address()?.to_string());
        if let Some(services) = &wiring.services {
            command.arg("--services").arg(services);
        }
        let Wiring { smsc, binds, window, .. } = wiring;
        for bind in 0..*binds {
            let (host, port) = (smsc.ip(), smsc.port());
            command.arg("--smsc").arg(format!(
                "name=bind{bind},host={host},port={port},system-id=bench,window={window},group=bench"
            ));
        }
        command.env("NOTIFY_SOCKET", &notify);
        let log = File::create(home.log())?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        Ok(Self { child, notices, _notices_folder: notices_folder })
    }

    /// Waits until it says that it serves.
    pub fn wait_ready(&self, patience: Duration) -> anyhow::Result<()> {
        self.notices.set_read_timeout(Some(patience))?;
        let mut notice = [0; NOTICE_MAX];
        loop {
            let length = self.notices.recv(&mut notice).context("the daemon does not get ready")?;
            if notice[..length].split(|octet| *octet == b'\n').any(|line| line == b"READY=1") {
                return Ok(());
            }
        }
    }

    /// Of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it holds.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(self.pid())
    }

    /// Processor time that it has used.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        usage::cpu(self.pid())
    }

    /// SIGTERM, and a clean end: what was measured is a daemon in good health.
    pub fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("the daemon was gone already")?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Waits until the disk below `folder` has nothing left to write: what came before is no part of what is measured next.
pub fn settle(folder: &Path) -> anyhow::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// A folder in `parent` that is removed when dropped, or by [`on_disk`] where this process was ended before that.
pub fn temporary(parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(&format!("{TEMPORARY}{}-", std::process::id())).tempdir_in(parent)
}

/// Whether a folder of this name was left behind by a process that is gone.
fn is_stale(name: &str) -> bool {
    let pid = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split_once('-')?.0.parse::<u32>().ok());
    pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
}

/// The folder that stores are to be made in, made itself where it is missing; not where a sync costs nothing, so that
/// nothing durable can be measured. What runs that were broken off left there is removed.
pub fn on_disk(folder: &Path) -> anyhow::Result<PathBuf> {
    /// statfs(2): TMPFS_MAGIC and RAMFS_MAGIC.
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58F6];
    let shown = folder.display();
    fs::create_dir_all(folder)?;
    let kind = u64::try_from(rustix::fs::statfs(folder)?.f_type).ok();
    let in_memory = kind.is_some_and(|kind| IN_MEMORY.contains(&kind));
    ensure!(!in_memory, "{shown} lies in memory, where a sync costs nothing: give --folder");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_stale(&entry.file_name().to_string_lossy()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(fs::canonicalize(folder)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_processes_that_are_gone_are_stale() {
        let here = tempfile::tempdir().unwrap();
        let ours = temporary(here.path()).unwrap();
        assert!(!is_stale(&ours.path().file_name().unwrap().to_string_lossy()));
        // The highest pid_max of Linux is 2^22.
        assert!(is_stale("tongdai-bench-4194305-x1y2z3"));
        for name in ["versus.json", "tongdai-bench-", "tongdai-bench-x-y", "4194305-x1y2z3"] {
            assert!(!is_stale(name), "{name}");
        }
    }
}
