//! Deterministic simulation: the real engine, sessions, journal and store over a simulated clock, network and disk.
//! One seed is one run, and the same seed of the same commit is the same run. docs/SIMULATION.md tells what is real,
//! what is simulated, and what may fail.

mod bind;
mod dice;
mod end;
mod faults;
mod people;
mod process;
mod proof;
mod smsc;
mod tally;
mod texts;
mod trace;
mod wire;
mod world;

use std::sync::Arc;

use routing::Rules;

use crate::auditor::Finding;
pub use tally::Tally;
use world::World;

/// What one run came to.
#[derive(Debug)]
pub struct Run {
    /// The seed it came from.
    pub seed: u64,
    /// What is wrong; empty for a good run.
    pub findings: Vec<Finding>,
    /// Stands for everything that happened: two runs with one value went the same way.
    pub hash: u64,
    /// What happened how often.
    pub tally: Tally,
    /// The steps, where they were asked for.
    pub trace: Vec<String>,
}

/// Runs one seed; `keep_trace` remembers every step.
pub fn run(seed: u64, rules: &Arc<Rules>, keep_trace: bool) -> Run {
    let mut world = World::new(seed, Arc::clone(rules), keep_trace);
    world.live();
    let (findings, trace, tally) = world.into_parts();
    Run { seed, findings, hash: trace.hash(), tally, trace: trace.into_lines() }
}
