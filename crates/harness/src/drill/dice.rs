//! Numbers of a seed.

use crate::splitmix64;

/// Numbers that are the same on every machine.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one round of a sweep.
    pub fn of(seed: u64, round: u64) -> Self {
        let mut dice = Self(seed);
        let start = dice.next() ^ round;
        Self(start)
    }

    fn next(&mut self) -> u64 {
        splitmix64(&mut self.0)
    }

    /// A number from 0 to `below` - 1; 0 where that is none.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next() % below.max(1)
    }

    /// A number from 1 to `most`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        1 + self.below(most)
    }
}
