//! Whether the wall clock can be believed: rotations and deletions wait where it can't.

use jiff::{SignedDuration, Timestamp};
use model::Now;

/// The wall clock and the monotonic clock may part by this much.
const DRIFT_MAX: SignedDuration = SignedDuration::from_hours(1);
/// The last turn of an earlier run may lie this far back.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A clock that is slewed parts by half a millisecond a second; by more than this between two turns it was set.
const STEP_MIN: SignedDuration = SignedDuration::from_secs(1);

/// Compares the wall clock with the monotonic one and with the journal.
#[derive(Debug)]
pub(crate) struct Clock {
    reference: Now,
    /// By how much the clocks had parted at the last look.
    drift: SignedDuration,
    trusted: bool,
}

impl Clock {
    pub(crate) fn start(now: Now, last_turn_at: Option<Timestamp>) -> Self {
        let pause = last_turn_at.map_or(SignedDuration::ZERO, |last| now.wall.duration_since(last));
        // A second of tolerance: a restart may follow its last turn closely while the clock is being slewed.
        let trusted = pause >= SignedDuration::from_secs(-1) && pause <= PAUSE_MAX;
        if !trusted {
            tracing::error!(
                pause_s = pause.as_secs(),
                "the clock is doubtful: timers are held until a start with --clock-confirmed"
            );
        }
        Self { reference: now, drift: SignedDuration::ZERO, trusted }
    }

    /// Looks at the clocks, and says whether the wall clock was set since the last look.
    pub(crate) fn check(&mut self, now: Now) -> bool {
        let wall = now.wall.duration_since(self.reference.wall);
        let monotonic = now.monotonic.saturating_sub(self.reference.monotonic);
        let drift = wall - SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        if self.trusted && drift.abs() > DRIFT_MAX {
            self.trusted = false;
            tracing::error!(
                drift_s = drift.as_secs(),
                "the clock jumped: timers are held until a start finds it right"
            );
        }
        let step = drift - std::mem::replace(&mut self.drift, drift);
        step.abs() > STEP_MIN
    }

    pub(crate) fn confirm(&mut self, now: Now) {
        *self = Self { reference: now, drift: SignedDuration::ZERO, trusted: true };
    }

    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now(wall: i64, monotonic: u64) -> Now {
        let wall = Timestamp::from_second(1_785_000_000 + wall).unwrap();
        Now { wall, monotonic: Duration::from_secs(monotonic) }
    }

    #[test]
    fn a_jump_of_the_wall_clock_is_not_believed_until_confirmed() {
        let mut clock = Clock::start(now(0, 0), None);
        clock.check(now(3599, 0));
        assert!(clock.is_trusted());
        clock.check(now(3601, 0));
        assert!(!clock.is_trusted());
        clock.confirm(now(3601, 0));
        clock.check(now(3700, 100));
        assert!(clock.is_trusted());
    }

    #[test]
    fn a_step_is_told_once_and_slewing_is_none() {
        let mut clock = Clock::start(now(0, 0), None);
        let looks = [(100, 100), (163, 101), (164, 102), (3764, 3702), (3600, 3703), (3601, 3704)];
        let stepped: Vec<bool> =
            looks.into_iter().map(|(wall, monotonic)| clock.check(now(wall, monotonic))).collect();
        assert_eq!(stepped, [false, true, false, false, true, false]);
    }

    #[test]
    fn a_last_turn_in_the_future_or_long_ago_is_doubtful() {
        let last = |second| Some(now(second, 0).wall);
        assert!(Clock::start(now(0, 0), last(-60)).is_trusted());
        assert!(!Clock::start(now(0, 0), last(60)).is_trusted());
        assert!(!Clock::start(now(0, 0), last(-31 * 24 * 3600)).is_trusted());
    }
}
