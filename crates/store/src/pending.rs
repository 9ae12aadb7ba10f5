//! Citizens' records that were decided and that the writer has yet to write: a read finds these first.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use model::{Key, Record};
use rustc_hash::FxHashMap;

/// The records of the turns that are not written yet; bounded by what so few turns write.
#[derive(Default)]
pub(crate) struct Pending {
    records: FxHashMap<Key, Unwritten>,
    /// The timers among them by the octets of their keys, as the records sort them.
    timers: BTreeMap<Vec<u8>, Unwritten>,
    /// What each turn wrote, the oldest first.
    turns: VecDeque<Written>,
}

/// The names of what one turn wrote.
struct Written {
    sequence: u64,
    keys: Vec<Key>,
    /// The octets of timers' keys.
    timers: Vec<Vec<u8>>,
}

/// The last write of a key: by which turn, and what.
struct Unwritten {
    sequence: u64,
    record: Option<Arc<Record>>,
}

impl Pending {
    /// What the last unwritten turn that wrote `key` left there: a record, or none.
    pub(crate) fn get(&self, key: &Key) -> Option<Option<Arc<Record>>> {
        if self.records.is_empty() {
            return None;
        }
        self.records.get(key).map(|unwritten| unwritten.record.clone())
    }

    /// The timers that were written and those that were deleted, by the octets of their keys.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (&[u8], Option<&Arc<Record>>)> {
        self.timers.iter().map(|(octets, unwritten)| (octets.as_slice(), unwritten.record.as_ref()))
    }

    /// Whether a timer was written or deleted since the records last knew it.
    pub(crate) fn has_timer(&self, octets: &[u8]) -> bool {
        self.timers.contains_key(octets)
    }

    /// Begins a turn: its writes follow.
    pub(crate) fn begin(&mut self, sequence: u64) {
        self.turns.push_back(Written { sequence, keys: Vec::new(), timers: Vec::new() });
    }

    /// Adds a write of the turn that was begun last.
    pub(crate) fn put(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        let Some(turn) = self.turns.back_mut() else { return };
        turn.keys.push(key.clone());
        self.records.insert(key.clone(), Unwritten { sequence: turn.sequence, record: record.cloned() });
    }

    /// Adds a timer of the turn that was begun last.
    pub(crate) fn put_timer(&mut self, octets: &[u8], record: Option<&Arc<Record>>) {
        let Some(turn) = self.turns.back_mut() else { return };
        turn.timers.push(octets.to_vec());
        let unwritten = Unwritten { sequence: turn.sequence, record: record.cloned() };
        self.timers.insert(octets.to_vec(), unwritten);
    }

    /// Forgets what the turns up to `written` wrote: the records have it.
    pub(crate) fn forget_up_to(&mut self, written: u64) {
        while self.turns.front().is_some_and(|turn| turn.sequence <= written) {
            let Some(Written { sequence, keys, timers }) = self.turns.pop_front() else { break };
            for key in keys {
                if self.records.get(&key).is_some_and(|unwritten| unwritten.sequence == sequence) {
                    self.records.remove(&key);
                }
            }
            for octets in timers {
                if self.timers.get(&octets).is_some_and(|unwritten| unwritten.sequence == sequence) {
                    self.timers.remove(&octets);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use model::key::TimerSubject;
    use model::{Msisdn, ServiceId};

    use super::*;

    fn key(last: u8) -> Key {
        Key::Subscriber(Msisdn::new(&format!("8490512345{last}")).unwrap())
    }

    fn record(second: i64) -> Arc<Record> {
        let subject = TimerSubject::RotatePassword(ServiceId::new("s"), "x".into());
        Arc::new(Record::Timer(Timestamp::from_second(second).unwrap(), subject))
    }

    #[test]
    fn a_key_is_known_until_the_last_turn_that_wrote_it_is_written() {
        let mut pending = Pending::default();
        pending.begin(7);
        pending.put(&key(1), Some(&record(1)));
        pending.put(&key(2), None);
        pending.put_timer(b"t", Some(&record(1)));
        pending.begin(8);
        pending.put(&key(1), Some(&record(2)));
        pending.put_timer(b"t", None);
        assert_eq!(pending.get(&key(1)), Some(Some(record(2))));
        assert_eq!(pending.get(&key(2)), Some(None));
        assert_eq!(pending.get(&key(3)), None);
        pending.forget_up_to(7);
        assert_eq!(pending.get(&key(1)), Some(Some(record(2))));
        assert_eq!(pending.get(&key(2)), None);
        assert_eq!(pending.timers().collect::<Vec<_>>(), [(&b"t"[..], None)]);
        pending.forget_up_to(8);
        assert_eq!(pending.get(&key(1)), None);
        assert!(!pending.has_timer(b"t") && pending.turns.is_empty());
    }
}
