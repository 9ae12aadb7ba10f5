//! The named timers of a session. Durations are arguments, deadlines are values; nothing here waits.

use std::time::Duration;

/// How long a session waits for what. [`Duration::MAX`] switches a timer off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the bind request to its response; for an SMSC from the connection to the bind.
    pub bind: Duration,
    /// Silence of the peer after which enquire_link is sent.
    pub enquire_link_idle: Duration,
    /// From enquire_link to any PDU of the peer; two misses in a row end the session.
    pub enquire_link_response: Duration,
    /// From a request in the window to its response.
    pub response: Duration,
    /// From the start of leaving to the last awaited response, and again from unbind to unbind_resp.
    pub unbind: Duration,
}

impl Default for Timeouts {
    /// 15 s, 20 s, 5 s, 30 s, 5 s: inside what operators ask for (enquire_link each 30 to 60 s). An answer to the
    /// first enquire_link may take 10 s, for any PDU of the peer counts; a peer that vanished is noticed after 30 s.
    fn default() -> Self {
        Self {
            bind: Duration::from_secs(15),
            enquire_link_idle: Duration::from_secs(20),
            enquire_link_response: Duration::from_secs(5),
            response: Duration::from_secs(30),
            unbind: Duration::from_secs(5),
        }
    }
}

impl Timeouts {
    /// Silence of the peer after which the session ends.
    #[must_use]
    pub fn silence_max(&self) -> Duration {
        let answers = self.enquire_link_response.saturating_mul(ENQUIRE_LINK_MISSES_MAX);
        self.enquire_link_idle.saturating_add(answers)
    }
}

/// enquire_links in a row that may go unanswered; one may be lost in a peer's restart, two are a dead peer.
pub(crate) const ENQUIRE_LINK_MISSES_MAX: u32 = 2;

/// One timer of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The bind is due.
    Bind,
    /// The peer has been silent.
    Idle,
    /// enquire_link_resp is due.
    EnquireLink,
    /// The next step of leaving is due.
    Unbind,
}

const TIMERS: [Timer; 4] = [Timer::Bind, Timer::Idle, Timer::EnquireLink, Timer::Unbind];

/// The deadlines of all timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: [Option<Duration>; TIMERS.len()],
}

impl Timers {
    /// Starts or restarts a timer; one that is switched off stays off.
    pub(crate) fn start(&mut self, timer: Timer, timeout: Duration, now: Duration) {
        self.deadlines[timer as usize] = now.checked_add(timeout);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    pub(crate) fn runs(&self, timer: Timer) -> bool {
        self.deadlines[timer as usize].is_some()
    }

    pub(crate) fn stop_all(&mut self) {
        self.deadlines = Default::default();
    }

    /// Takes the first timer that has run out.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<Timer> {
        let timer = TIMERS
            .into_iter()
            .filter(|timer| self.deadlines[*timer as usize].is_some_and(|deadline| deadline <= now))
            .min_by_key(|timer| self.deadlines[*timer as usize])?;
        self.stop(timer);
        Some(timer)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.iter().flatten().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_peer_that_vanished_is_noticed_within_half_a_minute() {
        assert_eq!(Timeouts::default().silence_max(), at(30));
        let never = Timeouts { enquire_link_idle: Duration::MAX, ..Timeouts::default() };
        assert_eq!(never.silence_max(), Duration::MAX);
    }

    #[test]
    fn timers_expire_in_the_order_of_their_deadlines_and_once() {
        let mut timers = Timers::default();
        timers.start(Timer::Idle, at(20), at(0));
        timers.start(Timer::Bind, at(15), at(0));
        timers.start(Timer::Unbind, Duration::MAX, at(1));
        assert_eq!(timers.next_deadline(), Some(at(15)));
        assert_eq!(timers.take_expired(at(14)), None);
        assert_eq!(timers.take_expired(at(60)), Some(Timer::Bind));
        assert_eq!(timers.take_expired(at(60)), Some(Timer::Idle));
        assert_eq!(timers.take_expired(at(60)), None);
        assert_eq!(timers.next_deadline(), None);
    }
}
