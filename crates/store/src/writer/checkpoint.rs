//! A checkpoint: open entries into the records, records durable, sentinel in place. In small steps between
//! turns; a start after a crash in the middle goes by the sentinel before.
//!
//! A whole one moves the shards of all entries that changed; most move those of passing entries, and write what changed
//! of the others (`changes.rs`).
//!
//! Entries are moved as they are at their step, perhaps later than the turn of the checkpoint. That is
//! right: a start applies all turns after it again, and writes are absolute. A step comes after the turns whose
//! writes it holds, for all work is done in order: the records are never ahead of the journal.

use failpoints::{Bug, Point, planted};

use super::{Change, Writer, put_applied, put_plain};
use crate::block_queue::BlockQueue;
use crate::error::StoreError;
use crate::journal::Last;
use crate::key_bytes::{self, Chunk};
use crate::ledger::{Ledger, Moved};
use crate::shared::Awaits;

/// A checkpoint under way.
pub(crate) struct Checkpoint {
    /// Up to here the records will be durable.
    last: Last,
    recent_from: u64,
    extent: Extent,
    /// The ledger has given all its shards.
    moved: bool,
}

/// What becomes of entries that last.
enum Extent {
    /// All shards that changed are moved, and then the chunks of changes are removed.
    Whole,
    /// What changed is written.
    Changes {
        /// What is left of it; what is written is freed with its step, not all at the end.
        left: BlockQueue<Change>,
        /// Chunks that are written.
        chunks: u32,
    },
}

/// Chunks that are written or removed in one step.
const STEP_CHUNKS: usize = 4;

impl Writer {
    /// Begins a checkpoint whether or not one is due, and finishes it. For an orderly stop, once all work is written.
    pub fn checkpoint(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        self.shared.check_alive()?;
        let done = self.checkpoint_now(ledger);
        self.shared.watch(done)
    }

    /// Ends in good order, once all work is written.
    pub fn close(mut self, mut ledger: Ledger) -> Result<(), StoreError> {
        self.shared.watch(ledger.forget_written())?;
        // A checkpoint writes; without space the journal carries it all to the next start.
        if ledger.has_room() { self.checkpoint(&mut ledger) } else { Ok(()) }
    }

    pub(crate) fn checkpoint_now(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        ledger.forget_written()?;
        if self.checkpoint.is_some() {
            self.move_all(ledger)?;
        }
        self.begin_checkpoint();
        self.move_all(ledger)
    }

    fn move_all(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        while self.checkpoint.as_ref().is_some_and(|checkpoint| !checkpoint.moved) {
            self.take_moved(ledger.move_shards(usize::MAX))?;
        }
        while self.checkpoint.is_some() {
            self.step_checkpoint()?;
        }
        Ok(())
    }

    pub(super) fn begin_checkpoint(&mut self) {
        let last = self.journal.last();
        let recent_from = self.marks.first(last.sequence + 1);
        let few = usize::try_from(self.options.checkpoint_writes).unwrap_or(usize::MAX);
        let changes = self.changes.begin(self.last_at, few);
        let awaits = if changes.is_some() { Awaits::Passing } else { Awaits::All };
        let extent = match changes {
            Some(left) => Extent::Changes { left, chunks: 0 },
            None => Extent::Whole,
        };
        self.checkpoint = Some(Checkpoint { last, recent_from, extent, moved: false });
        (self.due_octets, self.due_writes) = (0, 0);
        failpoints::reached(Point::CheckpointBegun);
        self.shared.set_awaits(awaits);
    }

