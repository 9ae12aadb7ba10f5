//! Real processes over real sockets: a home on the disk, daemons that are started, killed and stopped, their API.
//!
//! Waiting is waiting for the process or for its word, never for a while; each wait has an end.

mod api;
mod daemon;

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

pub use api::{Answer, Api};
pub use daemon::{Daemon, Waited};

/// How long a drill waits for what must happen: where the machine does much else, a start that reads a whole segment
/// and a password that is hashed take their time.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The API token of every home's daemon.
pub const TOKEN: &str = "test-token-0123456789abcdef";

/// Its line in the file of tokens, with what `printf %s test-token-0123456789abcdef | sha256sum` prints.
const TOKEN_LINE: &str = "portal 67e95073ea7d2f92f361b2b3a590935f82b670e8c5d7d96ac622282e2f7accc3\n";

/// A folder with a key, a token and room for a store and a log, and the binary that works with them.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    program: PathBuf,
    /// Removed with the home.
    _folder: Option<TempDir>,
}

impl Home {
    /// The home at `path`, made where it is not there, for the binary `program`; it stays.
    pub fn at(path: &Path, program: &Path) -> Result<Self> {
        let (path, program) = (path.to_owned(), program.to_owned());
        ensure!(program.is_file(), "{}: no such binary", program.display());
        let home = Self { path, program, _folder: None };
        home.furnish()?;
        Ok(home)
    }

    /// A home in `folder`, with which it goes.
    pub fn in_folder(folder: TempDir, program: &Path) -> Result<Self> {
        let home = Self::at(folder.path(), program)?;
        Ok(Self { _folder: Some(folder), ..home })
    }

    fn furnish(&self) -> Result<()> {
        fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
        if !self.key().exists() {
            let mut command = self.command();
            let made = command.args(["key", "new"]).arg(self.key()).stderr(Stdio::null()).status()?;
            ensure!(made.success(), "tongdai key new: {made}");
        }
        fs::write(self.tokens(), TOKEN_LINE)?;
        Ok(fs::set_permissions(self.tokens(), Permissions::from_mode(0o600))?)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the store's key.
    pub fn key(&self) -> PathBuf {
        self.path.join("key")
    }

    /// The file with the API's token.
    pub fn tokens(&self) -> PathBuf {
        self.path.join("tokens")
    }

    /// The folder of the store.
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// What all daemons of this home wrote to standard error.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The binary, without arguments.
    pub fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// `tongdai run` on this home with binds to `smscs`, as `--smsc` takes them. The API gets a port of its own, and
    /// the log's level is `debug` unless `TONGDAI_LOG_LEVEL` is set on what is returned.
    pub fn run(&self, smscs: &[String]) -> Command {
        self.run_on(&self.data(), smscs)
    }

    /// The same with a store elsewhere.
    pub fn run_on(&self, data: &Path, smscs: &[String]) -> Command {
        let mut command = self.command();
        command.arg("run").arg("--data").arg(data).arg("--key-file").arg(self.key());
        command.args(["--http", "127.0.0.1:0", "--log-format", "json"]);
        command.arg("--http-tokens").arg(self.tokens());
        for smsc in smscs {
            command.arg("--smsc").arg(smsc);
        }
        command.env("TONGDAI_LOG_LEVEL", "debug");
        // An armed daemon that finds no space at its start looks again soon.
        command.env("TONGDAI_SPACE_PAUSE_MS", "200");
        command
    }

    /// What `tongdai store verify` found out about the closed store: an object with a list `faults`.
    pub fn verify(&self) -> Result<Value> {
        let mut command = self.command();
        command.args(["store", "verify", "--json", "--data"]).arg(self.data());
        let output = command.arg("--key-file").arg(self.key()).output()?;
        let told = || String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("tongdai store verify: {}: {}", output.status, told()))
    }
}

/// Copies a folder to `to`, which must not exist yet.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The armed `tongdai` in the folder of this program.
pub fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.parent().context("the folder of this program")?.join("tongdai");
    ensure!(program.is_file(), "{}: build it with --features failpoints", program.display());
    Ok(program)
}

/// Where homes are made whose syncs are to cost nothing: in memory, where the machine has such a folder.
pub fn memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}

/// A bind for [`Home::run`], to an SMSC that lets anybody in.
pub fn smsc(name: &str, country: &str, address: SocketAddr) -> String {
    let (host, port) = (address.ip(), address.port());
    format!("name={name},host={host},port={port},system-id=test,window=50,country={country}")
}
