//! Reading beside the engine.

use std::sync::Arc;

use model::{Key, Record, Space};

use crate::error::StoreError;
use crate::key_bytes::KeyBytes;
use crate::records::Records;
use crate::values::Values;

/// Reads citizens' records beside the engine, as of the last applied turn.
#[derive(Clone)]
pub struct Reader {
    pub(crate) records: Arc<dyn Records>,
    pub(crate) keys: KeyBytes,
    values: Values,
}

impl Reader {
    pub(crate) fn new(records: Arc<dyn Records>, keys: KeyBytes, values: Values) -> Self {
        Self { records, keys, values }
    }

    /// The record of `key`. Keys of [`Space::Open`] are the engine's own and are never found here.
    pub fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        if key.space() == Space::Open {
            return Ok(None);
        }
        let octets = self.keys.octets(key);
        match self.records.get(&octets)? {
            Some(value) => self.values.get(&octets, value).map(Some),
            None => Ok(None),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader(***)")
    }
}
