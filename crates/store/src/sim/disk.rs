//! A disk in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Dice;
use crate::disk::{Disk, DiskFile};

/// A write reaches the disk or not in units of this many octets.
const SECTOR: usize = 512;

/// A directory in memory. Clones share it, so a test keeps one and hands the other to a store.
#[derive(Debug, Clone, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// By inode; what is durable, and what was written since.
    files: BTreeMap<u64, FileState>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names that are not durable, in order; none stands for a removed name. A rename is one
    /// change: a power cut leaves both names as before or both as after.
    pending_names: Vec<Vec<(String, Option<u64>)>>,
    next_inode: u64,
    /// Counts power cuts: a file opened before one can't be used after it.
    epoch: u64,
    operations: u64,
    reads: u64,
    fail_at: Option<(u64, io::ErrorKind)>,
    fail_read_at: Option<(u64, io::ErrorKind)>,
    power_off_at: Option<u64>,
    full: bool,
}

#[derive(Debug, Default)]
struct FileState {
    durable: Vec<u8>,
    current: Vec<u8>,
    unsynced: Vec<(u64, Vec<u8>)>,
    /// A sync failed: what it should have written is on no disk, and memory shows it until the file is opened anew.
    lost: bool,
}

impl SimDisk {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations that change something were asked for so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Makes the changing operation number `operation` (counted from the first) fail with `kind`, once. A write
    /// that fails leaves its first half; a sync that fails loses what it should have written, though it can be read
    /// until the file is opened anew, as on Linux.
    pub fn fail_at(&self, operation: u64, kind: io::ErrorKind) {
        self.state().fail_at = Some((operation, kind));
    }

    /// How many reads were asked for so far.
    pub fn reads(&self) -> u64 {
        self.state().reads
    }

    /// Makes read number `read` (counted from the first) fail with `kind`, once.
    pub fn fail_read_at(&self, read: u64, kind: io::ErrorKind) {
        self.state().fail_read_at = Some((read, kind));
    }

    /// Makes the changing operation number `operation` and all after it fail, until
    /// [`SimDisk::power_cut`] or [`SimDisk::kill`]: the moment the power or the process went.
    pub fn power_off_at(&self, operation: u64) {
        self.state().power_off_at = Some(operation);
    }

