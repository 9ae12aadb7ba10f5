//! Citizens' records as they were last read, decoded: what is asked for often is neither fetched, opened nor decoded
//! again.
//!
//! The store is the only writer, and tells what it writes, so what stands here is what the records hold or will hold
//! once all is written that was decided. That a day of a calendar has no record is remembered as well. Of other keys it
//! is not: whoever types codes that do not exist chooses those keys, and is given no place.

use std::hash::BuildHasher;
use std::sync::Arc;

use model::{Key, Record};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::values::VALUE_MAX;

/// About so many octets of records are kept: the dossiers of a province that people ask for, 650 octets each.
const OCTETS_MAX: usize = 96 << 20;
/// Parts of the cache, each with its own room and hand. A table that outgrows its place is moved to one of twice the
/// size, and the whole turn waits for it: for one of a hundred thousand records milliseconds, for a part of it as long
/// as a message takes (docs/PERFORMANCE.md, "The seventeenth time").
const PARTS: usize = 64;
/// Bits of a key's hash below those that choose its part: the table of a part, of some thousand records, goes by them.
const PART_SHIFT: u32 = 20;
/// Slots that are looked at for one that was not used lately; then the next goes, used or not.
const LOOKED_AT_MAX: usize = 8;

/// The records, in parts by their keys' hashes.
pub(crate) struct Cache {
    parts: Vec<Part>,
}

impl Cache {
    pub(crate) fn new() -> Self {
        let part = || Part { octets_max: OCTETS_MAX / PARTS, ..Part::default() };
        Self { parts: std::iter::repeat_with(part).take(PARTS).collect() }
    }

    /// What `key` holds, where that is known: a record, or none.
    pub(crate) fn get(&mut self, key: &Key) -> Option<Option<Arc<Record>>> {
        self.parts[part_of(key)].get(key)
    }

    /// Whether it is known what `key` holds. That is no use of it.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.parts[part_of(key)].known.contains_key(key)
    }

    /// Remembers what was read and is not known; `encoded` is the length of its value.
    pub(crate) fn insert(&mut self, key: &Key, record: Option<Arc<Record>>, encoded: usize) {
        self.parts[part_of(key)].insert(key, record, encoded);
    }

    /// Takes a write of a key. A day of a calendar changes with every booking and is asked for with the next: what is
    /// written takes the place of what was known. Any other key is read again when it is asked for.
    pub(crate) fn write(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        self.parts[part_of(key)].write(key, record);
    }
}

fn part_of(key: &Key) -> usize {
    (FxBuildHasher.hash_one(key) >> PART_SHIFT) as usize % PARTS
}

/// A part of the records, in slots around which a hand goes: what was not used since its last round makes room.
#[derive(Default)]
struct Part {
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

impl Part {
    fn get(&mut self, key: &Key) -> Option<Option<Arc<Record>>> {
        let known = self.known.get_mut(key)?;
        known.used = true;
        Some(known.record.clone())
    }

    fn insert(&mut self, key: &Key, record: Option<Arc<Record>>, encoded: usize) {
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

    fn write(&mut self, key: &Key, record: Option<&Arc<Record>>) {
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
    fn part(records: usize) -> Part {
        let mut one = Part { octets_max: OCTETS_MAX, ..Part::default() };
        one.insert(&key(0), None, 0);
        Part { octets_max: one.octets * records, ..Part::default() }
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
            let mut part = part(7);
            let mut records: FxHashMap<u8, Arc<Record>> = FxHashMap::default();
            for step in steps {
                match step {
                    Step::Read(number, length) => {
                        let truth = records.get(&number).cloned();
                        match part.get(&key(number)) {
                            Some(known) => prop_assert_eq!(known, truth),
                            None => part.insert(&key(number), truth, length),
                        }
                    }
                    Step::Write(number, value) => {
                        let written = value.map(record);
                        part.write(&key(number), written.as_ref());
                        match written {
                            Some(written) => drop(records.insert(number, written)),
                            None => drop(records.remove(&number)),
                        }
                    }
                }
                let held: usize = part.slots.iter().map(|slot| slot.octets as usize).sum();
                prop_assert_eq!(part.octets, held);
                prop_assert!(held <= part.octets_max || part.slots.len() == 1);
                prop_assert_eq!(part.known.len(), part.slots.len());
            }
        }
    }

    #[test]
    fn the_dossiers_of_a_province_spread_over_all_parts() {
        const DOSSIERS: usize = 64_000;
        let mut held = [0_usize; PARTS];
        for number in 0..DOSSIERS {
            held[part_of(&Key::Dossier(ServiceId::new("hue-xnc"), format!("{number:08}").into()))] += 1;
        }
        let mean = DOSSIERS / PARTS;
        assert!(held.iter().all(|held| held.abs_diff(mean) < mean / 4), "{held:?}");
    }

    #[test]
    fn what_is_asked_for_often_stays() {
        let mut part = part(4);
        part.insert(&key(0), Some(record(1)), 0);
        for number in 1..100 {
            assert!(part.get(&key(0)).is_some(), "before {number}");
            part.insert(&key(number), None, 0);
        }
    }

    #[test]
    fn what_nobody_asks_for_goes_though_it_came_first() {
        let mut part = part(8);
        for number in 0..24 {
            part.insert(&key(number), None, 0);
        }
        let left: Vec<u8> = (0..24).filter(|number| part.known.contains_key(&key(*number))).collect();
        assert_eq!(left.len(), 8);
        assert!(left.iter().all(|number| *number >= 8), "{left:?}");
    }

    #[test]
    fn a_code_that_does_not_exist_takes_no_place() {
        let mut part = part(4);
        let typed = Key::Dossier(ServiceId::new("s"), "13557009".into());
        part.insert(&typed, None, 0);
        assert_eq!(part.get(&typed), None);
        part.insert(&typed, Some(record(1)), 0);
        assert_eq!(part.get(&typed), Some(Some(record(1))));
    }
}
