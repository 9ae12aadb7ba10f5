//! How fast requests leave: a token bucket whose rate falls as soon as the peer says that it is too much
//! (ESME_RTHROTTLED, ESME_RMSGQFUL) and climbs back slowly.
//!
//! A few such answers among many good ones are noise that some SMSCs make at any rate: each costs a tenth of the
//! rate and each good answer wins back a little, so that a share of 5 % slows nothing and a share of 50 % does.
//! A run of them means that the peer takes nothing: then sending stops for 1 s, 2 s, 4 s … 60 s.

use std::time::Duration;

/// Factor of the rate for one throttled answer.
const CUT: f64 = 0.9;
/// Factor of the rate for one good answer; with [`CUT`] a throttled share of 12 % keeps the rate where it is.
const CLIMB: f64 = 1.015;
/// The rate never falls below, in requests a second: a slower bind would never learn that the peer recovered.
const RATE_MIN: f64 = 1.0;
/// Throttled answers in a row that stop sending.
const RUN_MAX: u32 = 4;
/// First and longest stop.
const STOP_MIN: Duration = Duration::from_secs(1);
const STOP_MAX: Duration = Duration::from_secs(60);
/// Seconds of the rate that may leave at once.
const BURST_SECONDS: f64 = 0.05;

/// See the module.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// As configured; infinite for none.
    ceiling: f64,
    /// Requests a second now.
    rate: f64,
    tokens: f64,
    refilled_at: Duration,
    stopped_until: Option<Duration>,
    next_stop: Duration,
    run: u32,
    /// Requests sent in the second that began at `second_began`, and in the one before.
    sent: [f64; 2],
    second_began: Duration,
}

impl Throttle {
    /// `rate` in requests a second; `None` for as fast as the window allows.
    pub(crate) fn new(rate: Option<u32>, now: Duration) -> Self {
        let ceiling = rate.map_or(f64::INFINITY, |rate| f64::from(rate.max(1)));
        Self {
            ceiling,
            rate: ceiling,
            tokens: 1.0,
            refilled_at: now,
            stopped_until: None,
            next_stop: STOP_MIN,
            run: 0,
            sent: [0.0; 2],
            second_began: now,
        }
    }

