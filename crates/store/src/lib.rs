//! The only crate that touches a disk: journal, records, commit, checkpoint, recovery, verifier.
//!
//! A [`Store`] has two sides. The [`Ledger`] knows what is so after the last turn; the [`Writer`] makes turns durable:
//! it writes one record to the journal, syncs it, and only then applies the turn's writes to the records. It never
//! decides anything, never reads a clock, and never acknowledges what is not on the disk; after a failed write or sync
//! it does nothing more. docs/STORE.md has the layout.

mod block_queue;
mod cache;
mod disk;
mod error;
mod history;
mod journal;
mod key_bytes;
mod last_minute;
mod ledger;
mod open_entries;
mod opening;
mod options;
mod pending;
mod read_together;
mod reader;
mod records;
mod recovery;
mod secrets;
mod sentinel;
mod shared;
mod sharing;
pub mod sim;
mod store;
mod values;
mod verify;
mod writer;

pub use block_queue::BlockQueue;
pub use disk::{Disk, DiskFile};
pub use error::{Damage, OpenError, RecordsFault, StoreError};
pub use history::{read_journal, read_journal_with};
pub use ledger::{Ledger, Moved, Work};
pub use options::Options;
pub use reader::Reader;
pub use records::{Batch, Pair, Records, RecordsError, RecordsHome};
pub use recovery::{Recent, Recovery};
pub use secrets::Secrets;
pub use store::Store;
pub use verify::{Fault, Report, verify, verify_with};
pub use writer::Writer;
