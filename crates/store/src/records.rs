//! The inner door to the records: an ordered map, behind which sled stands.

use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

pub(crate) mod on_sled;

/// What the records could not do.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Their files could not be read, written or synced.
    #[error("records: {0}")]
    Io(#[from] io::Error),
    /// sled found its files damaged.
    #[error("records: sled found its files damaged")]
    Corrupt,
    /// sled panicked while it opened its files.
    #[error("records: sled panicked while it opened its files")]
    Panicked,
    /// sled refused for another reason.
    #[error("records: sled refused")]
    Refused,
}

impl RecordsError {
    /// Whether the system refuses for now and says nothing of the records: they may be sound.
    pub(crate) fn is_of_the_system(&self) -> bool {
        use rustix::io::Errno;
        let Self::Io(error) = self else { return false };
        let errno = Errno::from_io_error(error);
        errno.is_some_and(|errno| {
            [
                Errno::NOSPC,
                Errno::DQUOT,
                Errno::IO,
                Errno::ROFS,
                Errno::ACCESS,
                Errno::PERM,
                Errno::MFILE,
                Errno::NFILE,
                Errno::NOMEM,
            ]
            .contains(&errno)
        })
    }
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// An ordered map of octets. Durable up to the last [`Records::sync`]; what came after it survives in order or not at
/// all.
pub trait Records: Send + Sync {
    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RecordsError>;

    /// The first `limit` pairs from `from` on and before `until`, in order of the keys.
    fn scan(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Pair>, RecordsError>;

    /// Makes the writes of a batch one after the other: a reader may see some of them, and some may survive. Nobody who
    /// reads waits.
    fn put(&self, batch: &Batch) -> Result<(), RecordsError>;

    /// Makes the writes of a batch as a whole: all of them survive or none. Who reads waits meanwhile.
    fn put_whole(&self, batch: &Batch) -> Result<(), RecordsError>;

    /// Makes all that was put durable.
    fn sync(&self) -> Result<(), RecordsError>;

    /// Sees to it that the next `octets` or so can be written however full the disk becomes. Nothing is reserved where
    /// the file system knows no such thing.
    fn reserve(&self, octets: u64) -> io::Result<()>;
}

/// Pairs are read in so many at a time.
const PAGE: usize = 1000;

/// All pairs whose keys lie in `range`, in order of the keys. Nothing is to be asked for after an error.
pub(crate) fn pairs<'a>(
    records: impl Deref<Target = dyn Records + 'a> + 'a,
    range: Range<impl AsRef<[u8]> + 'a>,
) -> impl Iterator<Item = Result<Pair, RecordsError>> + 'a {
    let mut from = range.start.as_ref().to_vec();
    let mut page = Vec::new().into_iter();
    std::iter::from_fn(move || {
        if page.as_slice().is_empty() {
            page = match records.scan(&from, range.end.as_ref(), PAGE) {
                Ok(page) => page.into_iter(),
                Err(error) => return Some(Err(error)),
            };
            let (last, _): &Pair = page.as_slice().last()?;
            from.clone_from(last);
            from.push(0);
        }
        page.next().map(Ok)
    })
}

/// Where the records of a store live, so that they can be opened and, when broken, begun anew.
pub trait RecordsHome: Send {
    /// Opens the records; empty ones where there are none.
    fn open(&mut self) -> Result<Arc<dyn Records>, RecordsError>;

    /// Puts broken records out of the way, for a person to look at; the next open begins with empty ones.
    fn set_aside(&mut self) -> Result<(), RecordsError>;
}

/// Writes in order; a later write of a key wins. One buffer, used again each turn.
#[derive(Debug, Default)]
pub struct Batch {
    octets: Vec<u8>,
    writes: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Batch {
    /// The writes in order: a key and its value, or none to remove it.
    pub fn writes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.writes.iter().map(|(key, value)| {
            (&self.octets[key.clone()], value.as_ref().map(|value| &self.octets[value.clone()]))
        })
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there is no write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.writes.clear();
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        let key = self.push(key);
        self.writes.push((key, None));
    }

    /// Writes `key` with the value that `value` appends; returns the length of the value.
    pub(crate) fn put<E>(
        &mut self,
        key: &[u8],
        value: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let key = self.push(key);
        let start = self.octets.len();
        value(&mut self.octets)?;
        let length = self.octets.len() - start;
        self.writes.push((key, Some(start..start + length)));
        Ok(length)
    }

    fn push(&mut self, octets: &[u8]) -> Range<usize> {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        start..self.octets.len()
    }
}
