//! The only place of this binary that reads a clock.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use model::Now;

/// Wall clock and monotonic clock. The demo's wall clock is set to the day of its stories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    ahead: SignedDuration,
}

impl Clock {
    /// The machine's clock.
    pub(crate) fn real() -> Self {
        Self { origin: origin(), ahead: SignedDuration::ZERO }
    }

    /// A clock that shows `start` now and then runs as the machine's does.
    pub(crate) fn set_to(start: Timestamp) -> Self {
        Self { origin: origin(), ahead: start.duration_since(wall()) }
    }

    /// The moment of a turn.
    pub(crate) fn now(&self) -> Now {
        let wall = wall();
        // A clock that is set to within jiff's range of 20,000 years stays inside it.
        Now { wall: wall.checked_add(self.ahead).unwrap_or(wall), monotonic: self.origin.elapsed() }
    }
}

#[allow(clippy::disallowed_methods, reason = "the binary stamps each turn; nothing below it reads a clock")]
fn wall() -> Timestamp {
    Timestamp::now()
}

#[allow(clippy::disallowed_methods, reason = "the binary stamps each turn; nothing below it reads a clock")]
fn origin() -> Instant {
    Instant::now()
}

/// How long the daemon works on at what it holds after it was asked to stop: unbind handshakes and the last
/// turn; below the 45 s after which systemd kills.
pub(crate) const DRAIN: Duration = Duration::from_secs(30);
