//! Time and randomness as arguments.

use std::time::Duration;

use jiff::Timestamp;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The moment of a turn: the wall clock for what citizens are told, the monotonic clock for timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall-clock time.
    pub wall: Timestamp,
    /// Time since an arbitrary moment before the process began; never goes back.
    pub monotonic: Duration,
}

/// The randomness of one decision: the turn's 32-octet seed and the event's place in the turn.
///
/// The same seed and ordinal give the same draws, so a decision stays a pure function.
#[derive(Clone, Copy)]
pub struct Seed {
    octets: [u8; 32],
    ordinal: u64,
}

impl Seed {
    /// The seed of the event at `ordinal` in a turn that was stamped with `octets`.
    pub fn new(octets: [u8; 32], ordinal: u64) -> Self {
        Self { octets, ordinal }
    }

    /// A generator that starts at the same place each time it is asked for.
    pub fn draw(&self) -> Draw {
        let mut rng = ChaCha12Rng::from_seed(self.octets);
        rng.set_stream(self.ordinal);
        Draw(rng)
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(***)")
    }
}

/// A deterministic generator over a [`Seed`].
pub struct Draw(ChaCha12Rng);

impl Draw {
    /// A uniform number below `bound`; `bound` is at least 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        let bound = u64::from(bound.max(1));
        // Rejection keeps the draw uniform: the last, incomplete run of `bound` values is thrown away.
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let value = self.0.next_u64();
            if value < limit {
                return u32::try_from(value % bound).unwrap_or(0);
            }
        }
    }

    /// A code of `digits` decimal digits (1 to 9), each value equally likely, leading zeros kept.
    pub fn code(&mut self, digits: u32) -> String {
        let digits = digits.clamp(1, 9);
        format!("{:0width$}", self.below(10_u32.pow(digits)), width = digits as usize)
    }
}

impl std::fmt::Debug for Draw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draw(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_ordinal_differs() {
        let code = |ordinal| Seed::new([7; 32], ordinal).draw().code(6);
        assert_eq!(code(1), code(1));
        assert_ne!(code(1), code(2));
        assert_eq!(code(3).len(), 6);
    }
}
