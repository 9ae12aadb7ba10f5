//! Walking the journal: the records from a turn on, in order, each verified to follow from the one before.
//!
//! A start copies what follows the checkpoint into a new segment, so a turn may stand in two segments; the
//! later segment counts. Segment k therefore contributes from its first turn up to the first turn of any
//! later segment.

use crate::disk::Disk;
use crate::error::{Damage, OpenError};

use super::frame::Header;
use super::segment::{First, Found, Segment, SegmentReader, number_of};

/// The last record that a walk saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) header: Header,
}

/// The journal as found at a start.
pub(crate) struct Survey<'a> {
    disk: &'a dyn Disk,
    store: [u8; 16],
    /// In order of their numbers.
    pub(crate) segments: Vec<Segment>,
}

/// What a walk hands over of each record: its header and its payload as sealed.
pub(crate) type Visit<'v> = dyn FnMut(&Header, &mut [u8]) -> Result<(), OpenError> + 'v;

impl<'a> Survey<'a> {
    /// Looks at the head and the first record of each segment.
    pub(crate) fn take(disk: &'a dyn Disk, store: [u8; 16]) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { what: "reading the journal", source };
        let mut numbers: Vec<u64> =
            disk.list().map_err(io)?.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        let mut segments = Vec::with_capacity(numbers.len());
        for number in numbers {
            let first = SegmentReader::open(disk, number, &store)
                .and_then(|mut reader| reader.first())
                .map_err(io)?;
            segments.push(Segment { number, first });
        }
        Ok(Self { disk, store, segments })
    }

    /// The first turn that any segment still holds.
    pub(crate) fn first_sequence(&self) -> Option<u64> {
        self.firsts().map(|(_, header)| header.sequence).min()
    }

    /// Visits all records from turn `from` on. Returns the last record of the journal, or none where the
    /// journal holds none at all.
    pub(crate) fn walk(&self, from: u64, visit: &mut Visit<'_>) -> Result<Option<End>, OpenError> {
        let Some(start) = self.firsts().filter(|(_, first)| first.sequence <= from).map(|(at, _)| at).last()
        else {
            return match self.first_sequence() {
                Some(first) => Err(Damage::Gap { from, to: first - 1 }.into()),
                None => self.check_rest(0, 0).map(|()| None),
            };
        };
        let mut end: Option<End> = None;
        let mut last_used = start;
        for (at, _) in self.firsts().filter(|(at, _)| *at >= start) {
            self.walk_segment(at, from, &mut end, visit)?;
            last_used = at;
        }
        let sequence = end.as_ref().map_or(0, |end| end.header.sequence);
        self.check_rest(last_used, sequence)?;
        Ok(end)
    }

    fn firsts(&self) -> impl Iterator<Item = (usize, Header)> {
        self.segments.iter().enumerate().filter_map(|(at, segment)| match segment.first {
            First::Record(header) => Some((at, header)),
            First::Unused | First::Unreadable => None,
        })
    }

    fn walk_segment(
        &self,
        at: usize,
        from: u64,
        end: &mut Option<End>,
        visit: &mut Visit<'_>,
    ) -> Result<(), OpenError> {
        let until = self.firsts().filter(|(later, _)| *later > at).map(|(_, first)| first.sequence).min();
        let until = until.unwrap_or(u64::MAX);
        let mut reader = self.reader(at)?;
        loop {
            if end.as_ref().is_some_and(|end| end.header.sequence + 1 >= until) {
                return Ok(());
            }
            let offset = reader.offset();
            let Found::Record(header) = reader.next().map_err(io)? else { break };
            if header.sequence >= until {
                return Ok(());
            }
            check_chain(end.as_ref(), &header)?;
            if header.sequence >= from {
                visit(&header, reader.payload())?;
            }
            assert!(reader.offset() > offset, "a record has a length");
            *end = Some(End { header });
        }
        // The segment ended before the next one begins: turns are missing.
        let last = end.as_ref().map_or(0, |end| end.header.sequence);
        if until != u64::MAX {
            return Err(self.lost(at, &reader, last + 1, until - 1));
        }
        if reader.holds_later_than(last + 1).map_err(io)? {
            return Err(self.lost(at, &reader, last + 1, last + 1));
        }
        Ok(())
    }

    /// Nothing readable may stand in the segments behind `at`: their first record is the tail at most.
    fn check_rest(&self, at: usize, last: u64) -> Result<(), OpenError> {
        for segment in self.segments.iter().skip(at) {
            if segment.first != First::Unreadable {
                continue;
            }
            let reader = SegmentReader::open(self.disk, segment.number, &self.store).map_err(io)?;
            if reader.holds_later_than(last + 1).map_err(io)? {
                return Err(Damage::Head { segment: segment.number }.into());
            }
        }
        Ok(())
    }

    fn reader(&self, at: usize) -> Result<SegmentReader, OpenError> {
        SegmentReader::open(self.disk, self.segments[at].number, &self.store).map_err(io)
    }

    fn lost(&self, at: usize, reader: &SegmentReader, from: u64, to: u64) -> OpenError {
        let segment = self.segments[at].number;
        match reader.holds_later_than(from) {
            Ok(true) => Damage::Record { segment, offset: reader.offset(), sequence: from }.into(),
            Ok(false) => Damage::Gap { from, to }.into(),
            Err(source) => io(source),
        }
    }
}

fn check_chain(end: Option<&End>, header: &Header) -> Result<(), OpenError> {
    let continues = match end {
        Some(end) => header.sequence == end.header.sequence + 1 && header.previous == end.header.crc,
        None => header.sequence != 1 || header.previous == 0,
    };
    if continues { Ok(()) } else { Err(Damage::Chain { sequence: header.sequence }.into()) }
}

fn io(source: std::io::Error) -> OpenError {
    OpenError::Io { what: "reading the journal", source }
}
