//! The only module that reads a clock: everything else is given its [`Now`].

use std::time::Instant;

use jiff::Timestamp;
use model::Now;

/// The clock of one simulator; its monotonic time starts at zero with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a load generator and a peer in real time: its time is the time on the wire"
)]
impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    pub(crate) fn now(self) -> Now {
        Now { wall: Timestamp::now(), monotonic: self.monotonic() }
    }

    /// Time since the start.
    pub(crate) fn monotonic(self) -> std::time::Duration {
        self.started.elapsed()
    }
}

impl Clock {
    /// The moment on tokio's clock at which our monotonic time will be `at`.
    pub(crate) fn instant(self, at: std::time::Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.started + at)
    }
}
