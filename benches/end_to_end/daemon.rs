//! The daemon under load: a child process with a folder of its own.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::feed::TOKEN_LINE;
use benches::usage::Memory;

/// A running daemon; killed and its folder removed when dropped.
pub(crate) struct Daemon {
    child: Child,
    api: SocketAddr,
    folder: TempDir,
}

/// The daemon that was built with this program.
pub(crate) fn beside_this_program() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().map(Path::to_owned).context("no folder")?;
    let binary = folder.join("tongdai");
    ensure!(binary.exists(), "{} is not there: cargo build --release -p tongdai", binary.display());
    Ok(binary)
}

impl Daemon {
    /// Starts it in a new folder of the system's temporary directory, which should not be in memory.
    pub(crate) fn start(binary: &Path, smsc: SocketAddr, binds: u16, window: u16) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tongdai-bench").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let made = Command::new(binary).args(["key", "new"]).arg(at("key")).stderr(Stdio::null()).status();
        ensure!(made.context("the daemon can't be started")?.success(), "no key could be made");
        let mut tokens = File::options().write(true).create_new(true).mode(0o600).open(at("tokens"))?;
        writeln!(tokens, "{TOKEN_LINE}")?;
        let api = free_address()?;
        let mut command = Command::new(binary);
        command.arg("run").arg("--data").arg(at("data")).arg("--key-file").arg(at("key"));
        command.arg("--http-tokens").arg(at("tokens")).arg("--http").arg(api.to_string());
        for bind in 0..binds {
            let (host, port) = (smsc.ip(), smsc.port());
            command.arg("--smsc").arg(format!(
                "name=bind{bind},host={host},port={port},system-id=bench,window={window},group=bench"
            ));
        }
        let log = File::create(at("log"))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        Ok(Self { child, api, folder })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn api(&self) -> SocketAddr {
        self.api
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(self.pid())
    }

    /// SIGTERM, and a clean end: what was measured is a daemon in good health.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.pid().to_string();
        ensure!(
            Command::new("kill").args(["-TERM", &pid]).status()?.success(),
            "the daemon was gone already"
        );
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
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
