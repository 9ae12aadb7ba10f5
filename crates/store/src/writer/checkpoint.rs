//! A checkpoint: open entries into the records, records durable, sentinel in place. In small steps between
//! turns; a start after a crash in the middle goes by the sentinel before.
//!
//! Entries are moved as they are at their step, perhaps later than the turn of the checkpoint. That is
//! right: a start applies all turns after it again, and writes are absolute. A step comes after the turns whose
//! writes it holds, for all work is done in order: the records are never ahead of the journal.

use failpoints::{Bug, Point, planted};

use super::{Writer, put_applied, put_plain};
use crate::error::StoreError;
use crate::journal::Last;
use crate::key_bytes;
use crate::ledger::{Ledger, Moved};

/// A checkpoint under way.
pub(crate) struct Checkpoint {
    /// Up to here the records will be durable.
    last: Last,
    recent_from: u64,
}

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
        while self.checkpoint.is_some() {
            self.take_moved(ledger.move_shards(usize::MAX))?;
        }
        Ok(())
    }

    pub(super) fn begin_checkpoint(&mut self) {
        let last = self.journal.last();
        let recent_from = self.marks.first(last.sequence + 1);
        self.checkpoint = Some(Checkpoint { last, recent_from });
        (self.due_octets, self.due_writes) = (0, 0);
        failpoints::reached(Point::CheckpointBegun);
        self.shared.set_checkpoint_begun(true);
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
        match self.checkpoint.take_if(|_| moved.last) {
            Some(checkpoint) => self.finish(&checkpoint),
            None => Ok(()),
        }
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
