//! The inner door to the records.

use std::io;

/// What the records could not do.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Their files could not be read, written or synced.
    #[error("records: {0}")]
    Io(#[from] io::Error),
    /// sled found its files damaged.
    #[error("records: sled found its files damaged")]
    Corrupt,
    /// sled panicked while it opened its files.
    #[error("records: sled panicked while it opened its files")]
    Panicked,
    /// sled refused for another reason.
    #[error("records: sled refused")]
    Refused,
}
