//! The loop guard: two robots that answer each other fall silent.

use std::collections::VecDeque;
use std::time::Duration;

use model::Msisdn;
use rustc_hash::FxHashMap;

/// The span over which the messages of one sender are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Senders remembered: those of one minute at full load. More than that and the guard forgets all and begins anew,
/// which lets a loop through for one more minute and costs no memory.
const SENDERS_MAX: usize = 200_000;

/// When each sender wrote, within the last minute.
#[derive(Default)]
pub(crate) struct LoopGuard {
    senders: FxHashMap<Msisdn, VecDeque<Duration>>,
    swept_at: Duration,
}

impl LoopGuard {
    /// Counts a message; whether it may be answered: at most `limit` of one sender within any minute. What is not
    /// answered counts as well, so that a loop stays broken until it rests.
    pub(crate) fn admit(&mut self, sender: &Msisdn, limit: u32, now: Duration) -> bool {
        self.sweep(now);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let times = match self.senders.get_mut(sender) {
            Some(times) => times,
            None => self.senders.entry(sender.clone()).or_default(),
        };
        let recent = times.iter().filter(|at| now.saturating_sub(**at) < WINDOW).count();
        if times.len() >= limit.max(1) {
            times.pop_front();
        }
        times.push_back(now);
        recent < limit
    }

    fn sweep(&mut self, now: Duration) {
        if now.saturating_sub(self.swept_at) < WINDOW && self.senders.len() < SENDERS_MAX {
            return;
        }
        self.swept_at = now;
        self.senders.retain(|_, times| times.back().is_some_and(|at| now.saturating_sub(*at) < WINDOW));
        if self.senders.len() >= SENDERS_MAX {
            self.senders.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_message_of_a_minute_is_silent_until_the_sender_rests() {
        let mut guard = LoopGuard::default();
        let sender = Msisdn::new("84905123456").unwrap();
        let other = Msisdn::new("84905123457").unwrap();
        for second in 0..10 {
            assert!(guard.admit(&sender, 10, Duration::from_secs(second)), "{second}");
        }
        assert!(!guard.admit(&sender, 10, Duration::from_secs(10)));
        assert!(guard.admit(&other, 10, Duration::from_secs(10)));
        assert!(!guard.admit(&sender, 10, Duration::from_secs(59)));
        assert!(guard.admit(&sender, 10, Duration::from_secs(120)));
    }
}
