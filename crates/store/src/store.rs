//! The store: a turn in, durable; a record out.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use failpoints::{Bug, Point, planted};
use jiff::Timestamp;
use model::journal::Turn;
use model::{Key, Record, Space};
use vault::MasterKey;

use crate::cache::Cache;
use crate::disk::Disk;
use crate::disk::real::{Lock, RealDisk};
use crate::error::{OpenError, StoreError, is_want_of_space};
use crate::journal::Journal;
use crate::key_bytes::{self, KeyBytes};
use crate::open_entries::OpenEntries;
use crate::options::Options;
use crate::reader::Reader;
use crate::records::on_sled::SledHome;
use crate::records::{Batch, Records, RecordsError, RecordsHome};
use crate::recovery::{Marks, Recovery};
use crate::secrets::Secrets;
use crate::sentinel::Sentinel;
use crate::values::{Values, encode_positional};

mod checkpoint;
mod opening;

use checkpoint::Checkpoint;
pub(crate) use opening::{judge_journal, load_keys, number_at, read_turn};

/// What is reserved ahead for the records: far more than one turn writes to them.
const RECORDS_RESERVE_OCTETS: u64 = 16 << 20;

/// The write side of a store. There is one in a process, and one process to a directory.
pub struct Store {
    disk: Arc<dyn Disk>,
    options: Options,
    records: Arc<dyn Records>,
    journal: Journal,
    sentinel: Sentinel,
    secrets: Secrets,
    keys: KeyBytes,
    values: Values,
    open: OpenEntries,
    /// Behind a cell, for a look changes what is kept.
    cache: RefCell<Cache>,
    marks: Marks,
    checkpoint: Option<Checkpoint>,
    /// Octets of journal and key writes since the last checkpoint began.
    due_octets: u64,
    due_writes: u64,
    last_at: Option<Timestamp>,
    retention_held: bool,
    batch: Batch,
    key_buffer: Vec<u8>,
    poisoned: AtomicBool,
    /// Held until the store is dropped; a simulated disk has none.
    _lock: Option<Lock>,
}

impl Store {
    /// Opens the store in `dir`, which is made if absent, and applies again what the records may lack.
    pub fn open(dir: &Path, key: &MasterKey, options: Options) -> Result<(Self, Recovery), OpenError> {
        let io = |source| OpenError::Io { what: "opening the directory", source };
        let disk = RealDisk::open(dir).map_err(io)?;
        let lock = Lock::take(dir).map_err(io)?.ok_or(OpenError::Locked)?;
        let mut home = SledHome::new(dir, options.cache_octets);
        let (mut store, recovery) = Self::open_with(Arc::new(disk), &mut home, key, options)?;
        store._lock = Some(lock);
        Ok((store, recovery))
    }

    /// Opens a store through its inner doors, real or simulated. The caller sees to it that nobody else has
    /// it open.
    pub fn open_with(
        disk: Arc<dyn Disk>,
        records: &mut dyn RecordsHome,
        key: &MasterKey,
        options: Options,
    ) -> Result<(Self, Recovery), OpenError> {
        opening::open(disk, records, key, options)
    }

    /// The record of `key`, of either space.
    pub fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        self.check_alive()?;
        match key.space() {
            Space::Open => Ok(self.open.get(key).cloned()),
            Space::Records => {
                let known = self.cache.borrow_mut().get(key);
                known.map_or_else(|| self.watch(self.fetch(key)), Ok)
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
        self.timers(&from, &until, limit)
    }

    /// When the earliest timer is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let (from, until) = key_bytes::timers_until(Timestamp::MAX);
        let first = self.timers(&from, &until, 1)?;
        Ok(first.into_iter().next().and_then(|(key, _)| match key {
            Key::Timer(due, _) => Some(due),
            _ => None,
        }))
    }

    /// The sequence that the next commit will get.
    pub fn next_sequence(&self) -> u64 {
        self.journal.last().sequence + 1
    }

    /// Makes a turn durable and applies it: one record of the journal, synced, then the records. Effects may
    /// leave once this has returned.
    pub fn commit(&mut self, turn: &Turn) -> Result<u64, StoreError> {
        self.check_alive()?;
        let committed = self.write_turn(turn);
        self.watch(committed)
    }

    /// Whether the journal has space for new messages; where not, intake answers "later".
    pub fn has_room(&self) -> bool {
        self.journal.has_room()
    }

    /// Makes a segment ahead, or takes a step of a due checkpoint: whole shards, until some `limit` open entries are
    /// moved. Call it after each turn and when idle. Returns whether there is more to do.
    pub fn housekeeping(&mut self, limit: usize) -> Result<bool, StoreError> {
        self.check_alive()?;
        let done = self.keep_house(limit);
        self.watch(done)
    }

    /// Holds the deletion of old segments, or lets it go on: nothing is deleted by a clock that nobody believes.
    pub fn hold_retention(&mut self, hold: bool) {
        self.retention_held = hold;
    }

