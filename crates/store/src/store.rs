//! The store.

use std::path::Path;

use jiff::Timestamp;
use model::journal::Turn;
use model::{Key, Record};
use vault::MasterKey;

use crate::error::{OpenError, StoreError};
use crate::options::Options;
use crate::recovery::Recovery;
use crate::secrets::Secrets;

/// The write side of a store. There is one in a process and one process to a directory.
#[derive(Debug)]
pub struct Store {
    secrets: Secrets,
}

impl Store {
    /// Opens the store in `dir`, which is made if absent, and applies again what the records may lack.
    pub fn open(_dir: &Path, _key: &MasterKey, _options: Options) -> Result<(Self, Recovery), OpenError> {
        Err(OpenError::Locked)
    }

    /// The record of `key`, of either space.
    pub fn get(&self, _key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(None)
    }

    /// All records of [`model::Space::Open`], in no order.
    pub fn open_entries(&self) -> impl Iterator<Item = (&Key, &Record)> {
        std::iter::empty()
    }

    /// Timers that are due at `now`, the earliest first, at most `limit`.
    pub fn due(&self, _now: Timestamp, _limit: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        Ok(Vec::new())
    }

    /// When the earliest timer is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    /// The sequence that the next commit will get.
    pub fn next_sequence(&self) -> u64 {
        1
    }

    /// Makes a turn durable and applies it. Effects may leave once this has returned.
    pub fn commit(&mut self, _turn: &Turn) -> Result<u64, StoreError> {
        Err(StoreError::Poisoned)
    }

    /// Whether the journal has space for new messages; where not, intake answers "later".
    pub fn has_room(&self) -> bool {
        true
    }

    /// Makes segments ahead and takes a step of a due checkpoint: at most `limit` open records. Call it
    /// after each turn and when idle. Returns whether there is more to do.
    pub fn housekeeping(&mut self, _limit: usize) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// A view for pages.
    pub fn reader(&self) -> Reader {
        Reader(())
    }

    /// The keys of one-time texts.
    pub fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }
}

/// Reads records of [`model::Space::Records`] beside the engine.
#[derive(Debug, Clone)]
pub struct Reader(());

impl Reader {
    /// The record of `key` as of the last applied turn.
    pub fn get(&self, _key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(None)
    }
}
