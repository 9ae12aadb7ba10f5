//! The kill sweep, `cargo xtask crash`: kill -9 at every point of a message's path and at random moments under load,
//! against real processes, and an audit of journal and ledger after each round.
//!
//! An interrupted sweep goes on where it was. A round that fails leaves its home and says how to play it again.
#![allow(clippy::print_stdout, reason = "a command for people answers on standard output")]

mod leg;
mod plan;
mod tally;

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;
use failpoints::Bug;
use tokio::time::Instant;

use crate::leg::Leg;
use crate::plan::{ROUNDS_OF_A_LEG, Round};
use crate::tally::Tally;
use harness::drill::Dice;

/// Kills a daemon at every point of its path, again and again, and audits what is left.
#[derive(Debug, Parser)]
struct Arguments {
    /// A tongdai that was built with `--features failpoints`.
    #[arg(long, value_name = "PATH")]
    tongdai: PathBuf,
    /// Rounds in all; each has some kills and an audit.
    #[arg(long, value_name = "N", default_value_t = 30)]
    rounds: u64,
    /// Where homes and the state of the sweep are kept.
    #[arg(long, value_name = "DIR", default_value = "target/crash")]
    folder: PathBuf,
    /// Everything random is a function of it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The first round, to play one again.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u64,
    /// Plant a bug in the daemons, by the name that `cargo xtask simulate` has for it: the sweep must find it.
    #[arg(long, value_name = "BUG", value_parser = bug)]
    plant: Option<Bug>,
    /// Begin anew where a sweep was interrupted.
    #[arg(long)]
    fresh: bool,
}

fn bug(name: &str) -> Result<Bug> {
    Bug::ALL.into_iter().find(|bug| bug.name() == name).context("no such bug")
}

/// The audit of a round has found so many things: the only end of a sweep that shows a bug.
#[derive(Debug)]
struct Found(usize);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} findings", self.0)
    }
}

impl std::error::Error for Found {}

/// The sweep, and where it stands.
struct Sweep {
    arguments: Arguments,
    tally: Tally,
    leg: Option<(u64, Leg)>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    fs::create_dir_all(&arguments.folder)?;
    let begun = Tally::new(arguments.seed, arguments.first);
    let kept = if arguments.fresh || arguments.plant.is_some() {
        None
    } else {
        Tally::read(&arguments.folder, arguments.seed)?
    };
    let mut sweep = Sweep { tally: kept.unwrap_or(begun), arguments, leg: None };
    let swept = sweep.run().await;
    match (sweep.arguments.plant, swept) {
        (Some(bug), Ok(())) => bail!("{} was not found", bug.name()),
        (Some(bug), Err(error)) if error.is::<Found>() => {
            println!("{} was found: {error:#}", bug.name());
            Ok(())
        }
        (_, swept) => swept,
    }
}

impl Sweep {
    async fn run(&mut self) -> Result<()> {
        let end = self.arguments.first + self.arguments.rounds;
        if self.tally.next > self.arguments.first {
            println!("going on with round {}", self.tally.next);
        }
        while self.tally.next < end {
            let number = self.tally.next;
            let leg = self.leg(number).await?;
            let place = number - leg;
            let round = plan::round(self.arguments.seed, number, place);
            self.round(number, &round).await?;
            if place + 1 == ROUNDS_OF_A_LEG {
                self.leg = None;
            }
        }
        // A point that a load happened not to get to is tried once more; a single round that is played again is
        // not meant to see them all.
        let missed = self.tally.missed();
        if self.arguments.rounds >= ROUNDS_OF_A_LEG && !missed.is_empty() {
            println!("once more: {missed:?}");
            let number = self.tally.next;
            self.leg(number).await?;
            self.round(number, &plan::leftovers(&missed)).await?;
        }
        println!("{}", self.tally);
        Tally::remove(&self.arguments.folder)?;
        match self.tally.missed() {
            missed if missed.is_empty() || self.arguments.rounds < ROUNDS_OF_A_LEG => Ok(()),
            missed => bail!("never reached: {missed:?}"),
        }
    }

    /// The first round of the present leg, begun where there is none.
    async fn leg(&mut self, number: u64) -> Result<u64> {
        if let Some((first, _)) = &self.leg {
            return Ok(*first);
        }
        let home = self.arguments.folder.join("home");
        let dice = Dice::of(!self.arguments.seed, number);
        let leg = Leg::begin(&home, &self.arguments.tongdai, dice, self.arguments.plant).await?;
        self.leg = Some((number, leg));
        Ok(number)
    }

    async fn round(&mut self, number: u64, round: &Round) -> Result<()> {
        let began = Instant::now();
        let Some((first, leg)) = &mut self.leg else { bail!("no leg") };
        let (first, kills) = (*first, self.tally.kills());
        let played = play(leg, round, &mut self.tally).await;
        let took = began.elapsed();
        if self.arguments.plant.is_some() {
            played?;
        } else if let Err(error) = played {
            let home = self.arguments.folder.join(format!("failed-{number}"));
            let _ = fs::remove_dir_all(&home);
            fs::rename(leg.home.path(), &home)?;
            Tally::remove(&self.arguments.folder).ok();
            let again = self.again(first, number);
            return Err(error.context(format!("round {number}; home: {}; again: {again}", home.display())));
        }
        self.tally.rounds += 1;
        self.tally.next = number + 1;
        self.tally.seconds += took.as_secs();
        self.tally.write(&self.arguments.folder)?;
        let kills = self.tally.kills() - kills;
        println!("round {number}: {kills} kills, {} s, sound", took.as_secs());
        Ok(())
    }

    /// How to play round `number` again, whose leg began with round `first`.
    fn again(&self, first: u64, number: u64) -> String {
        let Arguments { seed, first: begin, rounds, .. } = self.arguments;
        // The round of what was missed follows from all before it.
        let (first, rounds) =
            if number >= begin + rounds { (begin, rounds) } else { (first, number - first + 1) };
        format!("cargo xtask crash --fresh --seed {seed} --first {first} --rounds {rounds}")
    }
}

/// One round and its audit.
async fn play(leg: &mut Leg, round: &Round, tally: &mut Tally) -> Result<()> {
    leg.play(round, tally).await?;
    let (findings, resent) = leg.audit().context("the audit")?;
    tally.resent += resent.saturating_sub(leg.resent);
    leg.resent = resent;
    if findings.is_empty() {
        return Ok(());
    }
    for finding in &findings {
        println!("{finding}");
    }
    Err(Found(findings.len()).into())
}
