//! A store as a whole: its ledger and its writer in one hand.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use model::journal::Turn;
use model::{Key, Record};
use vault::MasterKey;

use crate::disk::Disk;
use crate::disk::real::{Lock, RealDisk};
use crate::error::{OpenError, StoreError};
use crate::ledger::Ledger;
use crate::opening;
use crate::options::Options;
use crate::reader::Reader;
use crate::records::RecordsHome;
use crate::records::on_sled::SledHome;
use crate::recovery::Recovery;
use crate::secrets::Secrets;
use crate::writer::Writer;

/// A store. There is one in a process, and one process to a directory. Tools turn it with [`Self::commit`]; a daemon
/// parts it, and decides by the ledger while the writer writes.
pub struct Store {
    ledger: Ledger,
    writer: Writer,
}

impl Store {
    /// Opens the store in `dir`, which is made if absent, and applies again what the records may lack.
    pub fn open(dir: &Path, key: &MasterKey, options: Options) -> Result<(Self, Recovery), OpenError> {
        let io = |source| OpenError::Io { what: "opening the directory", source };
        let disk = RealDisk::open(dir).map_err(io)?;
        let lock = Lock::take(dir).map_err(io)?.ok_or(OpenError::Locked)?;
        let mut home = SledHome::new(dir, options.cache_octets);
        let (mut store, recovery) = Self::open_with(Arc::new(disk), &mut home, key, options)?;
        store.writer.lock = Some(lock);
        Ok((store, recovery))
    }

    /// Opens a store through its inner doors, real or simulated. The caller sees to it that nobody else has
    /// it open.
    pub fn open_with(
        disk: Arc<dyn Disk>,
        records: &mut dyn RecordsHome,
        key: &MasterKey,
        options: Options,
    ) -> Result<(Self, Recovery), OpenError> {
        let (ledger, writer, recovery) = opening::open(disk, records, key, options)?;
        Ok((Self { ledger, writer }, recovery))
    }

    /// What decides and what writes, each for a thread of its own.
    pub fn part(self) -> (Ledger, Writer) {
        (self.ledger, self.writer)
    }

    /// As [`Ledger::get`].
    pub fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        self.ledger.get(key)
    }

    /// As [`Ledger::open_entries`].
    pub fn open_entries(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.ledger.open_entries()
    }

    /// As [`Ledger::due`].
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        self.ledger.due(now, limit)
    }

    /// As [`Ledger::next_due`].
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.ledger.next_due()
    }

    /// As [`Ledger::next_sequence`].
    pub fn next_sequence(&self) -> u64 {
        self.ledger.next_sequence()
    }

    /// Makes a turn durable and applies it. Effects may leave once this has returned. Where there is no room, or
    /// the turn is too large, nothing has happened.
    pub fn commit(&mut self, turn: &Turn) -> Result<u64, StoreError> {
        let shared = Arc::clone(&self.ledger.shared);
        shared.check_alive()?;
        shared.watch(self.ledger.secrets.sync())?;
        shared.watch(self.writer.write_turn(self.ledger.next_sequence(), turn))?;
        self.ledger.take(turn)
    }

    /// As [`Ledger::has_room`].
    pub fn has_room(&self) -> bool {
        self.ledger.has_room()
    }

    /// A step of what ledger and writer do between turns, of some `limit` open entries. Returns whether there is more
    /// to do.
    pub fn housekeeping(&mut self, limit: usize) -> Result<bool, StoreError> {
        let more = self.writer.housekeeping()?;
        match self.ledger.housekeeping(limit)? {
            Some(work) => self.writer.write(work).map(|_| true),
            None => Ok(more),
        }
    }

    /// Begins a checkpoint whether or not one is due, and finishes it. For an orderly stop.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.writer.checkpoint(&mut self.ledger)
    }

    /// As [`Ledger::hold_retention`].
    pub fn hold_retention(&mut self, hold: bool) {
        self.ledger.hold_retention(hold);
    }

    /// As [`Ledger::reader`].
    pub fn reader(&self) -> Reader {
        self.ledger.reader()
    }

    /// The keys of one-time texts.
    pub fn secrets(&mut self) -> &mut Secrets {
        self.ledger.secrets()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store(turn {})", self.ledger.sequence)
    }
}
