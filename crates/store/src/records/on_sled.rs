//! sled as the records, with what its own durability lacks (docs/decisions/store.md).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use sled::IVec;

use super::{Batch, Pair, Records, RecordsError, RecordsHome};
use crate::disk::real::drop_cached_pages;

/// sled's log of pages; the file whose sync makes records durable.
const LOG: &str = "db";

/// sled's flush waits for ever where a write of its own threads fails at the wrong moment. None takes so long.
const FLUSH_MAX: Duration = Duration::from_secs(60);

/// So far before the end of its log sled may still have to write: two of its segments.
const LOOSE_OCTETS: u64 = 1 << 20;

/// sled in the directory `records` of a store.
pub(crate) struct SledHome {
    store: PathBuf,
    cache_octets: u64,
}

impl SledHome {
    pub(crate) fn new(store: &Path, cache_octets: u64) -> Self {
        Self { store: store.to_owned(), cache_octets }
    }

    fn path(&self) -> PathBuf {
        self.store.join("records")
    }
}

impl RecordsHome for SledHome {
    fn open(&mut self) -> Result<Arc<dyn Records>, RecordsError> {
        let path = self.path();
        remove_empty_snapshots(&path)?;
        if let Ok(log) = File::open(path.join(LOG)) {
            drop_cached_pages(&log);
        }
        let config = sled::Config::new()
            .path(&path)
            .cache_capacity(self.cache_octets)
            // Durability comes from the journal and from `sync`; a thread that swallows errors helps nobody.
            .flush_every_ms(None);
        // sled asserts while it reads its log, and a cut of power can break such an assertion.
        let db = catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| RecordsError::Panicked)?;
        let db = db.map_err(error_of)?;
        let log = OpenOptions::new().read(true).write(true).open(path.join(LOG))?;
        let directory = File::open(&path)?;
        Ok(Arc::new(SledRecords { db: Closing(Some(db)), log, directory, reserved: Mutex::default() }))
    }

    fn set_aside(&mut self) -> Result<(), RecordsError> {
        for number in 1.. {
            let aside = self.store.join(format!("records.broken-{number}"));
            if !aside.exists() {
                fs::rename(self.path(), aside)?;
                File::open(&self.store)?.sync_all()?;
                break;
            }
        }
        Ok(())
    }
}

/// A full disk leaves an empty snapshot with which no later open succeeds.
fn remove_empty_snapshots(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let unfinished =
            name.to_str().is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating"));
        if unfinished && entry.metadata()?.len() == 0 {
            fs::remove_file(entry.path())?;
            tracing::warn!("removed an empty snapshot that a full disk left behind");
        }
    }
    Ok(())
}

struct SledRecords {
    db: Closing,
    log: File,
    directory: File,
    reserved: Mutex<Reserved>,
}

/// What is reserved of the disk behind the end of the log.
#[derive(Default)]
struct Reserved {
    /// The log's length when this was last looked at.
    length: u64,
    until: u64,
}

impl SledRecords {
    fn db(&self) -> Result<&sled::Db, RecordsError> {
        self.db.0.as_ref().ok_or(RecordsError::Refused)
    }

    fn flush(&self) -> Result<(), RecordsError> {
        let db = self.db()?.clone();
        // The copy goes with the work, before anybody goes on: the last owner closes sled's files.
        let flushed = in_time(FLUSH_MAX, move || db.flush())?;
        flushed.map(drop).map_err(error_of)
    }
}

/// sled until it is dropped. It syncs once more then, and panics where that fails: after a failed sync the process
/// would end by that panic instead of saying what was wrong. Nothing hangs on that sync; checkpoints make durable.
struct Closing(Option<sled::Db>);

impl Drop for Closing {
    fn drop(&mut self) {
        let db = self.0.take();
        if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
            tracing::error!("the records were closed without their last sync");
        }
    }
}

impl Records for SledRecords {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RecordsError> {
        Ok(self.db()?.get(key).map_err(error_of)?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Pair>, RecordsError> {
        let pairs = self.db()?.range(from..until).take(limit);
        pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(error_of)).collect()
    }

    fn put(&self, batch: &Batch) -> Result<(), RecordsError> {
        let db = self.db()?;
        for (key, value) in batch.writes() {
            let put = match value {
                Some(value) => db.insert(key, value),
                None => db.remove(key),
            };
            put.map_err(error_of)?;
        }
        Ok(())
    }

    fn put_whole(&self, batch: &Batch) -> Result<(), RecordsError> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes() {
            match value {
                Some(value) => writes.insert(IVec::from(key), IVec::from(value)),
                None => writes.remove(IVec::from(key)),
            }
        }
        self.db()?.apply_batch(writes).map_err(error_of)
    }

    fn sync(&self) -> Result<(), RecordsError> {
        self.flush()?;
        // `flush` ends in sync_file_range, which is not durable.
        self.log.sync_all()?;
        self.directory.sync_all()?;
        Ok(())
    }

    fn reserve(&self, octets: u64) -> io::Result<()> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let length = self.log.metadata()?.len();
        // Where sled cuts its log, what was reserved behind it goes as well.
        let cut = length < reserved.length;
        reserved.length = length;
        if !cut && reserved.until >= length + octets / 2 {
            return Ok(());
        }
        // The first time all of it: a segment that was left half written is used again one day.
        let from = if reserved.until == 0 { 0 } else { length.saturating_sub(LOOSE_OCTETS) };
        let until = length + octets;
        match rustix::fs::fallocate(&self.log, FallocateFlags::KEEP_SIZE, from, until - from) {
            Ok(()) | Err(Errno::OPNOTSUPP) => reserved.until = until,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Does `work` on a thread of its own, which is left behind where it does not come back in time: an error of kind
/// `TimedOut`, after which the process is to end.
fn in_time<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = sync_channel(1);
    thread::Builder::new().name("flush".to_owned()).spawn(move || {
        let worked = work();
        let _ = done.send(worked);
    })?;
    result
        .recv_timeout(limit)
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "sled does not end its flush"))
}

fn error_of(error: sled::Error) -> RecordsError {
    match error {
        sled::Error::Io(error) => RecordsError::Io(error),
        sled::Error::Corruption { .. } => RecordsError::Corrupt,
        _ => RecordsError::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_does_not_come_back_is_left_behind() {
        assert_eq!(in_time(FLUSH_MAX, || 7).unwrap(), 7);
        let (held, never) = sync_channel::<()>(0);
        let error = in_time(Duration::from_millis(1), move || never.recv()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(held);
    }
}
