//! One run of the script with one fault.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use harness::citizens::{Citizens, Mix};
use harness::faulty::{Fault, Shim, Step, read_report};
use harness::process::{Daemon, Home, PATIENCE, Waited, copy, smsc};
use simulator::{Config, Simulator};
use vault::MasterKey;

/// Between looks at the books while the process may end at any time.
const LOOK: Duration = Duration::from_millis(20);

/// Homes that are kept at most: where everything fails, the first ones tell.
const KEPT_MAX: usize = 30;

/// What is texted at a time: few enough that a turn of all fits into a small segment.
const MIX: Mix = Mix { look_ups: 3, registrations: 1, bookings: 3, cancellations: 1, long: 2 };
/// How often, in each process.
const BATCHES: usize = 2;

/// Segments and checkpoints that come about on the way.
const SETTINGS: [(&str, &str); 2] =
    [("TONGDAI_SEGMENT_OCTETS", "32768"), ("TONGDAI_CHECKPOINT_WRITES", "25")];

/// Which process of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// The one that makes the store.
    First,
    /// The one that recovers and is asked to stop.
    Second,
}

/// One fault at one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) which: Which,
    pub(crate) number: u64,
    pub(crate) fault: Fault,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = if self.which == Which::First { 1 } else { 2 };
        write!(f, "{process}:{}:{}", self.number, self.fault)
    }
}

impl FromStr for Case {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [process, number, fault] = parts[..] else { bail!("`{text}` is no case: PROCESS:STEP:FAULT") };
        let which = match process {
            "1" => Which::First,
            "2" => Which::Second,
            _ => bail!("the script has the processes 1 and 2"),
        };
        let known = Fault::ALL.into_iter().find(|known| known.to_string() == fault);
        Ok(Self { which, number: number.parse()?, fault: known.context("eio, enospc, kill or tear")? })
    }
}

/// How the process with the fault fared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// This run had fewer steps.
    NotReached,
    /// It went on as if nothing had happened.
    WentOn,
    /// It ended by itself, with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Report {
    /// What failed, as `write journal-*`.
    pub(crate) place: String,
    pub(crate) end: End,
    /// Texts that came to a handset more than once.
    pub(crate) repeated: usize,
    pub(crate) findings: Vec<String>,
    /// Where its home was kept.
    pub(crate) home: Option<PathBuf>,
}

/// What all cases share.
pub(crate) struct Stage {
    pub(crate) shim: Shim,
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    /// Where homes are kept in which something is wrong, and how many are so far.
    pub(crate) keep: PathBuf,
    pub(crate) kept: AtomicUsize,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Held by whoever starts a process, and shared by those who have a store open: a child has all descriptors of its
    /// parent, locks included, until it runs its program.
    pub(crate) starting: RwLock<()>,
}

impl Stage {
    /// The steps of both processes in a run without faults.
    pub(crate) fn count(&self) -> Result<(Vec<Step>, Vec<Step>)> {
        let mut run = Run::begin(self)?;
        ensure!(run.first(None)?.is_none(), "the first process ended by itself: {}", run.log()?);
        let ended = run.second(None)?;
        ensure!(ended.is_some_and(|status| status.success()), "{ended:?}: {}", run.log()?);
        let findings = run.audit()?;
        ensure!(findings.is_empty(), "without any fault: {findings:?}");
        Ok((run.steps(Which::First)?, run.steps(Which::Second)?))
    }

    /// Runs a case. Its home is kept where something is wrong, and where `keep` asks for it.
    pub(crate) fn run(&self, case: &Case, keep: bool) -> Result<Report> {
        let mut run = Run::begin(self)?;
        let report = run.case(case);
        let is_good = report.as_ref().is_ok_and(|report| report.findings.is_empty());
        let home = if keep || !is_good { run.keep(case) } else { None };
        match (report, home) {
            (Ok(report), home) => Ok(Report { home, ..report }),
            (Err(error), Some(home)) => Err(error.context(format!("home: {}", home.display()))),
            (Err(error), None) => Err(error),
        }
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Killed(signal.unwrap_or(0)),
    }
}

