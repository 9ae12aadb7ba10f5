//! Citizens' records as they were last read or written, decoded: what is asked for often is neither fetched, opened
//! nor decoded again.
//!
//! The store is the only writer, so what stands here is what the records hold. Keys without a record are remembered
//! as well: most days of a calendar have none.

use std::sync::Arc;

use model::{Key, Record};
use rustc_hash::FxHashMap;

/// About so many octets of records are kept: the dossiers of a province that people ask for, 650 octets each.
const OCTETS_MAX: usize = 96 << 20;
/// Slots that are looked at for one that was not used lately; then the next goes, used or not.
const LOOKED_AT_MAX: usize = 8;

/// The records, in slots around which a hand goes: what was not used since its last round makes room.
#[derive(Default)]
pub(crate) struct Cache {
    places: FxHashMap<Key, usize>,
    slots: Vec<Slot>,
    hand: usize,
    octets: usize,
    octets_max: usize,
}

struct Slot {
    key: Key,
    record: Option<Arc<Record>>,
    octets: usize,
    used: bool,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self { octets_max: OCTETS_MAX, ..Self::default() }
    }

    /// What `key` holds, where that is known: a record, or none.
    pub(crate) fn get(&mut self, key: &Key) -> Option<Option<Arc<Record>>> {
        let slot = self.slots.get_mut(*self.places.get(key)?)?;
        slot.used = true;
        Some(slot.record.clone())
    }

    /// Remembers what was read; `encoded` is the length of its value.
    pub(crate) fn insert(&mut self, key: &Key, record: Option<Arc<Record>>, encoded: usize) {
        let octets = size_of::<Slot>() + size_of::<(Key, usize)>() + size_of::<Record>() + encoded;
        self.remove(key);
        while self.octets + octets > self.octets_max && !self.slots.is_empty() {
            self.evict();
        }
        self.octets += octets;
        self.places.insert(key.clone(), self.slots.len());
        self.slots.push(Slot { key: key.clone(), record, octets, used: false });
    }

    /// Takes over a write of a key that is remembered; others are not worth a place until they are read.
    pub(crate) fn update(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        if let Some(slot) = self.places.get(key).and_then(|place| self.slots.get_mut(*place)) {
            slot.record = record.cloned();
        }
    }

    fn evict(&mut self) {
        for _ in 0..LOOKED_AT_MAX {
            self.hand = if self.hand < self.slots.len() { self.hand } else { 0 };
            match self.slots.get_mut(self.hand) {
                Some(slot) if slot.used => slot.used = false,
                _ => break,
            }
            self.hand += 1;
        }
        let place = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.take(place);
    }

    fn remove(&mut self, key: &Key) {
        if let Some(place) = self.places.get(key) {
            self.take(*place);
        }
    }

    /// Empties a slot; the last one moves into its place.
    fn take(&mut self, place: usize) {
        let slot = self.slots.swap_remove(place);
        self.places.remove(&slot.key);
        self.octets -= slot.octets;
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.key.clone(), place);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::ServiceId;
    use proptest::prelude::*;

    use super::*;

    fn key(number: u8) -> Key {
        Key::Dossier(ServiceId::new("s"), number.to_string())
    }

    fn record(value: u64) -> Arc<Record> {
        Arc::new(Record::Dossier(model::Dossier { version: value, ..model::Dossier::default() }))
    }

    /// Room for `records` records of no length.
    fn cache(records: usize) -> Cache {
        let mut one = Cache::new();
        one.insert(&key(0), None, 0);
        Cache { octets_max: one.octets * records, ..Cache::default() }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Read(u8),
        Write(u8, Option<u64>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let write = (0..20_u8, any::<Option<u64>>()).prop_map(|(key, value)| Step::Write(key, value));
        prop_oneof![(0..20_u8).prop_map(Step::Read), write]
    }

    proptest! {
        /// Reads through it are reads of the records, whatever was written between, and it never outgrows its bound.
        #[test]
        fn it_never_tells_what_the_records_do_not_hold(steps in prop::collection::vec(step(), 0..300)) {
            let mut cache = cache(7);
            let mut records: FxHashMap<u8, Arc<Record>> = FxHashMap::default();
            for step in steps {
                match step {
                    Step::Read(number) => {
                        let truth = records.get(&number).cloned();
                        match cache.get(&key(number)) {
                            Some(known) => prop_assert_eq!(known, truth),
                            None => cache.insert(&key(number), truth, 0),
                        }
                    }
                    Step::Write(number, value) => {
                        let written = value.map(record);
                        cache.update(&key(number), written.as_ref());
                        match written {
                            Some(written) => drop(records.insert(number, written)),
                            None => drop(records.remove(&number)),
                        }
                    }
                }
                prop_assert!(cache.slots.len() <= 7 && cache.octets <= cache.octets_max);
                prop_assert_eq!(cache.places.len(), cache.slots.len());
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
}
