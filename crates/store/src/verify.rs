//! Walking a whole store without changing it: what `tongdai store verify` prints.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vault::{Keys, MasterKey, Sealer};

use crate::disk::Disk;
use crate::disk::real::{Lock, RealDisk};
use crate::error::{Damage, OpenError, StoreError};
use crate::journal::walk::Survey;
use crate::key_bytes;
use crate::opening::{judge_journal, number_at, read_keys, read_turn};
use crate::records::on_sled::SledHome;
use crate::records::{Records, RecordsError, RecordsHome, pairs};
use crate::secrets;
use crate::sentinel::Sentinel;
use crate::values::{Values, piece_number};

/// What a store holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// Checkpoints so far.
    pub generation: u64,
    /// The turn of the last checkpoint.
    pub checkpoint: u64,
    /// Segments of the journal.
    pub segments: u64,
    /// The first and the last turn in the journal.
    pub turns: Option<(u64, u64)>,
    /// Citizens' records, timers included.
    pub records: u64,
    /// Open entries in their shards.
    pub open_entries: u64,
    /// Changes of open entries since their shards were moved.
    pub changes: u64,
    /// Keys of one-time texts.
    pub secrets: u64,
    /// What is wrong; empty for a sound store.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Journal or sentinel.
    #[error(transparent)]
    Journal(OpenError),
    /// A record.
    #[error(transparent)]
    Record(#[from] StoreError),
    /// The records as a whole.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The records end before the checkpoint: the next start rebuilds them or refuses.
    #[error("the records end at turn {found}, but turn {expected} had been made durable")]
    RecordsBehind {
        /// The last turn in the records.
        found: u64,
        /// The turn of the checkpoint.
        expected: u64,
    },
    /// The records lack the end of the last checkpoint: the next start rebuilds them or refuses.
    #[error("the records end at checkpoint {found}, but checkpoint {expected} had been made")]
    CheckpointMissing {
        /// The last checkpoint in the records.
        found: u64,
        /// The last checkpoint.
        expected: u64,
    },
    /// The secrets file is missing or cut short: the next start makes a new one, and texts that had not left fail.
    #[error("the secrets file is missing or cut short: passwords that had not left yet can't be sent")]
    SecretsLost,
    /// Slots of the secrets file that a crash tore; the next start zeroes them.
    #[error("{0} slots of the secrets file are torn")]
    TornSecrets(u64),
}

/// Reads everything in the store in `dir` and reports. Nothing in `dir` is changed: sled can't read without
/// writing, so its files are read in a copy in the system's temporary directory (they are sealed there too).
///
/// Fails only where there is nothing to report on: another process has the store open, the key is another
/// store's, or the sentinel can't be read.
pub fn verify(dir: &Path, key: &MasterKey) -> Result<Report, OpenError> {
    let (disk, _lock) = open_to_read(dir)?;
    verify_parts(&disk, key, |report, sentinel, values| report.check_records_copy(dir, sentinel, values))
}

/// The same through the inner doors, of a store that nobody has open. Nothing is changed.
pub fn verify_with(disk: &dyn Disk, records: &dyn Records, key: &MasterKey) -> Result<Report, OpenError> {
    verify_parts(disk, key, |report, sentinel, values| {
        if let Err(error) = report.check_records(records, sentinel, values) {
            report.faults.push(error.into());
        }
    })
}

/// Opens a directory so that nothing in it changes, and holds it against other processes.
pub(crate) fn open_to_read(dir: &Path) -> Result<(RealDisk, Option<Lock>), OpenError> {
    let io = |source| OpenError::Io { what: "opening the directory", source };
    let disk = RealDisk::open_existing(dir).map_err(io)?;
    let lock = match Lock::take_existing(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        taken => Some(taken.map_err(io)?.ok_or(OpenError::Locked)?),
    };
    Ok((disk, lock))
}

/// The sentinel, and what the journal is sealed under.
pub(crate) fn open_seals(disk: &dyn Disk, key: &MasterKey) -> Result<(Sentinel, Arc<Sealer>), OpenError> {
    let sentinel = Sentinel::read(disk)?.ok_or(Damage::SentinelMissing)?;
    if !sentinel.is_key(key.check_value(&sentinel.store()?)) {
        return Err(OpenError::WrongKey);
    }
    let (keys, _) = Keys::load(key, &read_keys(disk)?).map_err(Damage::Keys)?;
    Ok((sentinel, Arc::new(Sealer::read_only(keys))))
}

fn verify_parts(
    disk: &dyn Disk,
    key: &MasterKey,
    check_records: impl FnOnce(&mut Report, &Sentinel, &Values),
) -> Result<Report, OpenError> {
    let (sentinel, sealer) = open_seals(disk, key)?;
    let mut report =
        Report { generation: sentinel.generation, checkpoint: sentinel.sequence, ..Report::default() };
    report.check_journal(disk, &sentinel, &sealer)?;
    check_records(&mut report, &sentinel, &Values(sealer));
    match secrets::count(disk).map_err(|source| OpenError::Io { what: "reading the secrets", source })? {
        Some((kept, torn)) => {
            report.secrets = kept;
            report.faults.extend((torn > 0).then_some(Fault::TornSecrets(torn)));
        }
        // A crash in the very first start leaves none, and there were no texts.
        None => report.faults.extend((sentinel.generation > 0).then_some(Fault::SecretsLost)),
    }
    Ok(report)
}