/// A process ends as it says in docs/OPERATIONS.md, or not at all; it dies only where it was killed.
fn judge(fault: Fault, end: &End) -> Option<String> {
    let right = match end {
        End::NotReached => true,
        End::WentOn => !fault.kills(),
        End::Exited(code) => !fault.kills() && *code == 1,
        End::Killed(signal) => fault.kills() && *signal == 9,
    };
    (!right).then(|| format!("{fault} made it end as {end:?}"))
}

/// One run of the script.
struct Run<'a> {
    stage: &'a Stage,
    home: Home,
    simulator: Simulator,
    citizens: Citizens,
}

impl<'a> Run<'a> {
    fn begin(stage: &'a Stage) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tongdai-io-").tempdir_in(&stage.folder)?;
        let starting = stage.starting.write().unwrap_or_else(PoisonError::into_inner);
        let home = Home::in_folder(folder, &stage.program)?;
        drop(starting);
        let mut config = Config::default();
        // An operator waits longer; here nothing may wait for it.
        config.exchange.redelivery.first = Duration::from_millis(50);
        config.exchange.redelivery.longest = Duration::from_millis(500);
        let simulator = stage.runtime.block_on(Simulator::start(config))?;
        Ok(Self { stage, home, simulator, citizens: Citizens::default() })
    }

    /// Both processes with the fault of `case`, and what is wrong afterwards.
    fn case(&mut self, case: &Case) -> Result<Report> {
        let mut findings = Vec::new();
        let fault = |which| (which == case.which).then_some((case.fault, case.number));
        let mut ended = self.first(fault(Which::First))?;
        let second = self.second(fault(Which::Second))?;
        match case.which {
            Which::First if !second.is_some_and(|status| status.success()) => {
                findings.push(format!("the next start ended with {second:?}: {}", self.log()?));
            }
            Which::First => {}
            Which::Second => {
                ended = second.filter(|status| !status.success());
                self.recover()?;
            }
        }
        let failed = self.steps(case.which)?.into_iter().find(|step| step.failed);
        let end = match (&failed, ended) {
            (None, None) => End::NotReached,
            (None, Some(status)) => {
                findings.push(format!("ended without a fault: {status}"));
                End::NotReached
            }
            (Some(_), None) => End::WentOn,
            (Some(_), Some(status)) => end_of(status),
        };
        findings.extend(judge(case.fault, &end));
        findings.extend(self.audit()?);
        let repeated = self.citizens.repeated(&self.simulator);
        let place = failed.map_or_else(|| "none".to_owned(), |step| step.place());
        Ok(Report { place, end, repeated, findings, home: None })
    }

    /// Copies the home to where it stays; `None` where enough are kept, or where it can't be and that is said.
    fn keep(&self, case: &Case) -> Option<PathBuf> {
        if self.stage.kept.fetch_add(1, Ordering::Relaxed) >= KEPT_MAX {
            return None;
        }
        let home = self.stage.keep.join(case.to_string().replace(':', "-"));
        let copied = self.copy_home(&home);
        copied.inspect_err(|error| println!("the home of {case} is not kept: {error}")).ok()?;
        Some(home)
    }

