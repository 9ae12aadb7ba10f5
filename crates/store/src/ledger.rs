//! The side of a store that the engine decides by: what is so after the last turn, durable or on its way to the disk.
//!
//! It never waits for the disk to write. What it takes goes to the [`crate::Writer`] as [`Work`], in the order in
//! which it was taken; nobody is told anything of a turn before that has written it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::{fmt, io};

use failpoints::{Bug, planted};
use jiff::Timestamp;
use model::journal::Turn;
use model::{Key, OutboxId, Record, Space};

use crate::cache::Cache;
use crate::error::StoreError;
use crate::key_bytes::{self, KeyBytes};
use crate::open_entries::{OpenEntries, ShardEntries, ShardNumber};
use crate::pending::Pending;
use crate::read_together::{ReadTogether, SHARE_MIN};
use crate::reader::Reader;
use crate::records::{Pair, Records};
use crate::secrets::Secrets;
use crate::shared::{Awaits, Shared};
use crate::values::Values;

/// What a shard takes beside its entries, in entries: sled's work for one value.
const SHARD_COST: usize = 30;

/// Something for the writer to do. It must get all of it, in order.
#[derive(Debug)]
pub enum Work {
    /// A turn, by its number.
    Turn(u64, Turn),
    /// Open entries that a checkpoint moves.
    Move(Moved),
}

/// Shards of open entries as they are now, for a checkpoint.
#[derive(Debug)]
pub struct Moved {
    pub(crate) shards: Vec<(ShardNumber, ShardEntries)>,
    /// Where the checkpoint has all that it needs: how many entries there are that last.
    pub(crate) complete: Option<usize>,
}

/// What the engine reads and what it changes. There is one of a store.
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
    records: Arc<dyn Records>,
    keys: KeyBytes,
    values: Values,
    pub(crate) secrets: Secrets,
    pub(crate) open: OpenEntries,
    pending: Pending,
    /// Behind a cell, for a look changes what is kept.
    cache: RefCell<Cache>,
    /// Reads of many records; none where nobody asked for its threads.
    together: Option<ReadTogether>,
    /// The last turn that was taken.
    pub(crate) sequence: u64,
    /// Messages that are final, each with the turn that made it so: their texts are zeroed once it is written.
    forgotten: VecDeque<(u64, OutboxId)>,
    /// Shards that the checkpoint under way has yet to be given.
    moving: Option<Vec<ShardNumber>>,
    key_buffer: Vec<u8>,
}

impl Ledger {
    /// The ledger after turn `sequence`, before what is open is loaded.
    pub(crate) fn new(
        shared: Arc<Shared>,
        records: Arc<dyn Records>,
        keys: KeyBytes,
        values: Values,
        secrets: Secrets,
        sequence: u64,
    ) -> Self {
        Self {
            shared,
            records,
            open: OpenEntries::new(keys.shard_seed()),
            keys,
            values,
            secrets,
            pending: Pending::default(),
            cache: RefCell::new(Cache::new()),
            together: None,
            sequence,
            forgotten: VecDeque::new(),
            moving: None,
            key_buffer: Vec::new(),
        }
    }

