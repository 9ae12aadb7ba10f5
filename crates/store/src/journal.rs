//! The journal: preallocated segments, one record a turn, one write and one sync a record.
//!
//! A record is sealed as a whole, bound to its sequence. This module never looks into a payload.

use std::io;
use std::sync::Arc;

use failpoints::{Bug, Point, planted};
use jiff::{SignedDuration, Timestamp};
use vault::NoEntropy;

use crate::disk::{Disk, DiskFile};
use crate::error::{OpenError, StoreError, is_want_of_space};

pub(crate) mod frame;
pub(crate) mod segment;
pub(crate) mod walk;

use frame::{HEAD_LENGTH, HEADER_LENGTH, Head, Header};
use segment::{First, name_of};
use walk::{End, Survey};

/// A segment under construction has this name until it is durable.
const UNFINISHED: &str = "journal.new";

/// A record of no more octets is small: that of a turn of some ten messages.
const SMALL_OCTETS_MAX: usize = 8 << 10;

/// Where a small record reaches octets that were never written, zeros are written behind it up to the next multiple of
/// this. The file system has to note each block that is written for the first time, and the sync waits for its note:
/// so that is one small record in some twenty-five, not one in four. Not less often: the more zeros, the longer the turns
/// that wait behind them (docs/PERFORMANCE.md, "The seventeenth time").
const FILL_OCTETS: u64 = 16 << 10;

/// The write side of the journal.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    store: [u8; 16],
    segment_octets: u64,
    active: Writer,
    spare: Option<Writer>,
    next_number: u64,
    /// The last record.
    last: Last,
    /// Segments that hold records, in order: number, first turn and its moment.
    used: Vec<(u64, u64, Timestamp)>,
    buffer: Vec<u8>,
    no_space: bool,
}

/// The last record of the journal: what the next one continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) sequence: u64,
    pub(crate) crc: u32,
}

impl Last {
    pub(crate) fn of(end: Option<&End>) -> Self {
        end.map_or(Self { sequence: 0, crc: 0 }, |end| Self {
            sequence: end.header.sequence,
            crc: end.header.crc,
        })
    }
}

struct Writer {
    file: Box<dyn DiskFile>,
    head: Head,
    length: u64,
    offset: u64,
    /// Up to here every octet was written.
    filled: u64,
    used: bool,
}

impl Journal {
    /// Begins a new segment with copies of the records after turn `after`, as `survey` finds them. What is
    /// returned may be trusted: it was written and synced by this process.
    pub(crate) fn begin(
        disk: Arc<dyn Disk>,
        store: [u8; 16],
        segment_octets: u64,
        survey: &Survey<'_>,
        after: Last,
    ) -> Result<Self, OpenError> {
        let number = survey.segments.last().map_or(1, |segment| segment.number + 1);
        let mut copied = 0;
        survey.walk(after.sequence + 1, &mut |header, _| {
            copied += HEADER_LENGTH as u64 + u64::from(header.length);
            Ok(())
        })?;
        let io = |source| OpenError::Io { what: "beginning a journal segment", source };
        let mut active =
            Writer::create(&*disk, store, number, segment_octets + copied).map_err(new_segment)?;
        let mut last = after;
        let mut first = None;
        let mut record = Vec::new();
        survey.walk(after.sequence + 1, &mut |header, payload| {
            record.clear();
            record.resize(HEADER_LENGTH, 0);
            record.extend_from_slice(payload);
            last.crc = active.append(&mut record, header.sequence, header.at, last.crc).map_err(io)?;
            last.sequence = header.sequence;
            first.get_or_insert((number, header.sequence, header.at));
            Ok(())
        })?;
        active.publish(&*disk).map_err(io)?;
        active.used = first.is_some();
        let mut used: Vec<_> = survey
            .segments
            .iter()
            .filter_map(|segment| match segment.first {
                First::Record(header) if header.sequence <= after.sequence => {
                    Some((segment.number, header.sequence, header.at))
                }
                First::Record(_) | First::Unused | First::Unreadable => None,
            })
            .collect();
        used.extend(first);
        Ok(Self {
            disk,
            store,
            segment_octets,
            active,
            spare: None,
            next_number: number + 1,
            last,
            used,
            buffer: Vec::new(),
            no_space: false,
        })
    }

    /// The last record.
    pub(crate) fn last(&self) -> Last {
        self.last
    }

