//! What is open for a while: kept in memory, carried by the journal, moved into the records at a checkpoint.
//!
//! Entries lie in shards, and a shard is moved as a whole: one value of the records holds some dozens of entries. sled
//! takes about as long for a value of 100 octets as for one of 10,000, and a checkpoint of a busy line has 100,000
//! entries to move.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use model::{Key, Record};

use crate::sharing::Sharing;

/// Shards of what passes within minutes: messages on their way out by when they were made, for what is open at one
/// moment was made lately, and messages in parts.
const PASSING_SHARDS: u64 = 1_024;
/// Messages of one turn that lie together; a step of a checkpoint moves at least one shard.
const OUTBOX_TOGETHER: u64 = 128;
/// Shards over which a turn's messages spread: a turn takes some thousand events.
const OUTBOX_SHARDS_OF_A_TURN: u64 = 8;
/// Shards of what lasts, by a sum over the key: a million entries are some hundred, or one long value, in each.
const LASTING_SHARDS: u64 = 8_192;
/// Of these, shards of wrong codes: every look-up asks for its sender's, and few have any. So small a table stays at
/// hand, where one that is spread over the shards of all that was found does not.
const WRONG_CODES_SHARDS: u64 = 256;
/// Shards in all.
pub(crate) const SHARDS: usize = (PASSING_SHARDS + LASTING_SHARDS) as usize;

/// A table with so many times the room that it needs is made smaller.
const SPARE_FACTOR: usize = 8;

/// The number of a shard. It does not stand on a disk: who knows a phone number must not find there whether its shard
/// holds anything.
pub(crate) type ShardNumber = u16;

/// What a shard holds at a moment.
pub(crate) type ShardEntries = Vec<(Key, Arc<Record>)>;

/// The open entries, and what the records hold of them.
pub(crate) struct OpenEntries {
    /// Of the sums over keys; the same for all the life of a store.
    seed: u64,
    shards: Vec<Shard>,
    /// Shards of what passes that changed since they were last moved.
    changed_passing: Vec<ShardNumber>,
    /// The same of what lasts.
    changed_lasting: Vec<ShardNumber>,
}

/// Whether an entry of this key is there for hours: what is counted of a sender, what he found, or who might write once
/// more. Each citizen of a day has one, and few of them change between two checkpoints.
pub(crate) fn lasts(key: &Key) -> bool {
    matches!(key, Key::Limits(..) | Key::Fingerprint(_) | Key::Found(..))
}

#[derive(Default)]
struct Shard {
    entries: FxHashMap<Key, Arc<Record>>,
    /// It stands among those that changed.
    changed: bool,
}

impl OpenEntries {
    pub(crate) fn new(seed: u64) -> Self {
        let mut shards = Vec::new();
        shards.resize_with(SHARDS, Shard::default);
        Self { seed, shards, changed_passing: Vec::new(), changed_lasting: Vec::new() }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Record>> {
        self.shards.get(usize::from(self.number_of(key)))?.entries.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.shards.iter().flat_map(|shard| &shard.entries).map(|(key, record)| (key, record.as_ref()))
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.get(key).is_some()
    }

    /// Applies a write of a turn.
    pub(crate) fn write(&mut self, key: &Key, record: Option<&Arc<Record>>) {
        let number = self.number_of(key);
        let Some(shard) = self.shards.get_mut(usize::from(number)) else { return };
        let known = match record {
            Some(record) => shard.entries.insert(key.clone(), Arc::clone(record)),
            None => shard.entries.remove(key),
        };
        if (record.is_some() || known.is_some()) && !shard.changed {
            shard.changed = true;
            let changed = if lasts(key) { &mut self.changed_lasting } else { &mut self.changed_passing };
            changed.push(number);
        }
    }

    /// How many entries there are that last.
    pub(crate) fn lasting(&self) -> usize {
        self.shards.iter().skip(PASSING_SHARDS as usize).map(|shard| shard.entries.len()).sum()
    }

    /// Takes a shard as the records hold it, its records shared where they can be; its number, where all of it belongs
    /// into one.
    pub(crate) fn load(&mut self, entries: Vec<(Key, Record)>, sharing: &mut Sharing) -> Option<ShardNumber> {
        let number = entries.first().map(|(key, _)| self.number_of(key))?;
        let alike = entries.iter().all(|(key, _)| self.number_of(key) == number);
        if let Some(shard) = self.shards.get_mut(usize::from(number)).filter(|_| alike) {
            shard.entries = entries.into_iter().map(|(key, record)| (key, sharing.share(record))).collect();
        }
        alike.then_some(number)
    }

    /// The shards to move at a checkpoint, those of what lasts where it is to be `whole`; what changes from now on is
    /// for the next one.
    pub(crate) fn take_changed(&mut self, whole: bool) -> Vec<ShardNumber> {
        let mut changed = std::mem::take(&mut self.changed_passing);
        if whole {
            changed.append(&mut self.changed_lasting);
        }
        changed
    }

    /// Begins the move of a shard: what it holds now. None where it was moved already.
    pub(crate) fn begin_move(&mut self, number: ShardNumber) -> Option<ShardEntries> {
        let shard = self.shards.get_mut(usize::from(number)).filter(|shard| shard.changed)?;
        shard.changed = false;
        // What a busy hour needed is not kept for good in each of so many tables.
        if shard.entries.capacity() > SPARE_FACTOR * shard.entries.len().max(SPARE_FACTOR) {
            shard.entries.shrink_to_fit();
        }
        Some(shard.entries.iter().map(|(key, record)| (key.clone(), Arc::clone(record))).collect())
    }

    /// Where a key's entry lies. Never changed, for the records hold entries by it.
    fn number_of(&self, key: &Key) -> ShardNumber {
        let passing = |octets: [&[u8]; 2]| sum(self.seed, octets) % PASSING_SHARDS;
        let wrong = |octets: [&[u8]; 2]| PASSING_SHARDS + sum(self.seed, octets) % WRONG_CODES_SHARDS;
        let other = |octets: [&[u8]; 2]| {
            let spread = LASTING_SHARDS - WRONG_CODES_SHARDS;
            PASSING_SHARDS + WRONG_CODES_SHARDS + sum(self.seed, octets) % spread
        };
        let number = match key {
            Key::Outbox(id) => {
                let within = u64::from(id.cause.index) / OUTBOX_TOGETHER % OUTBOX_SHARDS_OF_A_TURN;
                (id.cause.sequence % PASSING_SHARDS * OUTBOX_SHARDS_OF_A_TURN + within) % PASSING_SHARDS
            }
            Key::Limits(_, phone) => wrong([phone.as_bytes(), &[]]),
            Key::Found(_, phone, code) => other([phone.as_bytes(), code.as_bytes()]),
            Key::Fingerprint(fingerprint) => other([&fingerprint.0, &[]]),
            // Long ones: no two of a sender need lie together.
            Key::PartialMessage(id) => passing([id.source.digits.as_bytes(), &id.reference.to_be_bytes()]),
            // No other kind of key is an open entry.
            _ => 0,
        };
        ShardNumber::try_from(number).unwrap_or_default()
    }
}

/// FNV-1a with a finish: by itself it spreads numbers that follow one another badly.
fn sum(seed: u64, octets: [&[u8]; 2]) -> u64 {
    let step = |sum: u64, octet: &u8| (sum ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
    let sum = octets.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325 ^ seed, step);
    let mixed = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests;
