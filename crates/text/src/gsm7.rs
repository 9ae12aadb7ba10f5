//! The GSM 7 bit default alphabet (3GPP TS 23.038 §6.2.1), its extension table, and the national language
//! tables of annex A on decode.
//!
//! "Unpacked" means one septet an octet, which is how SMPP carries data_coding 0. "Packed" means eight septets
//! in seven octets, as on the air.

mod default;
pub mod national;
mod packed;

pub use default::{ESCAPE, encode, septets, septets_of};
pub use national::Language;
pub use packed::{fill_bits, pack, unpack};

/// The national tables that a user data header asks for: IEI 0x25 for the locking shift, 0x24 for the single one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shifts {
    /// Replaces the default alphabet for the whole message.
    pub locking: Language,
    /// Replaces the extension table, which one escape septet selects for the next septet.
    pub single: Language,
}

/// Reads unpacked septets. Never fails.
///
/// An octet of 0x80 or more is no septet: it is shown as U+FFFD, so that the reader sees a hole and not a wrong
/// letter. An escape before a code that the extension table does not define shows the character of the main table
/// (TS 23.038 §6.2.1.1 note 1); a second escape, or one at the very end, shows a space (note 1 of the extension
/// table).
#[must_use]
pub fn decode(octets: &[u8], shifts: Shifts) -> String {
    if shifts.locking == Language::Default
        && default::are_same_in_ascii(octets)
        && let Ok(text) = std::str::from_utf8(octets)
    {
        return text.to_owned();
    }
    let locking = national::locking(shifts.locking);
    let mut out = String::with_capacity(octets.len());
    let mut septets = octets.iter().copied();
    while let Some(septet) = septets.next() {
        if septet != ESCAPE {
            out.push(main_character(locking, septet));
            continue;
        }
        match septets.next() {
            None | Some(ESCAPE) => out.push(' '),
            Some(next) => out
                .push(national::single(shifts.single, next).unwrap_or_else(|| main_character(locking, next))),
        }
    }
    out
}

fn main_character(table: &[char; 128], septet: u8) -> char {
    table.get(usize::from(septet)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests;
