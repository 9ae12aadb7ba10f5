//! Real processes over real sockets, for the tests of the binary.

#![allow(dead_code, clippy::unwrap_used, reason = "tests; each file uses its part")]

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
pub(crate) fn tongdai() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tongdai"))
}

/// A folder with a key, a token and room for a store and a log.
pub(crate) struct Home {
    folder: TempDir,
}

/// The API token of every test's daemon.
pub(crate) const TOKEN: &str = "test-token-0123456789abcdef";

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self { folder };
        let made = tongdai().args(["key", "new"]).arg(home.key()).stderr(Stdio::null()).status().unwrap();
        assert!(made.success(), "tongdai key new");
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path().join("key")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

/// A running `tongdai run`, killed when dropped.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts the daemon with binds to `smscs` (name, country, address); its log is appended to the home's.
    pub(crate) fn start(home: &Home, smscs: &[(&str, &str, SocketAddr)]) -> Self {
        let log = File::options().create(true).append(true).open(home.log()).unwrap();
        let mut command = tongdai();
        command.arg("run").arg("--data").arg(home.data()).arg("--key-file").arg(home.key());
        command.args(["--http", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug"]);
        for (name, country, address) in smscs {
            let (host, port) = (address.ip(), address.port());
            command.arg("--smsc").arg(format!(
                "name={name},host={host},port={port},system-id=test,window=50,country={country}"
            ));
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { child }
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; the exit code once it has drained.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
