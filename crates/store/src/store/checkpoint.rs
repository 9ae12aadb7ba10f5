//! A checkpoint: open entries into the records, records durable, sentinel in place. In small steps between
//! turns; a start after a crash in the middle goes by the sentinel before.
//!
//! Entries are moved as they are at their step, perhaps later than the turn of the checkpoint. That is
//! right: a start applies all turns after it again, and writes are absolute.

use failpoints::{Bug, Point, planted};

use super::{Store, put_applied, put_plain};
use crate::error::StoreError;
use crate::journal::Last;
use crate::key_bytes;
use crate::open_entries::ShardNumber;

/// What a shard takes beside its entries, in entries: sled's work for one value.
const SHARD_COST: usize = 30;

/// A checkpoint under way.
pub(super) struct Checkpoint {
    /// Up to here the records will be durable.
    last: Last,
    recent_from: u64,
    /// Shards of open entries that are yet to be moved.
    moving: Vec<ShardNumber>,
}

impl Store {
    /// Begins a checkpoint whether or not one is due, and finishes it. For an orderly stop.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.check_alive()?;
        let done = self.checkpoint_now();
        self.watch(done)
    }

    pub(super) fn checkpoint_now(&mut self) -> Result<(), StoreError> {
        while self.checkpoint.is_some() {
            self.step(usize::MAX)?;
        }
        self.begin_checkpoint();
        while self.checkpoint.is_some() {
            self.step(usize::MAX)?;
        }
        Ok(())
    }

    pub(super) fn keep_house(&mut self, limit: usize) -> Result<bool, StoreError> {
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
        // A checkpoint writes; without space it waits, and the journal at hand carries what is under way.
        if self.checkpoint.is_some() && self.journal.has_room() {
            self.step(limit.max(1))?;
            return Ok(true);
        }
        let floor = self.sentinel.recent_from.min(self.sentinel.sequence + 1);
        match self.last_at.filter(|_| !self.retention_held) {
            Some(now) => self.journal.prune(floor, now, self.options.retention),
            None => Ok(false),
        }
    }

    fn begin_checkpoint(&mut self) {
        let last = self.journal.last();
        let recent_from = self.marks.first(last.sequence + 1);
        self.checkpoint = Some(Checkpoint { last, recent_from, moving: self.open.take_changed() });
        (self.due_octets, self.due_writes) = (0, 0);
        failpoints::reached(Point::CheckpointBegun);
    }

    fn step(&mut self, limit: usize) -> Result<(), StoreError> {
        let Some(mut checkpoint) = self.checkpoint.take() else { return Ok(()) };
        if checkpoint.moving.is_empty() {
            return self.finish(&checkpoint);
        }
        let moved = self.move_entries(&mut checkpoint.moving, limit);
        self.checkpoint = Some(checkpoint);
        moved
    }

    fn move_entries(&mut self, moving: &mut Vec<ShardNumber>, limit: usize) -> Result<(), StoreError> {
        if planted(Bug::OpenEntriesLeftOut) {
            moving.clear();
            return Ok(());
        }
        self.batch.clear();
        let mut left = limit;
        while let Some(number) = moving.pop_if(|_| left > 0) {
            let Some((entries, before)) = self.open.begin_move(number) else { continue };
            left = left.saturating_sub(entries.len() + SHARD_COST);
            self.keys.encode_shard(number, &mut self.key_buffer);
            let now = self.values.put_open(&mut self.batch, &self.key_buffer, &entries)?;
            self.values.remove_open(&mut self.batch, &self.key_buffer, now..before);
            self.open.set_pieces(number, now);
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        put_applied(&mut self.batch, self.journal.last().sequence);
        self.records.apply(&self.batch)?;
        failpoints::reached(Point::CheckpointMoved);
        Ok(())
    }

    fn finish(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let generation = self.sentinel.generation + 1;
        self.batch.clear();
        put_applied(&mut self.batch, self.journal.last().sequence);
        // The last thing that is written: where it is missing, what was moved may be missing as well.
        put_plain(&mut self.batch, &key_bytes::CHECKPOINT, &generation.to_be_bytes());
        self.records.apply(&self.batch)?;
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
