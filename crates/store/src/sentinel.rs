//! The sentinel: a small file outside sled that knows what the records must hold.
//!
//! One line of JSON and a CRC32C of it in hexadecimal on the next, replaced by rename.

use serde::{Deserialize, Serialize};

use crate::disk::{Disk, read_whole, replace};
use crate::error::{Damage, OpenError, StoreError};
use crate::journal::Last;

/// The one format of a store that this program writes and reads. 1 kept each open entry by itself, 2 wrote moments as
/// texts and fingerprints as sixteen numbers.
pub(crate) const FORMAT: u32 = 4;
const NAME: &str = "sentinel";
const OCTETS_MAX: u64 = 4096;

/// What was durable at the last checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sentinel {
    pub(crate) format: u32,
    /// The store's id, hexadecimal.
    store: String,
    /// Tells whether a master key is the store's, hexadecimal.
    key_check: String,
    /// Counts the checkpoints.
    pub(crate) generation: u64,
    /// The turn up to which the records are durable.
    pub(crate) sequence: u64,
    /// The CRC of that turn's record.
    pub(crate) crc: u32,
    /// The first turn of the last minute before the checkpoint.
    pub(crate) recent_from: u64,
    /// How many data keys the records up to here are sealed under.
    #[serde(default)]
    pub(crate) keys: u32,
}

impl Sentinel {
    /// The sentinel of a new store.
    pub(crate) fn new(store: [u8; 16], key_check: [u8; 16]) -> Self {
        Self {
            format: FORMAT,
            store: hex(&store),
            key_check: hex(&key_check),
            generation: 0,
            sequence: 0,
            crc: 0,
            recent_from: 1,
            keys: 0,
        }
    }

    /// Reads the sentinel; none where there is no such file.
    pub(crate) fn read(disk: &dyn Disk) -> Result<Option<Self>, OpenError> {
        let octets = match read_whole(disk, NAME, OCTETS_MAX) {
            Ok(octets) => octets,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(OpenError::Io { what: "reading the sentinel", source }),
        };
        let sentinel = Self::decode(&octets).ok_or(Damage::Sentinel)?;
        if sentinel.format != FORMAT {
            return Err(OpenError::OtherFormat { found: sentinel.format, known: FORMAT });
        }
        Ok(Some(sentinel))
    }

    /// Puts this sentinel in place of the old one.
    pub(crate) fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let mut text = serde_json::to_string(self).map_err(|error| StoreError::Sentinel(error.into()))?;
        let crc = crc32c::crc32c(text.as_bytes());
        text.push_str(&format!("\n{crc:08x}\n"));
        replace(disk, NAME, text.as_bytes()).map_err(StoreError::Sentinel)
    }

    /// Says that the records hold nothing, because they are being rebuilt.
    pub(crate) fn restart(&mut self) {
        (self.sequence, self.crc, self.recent_from) = (0, 0, 1);
    }

    /// The store's id.
    pub(crate) fn store(&self) -> Result<[u8; 16], OpenError> {
        let id = u128::from_str_radix(&self.store, 16).map_err(|_| Damage::Sentinel)?;
        Ok(id.to_be_bytes())
    }

    /// Whether `check` is the check value of this store's master key.
    pub(crate) fn is_key(&self, check: [u8; 16]) -> bool {
        self.key_check == hex(&check)
    }

    /// The record at the checkpoint.
    pub(crate) fn last(&self) -> Last {
        Last { sequence: self.sequence, crc: self.crc }
    }

    fn decode(octets: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).ok()?;
        let (json, crc) = text.trim_end().split_once('\n')?;
        let crc = u32::from_str_radix(crc, 16).ok()?;
        if crc != crc32c::crc32c(json.as_bytes()) {
            return None;
        }
        serde_json::from_str(json).ok()
    }
}

fn hex(octets: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*octets))
}
