//! One-time texts: their keys stand in fixed slots outside journal, records and export.
//!
//! A log that only grows can't forget a text, but a key can be zeroed. The text stands in the journal and the
//! outbox sealed under a key of its own; the key, wrapped under this start's data key, stands in a slot until
//! the message is final or 72 hours old.
//!
//! Slot: used (1), outbox id (14), second it was kept (8), wrapped key (61), CRC32C (4), zeros up to 128.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use failpoints::{Bug, Point, planted};
use jiff::{SignedDuration, Timestamp};
use model::OutboxId;
use model::id::EventId;
use vault::{OneTimeKey, Sealer};
use zeroize::{Zeroize, Zeroizing};

use crate::disk::{Disk, DiskFile};
use crate::error::StoreError;
use crate::key_bytes::outbox_octets;

const NAME: &str = "secrets";
const SLOT: usize = 128;
const WRAPPED: usize = OneTimeKey::LENGTH + Sealer::OVERHEAD;
const CHECKED: usize = 1 + 14 + 8 + WRAPPED;
const USED: u8 = 1;
const LENGTH: u64 = SLOTS as u64 * SLOT as u64;

/// One megabyte of slots: more passwords than two cores hash in the time that an SMSC takes to deliver.
pub(crate) const SLOTS: u32 = 8192;

/// No secret is kept longer, whatever became of its message: an issued password is dead by then.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(72);

/// The keys of one-time texts.
pub struct Secrets {
    file: Box<dyn DiskFile>,
    sealer: Arc<Sealer>,
    kept: HashMap<OutboxId, Slot>,
    free: Vec<u32>,
    unsynced: bool,
    failed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    number: u32,
    since: Timestamp,
}

impl Secrets {
    /// Opens the file, made if absent; `is_new` says that a new store is to have none. Slots that a crash tore are
    /// zeroed.
    pub(crate) fn open_file(disk: &dyn Disk, sealer: Arc<Sealer>, is_new: bool) -> Result<Self, StoreError> {
        let file = open_or_create(disk, is_new).map_err(StoreError::Secrets)?;
        let slots = read_slots(&*file).map_err(StoreError::Secrets)?;
        let mut secrets =
            Self { file, sealer, kept: HashMap::new(), free: Vec::new(), unsynced: false, failed: false };
        // Backwards, so that the lowest slot is taken first.
        for (number, found) in (0..SLOTS).zip(slots).rev() {
            match found {
                Found::Empty => secrets.free.push(number),
                Found::Torn => secrets.zero(number)?,
                Found::Kept { id, since } => {
                    secrets.kept.insert(id, Slot { number, since });
                }
            }
        }
        Ok(secrets)
    }

    /// Zeroes the keys of messages that no longer wait for their texts, and syncs.
    pub(crate) fn forget_unless(&mut self, is_open: impl Fn(OutboxId) -> bool) -> Result<(), StoreError> {
        let ids: Vec<OutboxId> = self.kept.keys().copied().filter(|id| !is_open(*id)).collect();
        for id in ids {
            self.forget(id)?;
        }
        self.sync()
    }

    /// Seals `text` under a key of its own and keeps the key until it is forgotten. What is returned goes
    /// into the outbox entry; the next commit syncs the key before it writes the turn.
    pub fn keep(&mut self, id: OutboxId, text: &str, now: Timestamp) -> Result<Vec<u8>, StoreError> {
        let octets = outbox_octets(id);
        let (key, sealed) = OneTimeKey::seal(&octets, text.as_bytes())?;
        let wrapped = self.sealer.seal(&octets, key.octets())?;
        let number = match self.kept.get(&id) {
            Some(slot) => slot.number,
            None => self.free.pop().ok_or(StoreError::SecretsFull)?,
        };
        let mut slot = [0; SLOT];
        slot[0] = USED;
        slot[1..15].copy_from_slice(&octets);
        slot[15..23].copy_from_slice(&now.as_second().to_be_bytes());
        slot[23..CHECKED].copy_from_slice(&wrapped);
        let crc = crc32c::crc32c(&slot[..CHECKED]);
        slot[CHECKED..CHECKED + 4].copy_from_slice(&crc.to_be_bytes());
        self.write(number, &slot)?;
        failpoints::reached(Point::SecretWritten);
        self.kept.insert(id, Slot { number, since: now });
        Ok(sealed)
    }

    /// Opens the text of a message.
    pub fn open(&self, id: OutboxId, sealed: &[u8]) -> Result<Zeroizing<String>, StoreError> {
        let slot = self.kept.get(&id).ok_or(StoreError::SecretGone)?;
        let octets = outbox_octets(id);
        let mut wrapped = [0; WRAPPED];
        let offset = offset_of(slot.number) + (CHECKED - WRAPPED) as u64;
        self.file.read_at(offset, &mut wrapped).map_err(StoreError::Secrets)?;
        let key = self.sealer.open(&octets, &wrapped).map_err(|_| StoreError::SecretGone)?;
        let key: [u8; OneTimeKey::LENGTH] = key.as_slice().try_into().map_err(|_| StoreError::SecretGone)?;
        let mut text =
            OneTimeKey::from_octets(key).open(&octets, sealed).map_err(|_| StoreError::SecretGone)?;
        let text = String::from_utf8(std::mem::take(&mut *text)).map_err(|_| StoreError::SecretGone)?;
        Ok(Zeroizing::new(text))
    }

