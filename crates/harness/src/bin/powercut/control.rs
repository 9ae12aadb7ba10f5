//! The control: the same cut where no sync reaches the disk. If nothing were found missing, the method would show
//! nothing.

use std::fmt;

use anyhow::{Context, Result, ensure};
use harness::citizens::Citizens;
use harness::faulty::{LoopDisk, Shim};
use harness::process::{Daemon, Home, PATIENCE, Waited, smsc};
use rustix::process::Signal;
use simulator::{Config, Simulator};
use vault::MasterKey;

use crate::Stage;
use crate::campaign::{MIX, SETTINGS};

/// What the control found.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    rounds: u32,
    /// Rounds in which acknowledged messages were not on the copy.
    with_loss: u32,
    acknowledged: usize,
    missing: usize,
}

impl Lost {
    /// Whether the method shows a loss where there must be one.
    pub(crate) fn bites(&self) -> bool {
        self.rounds == 0 || self.with_loss > 0
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, with_loss, acknowledged, missing } = self;
        write!(
            f,
            "control, without any sync: acknowledged messages were missing after {with_loss} of {rounds} cuts \
             ({missing} of {acknowledged})"
        )
    }
}

/// Runs so many rounds.
pub(crate) fn run(stage: &Stage, shim: &Shim, rounds: u32) -> Result<Lost> {
    let mut lost = Lost { rounds, ..Lost::default() };
    for _ in 0..rounds {
        let (acknowledged, missing) = round(stage, shim)?;
        lost.acknowledged += acknowledged;
        lost.missing += missing;
        lost.with_loss += u32::from(missing > 0);
    }
    Ok(lost)
}

/// Makes a store in order, serves without syncs, cuts. Returns how many were acknowledged and how many are missing.
fn round(stage: &Stage, shim: &Shim) -> Result<(usize, usize)> {
    let folder = tempfile::Builder::new().prefix("tongdai-cut-").tempdir_in(&stage.folder)?;
    let home = Home::at(&folder.path().join("home"), &stage.program)?;
    let (image, copy) = (folder.path().join("image"), folder.path().join("copy"));
    let disk = LoopDisk::make(&image, &home.path().join("disk"), 64 << 20)?;
    let data = disk.path().join("data");
    let simulator = stage.runtime.block_on(Simulator::start(Config::default()))?;
    let binds = [smsc("vn", "vn", simulator.smpp_address())];

    let mut command = home.run_on(&data, &binds);
    command.envs(SETTINGS);
    let mut daemon = Daemon::start(&home, command)?;
    ensure!(matches!(daemon.wait_ready(PATIENCE)?, Waited::Ready(_)), "no start: {}", daemon.log_text()?);
    daemon.terminate(PATIENCE)?;

    let mut command = home.run_on(&data, &binds);
    command.envs(SETTINGS);
    shim.watch(&mut command, &data);
    Shim::sync_nothing(&mut command);
    let daemon = Daemon::start(&home, command)?;
    let mut citizens = Citizens::default();
    citizens.send(&simulator, &MIX)?;
    stage.runtime.block_on(citizens.wait_answers(&simulator, PATIENCE)).context("without syncs")?;
    daemon.signal(Signal::STOP)?;
    disk.copy_image(&copy)?;
    daemon.kill()?;
    disk.unmount()?;
    let settled = citizens.settled(&simulator);
    simulator.stop();

    let disk = LoopDisk::mount(&copy, &home.path().join("disk"))?;
    // A journal that can't be read has lost them all.
    let missing = Citizens::missing(&settled, &data, &MasterKey::read(&home.key())?);
    let missing = missing.map_or(settled.len(), |missing| missing.len());
    disk.unmount()?;
    Ok((settled.len(), missing))
}