    /// Fills the disk, or empties it again: while it is full no space can be reserved.
    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// Nothing that was asked to fail fails any more, and there is space.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.fail_at, state.fail_read_at, state.power_off_at, state.full) = (None, None, None, false);
    }

    /// Ends the process: its files can't be used any more, what it wrote is in the page cache.
    pub fn kill(&self) {
        let mut state = self.state();
        state.epoch += 1;
        (state.fail_at, state.fail_read_at, state.power_off_at) = (None, None, None);
    }

    /// Cuts the power: of what was not synced, `seed` decides which sectors and which names remain.
    pub fn power_cut(&self, seed: u64) {
        let mut dice = Dice(seed);
        self.kill();
        let mut state = self.state();
        let kept = dice.up_to(state.pending_names.len());
        let pending = std::mem::take(&mut state.pending_names);
        for (name, inode) in pending.into_iter().take(kept).flatten() {
            set_name(&mut state.durable_names, name, inode);
        }
        state.names = state.durable_names.clone();
        for file in state.files.values_mut() {
            for (offset, octets) in std::mem::take(&mut file.unsynced) {
                keep_some_sectors(&mut file.durable, offset, &octets, &mut dice);
            }
            file.current.clone_from(&file.durable);
            file.lost = false;
        }
    }

    /// The octets of a file as they are now, for a test to look at.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let inode = state.names.get(name)?;
        Some(state.files.get(inode)?.current.clone())
    }

    /// Puts a file in place, durable: to damage one, or to restore an old one.
    pub fn put(&self, name: &str, octets: Vec<u8>) {
        let mut state = self.state();
        state.next_inode += 1;
        let inode = state.next_inode;
        let file = FileState { durable: octets.clone(), current: octets, ..FileState::default() };
        state.files.insert(inode, file);
        state.names.insert(name.to_owned(), inode);
        state.durable_names.insert(name.to_owned(), inode);
    }

    /// A copy that shares nothing with this one, as durable as what is current here.
    pub fn fork(&self) -> Self {
        let fork = Self::new();
        let state = self.state();
        for (name, inode) in &state.names {
            if let Some(file) = state.files.get(inode) {
                fork.put(name, file.current.clone());
            }
        }
        fork
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a changing operation, which may be the one that fails.
    fn change(&mut self) -> io::Result<()> {
        let (operation, is_off) = (self.operations, self.is_off());
        self.operations += 1;
        if is_off {
            return Err(io::Error::other("the power is off"));
        }
        if let Some((_, kind)) = self.fail_at.take_if(|(at, _)| *at == operation) {
            return Err(kind.into());
        }
        Ok(())
    }

    /// Whether the next change comes after the end.
    fn is_off(&self) -> bool {
        self.power_off_at.is_some_and(|off| self.operations >= off)
    }

    /// Counts a read, which may be the one that fails.
    fn read(&mut self) -> io::Result<()> {
        let read = self.reads;
        self.reads += 1;
        match self.fail_read_at.take_if(|(at, _)| *at == read) {
            Some((_, kind)) => Err(kind.into()),
            None => Ok(()),
        }
    }

    fn inode(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_names(&mut self, changes: Vec<(String, Option<u64>)>) {
        for (name, inode) in &changes {
            set_name(&mut self.names, name.clone(), *inode);
        }
        self.pending_names.push(changes);
    }
}

impl Disk for SimDisk {
    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.change()?;
        if state.full && length > 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.next_inode += 1;
        let inode = state.next_inode;
        let zeros = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::StorageFull)?];
        let unsynced = vec![(0, zeros.clone())];
        state.files.insert(inode, FileState { current: zeros, unsynced, ..FileState::default() });
        state.change_names(vec![(name.to_owned(), Some(inode))]);
        Ok(Box::new(SimFile { disk: self.clone(), inode, epoch: state.epoch }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let inode = state.inode(name)?;
        if let Some(file) = state.files.get_mut(&inode) {
            file.forget_lost();
        }
        Ok(Box::new(SimFile { disk: self.clone(), inode, epoch: state.epoch }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let inode = state.inode(from)?;
        state.change_names(vec![(to.to_owned(), Some(inode)), (from.to_owned(), None)]);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.inode(name)?;
        state.change()?;
        state.change_names(vec![(name.to_owned(), None)]);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn free(&self) -> io::Result<u64> {
        Ok(if self.state().full { 0 } else { u64::MAX })
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.pending_names.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: u64,
    epoch: u64,
}

impl SimFile {
    /// Looks at the file.
    fn read<R>(&self, act: impl FnOnce(&FileState) -> R) -> io::Result<R> {
        let mut state = self.disk.state();
        self.check(&state)?;
        state.read()?;
        state.files.get(&self.inode).map(act).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Changes the file; `act` hears whether the change is the one that fails.
    fn change(&self, act: impl FnOnce(&mut FileState, bool)) -> io::Result<()> {
        let mut state = self.disk.state();
        self.check(&state)?;
        let is_off = state.is_off();
        let changed = state.change();
        let file = state.files.get_mut(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        if !is_off {
            act(file, changed.is_err());
        }
        changed
    }

    fn check(&self, state: &State) -> io::Result<()> {
        if state.epoch == self.epoch { Ok(()) } else { Err(io::Error::other("its process is gone")) }
    }
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        self.read(|file| file.current.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(|file| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.current.len());
            let length = buffer.len().min(file.current.len() - start);
            buffer[..length].copy_from_slice(&file.current[start..start + length]);
            length
        })
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.change(|file, fails| {
            let octets = if fails { &octets[..octets.len() / 2] } else { octets };
            overwrite(&mut file.current, offset, octets);
            file.unsynced.push((offset, octets.to_vec()));
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.change(|file, fails| {
            let unsynced = std::mem::take(&mut file.unsynced);
            file.lost |= fails;
            for (offset, octets) in unsynced.iter().filter(|_| !fails) {
                overwrite(&mut file.durable, *offset, octets);
            }
        })
    }
}

impl FileState {
    /// What a failed sync lost is seen to be lost.
    fn forget_lost(&mut self) {
        if std::mem::take(&mut self.lost) {
            self.current.clone_from(&self.durable);
            for (offset, octets) in &self.unsynced {
                overwrite(&mut self.current, *offset, octets);
            }
        }
    }
}

fn set_name(names: &mut BTreeMap<String, u64>, name: String, inode: Option<u64>) {
    match inode {
        Some(inode) => names.insert(name, inode),
        None => names.remove(&name),
    };
}

fn overwrite(file: &mut Vec<u8>, offset: u64, octets: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(octets.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[start..end].copy_from_slice(octets);
}

/// Sectors are those of the disk, so a write that begins in the middle of one has a short first piece.
fn keep_some_sectors(file: &mut Vec<u8>, offset: u64, octets: &[u8], dice: &mut Dice) {
    let mut at = 0;
    while at < octets.len() {
        let place = offset + at as u64;
        let room = SECTOR - usize::try_from(place % SECTOR as u64).unwrap_or(0);
        let end = (at + room).min(octets.len());
        if dice.flip() {
            overwrite(file, place, &octets[at..end]);
        }
        at = end;
    }
}
