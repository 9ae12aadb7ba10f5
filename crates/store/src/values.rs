//! The octets of values: MessagePack, sealed with the key under which they stand as associated data. Citizens' records
//! have field names, so that an added optional field is tolerated; turns and open entries have none.

use std::sync::Arc;

use model::{Key, Record};
use serde::Serialize;
use vault::Sealer;

use crate::error::{Damage, StoreError};
use crate::key_bytes::is_plain;
use crate::records::Batch;
use crate::writer::Change;

/// Marks an unsealed value; a sealed one begins with the sealer's version, which is another octet.
const PLAIN: u8 = 0;

/// The longest value, so that sled never makes a file of its own of one.
pub(crate) const VALUE_MAX: usize = 16 << 10;

/// Octets of a shard in one piece; with the sealing a piece stays under [`VALUE_MAX`].
const PIECE: usize = 12 << 10;

/// Encodes and decodes values.
#[derive(Debug, Clone)]
pub(crate) struct Values(pub(crate) Arc<Sealer>);

impl Values {
    /// Adds the write of a citizen's record to `batch`.
    pub(crate) fn put(&self, batch: &mut Batch, key: &[u8], record: &Record) -> Result<(), StoreError> {
        let octets = batch.put(key, |out| {
            if is_plain(key) {
                out.push(PLAIN);
                return Ok(encode(out, record)?);
            }
            self.0.seal_into(key, out, |out| encode(out, record))??;
            Ok::<(), StoreError>(())
        })?;
        if octets > VALUE_MAX {
            return Err(StoreError::RecordTooLarge { octets, max: VALUE_MAX });
        }
        Ok(())
    }

    /// Reads the value of a citizen's record.
    pub(crate) fn get(&self, key: &[u8], mut value: Vec<u8>) -> Result<Record, StoreError> {
        let damage = || Damage::Value { kind: kind_of(key) };
        let plain: &[u8] = if is_plain(key) {
            value.strip_prefix(&[PLAIN]).ok_or_else(damage)?
        } else {
            self.0.open_in_place(key, &mut value).map_err(|_| damage())?
        };
        Ok(rmp_serde::from_slice(plain).map_err(|_| damage())?)
    }

    /// Adds the writes of open entries that lie together to `batch`, in as many pieces as they need, none for no entry.
    /// Returns the number of pieces.
    pub(crate) fn put_open(
        &self,
        batch: &mut Batch,
        key_octets: &[u8],
        entries: &[(Key, Arc<Record>)],
    ) -> Result<u16, StoreError> {
        if entries.is_empty() {
            return Ok(0);
        }
        let mut whole = Vec::with_capacity(PIECE);
        encode_positional(&mut whole, &entries)?;
        let pieces = whole.len().div_ceil(PIECE);
        let too_large =
            || StoreError::RecordTooLarge { octets: whole.len(), max: PIECE * usize::from(u16::MAX) };
        let count = u16::try_from(pieces).map_err(|_| too_large())?;
        for (number, piece) in (0..count).zip(whole.chunks(PIECE)) {
            let at = piece_key(key_octets, number);
            batch.put(&at, |out| {
                self.0.seal_into(&at, out, |out| {
                    out.extend_from_slice(&count.to_be_bytes());
                    out.extend_from_slice(piece);
                })?;
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(count)
    }

    /// Adds the removal of pieces of open entries to `batch`.
    pub(crate) fn remove_open(&self, batch: &mut Batch, key_octets: &[u8], pieces: std::ops::Range<u16>) {
        for number in pieces {
            batch.remove(&piece_key(key_octets, number));
        }
    }

    /// Adds the write of a chunk to `batch`: as many of `changes`, in order, as it holds. Returns how many these are.
    pub(crate) fn put_changes(
        &self,
        batch: &mut Batch,
        at: &[u8],
        changes: &[Change],
    ) -> Result<usize, StoreError> {
        let mut taken = 0;
        let octets = batch.put(at, |out| {
            self.0.seal_into(at, out, |out| {
                let begin = out.len();
                while let Some(change) = changes.get(taken).filter(|_| out.len() < begin + PIECE) {
                    encode_positional(out, change)?;
                    taken += 1;
                }
                Ok::<(), StoreError>(())
            })??;
            Ok::<(), StoreError>(())
        })?;
        if octets > VALUE_MAX {
            return Err(StoreError::RecordTooLarge { octets, max: VALUE_MAX });
        }
        Ok(taken)
    }

    /// Reads a chunk of changes, in their order.
    pub(crate) fn get_changes(&self, at: &[u8], mut value: Vec<u8>) -> Result<Vec<Change>, Damage> {
        let damage = || Damage::Value { kind: kind_of(at) };
        let mut plain = self.0.open_in_place(at, &mut value).map_err(|_| damage())?;
        let mut changes = Vec::new();
        while !plain.is_empty() {
            let (key, record): (Key, Option<Record>) =
                rmp_serde::from_read(&mut plain).map_err(|_| damage())?;
            changes.push((key, record.map(Arc::new)));
        }
        Ok(changes)
    }

    /// Opens one piece; returns how many belong together and appends the piece's part to `whole`.
    pub(crate) fn take_piece(
        &self,
        at: &[u8],
        mut value: Vec<u8>,
        whole: &mut Vec<u8>,
    ) -> Result<u16, Damage> {
        let damage = || Damage::Value { kind: kind_of(at) };
        let plain = self.0.open_in_place(at, &mut value).map_err(|_| damage())?;
        let (count, piece) = plain.split_first_chunk().ok_or_else(damage)?;
        whole.extend_from_slice(piece);
        Ok(u16::from_be_bytes(*count))
    }

    /// Reads open entries whose pieces were put together.
    pub(crate) fn get_open(&self, kind: u8, whole: &[u8]) -> Result<Vec<(Key, Record)>, Damage> {
        rmp_serde::from_slice(whole).map_err(|_| Damage::Value { kind })
    }
}

/// Appends `value` to `out`.
pub(crate) fn encode<T: Serialize>(out: &mut Vec<u8>, value: &T) -> Result<(), rmp_serde::encode::Error> {
    rmp_serde::encode::write_named(out, value)
}

/// Encodes a turn or a shard without the names of fields: half the octets. A field that is added stands last in its
/// type and has a default (docs/STORE.md).
pub(crate) fn encode_positional<T: Serialize>(
    out: &mut Vec<u8>,
    value: &T,
) -> Result<(), rmp_serde::encode::Error> {
    rmp_serde::encode::write(out, value)
}

/// The kind of record that a key is of, for messages.
pub(crate) fn kind_of(key: &[u8]) -> u8 {
    key.first().copied().unwrap_or(0)
}

/// The number of a piece, the last octets of its key.
pub(crate) fn piece_number(at: &[u8]) -> Option<u16> {
    at.last_chunk().map(|number| u16::from_be_bytes(*number))
}

fn piece_key(key: &[u8], number: u16) -> Vec<u8> {
    let mut at = Vec::with_capacity(key.len() + 2);
    at.extend_from_slice(key);
    at.extend_from_slice(&number.to_be_bytes());
    at
}
