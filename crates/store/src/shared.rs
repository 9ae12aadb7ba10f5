//! What the two sides of a store tell each other without waiting.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::error::StoreError;

/// The shards of open entries that a checkpoint waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// None: there is no checkpoint under way, or it has all.
    Nothing,
    /// Those of entries that pass.
    Passing,
    /// Those of all entries.
    All,
}

/// The words between ledger and writer.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    written: AtomicU64,
    no_room: AtomicBool,
    awaits: AtomicU8,
    forgets: AtomicBool,
    retention_held: AtomicBool,
    poisoned: AtomicBool,
}

impl Shared {
    /// The last turn that is durable, and whose writes the records have.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    pub(crate) fn set_written(&self, sequence: u64) {
        self.written.store(sequence, Ordering::Release);
    }

    pub(crate) fn has_room(&self) -> bool {
        !self.no_room.load(Ordering::Relaxed)
    }

    pub(crate) fn set_has_room(&self, has_room: bool) {
        self.no_room.store(!has_room, Ordering::Relaxed);
    }

    /// The shards that the writer waits for.
    pub(crate) fn awaits(&self) -> Awaits {
        match self.awaits.load(Ordering::Acquire) {
            1 => Awaits::Passing,
            2 => Awaits::All,
            _ => Awaits::Nothing,
        }
    }

    pub(crate) fn set_awaits(&self, awaits: Awaits) {
        let octet = match awaits {
            Awaits::Nothing => 0,
            Awaits::Passing => 1,
            Awaits::All => 2,
        };
        self.awaits.store(octet, Ordering::Release);
    }

    /// Whether the ledger waits for a turn to be written.
    pub(crate) fn forgets(&self) -> bool {
        self.forgets.load(Ordering::Acquire)
    }

    pub(crate) fn set_forgets(&self, forgets: bool) {
        self.forgets.store(forgets, Ordering::Release);
    }

    /// Whether old segments stay for now.
    pub(crate) fn is_retention_held(&self) -> bool {
        self.retention_held.load(Ordering::Relaxed)
    }

    pub(crate) fn hold_retention(&self, hold: bool) {
        self.retention_held.store(hold, Ordering::Relaxed);
    }

    /// Nothing more is promised.
    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    pub(crate) fn check_alive(&self) -> Result<(), StoreError> {
        if self.poisoned.load(Ordering::Acquire) { Err(StoreError::Poisoned) } else { Ok(()) }
    }

    /// After a failed write, sync or read nothing more is promised.
    pub(crate) fn watch<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result
            && error.is_fatal()
        {
            self.poison();
        }
        result
    }
}
