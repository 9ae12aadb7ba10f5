//! What the tasks of one simulator share.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};

use crate::{clock::Clock, config::Config, exchange::Exchange};

/// How long the timer task sleeps when nothing is due: an upper bound only.
const IDLE: Duration = Duration::from_secs(60);

/// The exchange behind its lock, which is held for one wake-up of one link at most and never across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    exchange: Mutex<Exchange>,
    news: Notify,
    planned: Notify,
    stop: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let exchange = Exchange::new(config.exchange.clone(), config.faults.clone());
        Self {
            config,
            clock: Clock::start(),
            exchange: Mutex::new(exchange),
            news: Notify::new(),
            planned: Notify::new(),
            stop: watch::Sender::new(false),
        }
    }

    /// A task that panicked left the books as they were after its last whole statement; they are still the best
    /// that there is.
    pub(crate) fn exchange(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that something has happened.
    pub(crate) fn changed(&self) {
        let planned = self.exchange().take_planned();
        self.announce(planned);
    }

    /// [`Self::changed`] where it is known already whether the next deadline has come nearer.
    pub(crate) fn announce(&self, planned: bool) {
        if planned {
            self.planned.notify_one();
        }
        self.news.notify_waiters();
    }

    /// Looks again and again, whenever something has happened, until `look` finds something or time runs out.
    pub(crate) async fn wait<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&Exchange) -> Option<T>,
    ) -> Option<T> {
        let deadline = self.clock.instant(self.clock.now().monotonic.saturating_add(timeout));
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // Registered before looking, so that nothing that happens in between is missed.
            news.as_mut().enable();
            if let Some(found) = look(&self.exchange()) {
                return Some(found);
            }
            tokio::time::timeout_at(deadline, news).await.ok()?;
        }
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Does what is due at its time: redeliveries, late responses, late receipts.
    pub(crate) async fn run_timers(&self) {
        let mut stop = self.stopping();
        while !*stop.borrow_and_update() {
            let now = self.clock.now().monotonic;
            let deadline = self.exchange().next_deadline().map_or(now + IDLE, |at| at.min(now + IDLE));
            tokio::select! {
                () = tokio::time::sleep_until(self.clock.instant(deadline)) => {}
                () = self.planned.notified() => continue,
                _ = stop.changed() => return,
            }
            self.exchange().timeout(self.clock.now().monotonic);
            self.news.notify_waiters();
        }
    }
}
