//! What a device that loses its volatile cache may leave behind the last record of the journal: a page that was written
//! in part, or in another order. Nothing there was ever acknowledged, for its sync had not returned.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use harness::drill::Dice;

/// A page, the most that is torn.
const PAGE: usize = 4096;
/// Octets of a segment's head, and of a record's (docs/STORE.md).
const HEAD: u64 = 64;
const HEADER: usize = 32;

/// How a tail is torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Torn {
    /// As it was found.
    Not,
    /// Random octets.
    Garbage,
    /// A header that continues the chain, behind it zeros: the payload did not arrive.
    HeaderOnly,
    /// Zeros, then random octets: the second half arrived.
    SecondHalf,
}

impl Torn {
    /// One of them.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        [Self::Not, Self::Garbage, Self::HeaderOnly, Self::SecondHalf][dice.below(4) as usize]
    }
}

/// Tears the tail of the last segment that holds a record in the store in `data`. Returns whether there was one.
pub(crate) fn tear(torn: Torn, data: &Path, dice: &mut Dice) -> Result<bool> {
    let Some((file, end)) = tail(data)? else { return Ok(false) };
    let room = usize::try_from(file.metadata()?.len().saturating_sub(end))?.min(PAGE);
    if torn == Torn::Not || room <= HEADER {
        return Ok(false);
    }
    let mut page: Vec<u8> = (0..room).map(|_| dice.below(256) as u8).collect();
    match torn {
        Torn::HeaderOnly => {
            page.fill(0);
            page[..HEADER].copy_from_slice(&next_header(&file, end, room - HEADER)?);
        }
        Torn::SecondHalf => page[..room / 2].fill(0),
        Torn::Garbage | Torn::Not => {}
    }
    file.write_all_at(&page, end)?;
    file.sync_all()?;
    Ok(true)
}

/// The segment with the last record, and where that ends.
fn tail(data: &Path) -> Result<Option<(File, u64)>> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(data)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with("journal-")));
    }
    names.sort();
    for name in names.iter().rev() {
        let file = File::options().read(true).write(true).open(data.join(name))?;
        let end = end_of(&file)?;
        if end > HEAD {
            return Ok(Some((file, end)));
        }
    }
    Ok(None)
}

/// Where the records end: at a length of zero, or one that does not fit.
fn end_of(file: &File) -> Result<u64> {
    let length = file.metadata()?.len();
    let mut at = HEAD;
    loop {
        let mut octets = [0; 4];
        let read = file.read_at(&mut octets, at)?;
        let next = at + HEADER as u64 + u64::from(u32::from_le_bytes(octets));
        if read < octets.len() || octets == [0; 4] || next > length {
            return Ok(at);
        }
        at = next;
    }
}

/// The header of the record that would follow: its own length, the salt and the chain are right, its sum can't be.
fn next_header(file: &File, end: u64, length: usize) -> Result<[u8; HEADER]> {
    let mut at = HEAD;
    let mut header = [0; HEADER];
    while at < end {
        file.read_exact_at(&mut header, at)?;
        at += HEADER as u64 + u64::from(u32_at(&header, 0)?);
    }
    let sequence = u64::from_le_bytes(header[8..16].try_into()?) + 1;
    let crc = u32_at(&header, 28)?;
    header[..4].copy_from_slice(&u32::try_from(length)?.to_le_bytes());
    header[8..16].copy_from_slice(&sequence.to_le_bytes());
    header[24..28].copy_from_slice(&crc.to_le_bytes());
    Ok(header)
}

fn u32_at(octets: &[u8], at: usize) -> Result<u32> {
    let octets = octets.get(at..at + 4).context("a header's octets")?;
    Ok(u32::from_le_bytes(octets.try_into()?))
}
