//! Pauses with full jitter: drawn evenly from zero to a bound that doubles.

use std::time::Duration;

/// A small generator (splitmix64) for jitter; nothing secret hangs on it.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Evenly from `[0, bound]`, to the microsecond.
    pub(crate) fn up_to(&mut self, bound: Duration) -> Duration {
        let steps = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        Duration::from_micros(self.next() % steps)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// `first`, doubled for each failure before this one, at most `longest`.
pub(crate) fn bound([first, longest]: [Duration; 2], failures_before: u32) -> Duration {
    let factor = 2_u32.checked_pow(failures_before).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_longest() {
        let seconds = [Duration::from_secs(1), Duration::from_secs(60)];
        let bounds: Vec<u64> =
            [0, 1, 2, 5, 6, 31, 32, u32::MAX].into_iter().map(|n| bound(seconds, n).as_secs()).collect();
        assert_eq!(bounds, [1, 2, 4, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn jitter_fills_its_range_and_follows_its_seed() {
        let mut jitter = Jitter::new(7);
        let drawn: Vec<Duration> = (0..1_000).map(|_| jitter.up_to(Duration::from_secs(60))).collect();
        assert!(drawn.iter().all(|pause| *pause <= Duration::from_secs(60)));
        assert!(drawn.iter().any(|pause| *pause < Duration::from_secs(3)));
        assert!(drawn.iter().any(|pause| *pause > Duration::from_secs(57)));
        assert_eq!(Jitter::new(7).up_to(Duration::from_secs(60)), *drawn.first().expect("1,000 of them"));
        assert_eq!(jitter.up_to(Duration::ZERO), Duration::ZERO);
    }
}
