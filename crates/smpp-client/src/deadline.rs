//! The link's deadline for deliver_sm: what nobody has answered in time is answered by the link.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    time::Duration,
};

/// deliver_sm of one link that may await the engine's answer; more are told "again later" at once. At 30,000
/// messages a second it is a seventh of a second.
pub(crate) const UNANSWERED_MAX: usize = 4_096;

/// One deliver_sm or data_sm that awaits its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) sequence_number: u32,
    pub(crate) data_sm: bool,
    deadline: Duration,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It awaits its answer.
    Waits,
    /// Its number waits already, and one answer cannot serve two messages: it is refused for now, but after the
    /// first one's answer, for an SMSC that repeats numbers can tell its messages apart by their order only.
    Behind,
    /// There are too many: refuse it for now.
    TooMany,
}

/// All that await their answer, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    by_arrival: BTreeMap<u64, Waiting>,
    arrivals: HashMap<u32, u64>,
    next_arrival: u64,
    /// Requests behind one of the same number, and whether each is a data_sm.
    behind: HashMap<u32, Vec<bool>>,
    behind_len: usize,
}

impl Unanswered {
    /// Enters a request.
    pub(crate) fn insert(&mut self, sequence_number: u32, data_sm: bool, deadline: Duration) -> Entered {
        if self.arrivals.len() + self.behind_len >= UNANSWERED_MAX {
            return Entered::TooMany;
        }
        let Entry::Vacant(arrival) = self.arrivals.entry(sequence_number) else {
            self.behind.entry(sequence_number).or_default().push(data_sm);
            self.behind_len += 1;
            return Entered::Behind;
        };
        arrival.insert(self.next_arrival);
        self.by_arrival.insert(self.next_arrival, Waiting { sequence_number, data_sm, deadline });
        self.next_arrival += 1;
        Entered::Waits
    }

    /// Takes the requests that stood behind one that was answered.
    pub(crate) fn take_behind(&mut self, sequence_number: u32) -> Vec<bool> {
        if self.behind_len == 0 {
            return Vec::new();
        }
        let behind = self.behind.remove(&sequence_number).unwrap_or_default();
        self.behind_len -= behind.len();
        behind
    }

    /// Takes the request that an answer is for; `None` where it was answered already.
    pub(crate) fn take(&mut self, sequence_number: u32) -> Option<Waiting> {
        self.by_arrival.remove(&self.arrivals.remove(&sequence_number)?)
    }

    /// Takes the oldest request whose deadline has come.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<Waiting> {
        let oldest = *self.by_arrival.first_key_value().filter(|(_, waiting)| waiting.deadline <= now)?.1;
        self.take(oldest.sequence_number)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.by_arrival.first_key_value().map(|(_, waiting)| waiting.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn each_request_is_answered_once_by_whoever_comes_first() {
        let mut unanswered = Unanswered::default();
        assert_eq!(unanswered.insert(5, false, at(900)), Entered::Waits);
        assert_eq!(unanswered.insert(4, true, at(950)), Entered::Waits);
        assert_eq!(unanswered.take_expired(at(899)), None);
        assert_eq!(unanswered.take_expired(at(900)).map(|w| w.sequence_number), Some(5));
        assert_eq!(unanswered.take(5), None);
        assert_eq!(unanswered.next_deadline(), Some(at(950)));
        assert_eq!(unanswered.take(4).map(|w| w.data_sm), Some(true));
        assert_eq!(unanswered.take_expired(at(2_000)), None);
    }

    #[test]
    fn what_is_too_much_or_ambiguous_is_not_taken() {
        let mut unanswered = Unanswered::default();
        assert_eq!(unanswered.insert(0, false, at(1)), Entered::Waits);
        assert_eq!(unanswered.insert(0, true, at(1)), Entered::Behind);
        for number in 1..UNANSWERED_MAX as u32 - 1 {
            assert_eq!(unanswered.insert(number, false, at(1)), Entered::Waits);
        }
        assert_eq!(unanswered.insert(u32::MAX, false, at(1)), Entered::TooMany);
        assert_eq!(unanswered.insert(0, false, at(1)), Entered::TooMany);
        assert_eq!(unanswered.take(0).map(|w| w.data_sm), Some(false));
        assert_eq!((unanswered.take_behind(0), unanswered.take_behind(0)), (vec![true], vec![]));
        assert_eq!(unanswered.insert(0, false, at(1)), Entered::Waits);
    }
}
