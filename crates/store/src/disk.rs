//! The inner door to the disk: what journal, sentinel, keys and secrets write through.

use std::io;

use failpoints::Point;

pub(crate) mod real;

/// A directory of files. One real ([`crate::Store::open`]), one simulated ([`crate::sim::SimDisk`]).
pub trait Disk: Send + Sync {
    /// Makes an empty file of `length` zero octets with its space reserved, over any file of that name.
    fn create(&self, name: &str, length: u64) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to read and write, after dropping what memory holds of it: after a failed sync memory
    /// may show what the disk lacks.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file a new name, over any file of that name. Durable after [`Disk::sync_directory`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file away. Durable after [`Disk::sync_directory`].
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Octets that can still be written.
    fn free(&self) -> io::Result<u64>;

    /// Makes names durable.
    fn sync_directory(&self) -> io::Result<()>;
}

/// An open file, held for as long as it is written: a lost write shows on the descriptor that wrote it.
pub trait DiskFile: Send + Sync {
    /// Its length in octets.
    fn length(&self) -> io::Result<u64>;

    /// Reads at `offset` until `buffer` is full or the file ends; returns how much.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `octets` at `offset`.
    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()>;

    /// Makes what was written durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
}

/// Reads a small file whole; more than `max` octets are an error of kind `InvalidData`.
pub(crate) fn read_whole(disk: &dyn Disk, name: &str, max: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let length = file.length()?;
    if length > max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut octets = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?];
    let read = file.read_at(0, &mut octets)?;
    octets.truncate(read);
    Ok(octets)
}

/// Replaces `name` by a file of `octets` so that a crash leaves the old one or the new one.
pub(crate) fn replace(disk: &dyn Disk, name: &str, octets: &[u8]) -> io::Result<()> {
    let new = format!("{name}.new");
    let file = disk.create(&new, octets.len() as u64)?;
    file.write_at(0, octets)?;
    failpoints::reached(Point::SentinelWritten);
    file.sync()?;
    failpoints::reached(Point::SentinelSynced);
    disk.rename(&new, name)?;
    failpoints::reached(Point::SentinelRenamed);
    disk.sync_directory()
}