    fn copy_home(&self, to: &Path) -> io::Result<()> {
        match fs::remove_dir_all(to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&self.stage.keep)?,
        }
        copy(self.home.path(), to)
    }

    /// The first process; how it ended where it did so by itself.
    fn first(&mut self, fault: Option<(Fault, u64)>) -> Result<Option<ExitStatus>> {
        let (mut daemon, ready) = self.start(Which::First, fault)?;
        if let Some(status) = ready {
            return Ok(Some(status));
        }
        let ended = self.play(&mut daemon)?;
        if ended.is_none() {
            daemon.kill()?;
        }
        Ok(ended)
    }

    /// The second process; how it ended.
    fn second(&mut self, fault: Option<(Fault, u64)>) -> Result<Option<ExitStatus>> {
        let (mut daemon, ready) = self.start(Which::Second, fault)?;
        if let Some(status) = ready {
            return Ok(Some(status));
        }
        if let Some(status) = self.play(&mut daemon)? {
            return Ok(Some(status));
        }
        daemon.terminate(PATIENCE).map(Some)
    }

    /// A process without faults, which makes good what the second left.
    fn recover(&mut self) -> Result<()> {
        let command = self.command();
        let mut daemon = self.start_process(command)?;
        match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(_) => {}
            Waited::Ended(status) => bail!("the next start ended with {status}: {}", daemon.log_text()?),
        }
        self.stage.runtime.block_on(self.citizens.wait_answers(&self.simulator, PATIENCE))?;
        let status = daemon.terminate(PATIENCE)?;
        ensure!(status.success(), "the process without faults ended with {status}: {}", self.log()?);
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = self.home.run(&[smsc("vn", "vn", self.simulator.smpp_address())]);
        command.envs(SETTINGS);
        command
    }

    fn start_process(&self, command: Command) -> Result<Daemon> {
        let _starting = self.stage.starting.write().unwrap_or_else(PoisonError::into_inner);
        Daemon::start(&self.home, command)
    }

    /// Starts a process of the script and waits until it is ready; how it ended where it did instead.
    fn start(&self, which: Which, fault: Option<(Fault, u64)>) -> Result<(Daemon, Option<ExitStatus>)> {
        let mut command = self.command();
        self.stage.shim.watch_and_report(&mut command, &self.home.data(), &self.report(which));
        if let Some((fault, number)) = fault {
            Shim::fail_at(&mut command, fault, number);
        }
        let mut daemon = self.start_process(command)?;
        let ended = match daemon.wait_ready(PATIENCE)? {
            Waited::Ready(_) => None,
            Waited::Ended(status) => Some(status),
        };
        Ok((daemon, ended))
    }

    /// Texts, batch by batch, until all is answered or the process has ended; then how.
    fn play(&mut self, daemon: &mut Daemon) -> Result<Option<ExitStatus>> {
        for _ in 0..BATCHES {
            self.citizens.send(&self.simulator, &MIX)?;
            let mut looks = PATIENCE.as_millis() / LOOK.as_millis();
            while !self.is_quiet() {
                if let Some(status) = daemon.wait(LOOK)? {
                    return Ok(Some(status));
                }
                looks -= 1;
                ensure!(looks > 0, "it neither ends nor answers: {:?}", self.simulator.stats());
            }
        }
        Ok(None)
    }

    /// Whether all is answered and every receipt taken.
    fn is_quiet(&self) -> bool {
        let stats = self.simulator.stats();
        stats.receipts == stats.receipts_acknowledged && self.citizens.are_answered(&self.simulator)
    }

    fn report(&self, which: Which) -> PathBuf {
        self.home.path().join(if which == Which::First { "steps-1" } else { "steps-2" })
    }

    fn steps(&self, which: Which) -> Result<Vec<Step>> {
        read_report(&self.report(which))
    }

    fn log(&self) -> Result<String> {
        Ok(last_lines(&fs::read_to_string(self.home.log())?))
    }

    /// What is wrong with the closed store and with what came to the handsets.
    fn audit(&self) -> Result<Vec<String>> {
        let _nobody_starts = self.stage.starting.read().unwrap_or_else(PoisonError::into_inner);
        let key = MasterKey::read(&self.home.key())?;
        let report = store::verify(&self.home.data(), &key)?;
        let mut findings: Vec<String> =
            report.faults.iter().map(|fault| format!("verify: {fault}")).collect();
        let settled = self.citizens.settled(&self.simulator);
        let missing = Citizens::missing(&settled, &self.home.data(), &key)?;
        findings.extend(missing.iter().map(|from| format!("acknowledged to {from} and not in the journal")));
        if settled.len() < self.citizens.len() {
            findings.push(format!("{} of {} are acknowledged", settled.len(), self.citizens.len()));
        }
        findings.extend(self.citizens.audit_closed(&self.simulator, &self.home.data(), &key)?);
        Ok(findings)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.simulator.stop();
    }
}

/// The end of a log, where the reason stands.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(3)..].join("\n")
}
