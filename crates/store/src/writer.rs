//! The side of a store that writes: journal, records, checkpoints. It takes [`Work`] in order and may have a thread
//! of its own, so that the next turn is decided while the disk writes the last.

use std::fmt;
use std::sync::Arc;

use failpoints::{Bug, Point, planted};
use jiff::Timestamp;
use model::Space;
use model::journal::{Entry, Turn};

use crate::disk::Disk;
use crate::disk::real::Lock;
use crate::error::{StoreError, is_want_of_space};
use crate::journal::Journal;
use crate::key_bytes::{self, KeyBytes};
use crate::ledger::Work;
use crate::options::Options;
use crate::records::{Batch, Records, RecordsError};
use crate::recovery::Marks;
use crate::sentinel::Sentinel;
use crate::shared::{Awaits, Shared};
use crate::values::{Values, encode_positional};

mod changes;
mod checkpoint;

pub(crate) use changes::{Change, Changes};
use checkpoint::Checkpoint;

/// What is reserved ahead for the records: far more than one turn writes to them.
const RECORDS_RESERVE_OCTETS: u64 = 16 << 20;

/// What makes turns durable. There is one of a store.
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) options: Options,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) journal: Journal,
    pub(crate) sentinel: Sentinel,
    pub(crate) keys: KeyBytes,
    pub(crate) values: Values,
    pub(crate) marks: Marks,
    pub(crate) checkpoint: Option<Checkpoint>,
    /// In how many pieces the records hold each shard of open entries; 0 where they don't.
    pub(crate) pieces: Vec<u16>,
    pub(crate) changes: Changes,
    /// Octets of journal and key writes since the last checkpoint began.
    pub(crate) due_octets: u64,
    pub(crate) due_writes: u64,
    pub(crate) last_at: Option<Timestamp>,
    pub(crate) batch: Batch,
    pub(crate) key_buffer: Vec<u8>,
    /// Held until the writer is dropped; a simulated disk has none.
    pub(crate) lock: Option<Lock>,
}

impl Writer {
    /// Makes work durable: a turn is one record of the journal, synced, then its writes are applied to the records.
    /// Effects of a turn may leave once this has returned. Gives the turn back, for the room that it has.
    ///
    /// After an error nothing more is promised: the ledger has taken what is not durable.
    pub fn write(&mut self, work: Work) -> Result<Option<Turn>, StoreError> {
        self.shared.check_alive()?;
        let written = match work {
            Work::Turn(sequence, turn) => self.write_turn(sequence, &turn).map(|()| {
                reach_recorded(&turn.entries);
                Some(turn)
            }),
            Work::Move(moved) => self.take_moved(moved).map(|()| None),
        };
        if written.is_err() {
            self.shared.poison();
        }
        written
    }

    /// Makes a segment ahead, takes a step of a checkpoint, or removes a segment that is old. Call it after each
    /// piece of work and when idle. Returns whether there is more to do.
    pub fn housekeeping(&mut self) -> Result<bool, StoreError> {
        self.shared.check_alive()?;
        let done = self.keep_house();
        self.shared.watch(done)
    }

    /// Whether [`crate::Ledger::housekeeping`] has something to do.
    pub fn is_awaited(&self) -> bool {
        self.shared.awaits() != Awaits::Nothing || self.shared.forgets()
    }

    pub(crate) fn write_turn(&mut self, sequence: u64, turn: &Turn) -> Result<(), StoreError> {
        self.prepare(turn, sequence)?;
        if planted(Bug::RecordsBeforeJournal) {
            self.records.put(&self.batch)?;
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
        self.changes.keep(&turn.writes);
        failpoints::reached(Point::Applied);
        Ok(())
    }

    /// Encodes and seals a turn's writes of citizens' records, before anything is written.
    pub(crate) fn prepare(&mut self, turn: &Turn, sequence: u64) -> Result<(), StoreError> {
        self.batch.clear();
        for (key, record) in turn.writes.iter().filter(|(key, _)| key.space() == Space::Records) {
            // Its number first: the records never hold anything of a turn that they don't name.
            if self.batch.is_empty() {
                put_applied(&mut self.batch, sequence);
            }
            self.keys.encode(key, &mut self.key_buffer);
            match record {
                Some(record) => self.values.put(&mut self.batch, &self.key_buffer, record)?,
                None => self.batch.remove(&self.key_buffer),
            }
        }
        Ok(())
    }

    /// Applies a durable turn, whose batch was prepared.
    pub(crate) fn apply(&mut self, turn: &Turn, sequence: u64) -> Result<(), StoreError> {
        // A pure look-up writes nothing to them.
        self.records.put(&self.batch)?;
        self.due_writes += turn.writes.len() as u64;
        self.marks.add(turn.at, sequence);
        self.last_at = Some(turn.at);
        self.shared.set_written(sequence);
        Ok(())
    }

    fn keep_house(&mut self) -> Result<bool, StoreError> {
        let made = self.journal.make_ahead()?;
        self.look_for_room()?;
        if made {
            return Ok(true);
        }
        let due = self.due_octets >= self.options.checkpoint_octets
            || self.due_writes >= self.options.checkpoint_writes;
        if self.checkpoint.is_none() && due {
            self.begin_checkpoint();
        }
        if self.checkpoint.is_some() && self.journal.has_room() {
            return self.step_checkpoint();
        }
        let floor = self.sentinel.recent_from.min(self.sentinel.sequence + 1);
        match self.last_at.filter(|_| !self.shared.is_retention_held()) {
            Some(now) => self.journal.prune(floor, now, self.options.retention),
            None => Ok(false),
        }
    }

    /// Looks for space, and reserves what the records may write before it is looked for again: they end the process
    /// where they can't.
    pub(crate) fn look_for_room(&mut self) -> Result<(), StoreError> {
        let reserved = match self.records.reserve(RECORDS_RESERVE_OCTETS) {
            Err(error) if is_want_of_space(&error) => false,
            reserved => reserved.map(|()| true).map_err(RecordsError::from)?,
        };
        self.journal.look_for_room(reserved).map_err(StoreError::Journal)?;
        self.shared.set_has_room(self.journal.has_room());
        Ok(())
    }
}

/// Without its writer a ledger promises nothing.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.poison();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer(turn {})", self.journal.last().sequence)
    }
}

/// Where a test kills the process once a turn with such entries is durable.
fn reach_recorded(entries: &[Entry]) {
    for entry in entries {
        match entry {
            Entry::Verdict { .. } => failpoints::reached(Point::VerdictRecorded),
            Entry::Receipt { .. } => failpoints::reached(Point::ReceiptRecorded),
            _ => {}
        }
    }
}

/// What the record of a turn is bound to.
pub(crate) fn turn_aad(sequence: u64) -> [u8; 12] {
    let mut aad = *b"turn\0\0\0\0\0\0\0\0";
    aad[4..].copy_from_slice(&sequence.to_be_bytes());
    aad
}

/// Adds the last applied turn to a batch.
pub(crate) fn put_applied(batch: &mut Batch, sequence: u64) {
    put_plain(batch, &key_bytes::APPLIED, &sequence.to_be_bytes());
}

/// Adds what the records know of themselves to a batch.
pub(crate) fn put_plain(batch: &mut Batch, key: &[u8], octets: &[u8]) {
    let put: Result<usize, std::convert::Infallible> = batch.put(key, |out| {
        out.extend_from_slice(octets);
        Ok(())
    });
    let Ok(_) = put;
}
