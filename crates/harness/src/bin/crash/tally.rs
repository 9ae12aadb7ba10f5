//! What a sweep has done so far, kept in its folder so that it goes on where it was interrupted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use failpoints::Point;
use serde::{Deserialize, Serialize};

/// The books of a sweep.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) seed: u64,
    /// The round that comes next.
    pub(crate) next: u64,
    /// Rounds that were audited and found right.
    pub(crate) rounds: u64,
    points: BTreeMap<String, Tries>,
    /// Kills at random moments.
    pub(crate) moments: u64,
    /// Kills while it was stopping.
    pub(crate) stopping: u64,
    /// It had stopped in good order before the kill came.
    pub(crate) stopped_first: u64,
    /// Stops in the middle of a load.
    pub(crate) stops_under_load: u64,
    /// Panics over a text.
    pub(crate) panics: u64,
    pub(crate) messages: u64,
    pub(crate) submits: u64,
    pub(crate) redelivered: u64,
    /// Submits beyond the first of their text.
    pub(crate) resent: u64,
    pub(crate) commands: u64,
    pub(crate) seconds: u64,
}

/// How a point fared.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Tries {
    tried: u64,
    hit: u64,
}

impl Tally {
    /// Empty books of a sweep that begins with round `first`.
    pub(crate) fn new(seed: u64, first: u64) -> Self {
        Self { seed, next: first, ..Self::default() }
    }

    /// The books in `folder`, where there are any of this seed.
    pub(crate) fn read(folder: &Path, seed: u64) -> Result<Option<Self>> {
        let path = path(folder);
        if !path.exists() {
            return Ok(None);
        }
        let tally: Self = serde_json::from_slice(&fs::read(&path)?)
            .with_context(|| format!("{}: no tally; begin anew with --fresh", path.display()))?;
        Ok((tally.seed == seed).then_some(tally))
    }

    /// Writes the books.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let new = folder.join("tally.new");
        fs::write(&new, serde_json::to_vec_pretty(self)?)?;
        Ok(fs::rename(new, path(folder))?)
    }

    /// Forgets the books of a sweep that is complete.
    pub(crate) fn remove(folder: &Path) -> Result<()> {
        Ok(fs::remove_file(path(folder))?)
    }

    /// Notes a try at a point.
    pub(crate) fn note(&mut self, point: Point, hit: bool) {
        let tries = self.points.entry(point.name().to_owned()).or_default();
        tries.tried += 1;
        tries.hit += u64::from(hit);
    }

    /// Points that nothing has hit.
    pub(crate) fn missed(&self) -> Vec<Point> {
        let hit = |point: &Point| self.points.get(point.name()).is_some_and(|tries| tries.hit > 0);
        Point::ALL.into_iter().filter(|point| !hit(point)).collect()
    }

    /// Kills that happened.
    pub(crate) fn kills(&self) -> u64 {
        self.moments + self.stopping + self.points.values().map(|tries| tries.hit).sum::<u64>()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for point in Point::ALL {
            let Tries { tried, hit } = self.points.get(point.name()).copied().unwrap_or_default();
            writeln!(f, "  {:<24} hit {hit:>4} of {tried:>4}", point.name())?;
        }
        let Self { moments, stopping, stopped_first, stops_under_load, panics, .. } = self;
        writeln!(
            f,
            "  random moments {moments}; while stopping {stopping}, and {stopped_first} had stopped before"
        )?;
        writeln!(f, "  stops in good order under load {stops_under_load}; panics survived {panics}")?;
        let Self { rounds, messages, submits, redelivered, resent, commands, seconds, .. } = self;
        writeln!(
            f,
            "  {rounds} rounds, {} kills, {messages} messages, {commands} commands, {seconds} s",
            self.kills()
        )?;
        write!(f, "  {submits} submit_sm ({resent} of them again), {redelivered} redeliveries")
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("tally.json")
}