    /// Takes a token; `false` where none is there yet.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        self.refill(now);
        if self.is_stopped(now) || self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        self.roll(now);
        self.sent[0] += 1.0;
        true
    }

    /// Whether the peer takes nothing at present.
    pub(crate) fn is_stopped(&self, now: Duration) -> bool {
        self.stopped_until.is_some_and(|until| now < until)
    }

    /// When the peer is asked again, while it takes nothing.
    pub(crate) fn stopped_until(&self, now: Duration) -> Option<Duration> {
        self.stopped_until.filter(|until| now < *until)
    }

    /// When [`Self::take`] may succeed again.
    pub(crate) fn next_token_at(&self, now: Duration) -> Duration {
        let missing = (1.0 - self.tokens).max(0.0);
        // A whole microsecond more, so that rounding never leaves a sliver of a token missing at that time.
        let refilled =
            self.refilled_at + Duration::from_secs_f64(missing / self.rate) + Duration::from_micros(1);
        let refilled = if missing == 0.0 { now } else { refilled };
        refilled.max(self.stopped_until.unwrap_or_default())
    }

    /// A good answer came.
    pub(crate) fn climb(&mut self) {
        self.run = 0;
        self.next_stop = STOP_MIN;
        self.rate = (self.rate * CLIMB).min(self.ceiling);
    }

    /// The peer said that it is too much.
    pub(crate) fn slow(&mut self, now: Duration) {
        if self.is_stopped(now) {
            return; // The answers to what had left before the stop say nothing new.
        }
        self.refill(now);
        self.roll(now);
        self.rate = (self.rate.min(2.0 * self.observed(now)) * CUT).max(RATE_MIN);
        self.tokens = self.tokens.min(self.burst());
        self.run += 1;
        if self.run >= RUN_MAX {
            self.stopped_until = now.checked_add(self.next_stop);
            self.next_stop = (self.next_stop * 2).min(STOP_MAX);
            self.rate = (self.rate / 2.0).max(RATE_MIN);
            self.tokens = 0.0;
            // The first answer after the stop decides whether the next stop begins.
            self.run = RUN_MAX - 1;
        }
    }

    /// Requests a second that really left of late. A rate far above it, or none at all, would take many cuts to
    /// be felt.
    fn observed(&self, now: Duration) -> f64 {
        let elapsed = now.saturating_sub(self.second_began).as_secs_f64().max(0.1);
        (self.sent[0] / elapsed).max(self.sent[1])
    }

    fn burst(&self) -> f64 {
        (self.rate * BURST_SECONDS).max(1.0)
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.refilled_at).as_secs_f64();
        self.refilled_at = self.refilled_at.max(now);
        // An infinite rate over no time is no number: it is always full instead.
        let gained = if self.rate.is_infinite() { f64::INFINITY } else { self.rate * elapsed };
        self.tokens = (self.tokens + gained).min(self.burst());
    }

    fn roll(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.second_began);
        if elapsed >= Duration::from_secs(1) {
            let before = if elapsed < Duration::from_secs(2) { self.sent[0] } else { 0.0 };
            self.sent = [0.0, before];
            self.second_began = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Sends as fast as allowed for `seconds`, each answered at once; returns how many were accepted.
    fn run(throttle: &mut Throttle, from: u32, seconds: u32, mut throttled: impl FnMut(u32) -> bool) -> u32 {
        let (mut sent, mut accepted) = (0, 0);
        for tick in from * 1_000..(from + seconds) * 1_000 {
            let now = MS * tick;
            while throttle.take(now) {
                sent += 1;
                if throttled(sent) {
                    throttle.slow(now);
                } else {
                    accepted += 1;
                    throttle.climb();
                }
            }
        }
        accepted
    }

    #[test]
    fn the_configured_rate_holds() {
        let mut throttle = Throttle::new(Some(100), Duration::ZERO);
        let sent = run(&mut throttle, 0, 10, |_| false);
        assert!((990..=1_005).contains(&sent), "{sent}");
    }

    #[test]
    fn the_next_token_is_there_when_it_was_promised() {
        let mut throttle = Throttle::new(Some(7), Duration::ZERO);
        assert!(throttle.take(Duration::ZERO));
        for _ in 0..1_000 {
            let at = throttle.next_token_at(throttle.refilled_at);
            assert!(throttle.take(at), "{at:?}");
            assert!(!throttle.take(at));
        }
    }

    #[test]
    fn a_share_of_five_percent_costs_little() {
        let mut throttle = Throttle::new(Some(1_000), Duration::ZERO);
        let accepted = run(&mut throttle, 0, 20, |n| n % 20 == 0);
        assert!(accepted > 17_000, "{accepted}");
    }

    #[test]
    fn a_true_limit_is_found_and_left_again() {
        let mut throttle = Throttle::new(Some(1_000), Duration::ZERO);
        // Every second answer throttled: the rate falls at once and keeps falling.
        let half = run(&mut throttle, 0, 5, |n| n % 2 == 0);
        assert!(half < 1_000, "{half}");
        let free = run(&mut throttle, 5, 20, |_| false);
        assert!(free > 2 * half, "{free}");
    }

    #[test]
    fn a_run_stops_sending_and_stops_grow_until_one_is_taken() {
        let mut throttle = Throttle::new(Some(50), Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut stops = Vec::new();
        for _ in 0..40 {
            if throttle.take(now) {
                throttle.slow(now);
            }
            if throttle.is_stopped(now) {
                stops.push(throttle.next_token_at(now).saturating_sub(now).as_secs());
            }
            now = throttle.next_token_at(now);
        }
        assert_eq!(stops.get(..8), Some([1, 2, 4, 8, 16, 32, 60, 60].as_slice()));
        assert!(throttle.take(now));
        throttle.climb();
        assert_eq!(throttle.next_stop, STOP_MIN);
    }
}
