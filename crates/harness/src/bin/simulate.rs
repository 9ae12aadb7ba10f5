//! Runs the simulation: many seeds, one seed again, or with a bug that must be caught. docs/SIMULATION.md.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people answers on standard output"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use harness::simulation::{Run, Tally, run};
use routing::Rules;

/// Runs the simulation: the real engine, sessions and store over a simulated clock, network and disk.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Print every step of it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Threads; as many as there are cores where nothing is said.
    #[arg(long)]
    threads: Option<usize>,
    /// Go on after a seed that failed.
    #[arg(long)]
    keep_going: bool,
    /// Plant a bug of this name; it must be caught.
    #[cfg(feature = "failpoints")]
    #[arg(long, conflicts_with = "seed")]
    bug: Option<String>,
    /// Plant each bug in turn; fails unless each is caught within its number of seeds.
    #[cfg(feature = "failpoints")]
    #[arg(long)]
    bugs: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rules = Arc::new(Rules::builtin());
    #[cfg(feature = "failpoints")]
    if arguments.bugs || arguments.bug.is_some() {
        return bugs::hunt(&arguments, &rules);
    }
    match arguments.seed {
        Some(seed) => replay(seed, &rules, arguments.trace),
        None => campaign(&arguments, &rules),
    }
}

/// One seed again, with its steps where asked for.
fn replay(seed: u64, rules: &Arc<Rules>, trace: bool) -> ExitCode {
    let run = run(seed, rules, trace);
    run.trace.iter().for_each(|line| println!("{line}"));
    println!("seed {seed}: {:.0} s, trace {:016x}", run.tally.time.as_secs_f64(), run.hash);
    verdict(&run)
}

fn verdict(run: &Run) -> ExitCode {
    run.findings.iter().for_each(|finding| println!("  {finding}"));
    if run.findings.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("FAILED: seed {0}; again with: cargo xtask simulate --seed {0} --trace", run.seed);
    ExitCode::FAILURE
}

/// Many seeds on all cores. Progress goes to standard error, the outcome to standard output.
fn campaign(arguments: &Arguments, rules: &Arc<Rules>) -> ExitCode {
    let mut tally = Tally::default();
    let (mut done, mut failed) = (0, Vec::new());
    let last_said = Mutex::new(0);
    each_seed(arguments.from, arguments.seeds, arguments.threads, rules, |run| {
        tally.add(&run.tally);
        done += 1;
        if !run.findings.is_empty() {
            verdict(&run);
            failed.push(run.seed);
        }
        say_progress(done, arguments.seeds, &tally, &last_said);
        failed.is_empty() || arguments.keep_going
    });
    println!("{done} seeds, {:.1} simulated hours, {} failed", hours(&tally), failed.len());
    tally.counts().for_each(|(what, count)| println!("{count:>12} {what}"));
    failed.iter().for_each(|seed| println!("FAILED: seed {seed}"));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn hours(tally: &Tally) -> f64 {
    tally.time.as_secs_f64() / 3_600.0
}

/// A line for each fiftieth part.
fn say_progress(done: u64, all: u64, tally: &Tally, last_said: &Mutex<u64>) {
    let mut last_said = last_said.lock().unwrap_or_else(PoisonError::into_inner);
    let share = done * 50 / all.max(1);
    if share > *last_said {
        *last_said = share;
        eprintln!("{done} of {all} seeds, {:.1} simulated hours", hours(tally));
    }
}

/// Runs the seeds on threads and hands each outcome to `take`, until that says to stop.
fn each_seed(
    from: u64,
    seeds: u64,
    threads: Option<usize>,
    rules: &Arc<Rules>,
    mut take: impl FnMut(Run) -> bool,
) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = threads.unwrap_or(cores);
    let (next, stop) = (AtomicU64::new(from), AtomicBool::new(false));
    let end = from.saturating_add(seeds);
    let (sender, receiver): (Sender<Run>, Receiver<Run>) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(run(seed, rules, false)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        while let Ok(run) = receiver.recv() {
            if !take(run) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}

/// Deliberate bugs: the proof that the simulation bites.
#[cfg(feature = "failpoints")]
mod bugs {
    use std::process::ExitCode;
    use std::sync::Arc;

    use failpoints::{Bug, plant};
    use routing::Rules;

    use super::{Arguments, each_seed};

    /// Plants one bug or all in turn, and fails unless each is caught within its number of seeds.
    pub(super) fn hunt(arguments: &Arguments, rules: &Arc<Rules>) -> ExitCode {
        let asked = |bug: &Bug| arguments.bug.as_ref().is_none_or(|name| name == bug.name());
        let bugs: Vec<Bug> = Bug::ALL.into_iter().filter(asked).collect();
        if bugs.is_empty() {
            let known: Vec<&str> = Bug::ALL.iter().map(|bug| bug.name()).collect();
            println!("no such bug; there is {}", known.join(", "));
            return ExitCode::FAILURE;
        }
        println!("{:<28} {:>6} {:>9}  finding", "bug", "within", "caught by");
        let mut missed = 0;
        for bug in bugs {
            plant(Some(bug));
            let caught = first_finding(bug.within(), arguments, rules);
            plant(None);
            match caught {
                Some((seed, finding)) => {
                    println!("{:<28} {:>6} {seed:>9}  {finding}", bug.name(), bug.within())
                }
                None => {
                    missed += 1;
                    println!("{:<28} {:>6}    MISSED", bug.name(), bug.within());
                }
            }
        }
        if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The lowest seed of those that ran which found something, and what.
    fn first_finding(within: u64, arguments: &Arguments, rules: &Arc<Rules>) -> Option<(u64, String)> {
        let mut found: Option<(u64, String)> = None;
        each_seed(0, within, arguments.threads, rules, |run| {
            let lower = found.as_ref().is_none_or(|(seed, _)| run.seed < *seed);
            if let Some(finding) = run.findings.first().filter(|_| lower) {
                found = Some((run.seed, finding.to_string()));
            }
            found.is_none()
        });
        found
    }
}
