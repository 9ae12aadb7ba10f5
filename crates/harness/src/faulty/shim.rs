//! The preloaded library: counts what a process does to the files of a directory, and fails it where asked to.
//!
//! It sees what goes through libc. rustix makes its calls itself unless the feature `failpoints/armed` is on; of the
//! store that concerns `fallocate` only.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

const SOURCE: &str = include_str!("shim.c");

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// EIO. A sync takes back all writes to its file since the last one that succeeded: they never reached the disk,
    /// though memory showed them.
    Eio,
    /// ENOSPC, once. At a sync the writes had reached the disk for all that.
    Enospc,
    /// SIGKILL instead of the call.
    Kill,
    /// Half of a write, then SIGKILL.
    Tear,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Eio, Self::Enospc, Self::Kill, Self::Tear];

    /// Whether the process is killed.
    pub fn kills(self) -> bool {
        matches!(self, Self::Kill | Self::Tear)
    }

    /// Whether it can happen at a step of this kind.
    pub fn fits(self, kind: &str) -> bool {
        self != Self::Tear || kind == "write"
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eio => "eio",
            Self::Enospc => "enospc",
            Self::Kill => "kill",
            Self::Tear => "tear",
        })
    }
}

/// The library, built by the machine's C compiler.
#[derive(Debug)]
pub struct Shim {
    library: PathBuf,
    _folder: TempDir,
}

impl Shim {
    /// Builds it. An error where there is no `cc`.
    pub fn build() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (source, library) = (folder.path().join("shim.c"), folder.path().join("shim.so"));
        fs::write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
        let built = compiler.status().context("cc, which builds what is preloaded")?;
        ensure!(built.success(), "cc: {built}");
        Ok(Self { library, _folder: folder })
    }

    /// Preloads it into `command`, for what is done below `directory`.
    pub fn watch(&self, command: &mut Command, directory: &Path) {
        command.env("LD_PRELOAD", &self.library).env("TONGDAI_SHIM_DIRECTORY", directory);
    }

    /// The same, and each step is told in the file `report`, which [`read_report`] reads.
    pub fn watch_and_report(&self, command: &mut Command, directory: &Path, report: &Path) {
        self.watch(command, directory);
        command.env("TONGDAI_SHIM_REPORT", report);
    }

    /// Syncs say that they are done and do nothing: a disk that lies, or a program that forgot them.
    pub fn sync_nothing(command: &mut Command) {
        command.env("TONGDAI_SHIM_NO_SYNC", "1");
    }

    /// `fault` happens at step `number`, counted from 1.
    pub fn fail_at(command: &mut Command, fault: Fault, number: u64) {
        command.env("TONGDAI_SHIM_FAULT", format!("{fault}:{number}"));
    }
}

/// A switch that is thrown while the process runs: all later steps of one kind fail, or take their time.
#[derive(Debug)]
pub struct Switch(PathBuf);

impl Switch {
    /// A switch at `file`, which is off.
    pub fn install(command: &mut Command, file: &Path) -> Self {
        command.env("TONGDAI_SHIM_SWITCH", file);
        Self(file.to_owned())
    }

    /// From now on: `sync eio`, `write enospc`, `rename erofs`, `fdatasync delay 5000` (milliseconds).
    pub fn throw(&self, what: &str) -> Result<()> {
        // Renamed into place: the process must never read half of it.
        let new = self.0.with_extension("new");
        fs::write(&new, what)?;
        Ok(fs::rename(new, &self.0)?)
    }

    /// Nothing fails any more.
    pub fn off(&self) -> Result<()> {
        Ok(fs::remove_file(&self.0)?)
    }
}

/// The wall clock of a process, which can be set while it runs; its monotonic clock goes on.
#[derive(Debug)]
pub struct WallClock(Switch);

impl WallClock {
    /// A clock that shows the machine's time, steered by `file`.
    pub fn install(command: &mut Command, file: &Path) -> Self {
        command.env("TONGDAI_SHIM_CLOCK", file);
        Self(Switch(file.to_owned()))
    }

    /// So many seconds before (negative) or after the machine's time.
    pub fn set_ahead(&self, seconds: i64) -> Result<()> {
        self.0.throw(&seconds.to_string())
    }
}

/// One thing that a process did to the files of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1.
    pub number: u64,
    /// `open`, `write`, `fdatasync`, `fsync`, `sync-range`, `rename`, `allocate`, `truncate`, `unlink`, `mkdir`.
    pub kind: String,
    /// Below the directory; `.` for itself.
    pub name: String,
    /// Whether it failed on purpose.
    pub failed: bool,
}

impl Step {
    /// Kind and file, with one name for all segments and one for sled's snapshots, so that steps of different runs can
    /// be compared.
    pub fn place(&self) -> String {
        let name = match self.name.as_str() {
            segment if segment.starts_with("journal-") => "journal-*",
            snapshot if snapshot.starts_with("records/snap.") => "records/snap.*",
            other => other,
        };
        format!("{} {name}", self.kind)
    }
}

/// The steps in a report, by number; none where there is no such file.
pub fn read_report(report: &Path) -> Result<Vec<Step>> {
    let text = match fs::read_to_string(report) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    // A process that was killed while it wrote its last line has told nothing of use in it.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut steps: Vec<Step> =
        whole.lines().map(|line| read_step(line).context(line.to_owned())).collect::<Result<_>>()?;
    steps.sort_by_key(|step| step.number);
    Ok(steps)
}

fn read_step(line: &str) -> Option<Step> {
    let (line, failed) = match line.strip_suffix(" <- fault") {
        Some(line) => (line, true),
        None => (line, false),
    };
    let (number, rest) = line.split_once(' ')?;
    let (kind, name) = rest.split_once(' ')?;
    Some(Step { number: number.parse().ok()?, kind: kind.to_owned(), name: name.to_owned(), failed })
}