impl Report {
    fn check_journal(
        &mut self,
        disk: &dyn Disk,
        sentinel: &Sentinel,
        sealer: &Sealer,
    ) -> Result<(), OpenError> {
        let survey = Survey::take(disk, sentinel.store()?)?;
        self.segments = survey.segments.len() as u64;
        if let Err(error) = judge_journal(&survey, sentinel, sealer.data_keys(), &mut |_, _| {}) {
            self.faults.push(Fault::Journal(error));
        }
        let Some(first) = survey.first_sequence() else { return Ok(()) };
        let walked = survey.walk(first, &mut |header, payload| {
            self.turns = Some((first, header.sequence));
            if let Err(damage) = read_turn(sealer, header.sequence, payload) {
                self.faults.push(Fault::Journal(damage.into()));
            }
            Ok(())
        });
        if let Err(error) = walked {
            self.faults.push(Fault::Journal(error));
        }
        Ok(())
    }

    fn check_records_copy(&mut self, dir: &Path, sentinel: &Sentinel, values: &Values) {
        let copy = Copy::make(dir);
        let checked = copy.map_err(RecordsError::Io).and_then(|copy| {
            let records = SledHome::new(&copy.0, 1 << 20).open()?;
            self.check_records(&*records, sentinel, values)
        });
        if let Err(error) = checked {
            self.faults.push(error.into());
        }
    }

    fn check_records(
        &mut self,
        records: &dyn Records,
        sentinel: &Sentinel,
        values: &Values,
    ) -> Result<(), RecordsError> {
        let found = number_at(records, &key_bytes::APPLIED)?;
        if found < sentinel.sequence {
            self.faults.push(Fault::RecordsBehind { found, expected: sentinel.sequence });
        }
        let (checkpoint, expected) = (number_at(records, &key_bytes::CHECKPOINT)?, sentinel.generation);
        if checkpoint < expected {
            self.faults.push(Fault::CheckpointMissing { found: checkpoint, expected });
        }
        let last = self.turns.map_or(0, |(_, last)| last);
        if found > last {
            let short = Damage::JournalShort { found: last, expected: found };
            self.faults.push(Fault::Journal(short.into()));
        }
        for pair in pairs(records, key_bytes::RECORDS) {
            let (key, value) = pair?;
            self.records += 1;
            if let Err(error) = values.get(&key, value) {
                self.faults.push(error.into());
            }
        }
        self.check_shards(records, values)?;
        for pair in pairs(records, key_bytes::CHANGES) {
            let (key, value) = pair?;
            match values.get_changes(&key, value) {
                Ok(changes) => self.changes += changes.len() as u64,
                Err(damage) => self.faults.push(StoreError::from(damage).into()),
            }
        }
        Ok(())
    }

    fn check_shards(&mut self, records: &dyn Records, values: &Values) -> Result<(), RecordsError> {
        let mut whole = Vec::new();
        for pair in pairs(records, key_bytes::SHARDS) {
            let (key, value) = pair?;
            let read = values.take_piece(&key, value, &mut whole).and_then(|pieces| {
                let last = piece_number(&key).is_some_and(|piece| piece.checked_add(1) == Some(pieces));
                if last {
                    let read = values.get_open(key.first().copied().unwrap_or(0), &whole);
                    whole.clear();
                    self.open_entries += read?.len() as u64;
                }
                Ok(())
            });
            if let Err(damage) = read {
                whole.clear();
                self.faults.push(StoreError::from(damage).into());
            }
        }
        // The last piece of the last shard is missing.
        if !whole.is_empty() {
            let damage = Damage::Value { kind: key_bytes::SHARDS.start[0] };
            self.faults.push(StoreError::from(damage).into());
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "checkpoint   {} (turn {})", self.generation, self.checkpoint)?;
        match self.turns {
            Some((first, last)) => {
                writeln!(f, "journal      turns {first} to {last} in {} segments", self.segments)?
            }
            None => writeln!(f, "journal      no turns in {} segments", self.segments)?,
        }
        writeln!(f, "records      {}", self.records)?;
        writeln!(f, "open entries {}, and {} changes", self.open_entries, self.changes)?;
        writeln!(f, "secrets      {}", self.secrets)?;
        for fault in &self.faults {
            writeln!(f, "FAULT        {fault}")?;
        }
        write!(f, "{}", if self.faults.is_empty() { "sound" } else { "NOT SOUND" })
    }
}

/// A copy of sled's files, removed when dropped.
struct Copy(PathBuf);

impl Copy {
    fn make(dir: &Path) -> io::Result<Self> {
        let name = vault::random::<8>().map_err(io::Error::other)?;
        let copy =
            Self(std::env::temp_dir().join(format!("tongdai-verify-{:016x}", u64::from_be_bytes(name))));
        copy_tree(&dir.join("records"), &copy.0.join("records"))?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the copy of the records was not removed");
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
