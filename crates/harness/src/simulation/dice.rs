//! All chance of a run.

use std::time::Duration;

use crate::splitmix64;

/// A small generator.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Self(seed ^ 0x5EED_0F70_06DA_1A11);
        dice.roll();
        dice
    }

    /// Another generator; what it gives says nothing of this one's next values.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.roll() ^ 0xD1CE)
    }

    pub(super) fn roll(&mut self) -> u64 {
        splitmix64(&mut self.0)
    }

    /// From 0 to below `bound`; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// A place in a list of this length.
    pub(super) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// So many times in a hundred.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// Milliseconds from `from` to `to`.
    pub(super) fn ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }

    /// Seconds from `from` to `to`, to the millisecond.
    pub(super) fn seconds(&mut self, from: u64, to: u64) -> Duration {
        self.ms(1_000 * from, 1_000 * to)
    }

    pub(super) fn octets(&mut self) -> [u8; 32] {
        let mut octets = [0; 32];
        octets.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.roll().to_le_bytes()));
        octets
    }
}