    /// The record of `key`, of either space.
    pub fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        self.shared.check_alive()?;
        if key.space() == Space::Open {
            return Ok(self.open.get(key).cloned());
        }
        if let Some(unwritten) = self.pending.get(key) {
            return Ok(unwritten);
        }
        let known = self.cache.borrow_mut().get(key);
        known.map_or_else(|| self.shared.watch(self.fetch(key)), Ok)
    }

    /// Starts threads that read for [`Self::have_at_hand`]; they end with the ledger.
    pub fn start_readers(&mut self) -> io::Result<()> {
        self.together = Some(ReadTogether::start(&self.records, &self.values)?);
        Ok(())
    }

    /// Has the records of `keys` at hand, which will be asked for soon: where many are not, they are read together.
    /// Whoever asks for them is told of an error.
    pub fn have_at_hand<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        let Some(together) = &self.together else { return };
        let mut cache = self.cache.borrow_mut();
        let is_at_hand =
            |key: &Key| key.space() == Space::Open || cache.knows(key) || self.pending.get(key).is_some();
        let mut wanted: Vec<&Key> = keys.filter(|key| !is_at_hand(key)).collect();
        // So few the turn reads by itself.
        if wanted.len() <= SHARE_MIN {
            return;
        }
        wanted.sort_unstable();
        wanted.dedup();
        for found in together.read(wanted.iter().map(|key| self.keys.octets(key)).collect()) {
            if let Some(key) = wanted.get(found.place) {
                cache.insert(key, found.record, found.length);
            }
        }
    }

    /// All records of [`Space::Open`], in no order.
    pub fn open_entries(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.open.iter()
    }

    /// Timers that are due at `now`, the earliest first, at most `limit`.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        let (from, until) = key_bytes::timers_until(now);
        let unwritten = self.pending.timers().take_while(|(octets, _)| *octets < until.as_slice());
        let unwritten: Vec<_> = unwritten.collect();
        let mut found = self.scan(&from, &until, limit.saturating_add(unwritten.len()))?;
        found.retain(|(octets, _)| !self.pending.has_timer(octets));
        let mut timers = Vec::with_capacity(found.len() + unwritten.len());
        for (octets, value) in found {
            let record = self.shared.watch(self.values.get(&octets, value))?;
            timers.push((octets, record));
        }
        let put = |(octets, record): (&[u8], Option<&Arc<Record>>)| {
            record.map(|record| (octets.to_vec(), Record::clone(record)))
        };
        timers.extend(unwritten.into_iter().filter_map(put));
        timers.sort_unstable_by(|(first, _), (second, _)| first.cmp(second));
        timers.truncate(limit);
        Ok(timers.into_iter().filter_map(|(_, record)| timer(record)).collect())
    }

    /// When the earliest timer is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let put = self.pending.timers().find(|(_, record)| record.is_some());
        let put = put.and_then(|(octets, _)| key_bytes::timer_due(octets));
        let written = self.first_written_timer()?;
        let written = written.and_then(|octets| key_bytes::timer_due(&octets));
        Ok([put, written].into_iter().flatten().min())
    }

    /// The key of the earliest timer that the records have and no unwritten turn deletes.
    fn first_written_timer(&self) -> Result<Option<Vec<u8>>, StoreError> {
        /// Looked at together: an unwritten turn seldom deletes more of the earliest.
        const TOGETHER: usize = 8;
        let (from, until) = key_bytes::timers_until(Timestamp::MAX);
        let mut from = from.to_vec();
        loop {
            let page = self.scan(&from, &until, TOGETHER)?;
            let Some((last, _)) = page.last() else { return Ok(None) };
            from = last.clone();
            from.push(0);
            if let Some((octets, _)) = page.into_iter().find(|(octets, _)| !self.pending.has_timer(octets)) {
                return Ok(Some(octets));
            }
        }
    }

    /// The sequence that the next turn will get.
    pub fn next_sequence(&self) -> u64 {
        self.sequence + 1
    }

    /// Takes a turn: from now on it is so. The caller gives it to the writer as [`Work::Turn`] of the number that is
    /// returned. Keys of one-time texts are durable when this returns.
    pub fn take(&mut self, turn: &Turn) -> Result<u64, StoreError> {
        self.shared.check_alive()?;
        let synced = self.secrets.sync();
        self.shared.watch(synced)?;
        self.sequence += 1;
        self.pending.forget_up_to(self.shared.written());
        self.pending.begin(self.sequence);
        self.apply(turn, true);
        Ok(self.sequence)
    }

    /// Applies the writes of a turn, to be remembered until they are written where they are not.
    pub(crate) fn apply(&mut self, turn: &Turn, unwritten: bool) {
        for (key, record) in &turn.writes {
            if key.space() == Space::Open {
                self.open.write(key, record.as_ref());
                continue;
            }
            self.cache.get_mut().write(key, record.as_ref());
            if !unwritten {
                continue;
            }
            self.pending.put(key, record.as_ref());
            if matches!(key, Key::Timer(..)) {
                self.keys.encode(key, &mut self.key_buffer);
                self.pending.put_timer(&self.key_buffer, record.as_ref());
            }
        }
    }

    /// The last turn that is written: durable, and in the records.
    pub fn written(&self) -> u64 {
        self.shared.written()
    }

    /// Whether there is space for new messages; where not, intake answers "later".
    pub fn has_room(&self) -> bool {
        self.shared.has_room()
    }

    /// Has the secret text of a message zeroed once the last turn that was taken is written.
    pub fn forget(&mut self, id: OutboxId) {
        self.forgotten.push_back((self.sequence, id));
        self.shared.set_forgets(true);
    }

    /// Zeroes the texts of written turns; and the next step of a checkpoint that the writer has begun: whole shards,
    /// until some `limit` open entries are moved. Call it after each turn and when idle.
    pub fn housekeeping(&mut self, limit: usize) -> Result<Option<Work>, StoreError> {
        self.shared.check_alive()?;
        let forgotten = self.forget_written();
        self.shared.watch(forgotten)?;
        Ok(self.moves().then(|| Work::Move(self.move_shards(limit.max(1)))))
    }

    pub(crate) fn forget_written(&mut self) -> Result<(), StoreError> {
        let written = self.shared.written();
        while let Some((sequence, id)) = self.forgotten.front().copied()
            && sequence <= written
        {
            self.secrets.forget(id)?;
            self.forgotten.pop_front();
        }
        if self.forgotten.is_empty() {
            self.shared.set_forgets(false);
        }
        Ok(())
    }

    /// Whether a checkpoint waits for shards. It writes; without space it waits as well, and the journal at hand
    /// carries what is under way.
    fn moves(&self) -> bool {
        self.shared.awaits() != Awaits::Nothing && self.has_room()
    }

    pub(crate) fn move_shards(&mut self, limit: usize) -> Moved {
        let whole = self.shared.awaits() == Awaits::All;
        let moving = self.moving.get_or_insert_with(|| self.open.take_changed(whole));
        let mut shards = Vec::new();
        let mut left = limit;
        if planted(Bug::OpenEntriesLeftOut) {
            moving.clear();
        }
        while let Some(number) = moving.pop_if(|_| left > 0) {
            let Some(entries) = self.open.begin_move(number) else { continue };
            left = left.saturating_sub(entries.len() + SHARD_COST);
            shards.push((number, entries));
        }
        let complete = moving.is_empty().then(|| self.open.lasting());
        if complete.is_some() {
            self.moving = None;
            self.shared.set_awaits(Awaits::Nothing);
        }
        Moved { shards, complete }
    }

    /// Holds the deletion of old segments, or lets it go on: nothing is deleted by a clock that nobody believes.
    pub fn hold_retention(&mut self, hold: bool) {
        self.shared.hold_retention(hold);
    }

    /// A view for pages: of what is written.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.records), self.keys.clone(), self.values.clone())
    }

    /// The keys of one-time texts.
    pub fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    fn scan(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.shared.check_alive()?;
        self.shared.watch(self.records.scan(from, until, limit).map_err(StoreError::from))
    }

    fn fetch(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let octets = self.keys.octets(key);
        let value = self.records.get(&octets)?;
        let length = value.as_ref().map_or(0, Vec::len);
        let record = match value {
            Some(value) => Some(Arc::new(self.values.get(&octets, value)?)),
            None => None,
        };
        self.cache.borrow_mut().insert(key, record.clone(), length);
        Ok(record)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger(turn {})", self.sequence)
    }
}

fn timer(record: Record) -> Option<(Key, Record)> {
    match &record {
        Record::Timer(due, subject) => Some((Key::Timer(*due, subject.clone()), record)),
        _ => None,
    }
}
