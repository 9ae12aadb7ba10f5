//! The only crate that touches a disk: journal, records, commit, checkpoint, recovery, verifier.
//!
//! A [`Store`] makes turns durable: it writes one record to the journal, syncs it, and only then applies the
//! turn's writes to the records. It never decides anything, never reads a clock, and never acknowledges what
//! is not on the disk; after a failed write or sync it does nothing more.

mod error;
mod options;
mod records;
mod recovery;
mod secrets;
mod store;

pub use error::{Damage, OpenError, RecordsFault, StoreError};
pub use options::Options;
pub use records::RecordsError;
pub use recovery::Recovery;
pub use secrets::Secrets;
pub use store::{Reader, Store};
