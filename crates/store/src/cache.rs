//! Citizens' records as they were last read, decoded: what is asked for often is neither fetched, opened nor decoded
//! again.
//!
//! The store is the only writer, and tells what it writes, so what stands here is what the records hold or will hold
//! once all is written that was decided. That a day of a calendar has no record is remembered as well. Of other keys it
//! is not: whoever types codes that do not exist chooses those keys, and is given no place.

use std::sync::Arc;

use model::{Key, Record};
use rustc_hash::FxHashMap;

use crate::values::VALUE_MAX;

/// About so many octets of records are kept: the dossiers of a province that people ask for, 650 octets each.
const OCTETS_MAX: usize = 96 << 20;
/// Slots that are looked at for one that was not used lately; then the next goes, used or not.
const LOOKED_AT_MAX: usize = 8;

/// The records, in slots around which a hand goes: what was not used since its last round makes room.
#[derive(Default)]
pub(crate) struct Cache {
    known: FxHashMap<Key, Known>,
    slots: Vec<Slot>,
    hand: usize,
    octets: usize,
    octets_max: usize,
}

/// All that a look at a record needs, in one place.
struct Known {
    record: Option<Arc<Record>>,
    used: bool,
    slot: u32,
}

struct Slot {
    key: Key,
    octets: u32,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self { octets_max: OCTETS_MAX, ..Self::default() }
    }

    /// What `key` holds, where that is known: a record, or none.
    pub(crate) fn get(&mut self, key: &Key) -> Option<Option<Arc<Record>>> {
        let known = self.known.get_mut(key)?;
        known.used = true;
        Some(known.record.clone())
    }

    /// Whether it is known what `key` holds. That is no use of it.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.known.contains_key(key)
    }

    /// Remembers what was read and is not known; `encoded` is the length of its value.
    pub(crate) fn insert(&mut self, key: &Key, record: Option<Arc<Record>>, encoded: usize) {
        if record.is_none() && !is_of_an_office(key) {
            return;
        }
        let octets = size_of::<Slot>() + size_of::<(Key, Known)>() + size_of::<Record>() + encoded;
        while self.octets + octets > self.octets_max && !self.slots.is_empty() {
            self.evict();
        }
        let (Ok(slot), Ok(length)) = (u32::try_from(self.slots.len()), u32::try_from(octets)) else { return };
        self.octets += octets;
        self.known.insert(key.clone(), Known { record, used: false, slot });
        self.slots.push(Slot { key: key.clone(), octets: length });
    }

    /// Takes a write of a key. A day of a calendar changes with every booking and is asked for with the next: what is
    /// written takes the place of what was known. Any other key is read again when it is asked for.
    pub(crate) fn write(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        if !self.take(key) {
            return;
        }
        if is_of_an_office(key) {
            // How long it is the writer will know; not longer than this.
            self.insert(key, record.cloned(), VALUE_MAX);
        }
    }

    fn evict(&mut self) {
        for _ in 0..LOOKED_AT_MAX {
            self.hand = if self.hand < self.slots.len() { self.hand } else { 0 };
            let known = self.slots.get(self.hand).and_then(|slot| self.known.get_mut(&slot.key));
            match known.filter(|known| known.used) {
                Some(known) => known.used = false,
                None => break,
            }
            self.hand += 1;
        }
        self.hand = if self.hand < self.slots.len() { self.hand } else { 0 };
        let Some(key) = self.slots.get(self.hand).map(|slot| slot.key.clone()) else { return };
        self.take(&key);
        // The newest has moved there; the hand comes by again when it has been round.
        self.hand += 1;
    }

    /// Forgets a key, and says whether it was known. The last slot moves into the place of its own.
    fn take(&mut self, key: &Key) -> bool {
        let Some(known) = self.known.remove(key) else { return false };
        let place = known.slot as usize;
        let slot = self.slots.swap_remove(place);
        self.octets -= slot.octets as usize;
        if let Some(moved) = self.slots.get(place).and_then(|moved| self.known.get_mut(&moved.key)) {
            moved.slot = known.slot;
        }
        true
    }
}

/// Whether a key comes from a pack and a calendar, and from nothing that a citizen types.
fn is_of_an_office(key: &Key) -> bool {
    matches!(key, Key::SlotDay(..) | Key::CalendarEdits(..) | Key::Queue(..))
}

#[cfg(test)]
mod tests {
    use model::ServiceId;
    use proptest::prelude::*;

    use super::*;

    fn key(number: u8) -> Key {
        Key::Queue(ServiceId::new("s"), number.to_string().into())
    }

    fn record(value: u64) -> Arc<Record> {
        Arc::new(Record::Dossier(Box::new(model::Dossier { version: value, ..model::Dossier::default() })))
    }

    /// Room for `records` records of no length.
    fn cache(records: usize) -> Cache {
        let mut one = Cache::new();
        one.insert(&key(0), None, 0);
        Cache { octets_max: one.octets * records, ..Cache::default() }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Read(u8, usize),
        Write(u8, Option<u64>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let write = (0..20_u8, any::<Option<u64>>()).prop_map(|(key, value)| Step::Write(key, value));
        prop_oneof![(0..20_u8, 0..2_000_usize).prop_map(|(key, length)| Step::Read(key, length)), write]
    }

    proptest! {
        /// Reads through it are reads of the records, whatever was written between, and it never outgrows its bound.
        #[test]
        fn it_never_tells_what_the_records_do_not_hold(steps in prop::collection::vec(step(), 0..300)) {
            let mut cache = cache(7);
            let mut records: FxHashMap<u8, Arc<Record>> = FxHashMap::default();
            for step in steps {
                match step {
                    Step::Read(number, length) => {
                        let truth = records.get(&number).cloned();
                        match cache.get(&key(number)) {
                            Some(known) => prop_assert_eq!(known, truth),
                            None => cache.insert(&key(number), truth, length),
                        }
                    }
                    Step::Write(number, value) => {
                        let written = value.map(record);
                        cache.write(&key(number), written.as_ref());
                        match written {
                            Some(written) => drop(records.insert(number, written)),
                            None => drop(records.remove(&number)),
                        }
                    }
                }
                let held: usize = cache.slots.iter().map(|slot| slot.octets as usize).sum();
                prop_assert_eq!(cache.octets, held);
                prop_assert!(held <= cache.octets_max || cache.slots.len() == 1);
                prop_assert_eq!(cache.known.len(), cache.slots.len());
            }
        }
    }

    #[test]
    fn what_is_asked_for_often_stays() {
        let mut cache = cache(4);
        cache.insert(&key(0), Some(record(1)), 0);
        for number in 1..100 {
            assert!(cache.get(&key(0)).is_some(), "before {number}");
            cache.insert(&key(number), None, 0);
        }
    }

    #[test]
    fn what_nobody_asks_for_goes_though_it_came_first() {
        let mut cache = cache(8);
        for number in 0..24 {
            cache.insert(&key(number), None, 0);
        }
        let left: Vec<u8> = (0..24).filter(|number| cache.known.contains_key(&key(*number))).collect();
        assert_eq!(left.len(), 8);
        assert!(left.iter().all(|number| *number >= 8), "{left:?}");
    }

    #[test]
    fn a_code_that_does_not_exist_takes_no_place() {
        let mut cache = cache(4);
        let typed = Key::Dossier(ServiceId::new("s"), "13557009".into());
        cache.insert(&typed, None, 0);
        assert_eq!(cache.get(&typed), None);
        cache.insert(&typed, Some(record(1)), 0);
        assert_eq!(cache.get(&typed), Some(Some(record(1))));
    }
}
