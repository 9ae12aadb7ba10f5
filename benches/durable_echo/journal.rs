//! The one file, with one write and one `fdatasync` a batch.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// Room is made ahead in such steps, as the daemon makes its journal's segments ahead: a sync then has no new length
/// of the file to write.
const AHEAD: u64 = 256 << 20;

/// What is appended to.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// What the next [`Journal::sync`] writes.
    pub(crate) batch: Vec<u8>,
    written: u64,
    room: u64,
    pub(crate) syncs: u64,
}

impl Journal {
    /// An empty file at `path`.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        let mut journal = Self { file, batch: Vec::new(), written: 0, room: 0, syncs: 0 };
        journal.make_room()?;
        journal.file.sync_all()?;
        Ok(journal)
    }

    /// Returns once the batch is on disk; the batch is empty then.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.written += self.batch.len() as u64;
        if self.written > self.room {
            self.make_room()?;
        }
        self.file.write_all(&self.batch)?;
        // That is fdatasync.
        self.file.sync_data()?;
        self.batch.clear();
        self.syncs += 1;
        Ok(())
    }

    fn make_room(&mut self) -> io::Result<()> {
        match fallocate(&self.file, FallocateFlags::empty(), self.room, AHEAD) {
            // A file system that can't is slower and right all the same.
            Ok(()) | Err(Errno::OPNOTSUPP) => self.room += AHEAD,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Octets that went to disk.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_stand_in_the_file_one_behind_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut journal = Journal::create(&path).unwrap();
        for batch in [&b"one"[..], b"", b"two"] {
            journal.batch.extend_from_slice(batch);
            journal.sync().unwrap();
        }
        assert_eq!((journal.syncs, journal.written()), (2, 6));
        assert!(std::fs::read(&path).unwrap().starts_with(b"onetwo\0"));
    }
}
