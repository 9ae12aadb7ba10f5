//! The rounds: a cut, a look at the copy, and on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use harness::citizens::{Citizens, Mix};
use harness::drill::Dice;
use harness::faulty::LoopDisk;
use harness::process::{Daemon, Home, PATIENCE, Waited, smsc};
use rustix::process::Signal;
use simulator::{Config, Simulator};
use tempfile::TempDir;
use vault::MasterKey;

use crate::Stage;
use crate::torn::{self, Torn};

/// Octets of an image: four times what a campaign of a hundred cuts leaves.
const IMAGE_OCTETS: u64 = 128 << 20;

/// What is texted in each round.
pub(crate) const MIX: Mix = Mix { look_ups: 30, registrations: 4, bookings: 8, cancellations: 4, long: 4 };
/// Deliveries in flight: few, so that a round takes many turns and many syncs.
const WINDOW: usize = 4;
/// Milliseconds behind the moment, at most: the next turns, the next checkpoint.
const BEHIND_MAX: u64 = 30;

/// Segments and checkpoints so small that every round rolls and takes some.
pub(crate) const SETTINGS: [(&str, &str); 2] =
    [("TONGDAI_SEGMENT_OCTETS", "262144"), ("TONGDAI_CHECKPOINT_WRITES", "100")];

/// When the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// So many milliseconds after the start, ready or not.
    Start,
    /// Once so many of the round's messages are acknowledged.
    Acknowledged,
    /// Once so many of the round's submits were received.
    Submitted,
    /// Once so many receipts were acknowledged.
    Receipt,
}

const MOMENTS: [Moment; 4] = [Moment::Start, Moment::Acknowledged, Moment::Submitted, Moment::Receipt];

/// All rounds share an SMSC, its citizens and, from copy to copy, a store.
pub(crate) struct Campaign<'a> {
    stage: &'a Stage,
    /// Before the folder that it is mounted in: what is dropped first must be the mount.
    disk: Option<LoopDisk>,
    folder: TempDir,
    home: Home,
    pub(crate) simulator: Simulator,
    citizens: Citizens,
    dice: Dice,
    summary: Summary,
}

impl<'a> Campaign<'a> {
    /// A new file system and a new SMSC.
    pub(crate) fn begin(stage: &'a Stage, seed: u64) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tongdai-cut-").tempdir_in(&stage.folder)?;
        let home = Home::at(&folder.path().join("home"), &stage.program)?;
        let disk = LoopDisk::make(&folder.path().join("image-0"), &home.path().join("disk"), IMAGE_OCTETS)?;
        let mut config = Config::default();
        // An operator waits longer; here the next round must not wait for it.
        config.exchange.redelivery.first = Duration::from_millis(200);
        config.exchange.redelivery.longest = Duration::from_secs(1);
        config.exchange.window = WINDOW;
        let simulator = stage.runtime.block_on(Simulator::start(config))?;
        let citizens = Citizens::default();
        Ok(Self {
            stage,
            folder,
            home,
            disk: Some(disk),
            simulator,
            citizens,
            dice: Dice::of(seed, 0),
            summary: Summary::default(),
        })
    }

    /// The store, on the disk.
    fn data(&self) -> PathBuf {
        self.home.path().join("disk/data")
    }

    /// Starts a daemon on the disk.
    fn start(&self) -> Result<Daemon> {
        let mut command = self.home.run_on(&self.data(), &[smsc("vn", "vn", self.simulator.smpp_address())]);
        command.envs(SETTINGS);
        Daemon::start(&self.home, command)
    }

    /// One cut.
    pub(crate) fn round(&mut self, round: u32) -> Result<()> {
        let daemon = self.start()?;
        let moment = MOMENTS[self.dice.below(MOMENTS.len() as u64) as usize];
        let daemon = self.wait_for(moment, daemon)?;
        daemon.signal(Signal::STOP)?;
        let copy = self.folder.path().join(format!("image-{round}"));
        let disk = self.disk.take().context("the disk of the round before")?;
        disk.copy_image(&copy)?;
        daemon.kill()?;
        disk.unmount()?;
        fs::remove_file(self.folder.path().join(format!("image-{}", round - 1)))?;
        // All that it ever wrote to its links it had written before the copy.
        self.wait_links_down()?;
        let settled = self.citizens.settled(&self.simulator);
        self.disk = Some(LoopDisk::mount(&copy, &self.home.path().join("disk"))?);
        let torn = Torn::draw(&mut self.dice);
        let torn = if self.has_store() && torn::tear(torn, &self.data(), &mut self.dice)? {
            torn
        } else {
            Torn::Not
        };
        self.look_at_copy(round, &settled)?;
        self.summary.count(moment, torn);
        println!(
            "round {round}: {moment:?}, tail {torn:?}, {} of {} messages acknowledged, {} findings",
            settled.len(),
            self.citizens.len(),
            self.summary.findings.len()
        );
        Ok(())
    }

    fn has_store(&self) -> bool {
        self.data().join("sentinel").is_file()
    }

