//! data_coding (SMPP 3.4, 5.2.19; 3GPP TS 23.038 §4 from 0x10 on): all 256 values by their bits.

use bytes::Bytes;
use text::{
    gsm7::{self, Shifts},
    latin1, ucs2,
};

use crate::UserData;

/// What a data_coding value says of the octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Whatever the SMSC takes for its default; the bind's profile knows.
    SmscDefault,
    /// GSM 7 bit, said outright by a class or message waiting value, or by a reserved value from 0x10 on, which a
    /// receiver takes for the default alphabet (TS 23.038 §4).
    Gsm7,
    /// IA5.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// ISO 8859-5.
    Cyrillic,
    /// Binary.
    Octets,
    /// UCS-2, read as UTF-16.
    Ucs2,
    /// A code that we do not read: JIS, Hebrew, KS C 5601, compressed, or reserved by SMPP.
    Other(u8),
}

impl Coding {
    /// By bit rule.
    #[must_use]
    pub fn of(data_coding: u8) -> Self {
        match data_coding {
            0x00 => Self::SmscDefault,
            0x01 => Self::Ascii,
            0x02 | 0x04 => Self::Octets,
            0x03 => Self::Latin1,
            0x06 => Self::Cyrillic,
            0x08 => Self::Ucs2,
            // General and automatic deletion groups: bit 5 says compressed, bits 3 and 2 the alphabet, of which one
            // is reserved.
            0x10..=0x7F => match data_coding & 0x2C {
                0x00 | 0x0C => Self::Gsm7,
                0x04 => Self::Octets,
                0x08 => Self::Ucs2,
                _ => Self::Other(data_coding),
            },
            // Reserved groups; then message waiting: discard, store, store in UCS-2.
            0x80..=0xDF => Self::Gsm7,
            0xE0..=0xEF => Self::Ucs2,
            // Coding and class: bit 2 says 8-bit.
            0xF0..=0xFF if data_coding & 0x04 == 0 => Self::Gsm7,
            0xF0..=0xFF => Self::Octets,
            _ => Self::Other(data_coding),
        }
    }
}

/// What a bind's SMSC means by data_coding 0: a setting, never a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DefaultAlphabet {
    /// One septet an octet: nearly everybody.
    #[default]
    Gsm7,
    /// Eight septets in seven octets.
    Gsm7Packed,
    /// ISO 8859-1.
    Latin1,
    /// IA5.
    Ascii,
    /// UTF-8, on careless peers.
    Utf8,
}

/// A text, and whether to trust it.
#[derive(Clone, PartialEq, Eq)]
pub struct Decoded {
    /// As sent, not normalised.
    pub text: String,
    /// The octets do not fit the coding that was announced: count it by bind, the profile may be wrong.
    pub doubtful: bool,
}

impl std::fmt::Debug for Decoded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Decoded({} octets, doubtful: {})", self.text.len(), self.doubtful)
    }
}

/// A message in a code that we do not read. Returned by [`decode_text`]; answer that only text is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data_coding {data_coding:#04x} is not read")]
pub struct NotText {
    /// As sent.
    pub data_coding: u8,
}

/// The payload of one part as octets that can be joined: packed septets are unpacked, for each part has its own
/// fill bits; all else is as it came.
#[must_use]
pub fn unpack(data: &UserData, data_coding: u8, profile: DefaultAlphabet) -> Bytes {
    let packed = profile == DefaultAlphabet::Gsm7Packed
        && matches!(Coding::of(data_coding), Coding::SmscDefault | Coding::Gsm7);
    if packed {
        gsm7::unpack(&data.payload, gsm7::fill_bits(data.header_octets)).into()
    } else {
        data.payload.clone()
    }
}

/// Reads a whole message: the octets of its parts after [`unpack`], joined.
///
/// 8-bit data is read as Latin-1 and doubtful: some gateways send texts so.
pub fn decode_text(
    payload: &[u8],
    data_coding: u8,
    shifts: Shifts,
    profile: DefaultAlphabet,
) -> Result<Decoded, NotText> {
    let alphabet = match Coding::of(data_coding) {
        Coding::SmscDefault => profile,
        Coding::Gsm7 => DefaultAlphabet::Gsm7,
        Coding::Ascii => DefaultAlphabet::Ascii,
        Coding::Latin1 => DefaultAlphabet::Latin1,
        Coding::Octets => return Ok(Decoded { text: latin1::decode(payload), doubtful: true }),
        Coding::Cyrillic => {
            return Ok(Decoded { text: payload.iter().copied().map(cyrillic).collect(), doubtful: false });
        }
        Coding::Ucs2 => {
            let decoded = ucs2::decode(payload);
            let doubtful = decoded.odd || decoded.lone_surrogate || looks_like_ascii(payload);
            return Ok(Decoded { text: decoded.text, doubtful });
        }
        Coding::Other(data_coding) => return Err(NotText { data_coding }),
    };
    let (text, doubtful) = match alphabet {
        DefaultAlphabet::Gsm7 | DefaultAlphabet::Gsm7Packed => {
            (gsm7::decode(payload, shifts), !payload.is_ascii())
        }
        DefaultAlphabet::Latin1 => (latin1::decode(payload), false),
        DefaultAlphabet::Ascii => latin1::decode_ascii(payload),
        DefaultAlphabet::Utf8 => {
            (String::from_utf8_lossy(payload).into_owned(), std::str::from_utf8(payload).is_err())
        }
    };
    Ok(Decoded { text, doubtful })
}

/// Whether octets that are announced as UCS-2 rather are a text in ASCII: an SMSC announces the wrong coding, or a
/// citizen writes Chinese; the first makes most messages of a bind look so.
fn looks_like_ascii(payload: &[u8]) -> bool {
    !payload.is_empty() && payload.iter().all(|octet| matches!(octet, b' '..=b'~'))
}

/// ISO 8859-5.
fn cyrillic(octet: u8) -> char {
    match octet {
        0x00..=0xA0 | 0xAD => char::from(octet),
        0xF0 => '№',
        0xFD => '§',
        _ => char::from_u32(0x0360 + u32::from(octet)).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests;
