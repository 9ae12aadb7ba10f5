//! Opening a store: look, judge, and only then write. A start applies what was decided; it decides nothing.

use std::io;
use std::sync::Arc;

use failpoints::{Bug, Point, planted};
use model::journal::Turn;
use model::{Key, OutboxId};
use serde::de::DeserializeOwned;
use vault::{Keys, MasterKey, Sealer};

use crate::disk::{Disk, DiskFile, read_whole};
use crate::error::{Damage, OpenError, RecordsFault};
use crate::journal::frame::Header;
use crate::journal::walk::{End, Survey};
use crate::journal::{self, Journal, Last};
use crate::key_bytes::{self, Chunk, KeyBytes};
use crate::last_minute::{LastMinute, MinuteReader};
use crate::ledger::Ledger;
use crate::open_entries::{OpenEntries, SHARDS};
use crate::options::Options;
use crate::records::{Batch, Records, RecordsError, RecordsHome, pairs};
use crate::recovery::{Marks, Recovery};
use crate::secrets::Secrets;
use crate::sentinel::Sentinel;
use crate::shared::Shared;
use crate::sharing::Sharing;
use crate::values::{Values, piece_number};
use crate::writer::{Changes, Writer, put_applied, put_plain, turn_aad};

const KEYS: &str = "keys";

/// A hundred thousand starts; more is no keys file of ours.
const KEYS_OCTETS_MAX: u64 = 8 << 20;

pub(crate) fn open(
    disk: Arc<dyn Disk>,
    home: &mut dyn RecordsHome,
    key: &MasterKey,
    options: Options,
) -> Result<(Ledger, Writer, Recovery), OpenError> {
    let sentinel = read_or_make_sentinel(&*disk, key)?;
    let store_id = sentinel.store()?;
    let file = read_keys(&*disk)?;
    let (mut keys, good) = Keys::load(key, &file).map_err(Damage::Keys)?;
    if sentinel.generation > 0 && keys.lookup().is_none() {
        return Err(Damage::KeysMissing.into());
    }
    journal::remove_unfinished(&*disk)
        .map_err(|source| OpenError::Io { what: "removing a leftover", source })?;
    let survey = Survey::take(&*disk, store_id)?;
    // Once more, to read with before this start's key is drawn.
    let (opening_keys, _) = Keys::load(key, &file).map_err(Damage::Keys)?;
    let Judged { last, records, rebuilt, minute } = judge(home, &sentinel, &survey, opening_keys)?;

    let journal =
        Journal::begin(Arc::clone(&disk), store_id, options.segment_octets, &survey, sentinel.last())?;
    failpoints::reached(Point::StartJournalBegun);
    journal::remove_leftovers(&*disk, &survey, sentinel.last())
        .map_err(|source| OpenError::Io { what: "removing unused journal segments", source })?;
    failpoints::reached(Point::StartLeftoversRemoved);
    // Last, as it is never taken back: a start that waits for space and tries again would add a key each time.
    append_keys(&*disk, good, &keys.draw(key)?)?;
    failpoints::reached(Point::StartKeyKept);
    let lookup = options.lookup_key.clone().or_else(|| keys.lookup());
    let lookup = lookup.ok_or(OpenError::NoEntropy(vault::NoEntropy))?;
    let values = Values(Arc::new(Sealer::new(keys)));
    assert_eq!(journal.last().sequence, last.sequence, "all that was found was copied");
    let secrets = Secrets::open_file(&*disk, Arc::clone(&values.0), sentinel.generation == 0)
        .map_err(OpenError::Recover)?;
    let keys = KeyBytes(lookup);
    let shared = Arc::new(Shared::default());
    let mut ledger = Ledger::new(
        Arc::clone(&shared),
        Arc::clone(&records),
        keys.clone(),
        values.clone(),
        secrets,
        last.sequence,
    );
    let mut writer = Writer {
        shared,
        disk,
        options,
        records,
        journal,
        sentinel,
        keys,
        values,
        marks: Marks::default(),
        checkpoint: None,
        pieces: vec![0; SHARDS],
        changes: Changes::default(),
        due_octets: 0,
        due_writes: 0,
        last_at: None,
        batch: Batch::default(),
        key_buffer: Vec::new(),
        lock: None,
    };
    writer.shared.set_written(last.sequence);
    writer.look_for_room().map_err(OpenError::Recover)?;
    let recovery = writer.recover(&mut ledger, minute, rebuilt)?;
    Ok((ledger, writer, recovery))
}

