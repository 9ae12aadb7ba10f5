//! Records in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Dice;
use crate::records::{Batch, Pair, Records, RecordsError, RecordsHome};

/// An ordered map in memory that loses what was not synced. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SimRecords(Arc<Mutex<State>>);

type Map = BTreeMap<Vec<u8>, Vec<u8>>;
type Write = (Vec<u8>, Option<Vec<u8>>);
type Writes = Vec<Write>;

#[derive(Debug, Default)]
struct State {
    current: Map,
    durable: Map,
    /// Writes since the last sync, each with those that survive with it or not at all.
    unsynced: Vec<Writes>,
    set_aside: u64,
    operations: u64,
    fail_at: Option<u64>,
    broken: bool,
    full: bool,
}

impl SimRecords {
    /// Empty records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power: `seed` decides how many of the writes since the last sync remain, the oldest first.
    pub fn power_cut(&self, seed: u64) {
        let mut state = self.state();
        let kept = Dice(seed).up_to(state.unsynced.len());
        let writes = std::mem::take(&mut state.unsynced);
        for writes in writes.into_iter().take(kept) {
            apply(&mut state.durable, writes);
        }
        state.current = state.durable.clone();
        state.fail_at = None;
    }

    /// Loses everything, as sled was seen to do.
    pub fn lose_all(&self) {
        let mut state = self.state();
        let set_aside = state.set_aside;
        *state = State { set_aside, ..State::default() };
    }

    /// Makes every open fail until the records are set aside.
    pub fn break_all(&self) {
        self.state().broken = true;
    }

    /// Makes every open, and every reservation, fail as on a full disk, or no longer.
    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// How often broken records were set aside.
    pub fn times_set_aside(&self) -> u64 {
        self.state().set_aside
    }

    /// How many writes, batches that are written as a whole, and syncs were asked for so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Makes write, batch or sync number `operation` and all after it fail, until [`SimRecords::power_cut`].
    pub fn fail_at(&self, operation: u64) {
        self.state().fail_at = Some(operation);
    }

    /// Nothing that was asked to fail fails any more.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.fail_at, state.broken, state.full) = (None, false, false);
    }

    /// A copy that shares nothing with this one, as durable as what is current here.
    pub fn fork(&self) -> Self {
        let current = self.state().current.clone();
        let state = State { durable: current.clone(), current, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn change(&mut self) -> Result<(), RecordsError> {
        let operation = self.operations;
        self.operations += 1;
        match self.fail_at {
            Some(at) if operation >= at => Err(io::Error::other("failed as asked").into()),
            _ => Ok(()),
        }
    }

    fn put(&mut self, writes: Writes) {
        apply(&mut self.current, writes.clone());
        self.unsynced.push(writes);
    }
}

impl RecordsHome for SimRecords {
    fn open(&mut self) -> Result<Arc<dyn Records>, RecordsError> {
        let state = self.state();
        match (state.broken, state.full) {
            (true, _) => Err(RecordsError::Panicked),
            (_, true) => Err(io::Error::from(rustix::io::Errno::NOSPC).into()),
            _ => Ok(Arc::new(self.clone())),
        }
    }

    fn set_aside(&mut self) -> Result<(), RecordsError> {
        self.lose_all();
        self.state().set_aside += 1;
        Ok(())
    }
}

impl Records for SimRecords {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RecordsError> {
        Ok(self.state().current.get(key).cloned())
    }

    fn scan(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Pair>, RecordsError> {
        let state = self.state();
        let pairs = state.current.range(from.to_vec()..until.to_vec()).take(limit);
        Ok(pairs.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn put(&self, batch: &Batch) -> Result<(), RecordsError> {
        let mut state = self.state();
        for write in writes_of(batch) {
            state.change()?;
            state.put(vec![write]);
        }
        Ok(())
    }

    fn put_whole(&self, batch: &Batch) -> Result<(), RecordsError> {
        let mut state = self.state();
        state.change()?;
        state.put(writes_of(batch).collect());
        Ok(())
    }

    fn sync(&self) -> Result<(), RecordsError> {
        let mut state = self.state();
        state.change()?;
        state.durable = state.current.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn reserve(&self, _: u64) -> io::Result<()> {
        if self.state().full { Err(rustix::io::Errno::NOSPC.into()) } else { Ok(()) }
    }
}

fn writes_of(batch: &Batch) -> impl Iterator<Item = Write> {
    batch.writes().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec)))
}

fn apply(map: &mut Map, writes: Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