    /// Waits for the moment; the daemon may never end by itself.
    fn wait_for(&mut self, moment: Moment, mut daemon: Daemon) -> Result<Daemon> {
        if moment == Moment::Start {
            let wait = Duration::from_millis(self.dice.below(400));
            if let Some(status) = daemon.wait(wait)? {
                bail!("the start ended with {status}: {}", daemon.log_text()?);
            }
            return Ok(daemon);
        }
        match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(_) => {}
            Waited::Ended(status) => bail!("the start ended with {status}: {}", daemon.log_text()?),
        }
        let before = self.simulator.stats();
        let known = self.citizens.len();
        self.citizens.send(&self.simulator, &MIX)?;
        let some = self.dice.below((self.citizens.len() - known) as u64);
        let receipts = self.dice.below(u64::from(MIX.registrations));
        let came = self.simulator.wait_until(PATIENCE, |stats| match moment {
            Moment::Start => true,
            Moment::Acknowledged => stats.acknowledged > before.acknowledged + some,
            Moment::Submitted => stats.submits > before.submits + some,
            Moment::Receipt => stats.receipts_acknowledged > before.receipts_acknowledged + receipts,
        });
        let came = self.stage.runtime.block_on(came);
        ensure!(came, "{moment:?} did not come: {:?}", self.simulator.stats());
        let behind = Duration::from_millis(self.dice.below(BEHIND_MAX));
        ensure!(daemon.wait(behind)?.is_none(), "the daemon ended: {}", daemon.log_text()?);
        Ok(daemon)
    }

    fn wait_links_down(&self) -> Result<()> {
        /// Between two looks.
        const LOOK: Duration = Duration::from_millis(10);
        let mut looks = PATIENCE.as_millis() / LOOK.as_millis();
        while !self.simulator.binds().is_empty() {
            ensure!(looks > 0, "the dead daemon's links stand");
            looks -= 1;
            self.stage.runtime.block_on(self.simulator.wait_until(LOOK, |_| false));
        }
        Ok(())
    }

    /// Verifies the copy, and looks for everything that the SMSC saw acknowledged.
    fn look_at_copy(&mut self, round: u32, settled: &BTreeSet<String>) -> Result<()> {
        if !self.has_store() {
            // The power went before the first sentinel was durable: nothing was acknowledged yet.
            self.summary.add(round, (!settled.is_empty()).then(|| "the store is gone".to_owned()));
            return Ok(());
        }
        let key = MasterKey::read(&self.home.key())?;
        let report = store::verify(&self.data(), &key)?;
        self.summary.rebuilds += usize::from(self.data().join("records.broken-1").exists());
        let faults = report.faults.iter().filter(|fault| !matches!(fault, store::Fault::TornSecrets(_)));
        self.summary.add(round, faults.map(|fault| format!("verify: {fault}")));
        let missing = Citizens::missing(settled, &self.data(), &key)?;
        self.summary
            .add(round, missing.iter().map(|from| format!("acknowledged to {from} and not in the journal")));
        Ok(())
    }

    /// Lets everything be answered, stops the daemon in order, and holds all to account.
    pub(crate) fn finish(mut self) -> Result<Summary> {
        let mut daemon = self.start()?;
        match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(_) => {}
            Waited::Ended(status) => bail!("the last start ended with {status}: {}", daemon.log_text()?),
        }
        self.stage.runtime.block_on(self.citizens.wait_answers(&self.simulator, PATIENCE))?;
        let status = daemon.terminate(PATIENCE)?;
        ensure!(status.success(), "the last daemon ended with {status}");
        let settled = self.citizens.settled(&self.simulator);
        self.look_at_copy(u32::MAX, &settled)?;
        let key = MasterKey::read(&self.home.key())?;
        let found = self.citizens.audit_closed(&self.simulator, &self.data(), &key)?;
        self.summary.add(u32::MAX, found);
        self.summary.messages = self.citizens.len();
        self.summary.repeated = self.citizens.repeated(&self.simulator);
        if let Some(disk) = self.disk.take() {
            disk.unmount()?;
        }
        Ok(self.summary)
    }
}

/// What came of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rounds: BTreeMap<(Moment, Torn), usize>,
    messages: usize,
    repeated: usize,
    /// Rounds after which records stood aside that had been rebuilt.
    rebuilds: usize,
    findings: Vec<String>,
}

impl Summary {
    fn count(&mut self, moment: Moment, torn: Torn) {
        *self.rounds.entry((moment, torn)).or_default() += 1;
    }

    fn add(&mut self, round: u32, findings: impl IntoIterator<Item = String>) {
        let round = if round == u32::MAX { "the end".to_owned() } else { format!("round {round}") };
        for finding in findings {
            println!("FINDING {round}: {finding}");
            self.findings.push(finding);
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((moment, torn), count) in &self.rounds {
            writeln!(f, "{count:>4} cuts at {moment:?}, tail {torn:?}")?;
        }
        let Self { rounds, messages, repeated, rebuilds, findings } = self;
        let cuts: usize = rounds.values().sum();
        writeln!(f, "records were rebuilt by {rebuilds} starts")?;
        write!(
            f,
            "{cuts} power cuts, {messages} messages, {} findings; {repeated} texts came twice or more, as their fate was unknown",
            findings.len()
        )
    }
}