impl Writer {
    fn recover(
        &mut self,
        ledger: &mut Ledger,
        minute: LastMinute,
        rebuilt: bool,
    ) -> Result<Recovery, OpenError> {
        let minute = if rebuilt {
            // Until the next checkpoint the records are worth nothing, and a crash must not hide that.
            self.sentinel.restart();
            self.sentinel.write(&*self.disk).map_err(OpenError::Recover)?;
            LastMinute::default()
        } else {
            self.load_shards(&mut ledger.open)?;
            self.load_changes(&mut ledger.open)?;
            minute
        };
        let recovery = self.replay(ledger, minute)?;
        failpoints::reached(Point::StartApplied);
        let open = &ledger.open;
        let is_open = |id: OutboxId| open.contains(&Key::Outbox(id));
        ledger.secrets.forget_unless(is_open).map_err(OpenError::Recover)?;
        if rebuilt || self.sentinel.generation == 0 {
            self.checkpoint_now(ledger).map_err(OpenError::Recover)?;
        }
        Ok(Recovery { rebuilt, ..recovery })
    }

    /// Applies the turns again that the records may lack; of those before, `minute` is known.
    fn replay(&mut self, ledger: &mut Ledger, mut minute: LastMinute) -> Result<Recovery, OpenError> {
        self.marks = std::mem::take(&mut minute.marks);
        self.last_at = minute.recovery.last_turn_at;
        let disk = Arc::clone(&self.disk);
        let survey = Survey::take(&*disk, self.sentinel.store()?)?;
        survey.walk(self.sentinel.sequence + 1, &mut |header, payload| {
            let plain = open_turn(&self.values.0, header.sequence, payload)?;
            minute.note(&decode_turn(header.sequence, plain)?);
            let turn: Turn = decode_turn(header.sequence, plain)?;
            if planted(Bug::ReplayLeftOut) {
                self.marks.add(turn.at, header.sequence);
                self.last_at = Some(turn.at);
                return Ok(());
            }
            self.prepare(&turn, header.sequence)
                .and_then(|()| self.apply(&turn, header.sequence))
                .map_err(OpenError::Recover)?;
            ledger.apply(&turn, false);
            self.due_octets += u64::from(header.length);
            minute.recovery.replayed_turns += 1;
            Ok(())
        })?;
        minute.recovery.keep_recent();
        Ok(minute.recovery)
    }

    fn load_shards(&mut self, open: &mut OpenEntries) -> Result<(), OpenError> {
        let fault = |error| OpenError::Records(RecordsFault::Unreadable(error));
        let mut whole = Vec::new();
        let mut sharing = Sharing::default();
        let mut taken: u16 = 0;
        for pair in pairs(&*self.records, key_bytes::SHARDS) {
            let (at, value) = pair.map_err(fault)?;
            let kind = at.first().copied().unwrap_or(0);
            if piece_number(&at) != Some(taken) {
                return Err(Damage::Value { kind }.into());
            }
            let pieces = self.values.take_piece(&at, value, &mut whole)?;
            taken += 1;
            if taken == pieces {
                let number = open.load(self.values.get_open(kind, &whole)?, &mut sharing);
                let place = number.and_then(|number| self.pieces.get_mut(usize::from(number)));
                *place.ok_or(Damage::Value { kind })? = pieces;
                whole.clear();
                taken = 0;
            }
        }
        if taken == 0 { Ok(()) } else { Err(Damage::Value { kind: key_bytes::SHARDS.start[0] }.into()) }
    }