    /// A view for pages.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.records), self.keys.clone(), self.values.clone())
    }

    /// The keys of one-time texts.
    pub fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    /// Looks for space, and reserves what the records may write before it is looked for again: they end the process
    /// where they can't.
    fn look_for_room(&mut self) -> Result<(), StoreError> {
        let reserved = match self.records.reserve(RECORDS_RESERVE_OCTETS) {
            Err(error) if is_want_of_space(&error) => false,
            reserved => reserved.map(|()| true).map_err(RecordsError::from)?,
        };
        self.journal.look_for_room(reserved).map_err(StoreError::Journal)
    }

    fn write_turn(&mut self, turn: &Turn) -> Result<u64, StoreError> {
        let sequence = self.next_sequence();
        self.prepare(turn, sequence)?;
        self.secrets.sync()?;
        if planted(Bug::RecordsBeforeJournal) {
            self.records.apply(&self.batch)?;
        }
        let sealer = &self.values.0;
        let written = self.journal.append(turn.at, |sequence, out| {
            sealer.seal_into(&turn_aad(sequence), out, |out| encode_positional(out, turn))??;
            Ok(())
        })?;
        assert_eq!(written, sequence, "the batch names the turn that was written");
        failpoints::reached(Point::RecordSynced);
        self.due_octets += self.journal.last_octets();
        self.apply(turn, sequence)?;
        failpoints::reached(Point::Applied);
        Ok(sequence)
    }

    /// Encodes and seals a turn's writes of citizens' records, before anything is written.
    fn prepare(&mut self, turn: &Turn, sequence: u64) -> Result<(), StoreError> {
        self.batch.clear();
        for (key, record) in turn.writes.iter().filter(|(key, _)| key.space() == Space::Records) {
            self.keys.encode(key, &mut self.key_buffer);
            match record {
                Some(record) => self.values.put(&mut self.batch, &self.key_buffer, record)?,
                None => self.batch.remove(&self.key_buffer),
            }
        }
        // A pure look-up writes nothing to the records.
        if !self.batch.is_empty() {
            put_applied(&mut self.batch, sequence);
        }
        Ok(())
    }

    /// Applies a durable turn, whose batch was prepared.
    fn apply(&mut self, turn: &Turn, sequence: u64) -> Result<(), StoreError> {
        if !self.batch.is_empty() {
            self.records.apply(&self.batch)?;
        }
        for (key, record) in &turn.writes {
            match key.space() {
                Space::Open => self.open.write(key, record.as_ref()),
                Space::Records => self.cache.get_mut().forget(key),
            }
        }
        self.due_writes += turn.writes.len() as u64;
        self.marks.add(turn.at, sequence);
        self.last_at = Some(turn.at);
        Ok(())
    }

    fn timers(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        self.check_alive()?;
        let pairs = self.watch(self.records.scan(from, until, limit).map_err(StoreError::from))?;
        let mut timers = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let record = self.watch(self.values.get(&key, value))?;
            if let Record::Timer(due, subject) = &record {
                timers.push((Key::Timer(*due, subject.clone()), record));
            }
        }
        Ok(timers)
    }

    fn fetch(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let mut octets = Vec::with_capacity(64);
        self.keys.encode(key, &mut octets);
        let value = self.records.get(&octets)?;
        let length = value.as_ref().map_or(0, Vec::len);
        let record = match value {
            Some(value) => Some(Arc::new(self.values.get(&octets, value)?)),
            None => None,
        };
        self.cache.borrow_mut().insert(key, record.clone(), length);
        Ok(record)
    }

    fn check_alive(&self) -> Result<(), StoreError> {
        if self.poisoned.load(Ordering::Relaxed) { Err(StoreError::Poisoned) } else { Ok(()) }
    }

    /// After a failed write, sync or read nothing more is promised.
    fn watch<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result
            && error.is_fatal()
        {
            self.poisoned.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store(turn {})", self.journal.last().sequence)
    }
}

/// What the record of a turn is bound to.
pub(crate) fn turn_aad(sequence: u64) -> [u8; 12] {
    let mut aad = *b"turn\0\0\0\0\0\0\0\0";
    aad[4..].copy_from_slice(&sequence.to_be_bytes());
    aad
}

/// Adds the last applied turn to a batch, so that both are applied or neither.
fn put_applied(batch: &mut Batch, sequence: u64) {
    put_plain(batch, &key_bytes::APPLIED, &sequence.to_be_bytes());
}

/// Adds what the records know of themselves to a batch.
fn put_plain(batch: &mut Batch, key: &[u8], octets: &[u8]) {
    let put: Result<usize, std::convert::Infallible> = batch.put(key, |out| {
        out.extend_from_slice(octets);
        Ok(())
    });
    let Ok(_) = put;
}
