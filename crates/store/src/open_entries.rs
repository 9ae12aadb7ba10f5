//! What is open for a while: kept in memory, carried by the journal, moved into the records at a checkpoint.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use model::{Key, Record};

/// The open entries, and what the records hold of them.
#[derive(Default)]
pub(crate) struct OpenEntries {
    slots: FxHashMap<Key, Slot>,
    /// Changed since they were last moved, in order. Most entries come and go between two checkpoints: their keys
    /// stand here without a slot, as many as the writes after which a checkpoint is due.
    changed: Vec<Key>,
}

/// One entry, or what the records hold of one that is over.
#[derive(Default)]
struct Slot {
    record: Option<Arc<Record>>,
    /// It stands in `changed`.
    changed: bool,
    /// In how many pieces the records hold it; 0 where they don't.
    pieces: u8,
}

impl OpenEntries {
    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Record>> {
        self.slots.get(key)?.record.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.slots.iter().filter_map(|(key, slot)| Some((key, slot.record.as_deref()?)))
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.get(key).is_some()
    }

    /// Applies a write of a turn.
    pub(crate) fn write(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        let slot = match self.slots.entry(key.clone()) {
            Entry::Occupied(known) if record.is_none() && known.get().pieces == 0 => {
                known.remove();
                return;
            }
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if record.is_none() => return,
            Entry::Vacant(place) => place.insert(Slot::default()),
        };
        slot.record = record.cloned();
        if !slot.changed {
            slot.changed = true;
            self.changed.push(key.clone());
        }
    }

    /// Takes an entry that the records hold in so many pieces.
    pub(crate) fn load(&mut self, key: Key, record: Record, pieces: u8) {
        self.slots.insert(key, Slot { record: Some(Arc::new(record)), changed: false, pieces });
    }

    /// The keys to move at a checkpoint; what changes from now on is for the next one.
    pub(crate) fn take_changed(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.changed)
    }

    /// Begins the move of an entry: what it holds now, and in how many pieces the records hold it so far. None where
    /// there is nothing to move: it came and went, or was moved already.
    pub(crate) fn moving(&mut self, key: &Key) -> Option<(Option<&Record>, u8)> {
        let slot = self.slots.get_mut(key).filter(|slot| slot.changed)?;
        slot.changed = false;
        Some((slot.record.as_deref(), slot.pieces))
    }

    /// Remembers in how many pieces the records hold an entry.
    pub(crate) fn set_pieces(&mut self, key: &Key, pieces: u8) {
        match self.slots.get_mut(key) {
            Some(slot) if pieces > 0 || slot.record.is_some() => slot.pieces = pieces,
            _ => drop(self.slots.remove(key)),
        }
    }
}

#[cfg(test)]
mod tests;
