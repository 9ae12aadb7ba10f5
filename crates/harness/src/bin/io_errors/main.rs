//! Fails each write, sync, open, rename, reservation and removal of a scripted run of the real daemon, one at a time,
//! with EIO, with ENOSPC and with SIGKILL, and holds SMSC, handsets and store to account afterwards.
//!
//! The script: a first process makes the store, answers half of the messages and is killed; a second one recovers,
//! answers the rest and is asked to stop. Segments and checkpoints are so small that both happen on the way. The fault
//! falls into one of the two; after it a process without faults must make all good.
#![allow(clippy::print_stdout, reason = "a drill for people answers on standard output")]

mod case;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;

use anyhow::{Result, ensure};
use clap::Parser;
use harness::faulty::{Fault, Shim};
use harness::process::{beside, memory};

use crate::case::{Case, End, Stage, Which};
use crate::tally::Tally;

/// Fail every disk operation of a scripted run, one at a time.
#[derive(Parser)]
struct Arguments {
    /// Run so many cases, spread evenly over all [default: all].
    #[arg(long, value_name = "M")]
    sample: Option<usize>,
    /// Run this one only, as 1:37:eio (process, step, fault), and keep its home in any case.
    #[arg(long, value_name = "CASE", conflicts_with = "sample")]
    only: Option<Case>,
    /// Cases at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The daemon, built with the feature `failpoints` [default: `tongdai` beside this program].
    #[arg(long, value_name = "FILE")]
    tongdai: Option<PathBuf>,
    /// Where the homes of the runs are made [default: /dev/shm where there is one].
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Where homes are kept in which something is wrong.
    #[arg(long, value_name = "DIR", default_value = "target/io-errors")]
    keep: PathBuf,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stage = Stage {
        shim: Shim::build()?,
        program: arguments.tongdai.map_or_else(beside, Ok)?,
        folder: arguments.folder.unwrap_or_else(memory),
        keep: arguments.keep,
        kept: AtomicUsize::new(0),
        runtime: runtime.handle().clone(),
        starting: RwLock::new(()),
    };
    if let Some(case) = arguments.only {
        return only(&stage, &case);
    }
    let cases = sample(all_cases(&stage)?, arguments.sample);
    let tally = run_all(&stage, &cases, arguments.jobs);
    println!("{tally}");
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn only(stage: &Stage, case: &Case) -> Result<ExitCode> {
    let report = stage.run(case, true)?;
    println!("{case}: {report:#?}");
    ensure!(report.end != End::NotReached, "{case} was not reached, so nothing was tried");
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Counts the steps of both processes, and makes a case of each with each fault that fits. Threads race, so some runs
/// have a few steps more than others: the fewest of some runs are those that nearly all will reach.
fn all_cases(stage: &Stage) -> Result<Vec<Case>> {
    const RUNS: usize = 3;
    let mut counted = (0..RUNS).map(|_| stage.count()).collect::<Result<Vec<_>>>()?.into_iter();
    let (mut first, mut second) = counted.next().unwrap_or_default();
    for (again_first, again_second) in counted {
        first = if again_first.len() < first.len() { again_first } else { first };
        second = if again_second.len() < second.len() { again_second } else { second };
    }
    let mut kinds = std::collections::BTreeMap::new();
    for step in first.iter().chain(&second) {
        *kinds.entry(step.kind.as_str()).or_insert(0) += 1;
    }
    println!("{} + {} steps: {kinds:?}", first.len(), second.len());
    let mut cases = Vec::new();
    for (which, steps) in [(Which::First, &first), (Which::Second, &second)] {
        for step in steps {
            let faults = Fault::ALL.into_iter().filter(|fault| fault.fits(&step.kind));
            cases.extend(faults.map(|fault| Case { which, number: step.number, fault }));
        }
    }
    println!("{} cases", cases.len());
    Ok(cases)
}

/// `count` of the cases, spread evenly.
fn sample(cases: Vec<Case>, count: Option<usize>) -> Vec<Case> {
    let all = cases.len();
    let Some(count) = count.filter(|count| (1..all).contains(count)) else { return cases };
    (0..count).map(|index| cases[(index * all + all / 2) / count]).collect()
}

fn run_all(stage: &Stage, cases: &[Case], jobs: usize) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = stage.run(case, false);
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    tally.add(case, report);
                    if tally.runs().is_multiple_of(50) {
                        println!("{} of {} cases, {} findings", tally.runs(), cases.len(), tally.findings());
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