    /// Zeroes the key of a message that is final. Nothing happens where there is none.
    pub fn forget(&mut self, id: OutboxId) -> Result<(), StoreError> {
        match self.kept.remove(&id) {
            Some(slot) => self.zero(slot.number),
            None => Ok(()),
        }
    }

    /// Zeroes all keys that are 72 hours old, or from the future by as much. Returns how many.
    pub fn sweep(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let aged = |slot: &Slot| now.duration_since(slot.since).abs() >= AGE_MAX;
        let ids: Vec<OutboxId> = self.kept.iter().filter(|(_, slot)| aged(slot)).map(|(id, _)| *id).collect();
        for id in &ids {
            self.forget(*id)?;
        }
        Ok(ids.len())
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no key is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Makes durable what was kept and forgotten.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        if self.unsynced && !planted(Bug::SecretSyncLeftOut) {
            self.failed = true;
            self.file.sync().map_err(StoreError::Secrets)?;
            (self.failed, self.unsynced) = (false, false);
            failpoints::reached(Point::SecretSynced);
        }
        Ok(())
    }

    fn zero(&mut self, number: u32) -> Result<(), StoreError> {
        self.write(number, &[0; SLOT])?;
        failpoints::reached(Point::SecretZeroed);
        self.free.push(number);
        Ok(())
    }

    fn write(&mut self, number: u32, slot: &[u8; SLOT]) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        self.unsynced = true;
        self.failed = true;
        self.file.write_at(offset_of(number), slot).map_err(StoreError::Secrets)?;
        self.failed = false;
        Ok(())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} kept, ***)", self.kept.len())
    }
}

/// How many slots hold a key, and how many are torn; none where the file is missing or cut short. Nothing is
/// changed.
pub(crate) fn count(disk: &dyn Disk) -> io::Result<Option<(u64, u64)>> {
    let file = match disk.open(NAME) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if file.length()? != LENGTH {
        return Ok(None);
    }
    let (mut kept, mut torn) = (0, 0);
    for found in read_slots(&*file)? {
        match found {
            Found::Kept { .. } => kept += 1,
            Found::Torn => torn += 1,
            Found::Empty => (),
        }
    }
    Ok(Some((kept, torn)))
}

enum Found {
    Empty,
    Kept {
        id: OutboxId,
        since: Timestamp,
    },
    /// A write that a crash cut short: no turn speaks of it.
    Torn,
}

fn read_slots(file: &dyn DiskFile) -> io::Result<Vec<Found>> {
    let mut octets = vec![0; SLOTS as usize * SLOT];
    let read = file.read_at(0, &mut octets);
    let (slots, _) = octets.as_chunks_mut::<SLOT>();
    let read_and_zero = |slot: &mut [u8; SLOT]| {
        let found = read_slot(slot);
        // An empty one holds nothing to be zeroed, and most are.
        if !matches!(found, Found::Empty) {
            slot.zeroize();
        }
        found
    };
    let found = slots.iter_mut().map(read_and_zero).collect();
    read.map(|_| found)
}

fn read_slot(slot: &[u8; SLOT]) -> Found {
    if *slot == [0; SLOT] {
        return Found::Empty;
    }
    let whole =
        slot[0] == USED && crc32c::crc32c(&slot[..CHECKED]).to_be_bytes() == slot[CHECKED..CHECKED + 4];
    let since = Timestamp::from_second(i64::from_be_bytes(part(slot, 15))).ok().filter(|_| whole);
    let Some(since) = since else { return Found::Torn };
    let cause =
        EventId { sequence: u64::from_be_bytes(part(slot, 1)), index: u32::from_be_bytes(part(slot, 9)) };
    Found::Kept { id: OutboxId { cause, ordinal: u16::from_be_bytes(part(slot, 13)) }, since }
}

fn open_or_create(disk: &dyn Disk, is_new: bool) -> io::Result<Box<dyn DiskFile>> {
    match disk.open(NAME) {
        Ok(file) if file.length()? == LENGTH => Ok(file),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        // In a new store absent, or cut short while it was made: nothing was ever kept in it.
        _ => {
            if !is_new {
                tracing::error!("the file of secrets is lost: passwords that had not left yet can't be sent");
            }
            let file = disk.create(NAME, LENGTH)?;
            file.sync()?;
            disk.sync_directory()?;
            Ok(file)
        }
    }
}

fn offset_of(number: u32) -> u64 {
    u64::from(number) * SLOT as u64
}

fn part<const N: usize>(slot: &[u8; SLOT], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&slot[at..at + N]);
    part
}
