//! The disk itself.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, FallocateFlags, FlockOperation};

use super::{Disk, DiskFile};

/// A directory that this process alone may read.
pub(crate) struct RealDisk {
    path: PathBuf,
    directory: File,
}

impl RealDisk {
    /// Opens the directory, made if absent, with the entry in its parent durable.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if !path.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Self::open_existing(path)
    }

    /// Opens a directory that must be there.
    pub(crate) fn open_existing(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), directory: File::open(path)? })
    }
}

impl Disk for RealDisk {
    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.path.join(name))?;
        if length > 0 {
            match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length) {
                Ok(()) => (),
                // Some file systems reserve nothing; the length alone still spares metadata in each sync.
                Err(rustix::io::Errno::OPNOTSUPP) => file.set_len(length)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let path = self.path.join(name);
        // A verifier may have no right to write, and may look at a disk that was mounted read-only for that.
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                File::open(&path)?
            }
            opened => opened?,
        };
        drop_cached_pages(&file);
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn free(&self) -> io::Result<u64> {
        let space = rustix::fs::fstatvfs(&self.directory)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.directory.sync_all()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.0.write_all_at(octets, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl Drop for RealFile {
    /// What is closed has been written and is not read again before a start: memory has better use for its pages, and the
    /// next file takes these, not others that were never touched (docs/PERFORMANCE.md, "The sixteenth time").
    fn drop(&mut self) {
        drop_cached_pages(&self.0);
    }
}

/// Drops what memory holds of a file, so that a read shows what the disk has. Advice only: where a file
/// system has no such thing, nothing is lost by it.
pub(crate) fn drop_cached_pages(file: &File) {
    if let Err(error) = rustix::fs::fadvise(file, 0, None, Advice::DontNeed) {
        tracing::debug!(%error, "cached pages were not dropped");
    }
}

/// The lock that keeps a second process out; held until dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of a store's directory, or none where another process has it.
    pub(crate) fn take(directory: &Path) -> io::Result<Option<Self>> {
        let path = directory.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        Self::take_file(file)
    }

    /// Takes the lock without making its file; where there is none, nobody has it.
    pub(crate) fn take_existing(directory: &Path) -> io::Result<Option<Self>> {
        Self::take_file(File::open(directory.join("lock"))?)
    }

    fn take_file(file: File) -> io::Result<Option<Self>> {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Lock {
    /// A process that is being started holds a copy of each descriptor until it becomes its program; closing ours would
    /// leave the lock to it for that moment.
    fn drop(&mut self) {
        if let Err(error) = rustix::fs::flock(&self.0, FlockOperation::Unlock) {
            tracing::debug!(%error, "the lock goes with its descriptor");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSliceMut;

    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    use super::*;

    /// As linux/magic.h has it.
    const TMPFS_MAGIC: rustix::fs::FsWord = 0x0102_1994;

    #[test]
    fn what_is_closed_leaves_memory() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let written = disk.create("segment", 1 << 20).unwrap();
        written.write_at(0, &[7; 1 << 20]).unwrap();
        written.sync().unwrap();
        let file = File::open(folder.path().join("segment")).unwrap();
        let read_from_memory = || {
            let mut octets = [0; 512];
            preadv2(&file, &mut [IoSliceMut::new(&mut octets)], 512 << 10, ReadWriteFlags::NOWAIT)
        };
        if read_from_memory() == Err(Errno::OPNOTSUPP) {
            eprintln!("skipped: this file system can't say what memory holds");
            return;
        }
        assert_eq!(read_from_memory(), Ok(512), "what was written is in memory");
        drop(written);
        let now = read_from_memory();
        // A file system in memory keeps it there.
        let is_tmpfs = rustix::fs::fstatfs(&file).unwrap().f_type == TMPFS_MAGIC;
        assert!(now == Err(Errno::AGAIN) || is_tmpfs, "{now:?}");
    }

    #[test]
    fn a_lock_ends_with_its_owner_though_a_copy_of_the_descriptor_lives_on() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap().unwrap();
        let copy = lock.0.try_clone().unwrap();
        assert!(Lock::take(folder.path()).unwrap().is_none());
        drop(lock);
        assert!(Lock::take(folder.path()).unwrap().is_some());
        drop(copy);
    }
}
