//! Load: many messages, as fast as the binds take them or at a steady rate.

use std::time::Duration;

use crate::{
    exchange::SendError,
    message::Message,
    simulator::Simulator,
    stats::{Latencies, Stats},
};

/// Messages entered under one lock.
const CHUNK: usize = 256;
/// Deliveries kept waiting, so that no window runs dry between two chunks and the closed loop stays short.
const WAITING_MAX: usize = 1_024;
/// How often a steady rate enters what has become due, as finely as tokio's timers go. Latencies count from when a
/// message was due and not from when it was entered, so up to this much of each is ours.
const TICK: Duration = Duration::from_millis(1);
/// How long a peer may stand still before the load is broken off.
const STALL_MAX: Duration = Duration::from_secs(120);

/// How fast messages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the windows of the binds allow.
    Flat,
    /// So many a second whatever happens (an open loop): a message that has to wait counts its waiting.
    PerSecond(u32),
}

/// What a load came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadReport {
    /// Messages entered.
    pub messages: u64,
    /// Of these, acknowledged when the load ended.
    pub acknowledged: u64,
    /// Whole replies that came.
    pub replies: u64,
    /// From the first message to the end of the wait.
    pub elapsed: Duration,
    /// The times, of this load alone.
    pub latencies: Latencies,
}

/// A load that was broken off. Returned by [`Simulator::send_many`]; see the statistics for how far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A message was not taken.
    #[error("message {index} was not taken: {source}")]
    Send {
        /// Which one, from 0.
        index: u64,
        /// Why.
        source: SendError,
    },
    /// Nothing moved for two minutes.
    #[error("no bind took anything for {} s", STALL_MAX.as_secs())]
    Stalled,
}

impl Simulator {
    /// Sends all messages and waits, `patience` at most, until each is settled and (with `replies`) has had so many
    /// replies come as there are messages. One load at a time; latencies are counted anew.
    pub async fn send_many(
        &self,
        messages: impl IntoIterator<Item = Message>,
        pace: Pace,
        replies: bool,
        patience: Duration,
    ) -> Result<LoadReport, LoadError> {
        let clock = self.shared.clock;
        let before = self.begin();
        let began = clock.now().monotonic;
        let mut messages = messages.into_iter().peekable();
        let mut entered = 0;
        while messages.peek().is_some() {
            let now = clock.now().monotonic;
            let due = match pace {
                Pace::Flat => u64::MAX,
                Pace::PerSecond(rate) => due_by(now.saturating_sub(began), rate),
            };
            entered = self.enter(&mut messages, entered, due, |index| match pace {
                Pace::Flat => now,
                Pace::PerSecond(rate) => began + due_at(index, rate),
            })?;
            match pace {
                Pace::Flat => self.wait_room().await?,
                Pace::PerSecond(_) => tokio::time::sleep(TICK).await,
            }
        }
        let done = |stats: &Stats| {
            let since = difference(stats, &before);
            since.settled >= entered && (!replies || since.replies >= entered)
        };
        self.wait_until(patience, done).await;
        let since = difference(&self.stats(), &before);
        Ok(LoadReport {
            messages: entered,
            acknowledged: since.acknowledged,
            replies: since.replies,
            elapsed: clock.now().monotonic.saturating_sub(began),
            latencies: self.latencies(),
        })
    }

    fn begin(&self) -> Stats {
        let mut exchange = self.shared.exchange();
        exchange.timers = Default::default();
        exchange.stats
    }

    /// Enters a chunk of messages, of which so many in all are due; returns how many are entered now.
    fn enter(
        &self,
        messages: &mut impl Iterator<Item = Message>,
        entered: u64,
        due: u64,
        due_at: impl Fn(u64) -> Duration,
    ) -> Result<u64, LoadError> {
        let mut index = entered;
        {
            let mut exchange = self.shared.exchange();
            let wanted = usize::try_from(due.saturating_sub(entered)).unwrap_or(CHUNK).min(CHUNK);
            for message in messages.by_ref().take(wanted) {
                exchange.send(&message, due_at(index)).map_err(|source| LoadError::Send { index, source })?;
                index += 1;
            }
            exchange.dispatch(self.shared.clock.now().monotonic);
        }
        self.shared.changed();
        Ok(index)
    }

    async fn wait_room(&self) -> Result<(), LoadError> {
        self.shared
            .wait(STALL_MAX, |exchange| (exchange.waiting() < WAITING_MAX).then_some(()))
            .await
            .ok_or(LoadError::Stalled)
    }
}

struct Since {
    settled: u64,
    acknowledged: u64,
    replies: u64,
}

fn difference(now: &Stats, before: &Stats) -> Since {
    let settled = |stats: &Stats| stats.acknowledged + stats.refused + stats.given_up;
    Since {
        settled: settled(now) - settled(before),
        acknowledged: now.acknowledged - before.acknowledged,
        replies: now.replies - before.replies,
    }
}

/// When the message of this index is due, after the beginning.
fn due_at(index: u64, rate: u32) -> Duration {
    let nanoseconds = u128::from(index) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// How many messages are due so long after the beginning.
fn due_by(elapsed: Duration, rate: u32) -> u64 {
    u64::try_from(elapsed.as_nanos() * u128::from(rate) / 1_000_000_000 + 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_due_evenly() {
        assert_eq!(due_at(0, 1_000), Duration::ZERO);
        assert_eq!(due_at(1_500, 1_000), Duration::from_millis(1_500));
        assert_eq!(due_by(Duration::ZERO, 1_000), 1);
        assert_eq!(due_by(Duration::from_millis(1_500), 1_000), 1_501);
        for index in [0, 1, 7, 999, 123_456] {
            assert!(due_by(due_at(index, 777) + Duration::from_micros(1), 777) > index, "{index}");
        }
    }
}
