//! The octets of a segment: its head, and the header before each record. Integers are little-endian.
//!
//! Head: magic (8), format (4), number (8), salt (4), store (16), CRC32C of these (4), zeros up to 64.
//! Record: length of the payload (4), salt (4), sequence (8), moment in ns (8), CRC32C of the record before
//! (4), CRC32C of all these and the payload (4), payload. A header of zeros ends a segment.

use jiff::Timestamp;

const MAGIC: [u8; 8] = *b"TONGDAI\n";
const FORMAT: u32 = 1;

/// Octets of a segment's head.
pub(crate) const HEAD_LENGTH: usize = 64;
const HEAD_CHECKED: usize = 8 + 4 + 8 + 4 + 16;

/// Octets of a record's header.
pub(crate) const HEADER_LENGTH: usize = 32;
const HEADER_CHECKED: usize = HEADER_LENGTH - 4;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: u64,
    /// Random: what an earlier file left on the disk is no record of this one.
    pub(crate) salt: u32,
    pub(crate) store: [u8; 16],
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; HEAD_LENGTH] {
        let mut out = [0; HEAD_LENGTH];
        out[..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        out[12..20].copy_from_slice(&self.number.to_le_bytes());
        out[20..24].copy_from_slice(&self.salt.to_le_bytes());
        out[24..40].copy_from_slice(&self.store);
        let crc = crc32c::crc32c(&out[..HEAD_CHECKED]);
        out[40..44].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(octets: &[u8; HEAD_LENGTH]) -> Option<Self> {
        let whole = octets[..8] == MAGIC
            && u32_at(octets, 8) == FORMAT
            && u32_at(octets, 40) == crc32c::crc32c(&octets[..HEAD_CHECKED]);
        let mut store = [0; 16];
        store.copy_from_slice(&octets[24..40]);
        whole.then(|| Self { number: u64_at(octets, 12), salt: u32_at(octets, 20), store })
    }
}

/// What stands before a record's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) salt: u32,
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
    /// CRC of the record before, which chains them.
    pub(crate) previous: u32,
    pub(crate) crc: u32,
}

impl Header {
    /// Fills the header at the start of `record`, whose payload follows it, and returns its CRC.
    pub(crate) fn fill(
        record: &mut [u8],
        salt: u32,
        sequence: u64,
        at: Timestamp,
        previous: u32,
    ) -> Option<u32> {
        let length = u32::try_from(record.len().checked_sub(HEADER_LENGTH)?).ok()?;
        record[..4].copy_from_slice(&length.to_le_bytes());
        record[4..8].copy_from_slice(&salt.to_le_bytes());
        record[8..16].copy_from_slice(&sequence.to_le_bytes());
        record[16..24].copy_from_slice(&nanoseconds(at).to_le_bytes());
        record[24..28].copy_from_slice(&previous.to_le_bytes());
        let crc = crc_of(record);
        record[28..32].copy_from_slice(&crc.to_le_bytes());
        Some(crc)
    }

    pub(crate) fn decode(octets: &[u8; HEADER_LENGTH]) -> Option<Self> {
        let at = i64::from_le_bytes(array_at(octets, 16));
        Some(Self {
            length: u32_at(octets, 0),
            salt: u32_at(octets, 4),
            sequence: u64_at(octets, 8),
            at: Timestamp::from_nanosecond(i128::from(at)).ok()?,
            previous: u32_at(octets, 24),
            crc: u32_at(octets, 28),
        })
    }
}

/// The CRC of a record: its header without the CRC, and its payload.
pub(crate) fn crc_of(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[..HEADER_CHECKED]), &record[HEADER_LENGTH..])
}

/// A moment as the header holds it; beyond the years 1678 to 2262 the nearest moment that fits.
fn nanoseconds(at: Timestamp) -> i64 {
    let nanoseconds = at.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(octets, at))
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(octets, at))
}

fn array_at<const N: usize>(octets: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&octets[at..at + N]);
    array
}
