//! What is open for a while: kept in memory, carried by the journal, moved into the records at a checkpoint.

use rustc_hash::{FxHashMap, FxHashSet};

use model::{Key, Record};

/// The open entries, and what the records hold of them.
#[derive(Default)]
pub(crate) struct OpenEntries {
    entries: FxHashMap<Key, Box<Record>>,
    /// Changed since they were last moved.
    changed: FxHashSet<Key>,
    /// In the records, in so many pieces. Most entries come and go between two checkpoints and never are.
    stored: FxHashMap<Key, u8>,
}

impl OpenEntries {
    pub(crate) fn get(&self, key: &Key) -> Option<&Record> {
        self.entries.get(key).map(Box::as_ref)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.entries.iter().map(|(key, record)| (key, record.as_ref()))
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.entries.contains_key(key)
    }

    /// Applies a write of a turn.
    pub(crate) fn write(&mut self, key: &Key, record: Option<&Record>) {
        match record {
            Some(record) => {
                self.entries.insert(key.clone(), Box::new(record.clone()));
            }
            None => {
                self.entries.remove(key);
                // Nearly all messages come and go between two checkpoints, which then have nothing to do for them.
                if !self.stored.contains_key(key) {
                    self.changed.remove(key);
                    return;
                }
            }
        }
        self.changed.insert(key.clone());
    }

    /// Takes an entry that the records hold in so many pieces.
    pub(crate) fn load(&mut self, key: Key, record: Record, pieces: u8) {
        self.stored.insert(key.clone(), pieces);
        self.entries.insert(key, Box::new(record));
    }

    /// The keys to move at a checkpoint; what changes from now on is for the next one.
    pub(crate) fn take_changed(&mut self) -> Vec<Key> {
        self.changed.drain().collect()
    }

    /// In how many pieces the records hold an entry; 0 where they don't.
    pub(crate) fn pieces(&self, key: &Key) -> u8 {
        self.stored.get(key).copied().unwrap_or(0)
    }

    /// Remembers in how many pieces the records hold an entry.
    pub(crate) fn set_pieces(&mut self, key: Key, pieces: u8) {
        if pieces == 0 {
            self.stored.remove(&key);
        } else {
            self.stored.insert(key, pieces);
        }
    }
}