    /// Loads what changed since the shards were moved; removes what a checkpoint left that was never finished.
    fn load_changes(&mut self, open: &mut OpenEntries) -> Result<(), OpenError> {
        let fault = |error| OpenError::Records(RecordsFault::Unreadable(error));
        self.batch.clear();
        for pair in pairs(&*self.records, key_bytes::CHANGES) {
            let (at, value) = pair.map_err(fault)?;
            let chunk = Chunk::of(&at).ok_or(Damage::Value { kind: key_bytes::CHANGES.start[0] })?;
            // The next checkpoint has this number, and may have fewer chunks.
            if chunk.generation > self.sentinel.generation {
                self.batch.remove(&at);
                continue;
            }
            for (key, record) in self.values.get_changes(&at, value)? {
                open.write(&key, record.as_ref());
            }
            self.changes.stored(chunk);
        }
        self.records.put(&self.batch).map_err(fault)
    }
}

/// Opens and decodes the record of a turn.
pub(crate) fn read_turn(sealer: &Sealer, sequence: u64, payload: &mut [u8]) -> Result<Turn, Damage> {
    decode_turn(sequence, open_turn(sealer, sequence, payload)?)
}

pub(crate) fn open_turn<'a>(
    sealer: &Sealer,
    sequence: u64,
    payload: &'a mut [u8],
) -> Result<&'a [u8], Damage> {
    sealer.open_in_place(&turn_aad(sequence), payload).map_err(|_| Damage::Turn { sequence })
}

pub(crate) fn decode_turn<T: DeserializeOwned>(sequence: u64, plain: &[u8]) -> Result<T, Damage> {
    rmp_serde::from_slice(plain).map_err(|_| Damage::Turn { sequence })
}

fn read_or_make_sentinel(disk: &dyn Disk, key: &MasterKey) -> Result<Sentinel, OpenError> {
    if let Some(sentinel) = Sentinel::read(disk)? {
        return if sentinel.is_key(key.check_value(&sentinel.store()?)) {
            Ok(sentinel)
        } else {
            Err(OpenError::WrongKey)
        };
    }
    let names = disk.list().map_err(|source| OpenError::Io { what: "reading the directory", source })?;
    if names
        .iter()
        .any(|name| name == KEYS || name == "records" || journal::segment::number_of(name).is_some())
    {
        return Err(Damage::SentinelMissing.into());
    }
    // The sentinel comes first: without one nothing else exists.
    let store = vault::random()?;
    let sentinel = Sentinel::new(store, key.check_value(&store));
    sentinel.write(disk).map_err(OpenError::Recover)?;
    Ok(sentinel)
}

/// The file of wrapped keys; empty where there is none yet.
pub(crate) fn read_keys(disk: &dyn Disk) -> Result<Vec<u8>, OpenError> {
    match read_whole(disk, KEYS, KEYS_OCTETS_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(OpenError::Io { what: "reading the keys", source }),
        Ok(octets) => Ok(octets),
    }
}

fn append_keys(disk: &dyn Disk, good: usize, entries: &[u8]) -> Result<(), OpenError> {
    let append = || -> io::Result<()> {
        let file: Box<dyn DiskFile> = match disk.open(KEYS) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(KEYS, 0)?,
            file => file?,
        };
        file.write_at(good as u64, entries)?;
        failpoints::reached(Point::StartKeyWritten);
        if !planted(Bug::KeySyncLeftOut) {
            file.sync()?;
        }
        disk.sync_directory()
    };
    append().map_err(|source| OpenError::Io { what: "keeping this start's key", source })
}