    /// Writes one record and syncs it. `payload` appends the sealed payload for the sequence it is given.
    pub(crate) fn append(
        &mut self,
        at: Timestamp,
        payload: impl FnOnce(u64, &mut Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let sequence = self.last.sequence + 1;
        let mut record = std::mem::take(&mut self.buffer);
        record.clear();
        record.resize(HEADER_LENGTH, 0);
        let result = payload(sequence, &mut record).and_then(|()| self.write(&mut record, sequence, at));
        self.buffer = record;
        result.map(|()| sequence)
    }

    /// Octets that the last append wrote.
    pub(crate) fn last_octets(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// Whether there was space when it was last looked for.
    pub(crate) fn has_room(&self) -> bool {
        !self.no_space
    }

    /// Looks for space: one more segment's worth must be free beside what is `reserved`, as much as all turns under way
    /// take together. The segments at hand are; the caller says whether what the records write next is as well.
    pub(crate) fn look_for_room(&mut self, reserved: bool) -> io::Result<()> {
        let free = self.disk.free()?;
        let lacks_segment = self.no_space && self.spare.is_none();
        self.set_no_space(lacks_segment || !reserved || free < self.segment_octets);
        Ok(())
    }

    fn set_no_space(&mut self, no_space: bool) {
        if no_space && !self.no_space {
            tracing::error!("the disk is full: intake answers \"later\" until there is space again");
        } else if self.no_space && !no_space {
            tracing::info!("the disk has space again");
        }
        self.no_space = no_space;
    }

    /// Makes the next segment ahead. Returns whether it did something. Want of space is no error: see
    /// [`Journal::has_room`].
    pub(crate) fn make_ahead(&mut self) -> Result<bool, StoreError> {
        if self.spare.is_some() {
            return Ok(false);
        }
        let made = Writer::create(&*self.disk, self.store, self.next_number, self.segment_octets)
            .and_then(|writer| writer.publish(&*self.disk).map(|()| writer).map_err(NewSegment::Io));
        match made {
            Ok(writer) => {
                self.spare = Some(writer);
                self.next_number += 1;
                Ok(true)
            }
            Err(NewSegment::Io(error)) if is_want_of_space(&error) => {
                self.set_no_space(true);
                // What was reserved of it is given back; where that fails, the next attempt writes over it.
                if let Err(error) = self.disk.remove(UNFINISHED) {
                    tracing::debug!(%error, "an unfinished journal segment was not removed");
                }
                Ok(false)
            }
            Err(NewSegment::Io(error)) => Err(StoreError::Journal(error)),
            Err(NewSegment::NoEntropy(error)) => Err(error.into()),
        }
    }

    /// Removes the oldest segment if no start needs it: a later one begins at or before `floor`, and did so
    /// before the retention began. Returns whether it did.
    pub(crate) fn prune(
        &mut self,
        floor: u64,
        now: Timestamp,
        retention: SignedDuration,
    ) -> Result<bool, StoreError> {
        let [oldest, next, ..] = self.used.as_slice() else { return Ok(false) };
        let aged = now.checked_sub(retention).is_ok_and(|limit| next.2 < limit);
        if next.1 > floor || !aged {
            return Ok(false);
        }
        self.disk.remove(&name_of(oldest.0)).map_err(StoreError::Journal)?;
        failpoints::reached(Point::SegmentPruned);
        self.used.remove(0);
        Ok(true)
    }

    fn write(&mut self, record: &mut Vec<u8>, sequence: u64, at: Timestamp) -> Result<(), StoreError> {
        let length = record.len() as u64;
        if length > self.segment_octets - HEAD_LENGTH as u64 || u32::try_from(length).is_err() {
            return Err(StoreError::TurnTooLarge { octets: record.len() });
        }
        if self.active.offset + length > self.active.length {
            self.roll()?;
        }
        assert_eq!(sequence, self.last.sequence + 1, "turns are numbered without a gap");
        if planted(Bug::AckBeforeSync) {
            self.active.file.sync().map_err(StoreError::Journal)?;
        }
        let crc = self.active.append(record, sequence, at, self.last.crc).map_err(StoreError::Journal)?;
        failpoints::reached(Point::RecordWritten);
        if !planted(Bug::AckBeforeSync) && !planted(Bug::SyncLeftOut) {
            self.active.file.sync().map_err(StoreError::Journal)?;
        }
        if !self.active.used {
            self.active.used = true;
            self.used.push((self.active.head.number, sequence, at));
        }
        self.last = Last { sequence, crc };
        Ok(())
    }

    fn roll(&mut self) -> Result<(), StoreError> {
        if self.spare.is_none() {
            self.make_ahead()?;
        }
        self.active = self.spare.take().ok_or(StoreError::NoRoom)?;
        failpoints::reached(Point::SegmentRolled);
        Ok(())
    }
}

/// Removes segments that hold no record, those whose only record was the tail, and those that hold nothing but
/// copies of turns after `after`: after [`Journal::begin`] nothing reads them. A process that dies again and again
/// leaves one copy behind, not one for each start.
pub(crate) fn remove_leftovers(disk: &dyn Disk, survey: &Survey<'_>, after: Last) -> io::Result<()> {
    let last_used = survey.segments.iter().rposition(|segment| matches!(segment.first, First::Record(_)));
    for (at, segment) in survey.segments.iter().enumerate() {
        let unread = match segment.first {
            First::Unused => true,
            First::Unreadable => last_used.is_none_or(|used| at > used),
            First::Record(header) => header.sequence > after.sequence,
        };
        if unread {
            disk.remove(&name_of(segment.number))?;
        }
    }
    Ok(())
}

/// Removes what a crash left half made.
pub(crate) fn remove_unfinished(disk: &dyn Disk) -> io::Result<()> {
    match disk.remove(UNFINISHED) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

enum NewSegment {
    Io(io::Error),
    NoEntropy(NoEntropy),
}

impl Writer {
    fn create(disk: &dyn Disk, store: [u8; 16], number: u64, length: u64) -> Result<Self, NewSegment> {
        let salt = u32::from_le_bytes(vault::random().map_err(NewSegment::NoEntropy)?);
        let file = disk.create(UNFINISHED, length).map_err(NewSegment::Io)?;
        let head = Head { number, salt, store };
        file.write_at(0, &head.encode()).map_err(NewSegment::Io)?;
        failpoints::reached(Point::SegmentCreated);
        let offset = HEAD_LENGTH as u64;
        Ok(Self { file, head, length, offset, filled: offset, used: false })
    }

    /// Makes the segment durable and gives it its name.
    fn publish(&self, disk: &dyn Disk) -> io::Result<()> {
        self.file.sync()?;
        failpoints::reached(Point::SegmentSynced);
        disk.rename(UNFINISHED, &name_of(self.head.number))?;
        failpoints::reached(Point::SegmentRenamed);
        if !planted(Bug::DirectorySyncLeftOut) {
            disk.sync_directory()?;
        }
        failpoints::reached(Point::SegmentPublished);
        Ok(())
    }

    fn append(
        &mut self,
        record: &mut Vec<u8>,
        sequence: u64,
        at: Timestamp,
        previous: u32,
    ) -> io::Result<u32> {
        let crc = Header::fill(record, self.head.salt, sequence, at, previous);
        let crc = crc.ok_or(io::ErrorKind::InvalidInput)?;
        let length = record.len();
        let end = self.offset + length as u64;
        assert!(end <= self.length, "a record never reaches beyond its segment");
        if end > self.filled {
            self.filled = if length > SMALL_OCTETS_MAX { end } else { self.fill_to(end) };
            record.resize(usize::try_from(self.filled - self.offset).unwrap_or(length), 0);
        }
        let written = self.file.write_at(self.offset, record);
        record.truncate(length);
        written?;
        self.offset = end;
        Ok(crc)
    }

    /// Up to where zeros are written with a small record that ends at `end`.
    fn fill_to(&self, end: u64) -> u64 {
        end.next_multiple_of(FILL_OCTETS).min(self.length)
    }
}

fn new_segment(error: NewSegment) -> OpenError {
    match error {
        NewSegment::Io(source) => OpenError::Io { what: "making a journal segment", source },
        NewSegment::NoEntropy(error) => OpenError::NoEntropy(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Where, and which octets.
    type Write = (u64, Vec<u8>);

    /// What was written to a file.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<Write>>>);

    impl DiskFile for Written {
        fn length(&self) -> io::Result<u64> {
            unreachable!("nothing is read")
        }

        fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("nothing is read")
        }

        fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
            self.0.lock().unwrap().push((offset, octets.to_vec()));
            Ok(())
        }

        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A segment of two and a half times [`FILL_OCTETS`], and what is written to it.
    fn segment() -> (Writer, Written) {
        let written = Written::default();
        let head = Head { number: 1, salt: 7, store: [1; 16] };
        let (file, offset) = (Box::new(written.clone()), HEAD_LENGTH as u64);
        let length = 2 * FILL_OCTETS + FILL_OCTETS / 2;
        (Writer { file, head, length, offset, filled: offset, used: false }, written)
    }

    #[test]
    fn small_records_reach_octets_that_were_never_written_once_in_a_while() {
        let (mut segment, written) = segment();
        let length = 1_000;
        let count = (segment.length - segment.offset) / length as u64;
        for sequence in 1..=count {
            let mut record = vec![0xAA; length];
            segment.append(&mut record, sequence, Timestamp::UNIX_EPOCH, 0).unwrap();
            assert_eq!(record.len(), length, "the zeros are no part of the record");
        }
        let written = written.0.lock().unwrap();
        let ends: Vec<_> = written
            .iter()
            .filter(|(_, octets)| octets.len() > length)
            .map(|(offset, octets)| {
                assert!(octets[length..].iter().all(|octet| *octet == 0), "zeros end a segment");
                offset + octets.len() as u64
            })
            .collect();
        assert_eq!(ends, [FILL_OCTETS, 2 * FILL_OCTETS, segment.length]);
        let places = written.iter().map(|(offset, _)| *offset);
        assert!(places.eq((0..count).map(|at| HEAD_LENGTH as u64 + at * length as u64)), "records adjoin");
    }

    #[test]
    fn a_large_record_is_written_as_it_is() {
        let (mut segment, written) = segment();
        for (sequence, length) in [(1, SMALL_OCTETS_MAX + 1), (2, SMALL_OCTETS_MAX)] {
            segment.append(&mut vec![0xAA; length], sequence, Timestamp::UNIX_EPOCH, 0).unwrap();
        }
        let written = written.0.lock().unwrap();
        let [(_, large), (offset, small)] = written.as_slice() else { panic!("two writes") };
        assert_eq!(large.len(), SMALL_OCTETS_MAX + 1);
        let end = offset + SMALL_OCTETS_MAX as u64;
        assert_eq!(offset + small.len() as u64, end.next_multiple_of(FILL_OCTETS));
    }
}
