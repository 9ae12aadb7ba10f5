//! The only place in this crate that reads a clock.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The monotonic clock of a link, as time since its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    pub(crate) fn now(self) -> Duration {
        self.started.elapsed()
    }

    /// Sleeps until then; for ever where there is no deadline.
    pub(crate) async fn sleep_until(self, deadline: Option<Duration>) {
        match deadline.and_then(|deadline| self.started.checked_add(deadline)) {
            Some(instant) => tokio::time::sleep_until(instant).await,
            None => std::future::pending().await,
        }
    }
}

/// Unix time in seconds, for a gauge only.
#[allow(clippy::disallowed_methods, reason = "a metric shows the wall clock; nothing is decided by it")]
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
