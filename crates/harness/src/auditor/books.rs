//! What journal and store say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use model::journal::Turn;
use model::{Key, Record, Space};
use store::{Disk, Options, Records, Report, Store};
use vault::MasterKey;

use crate::process;

/// What journal and store say.
#[derive(Debug, Default)]
pub struct Books {
    /// All turns that the journal holds, with their numbers.
    pub turns: Vec<(u64, Turn)>,
    /// What the store answers for every key that any turn wrote.
    pub held: BTreeMap<Key, Option<Record>>,
    /// All open entries that the store has.
    pub open: BTreeMap<Key, Record>,
    /// How many records of citizens the store holds.
    pub records: u64,
    /// What the verifier says.
    pub faults: Vec<String>,
}

impl Books {
    /// Reads the store in `dir`, which no process has open. `scratch` must not exist yet: a copy of the directory is
    /// opened there, for a start writes.
    pub fn read(dir: &Path, scratch: &Path, key: &MasterKey) -> Result<Self> {
        let report = store::verify(dir, key)?;
        let mut turns = Vec::new();
        store::read_journal(dir, key, |sequence, turn| turns.push((sequence, turn)))?;
        process::copy(dir, scratch).context("copying the store")?;
        let (store, _) = Store::open(scratch, key, Options::default())?;
        let books = Self::of(&store, turns, &report)?;
        drop(store);
        fs::remove_dir_all(scratch)?;
        Ok(books)
    }

    /// Reads a store through its inner doors. `store` is the one that was opened over copies of them.
    pub fn read_with(disk: &dyn Disk, records: &dyn Records, key: &MasterKey, store: &Store) -> Result<Self> {
        let report = store::verify_with(disk, records, key)?;
        let mut turns = Vec::new();
        store::read_journal_with(disk, key, |sequence, turn| turns.push((sequence, turn)))?;
        Self::of(store, turns, &report)
    }

    fn of(store: &Store, turns: Vec<(u64, Turn)>, report: &Report) -> Result<Self> {
        let mut held = BTreeMap::new();
        for (key, _) in turns.iter().flat_map(|(_, turn)| &turn.writes) {
            if key.space() == Space::Records && !held.contains_key(key) {
                held.insert(key.clone(), store.get(key)?.map(Arc::unwrap_or_clone));
            }
        }
        let open = store.open_entries().map(|(key, record)| (key.clone(), record.clone())).collect();
        let faults = report.faults.iter().map(ToString::to_string).collect();
        Ok(Self { turns, held, open, records: report.records, faults })
    }
}