/// What is known of a store before anything is written.
struct Judged {
    last: Last,
    records: Arc<dyn Records>,
    /// The records are empty and to be rebuilt.
    rebuilt: bool,
    minute: LastMinute,
}

/// Judges journal and records, and reads the last minute before the checkpoint meanwhile.
fn judge(
    home: &mut dyn RecordsHome,
    sentinel: &Sentinel,
    survey: &Survey<'_>,
    keys: Keys,
) -> Result<Judged, OpenError> {
    let data_keys = keys.data_keys();
    let reader = MinuteReader::start(Sealer::read_only(keys))
        .map_err(|source| OpenError::Io { what: "starting a thread", source })?;
    let last = judge_journal(survey, sentinel, data_keys, &mut |header, payload| {
        // What comes after the checkpoint is read when it is applied.
        if header.sequence <= sentinel.sequence {
            reader.take(header.sequence, payload);
        }
    })?;
    let (records, rebuilt) = judge_records(home, sentinel, survey, last)?;
    Ok(Judged { last, records, rebuilt, minute: reader.finish()? })
}

/// Verifies what follows the checkpoint and returns the last turn. `keys` data keys are at hand: where more were
/// used, the next one must not take the place of one that is lost. `visit` gets each record from a minute before the
/// checkpoint on, as sealed.
pub(crate) fn judge_journal(
    survey: &Survey<'_>,
    sentinel: &Sentinel,
    keys: u32,
    visit: &mut dyn FnMut(&Header, &[u8]),
) -> Result<Last, OpenError> {
    let from = sentinel.recent_from.min(sentinel.sequence + 1);
    let mut chained = true;
    let mut keys_used = sentinel.keys;
    let end: Option<End> = survey.walk(from, &mut |header, payload| {
        keys_used = keys_used.max(Sealer::keys_needed(payload).unwrap_or(0));
        chained &= header.sequence != sentinel.sequence || header.crc == sentinel.crc;
        chained &= header.sequence != sentinel.sequence + 1 || header.previous == sentinel.crc;
        visit(header, payload);
        Ok(())
    })?;
    let last = Last::of(end.as_ref());
    if last.sequence < sentinel.sequence {
        return Err(Damage::JournalShort { found: last.sequence, expected: sentinel.sequence }.into());
    }
    if keys_used > keys {
        return Err(Damage::KeysShort { found: keys, expected: keys_used }.into());
    }
    if chained { Ok(last) } else { Err(Damage::Chain { sequence: sentinel.sequence }.into()) }
}

/// Opens the records and compares them with what journal and sentinel know. Where they don't fit and the
/// journal still holds everything, empty ones take their place.
fn judge_records(
    home: &mut dyn RecordsHome,
    sentinel: &Sentinel,
    survey: &Survey<'_>,
    last: Last,
) -> Result<(Arc<dyn Records>, bool), OpenError> {
    let unusable = |error| match error {
        RecordsError::Io(source) => OpenError::Io { what: "opening the records", source },
        error => OpenError::Records(RecordsFault::Unreadable(error)),
    };
    let fault = match home.open() {
        Ok(records) => match fault_of(&*records, sentinel)? {
            Fit::Fits { applied } if applied > last.sequence => {
                return Err(Damage::JournalShort { found: last.sequence, expected: applied }.into());
            }
            Fit::Fits { .. } => return Ok((records, false)),
            Fit::Fault(fault) => fault,
        },
        // A full disk, say: there is nothing to rebuild, and no space to do it.
        Err(error) if error.is_of_the_system() => return Err(unusable(error)),
        Err(error) => RecordsFault::Unreadable(error),
    };
    let complete = sentinel.sequence == 0 || survey.first_sequence() == Some(1);
    if !complete {
        return Err(OpenError::Records(fault));
    }
    tracing::warn!(%fault, "the records are rebuilt from the journal");
    home.set_aside().map_err(unusable)?;
    let records = home.open().map_err(unusable)?;
    mark_store(&*records, sentinel, &sentinel.store()?).map_err(unusable)?;
    Ok((records, true))
}

