//! The loop guard: two robots that answer each other fall silent.

use std::collections::VecDeque;
use std::time::Duration;

use model::Msisdn;
use rustc_hash::FxHashMap;
use store::BlockQueue;

mod counts;

use counts::{Counts, Sender};

/// The span over which the messages of one sender are counted.
const WINDOW_MS: u64 = 60_000;

/// Messages remembered: those of one minute at full load, 8 octets each. More than that and the guard forgets all
/// and begins anew, which lets a loop through for one more minute and costs no memory.
const MESSAGES_MAX: usize = 4_000_000;

/// For each message a minute that a service answers: texts of one sender that are no command and are answered within
/// an hour. A robot that takes its time, an absence notice say, sends few a minute and would never fall silent; a
/// person who got thirty times told what to write does not write it the next time.
const MISTAKES_FACTOR: u32 = 3;
/// The span over which those are counted.
const HOUR_MS: u64 = 3_600_000;
/// Senders of such texts remembered, 16 octets each; more than that and all are forgotten, as above.
const MISTAKEN_MAX: usize = 200_000;

/// Who wrote when, within the last minute. Plain numbers, so that forgetting them takes no time: a minute at full
/// load has hundreds of thousands of senders.
#[derive(Default)]
pub(crate) struct LoopGuard {
    /// Who wrote, oldest first.
    messages: BlockQueue<Sender>,
    /// The moments at which they did, in milliseconds on the monotonic clock, and how many did at each: all messages
    /// of a turn come at one.
    moments: VecDeque<(u64, u32)>,
    counts: Counts,
    /// Texts of this hour that were no command.
    mistakes: FxHashMap<Sender, u32>,
    /// Since when that is counted.
    hour: u64,
}

impl LoopGuard {
    /// Counts a message; whether it may be answered: at most `limit` of one sender within any minute. What is not
    /// answered counts as well, so that a loop stays broken until it rests.
    pub(crate) fn admit(&mut self, sender: &Msisdn, limit: u32, now: Duration) -> bool {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.forget(now);
        let sender = number(sender);
        let count = self.counts.add(sender);
        self.messages.push_back(sender);
        match self.moments.back_mut() {
            Some((at, messages)) if *at == now => *messages = messages.saturating_add(1),
            _ => self.moments.push_back((now, 1)),
        }
        count < u64::from(limit)
    }

    /// Counts a text that is no command, of a sender whose messages are answered up to `limit` a minute; whether it
    /// may be answered.
    pub(crate) fn admit_mistake(&mut self, sender: &Msisdn, limit: u32, now: Duration) -> bool {
        let hour = u64::try_from(now.as_millis()).unwrap_or(u64::MAX) / HOUR_MS;
        if hour != self.hour || self.mistakes.len() >= MISTAKEN_MAX {
            self.hour = hour;
            self.mistakes.clear();
        }
        let count = self.mistakes.entry(number(sender)).or_default();
        *count = count.saturating_add(1);
        *count <= limit.saturating_mul(MISTAKES_FACTOR)
    }

    /// Forgets what is older than a minute.
    fn forget(&mut self, now: u64) {
        let is_over = |at: u64| now.saturating_sub(at) >= WINDOW_MS;
        if self.messages.len() >= MESSAGES_MAX || self.moments.back().is_some_and(|(at, _)| is_over(*at)) {
            self.messages.clear();
            self.moments.clear();
            self.counts = Counts::default();
        }
        while let Some((_, messages)) = self.moments.front().copied().filter(|(at, _)| is_over(*at)) {
            self.moments.pop_front();
            for _ in 0..messages {
                self.forget_oldest();
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(sender) = self.messages.pop_front() {
            self.counts.subtract(sender);
        }
    }
}

fn number(sender: &Msisdn) -> Sender {
    sender.as_bytes().iter().fold(0, |number, digit| number * 10 + u64::from(digit.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn a_robot_of_tens_of_thousands_is_silent_until_it_rests() {
        let mut guard = LoopGuard::default();
        let robot = Msisdn::new("84905123456").unwrap();
        let admitted = |guard: &mut LoopGuard, second: u64| {
            (0..20_000).filter(|_| guard.admit(&robot, 30_000, Duration::from_secs(second))).count()
        };
        assert_eq!([0, 30, 60, 61].map(|second| admitted(&mut guard, second)), [20_000, 10_000, 10_000, 0]);
        assert_eq!(admitted(&mut guard, 121), 20_000);
    }

    proptest! {
        /// As if each message of the last minute were looked at.
        #[test]
        fn it_counts_what_a_plain_list_counts(
            messages in prop::collection::vec((0_u64..20_000, 0_u8..4), 1..200),
            limit in 1_u32..6,
        ) {
            let mut guard = LoopGuard::default();
            let mut list: Vec<(u64, u8)> = Vec::new();
            let mut now = 0;
            for (pause, sender) in messages {
                now += pause;
                let of_him = |(at, of): &&(u64, u8)| *of == sender && now - at < WINDOW_MS;
                let expected = list.iter().filter(of_him).count() < limit as usize;
                let number = Msisdn::new(&format!("8490512345{sender}")).unwrap();
                prop_assert_eq!(guard.admit(&number, limit, Duration::from_millis(now)), expected);
                list.push((now, sender));
            }
            prop_assert!(guard.counts.len() <= 4 && guard.moments.len() <= guard.messages.len());
        }
    }

    #[test]
    fn thirty_texts_of_an_hour_that_are_no_command_are_answered_and_the_next_hour_begins_anew() {
        let mut guard = LoopGuard::default();
        let sender = Msisdn::new("84905123456").unwrap();
        let other = Msisdn::new("84905123457").unwrap();
        for second in 0..30 {
            assert!(guard.admit_mistake(&sender, 10, Duration::from_secs(second * 7)), "{second}");
        }
        assert!(!guard.admit_mistake(&sender, 10, Duration::from_secs(3_599)));
        assert!(guard.admit_mistake(&other, 10, Duration::from_secs(3_599)));
        assert!(guard.admit_mistake(&sender, 10, Duration::from_secs(3_600)));
    }
}
