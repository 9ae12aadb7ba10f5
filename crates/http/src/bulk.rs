//! What files have in common on their way in and out: one at a time, no faster than citizens' messages beside it bear.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::problem::Problem;

/// Lets one file pass at a time: memory for one, and the disk's patience for one.
#[derive(Debug, Clone)]
pub struct OneAtATime(Arc<Semaphore>);

impl Default for OneAtATime {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl OneAtATime {
    /// Others are turned away until what this returns is dropped.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| Problem::busy("another file is under way"))
    }
}

/// Lets so many rows pass in a second.
pub(crate) struct Pace {
    rows_per_s: u32,
    next: Instant,
}

impl Pace {
    pub(crate) fn of(rows_per_s: u32) -> Self {
        Self { rows_per_s, next: Instant::now() }
    }

    /// Waits until as much time has passed as `rows`, which have just passed, may take. What they took longer is not
    /// made up for.
    pub(crate) async fn keep(&mut self, rows: usize) {
        let cost = Duration::from_secs(rows as u64) / self.rows_per_s;
        self.next = Instant::now().max(self.next + cost);
        tokio::time::sleep_until(self.next).await;
    }
}