    pub(super) fn take_moved(&mut self, moved: Moved) -> Result<(), StoreError> {
        self.batch.clear();
        put_applied(&mut self.batch, self.journal.last().sequence);
        let mut in_pieces = false;
        for (number, entries) in &moved.shards {
            let Some(before) = self.pieces.get(usize::from(*number)).copied() else { continue };
            // All that it held came and went.
            if entries.is_empty() && before == 0 {
                continue;
            }
            self.keys.encode_shard(*number, &mut self.key_buffer);
            let now = self.values.put_open(&mut self.batch, &self.key_buffer, entries)?;
            self.values.remove_open(&mut self.batch, &self.key_buffer, now..before);
            in_pieces |= before.max(now) > 1;
            if let Some(pieces) = self.pieces.get_mut(usize::from(*number)) {
                *pieces = now;
            }
        }
        // Pieces of different moments are no shard.
        if in_pieces {
            self.records.put_whole(&self.batch)?
        } else {
            self.records.put(&self.batch)?
        }
        failpoints::reached(Point::CheckpointMoved);
        if let (Some(checkpoint), Some(lasting)) = (&mut self.checkpoint, moved.complete) {
            checkpoint.moved = true;
            if matches!(checkpoint.extent, Extent::Whole) {
                self.changes.moved(lasting);
            }
        }
        Ok(())
    }

    /// The writer's part of a checkpoint: some chunks of changes, written or removed; the last step finishes it.
    /// Returns whether there is more that does not wait for the ledger.
    pub(super) fn step_checkpoint(&mut self) -> Result<bool, StoreError> {
        let Some(mut checkpoint) = self.checkpoint.take() else { return Ok(false) };
        let more = match &mut checkpoint.extent {
            Extent::Whole => checkpoint.moved && self.remove_chunks()?,
            Extent::Changes { left, chunks } => self.write_chunks(left, chunks)?,
        };
        if !more && checkpoint.moved {
            self.finish(&checkpoint)?;
        } else {
            self.checkpoint = Some(checkpoint);
        }
        Ok(more)
    }

    /// Writes the next chunks; returns whether there are more.
    fn write_chunks(&mut self, left: &mut BlockQueue<Change>, chunks: &mut u32) -> Result<bool, StoreError> {
        let generation = self.sentinel.generation + 1;
        self.batch.clear();
        put_applied(&mut self.batch, self.journal.last().sequence);
        for _ in 0..STEP_CHUNKS {
            if left.is_empty() {
                break;
            }
            let chunk = Chunk { generation, number: *chunks };
            let taken = self.values.put_changes(&mut self.batch, &chunk.octets(), left.first_slice())?;
            (0..taken).for_each(|_| drop(left.pop_front()));
            *chunks += 1;
            self.changes.stored(chunk);
        }
        self.records.put(&self.batch)?;
        failpoints::reached(Point::CheckpointMoved);
        Ok(!left.is_empty())
    }

    /// Removes some of the chunks that the shards have made needless, the oldest first: what is left of them after a
    /// crash must not be older than what is gone. Returns whether there are more.
    fn remove_chunks(&mut self) -> Result<bool, StoreError> {
        self.batch.clear();
        put_applied(&mut self.batch, self.journal.last().sequence);
        let oldest = std::iter::from_fn(|| self.changes.take_oldest()).take(STEP_CHUNKS);
        oldest.for_each(|chunk| self.batch.remove(&chunk.octets()));
        self.records.put(&self.batch)?;
        Ok(self.changes.are_stored())
    }

    fn finish(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let generation = self.sentinel.generation + 1;
        self.batch.clear();
        put_applied(&mut self.batch, self.journal.last().sequence);
        // The last thing that is written: where it is missing, what was moved may be missing as well.
        put_plain(&mut self.batch, &key_bytes::CHECKPOINT, &generation.to_be_bytes());
        self.records.put(&self.batch)?;
        failpoints::reached(Point::CheckpointApplied);
        if !planted(Bug::SentinelBeforeRecords) {
            self.records.sync()?;
        }
        failpoints::reached(Point::CheckpointSynced);
        // Only now may a start rely on the records up to here.
        assert!(checkpoint.last.sequence >= self.sentinel.sequence, "checkpoints never go back");
        self.sentinel.generation = generation;
        self.sentinel.sequence = checkpoint.last.sequence;
        self.sentinel.crc = checkpoint.last.crc;
        self.sentinel.recent_from = checkpoint.recent_from;
        self.sentinel.keys = self.values.0.data_keys();
        self.sentinel.write(&*self.disk)?;
        failpoints::reached(Point::CheckpointFinished);
        Ok(())
    }
}
