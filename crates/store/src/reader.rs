//! Reading beside the engine.

use std::sync::Arc;

use model::{Dossier, Key, Record, ServiceId, Space};

use crate::error::{Damage, StoreError};
use crate::key_bytes::KeyBytes;
use crate::records::{Records, pairs};
use crate::values::{Values, kind_of};

/// Reads citizens' records beside the engine, as of the last applied turn.
#[derive(Clone)]
pub struct Reader {
    records: Arc<dyn Records>,
    keys: KeyBytes,
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

    /// The dossiers of a service, in no order that means anything, each as it is when its page is read: what is written
    /// meanwhile may be among them or not. Nothing is to be asked for after an error.
    pub fn dossiers(
        &self,
        service: ServiceId,
    ) -> impl Iterator<Item = Result<Dossier, StoreError>> + Send + use<> {
        let values = self.values.clone();
        pairs(Arc::clone(&self.records), self.keys.dossiers_of(service)).map(move |pair| {
            let (key, value) = pair?;
            match values.get(&key, value)? {
                Record::Dossier(dossier) => Ok(*dossier),
                _ => Err(Damage::Value { kind: kind_of(&key) }.into()),
            }
        })
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader(***)")
    }
}