enum Fit {
    Fits { applied: u64 },
    Fault(RecordsFault),
}

fn fault_of(records: &dyn Records, sentinel: &Sentinel) -> Result<Fit, OpenError> {
    let unreadable = |error| OpenError::Records(RecordsFault::Unreadable(error));
    let store = sentinel.store()?;
    let found = records.get(&key_bytes::STORE).map_err(unreadable)?;
    let applied = number_at(records, &key_bytes::APPLIED).map_err(unreadable)?;
    let checkpoint = number_at(records, &key_bytes::CHECKPOINT).map_err(unreadable)?;
    Ok(match found {
        None if sentinel.sequence == 0 && applied == 0 => {
            mark_store(records, sentinel, &store).map_err(unreadable)?;
            Fit::Fits { applied: 0 }
        }
        None => Fit::Fault(RecordsFault::Empty { expected: sentinel.sequence }),
        Some(found) if found != store => Fit::Fault(RecordsFault::Foreign),
        Some(_) if applied < sentinel.sequence => {
            Fit::Fault(RecordsFault::Older { found: applied, expected: sentinel.sequence })
        }
        // Turn by turn they may go far enough and lack open entries that this checkpoint moved.
        Some(_) if checkpoint < sentinel.generation => {
            let expected = sentinel.generation;
            Fit::Fault(RecordsFault::OlderCheckpoint { found: checkpoint, expected })
        }
        Some(_) => Fit::Fits { applied },
    })
}

/// A number that the records know of themselves; 0 where they don't.
pub(crate) fn number_at(records: &dyn Records, key: &[u8]) -> Result<u64, RecordsError> {
    let octets = records.get(key)?;
    Ok(octets.and_then(|octets| octets.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Makes empty records those of this store, with no turn applied.
fn mark_store(records: &dyn Records, sentinel: &Sentinel, store: &[u8; 16]) -> Result<(), RecordsError> {
    let mut batch = Batch::default();
    put_plain(&mut batch, &key_bytes::STORE, store);
    put_plain(&mut batch, &key_bytes::CHECKPOINT, &sentinel.generation.to_be_bytes());
    put_applied(&mut batch, 0);
    records.put_whole(&batch)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::sim::{SimDisk, SimRecords};

    /// The names of a disk's files, and what they hold.
    fn files(disk: &SimDisk) -> Vec<(String, Option<Vec<u8>>)> {
        let mut names = disk.list().unwrap();
        names.sort();
        names.into_iter().map(|name| (name.clone(), disk.contents(&name))).collect()
    }

    /// A whole record, sealed by this store, of a turn that was written by a program we don't know.
    #[test]
    fn a_turn_of_the_last_minute_that_cannot_be_decoded_is_found_before_anything_is_written() {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let key = MasterKey::from_octets(&[7; 32]);
        let open = || open(Arc::new(disk.clone()), &mut records.clone(), &key, Options::default());
        let (mut ledger, mut writer, _) = open().unwrap();
        let sealer = Arc::clone(&writer.values.0);
        let unknown = writer.journal.append(Timestamp::UNIX_EPOCH, |sequence, out| {
            // An octet that stands for nothing in MessagePack.
            Ok(sealer.seal_into(&turn_aad(sequence), out, |out| out.push(0xC1))?)
        });
        writer.marks.add(Timestamp::UNIX_EPOCH, unknown.unwrap());
        writer.checkpoint(&mut ledger).unwrap();
        drop((ledger, writer));
        let (before, operations) = (files(&disk), records.operations());
        let found = open().err();
        assert!(matches!(found, Some(OpenError::Damaged(Damage::Turn { sequence: 1 }))), "{found:?}");
        assert_eq!(files(&disk), before);
        assert_eq!(records.operations(), operations);
    }
}
