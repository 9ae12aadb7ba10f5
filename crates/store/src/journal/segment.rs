//! Reading a segment: record by record, and past a bad one.

use std::io;

use failpoints::{Bug, planted};

use super::frame::{HEAD_LENGTH, HEADER_LENGTH, Head, Header, crc_of};
use crate::disk::{Disk, DiskFile};

/// Read ahead in so many octets.
const WINDOW: usize = 256 << 10;

/// The name of a segment's file.
pub(crate) fn name_of(number: u64) -> String {
    format!("journal-{number:016x}")
}

/// The number in the name of a segment's file.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("journal-").filter(|digits| digits.len() == 16)?;
    u64::from_str_radix(digits, 16).ok()
}

/// What stands at the start of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// Nothing: made ahead and not used.
    Unused,
    /// Something that is no whole record, or a head that can't be read.
    Unreadable,
    /// A record.
    Record(Header),
}

/// A segment as found at a start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) first: First,
}

/// What was read at a place where a record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A whole record; its payload is in the reader.
    Record(Header),
    /// Zeros or the end of the file.
    End,
    /// Anything else.
    Bad,
}

/// Reads one segment from its start.
pub(crate) struct SegmentReader {
    file: Box<dyn DiskFile>,
    length: u64,
    head: Option<Head>,
    offset: u64,
    window: Vec<u8>,
    window_at: u64,
    record: Vec<u8>,
}

impl SegmentReader {
    pub(crate) fn open(disk: &dyn Disk, number: u64, store: &[u8; 16]) -> io::Result<Self> {
        let file = disk.open(&name_of(number))?;
        let length = file.length()?;
        let mut head = [0; HEAD_LENGTH];
        let read = file.read_at(0, &mut head)?;
        let head = Head::decode(&head)
            .filter(|head| read == HEAD_LENGTH && head.number == number && head.store == *store);
        Ok(Self {
            file,
            length,
            head,
            offset: HEAD_LENGTH as u64,
            window: Vec::new(),
            window_at: 0,
            record: Vec::new(),
        })
    }

    /// What the segment begins with.
    pub(crate) fn first(&mut self) -> io::Result<First> {
        if self.head.is_none() {
            return Ok(First::Unreadable);
        }
        Ok(match self.next()? {
            Found::Record(header) => First::Record(header),
            // Zeros, then something: the first record is lost.
            Found::End if self.holds_anything_after(self.offset)? => First::Unreadable,
            Found::End => First::Unused,
            Found::Bad => First::Unreadable,
        })
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The payload of the record that was found last.
    pub(crate) fn payload(&mut self) -> &mut [u8] {
        &mut self.record[HEADER_LENGTH..]
    }

    /// Reads the record at the present place and moves behind it; stays where there is none.
    pub(crate) fn next(&mut self) -> io::Result<Found> {
        let Some(head) = self.head else { return Ok(Found::Bad) };
        let mut octets = [0; HEADER_LENGTH];
        let read =
            self.read(self.offset, HEADER_LENGTH, |found| octets[..found.len()].copy_from_slice(found))?;
        if octets.iter().all(|octet| *octet == 0) {
            return Ok(Found::End);
        }
        let header = Header::decode(&octets).filter(|header| {
            let room = self.length.saturating_sub(self.offset + HEADER_LENGTH as u64);
            read == HEADER_LENGTH
                && header.salt == head.salt
                && header.length > 0
                && u64::from(header.length) <= room
        });
        let Some(header) = header else { return Ok(Found::Bad) };
        let length = HEADER_LENGTH + header.length as usize;
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        self.read(self.offset, length, |found| record.extend_from_slice(found))?;
        self.record = record;
        let whole = self.record.len() == length && crc_of(&self.record) == header.crc;
        if !whole && !planted(Bug::ChecksumOff) {
            return Ok(Found::Bad);
        }
        self.offset += length as u64;
        Ok(Found::Record(header))
    }

    /// Whether a whole record of a turn after `sequence` stands anywhere behind the present place: then what
    /// is bad here had been acknowledged.
    pub(crate) fn holds_later_than(&self, sequence: u64) -> io::Result<bool> {
        let Some(head) = self.head else { return self.holds_anything_after(HEAD_LENGTH as u64) };
        let rest = self.rest(self.offset)?;
        let salt = head.salt.to_le_bytes();
        Ok((0..rest.len().saturating_sub(HEADER_LENGTH)).any(|at| {
            rest[at + 4..at + 8] == salt && whole_record_at(&rest[at..]).is_some_and(|found| found > sequence)
        }))
    }

    fn holds_anything_after(&self, offset: u64) -> io::Result<bool> {
        Ok(self.rest(offset)?.iter().any(|octet| *octet != 0))
    }

    fn rest(&self, offset: u64) -> io::Result<Vec<u8>> {
        let length = self.length.saturating_sub(offset);
        let mut rest = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?];
        let read = self.file.read_at(offset, &mut rest)?;
        rest.truncate(read);
        Ok(rest)
    }

    /// Hands `length` octets at `offset` (fewer at the end of the file) to `take`.
    fn read(&mut self, offset: u64, length: usize, take: impl FnOnce(&[u8])) -> io::Result<usize> {
        let inside =
            offset >= self.window_at && offset + length as u64 <= self.window_at + self.window.len() as u64;
        if !inside {
            let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(WINDOW);
            self.window.resize(length.max(WINDOW.min(left)), 0);
            let read = self.file.read_at(offset, &mut self.window)?;
            self.window.truncate(read);
            self.window_at = offset;
        }
        let start = usize::try_from(offset - self.window_at).map_err(|_| io::ErrorKind::InvalidData)?;
        let end = (start + length).min(self.window.len());
        take(&self.window[start..end]);
        Ok(end - start)
    }
}

/// The sequence of the record at the start of `octets`, where a whole one stands there.
fn whole_record_at(octets: &[u8]) -> Option<u64> {
    let header = Header::decode(octets.first_chunk::<HEADER_LENGTH>()?)?;
    let record = octets.get(..HEADER_LENGTH + header.length as usize)?;
    (header.length > 0 && crc_of(record) == header.crc).then_some(header.sequence)
}
