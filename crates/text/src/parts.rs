//! How many message parts a text takes, and the parts themselves.
//!
//! A text that fits the GSM alphabet goes as septets, 160 in one part or 153 in each of several; any other as
//! UCS-2, 70 units or 67 (3GPP TS 23.040 §9.2.3.24.1, 8-bit reference). An escape and its septet, and the two
//! halves of a surrogate pair, always travel together.

use unicode_normalization::char::is_combining_mark;

use crate::{gsm7, ucs2};

/// Septets in a message of one part.
pub const GSM7_SINGLE: usize = 160;
/// Septets in each of several parts, beside a 6-octet user data header.
pub const GSM7_PART: usize = 153;
/// 16-bit units in a message of one part.
pub const UCS2_SINGLE: usize = 70;
/// 16-bit units in each of several parts, beside a 6-octet user data header.
pub const UCS2_PART: usize = 67;

/// The two alphabets that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// The GSM 7 bit default alphabet with its extension table.
    Gsm7,
    /// UTF-16, big endian.
    Ucs2,
}

impl Alphabet {
    /// Units (septets or 16-bit units) that fit a message of one part.
    #[must_use]
    pub fn single(self) -> usize {
        match self {
            Self::Gsm7 => GSM7_SINGLE,
            Self::Ucs2 => UCS2_SINGLE,
        }
    }

    /// Units that fit each of several parts.
    #[must_use]
    pub fn part(self) -> usize {
        match self {
            Self::Gsm7 => GSM7_PART,
            Self::Ucs2 => UCS2_PART,
        }
    }

    /// The units that one character takes. A character that GSM-7 lacks counts 1 there; [`measure`] never asks.
    fn units_of(self, character: char) -> usize {
        match self {
            Self::Gsm7 => gsm7::septets_of(character).unwrap_or(1),
            Self::Ucs2 => character.len_utf16(),
        }
    }
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The alphabet that it needs.
    pub alphabet: Alphabet,
    /// Septets or 16-bit units, without any header.
    pub units: usize,
    /// Message parts; an empty text is one part.
    pub parts: usize,
}

/// One part of a text, without a user data header.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// The alphabet of the whole text.
    pub alphabet: Alphabet,
    /// Unpacked septets, or UTF-16BE.
    pub octets: Vec<u8>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Part({:?}, {} octets)", self.alphabet, self.octets.len())
    }
}

/// Counts without building the parts.
#[must_use]
pub fn measure(text: &str) -> Measure {
    let (alphabet, units) = match gsm7::septets(text) {
        Some(septets) => (Alphabet::Gsm7, septets),
        None => (Alphabet::Ucs2, ucs2::units(text)),
    };
    let parts =
        if units <= alphabet.single() { 1 } else { cuts(text, alphabet, units, alphabet.part()).count() };
    Measure { alphabet, units, parts }
}

/// Cuts a text into its parts; an empty text is one empty part.
#[must_use]
pub fn split(text: &str) -> Vec<Part> {
    let (alphabet, units) = match gsm7::septets(text) {
        Some(septets) => (Alphabet::Gsm7, septets),
        None => (Alphabet::Ucs2, ucs2::units(text)),
    };
    pieces(text, alphabet, units, alphabet.part())
}

/// Cuts a text into UCS-2 parts even where GSM-7 would do, for an SMSC whose default alphabet is another.
#[must_use]
pub fn split_ucs2(text: &str) -> Vec<Part> {
    pieces(text, Alphabet::Ucs2, ucs2::units(text), UCS2_PART)
}

/// [`split`], or [`split_ucs2`], for parts whose header has a 16-bit reference and takes 7 octets: 152 septets or 66
/// units go beside it. We never send such; handsets do.
#[must_use]
pub fn split_wide(text: &str, ucs2: bool) -> Vec<Part> {
    let (alphabet, units) = match gsm7::septets(text) {
        Some(septets) if !ucs2 => (Alphabet::Gsm7, septets),
        _ => (Alphabet::Ucs2, ucs2::units(text)),
    };
    pieces(text, alphabet, units, alphabet.part() - 1)
}

fn pieces(text: &str, alphabet: Alphabet, units: usize, part: usize) -> Vec<Part> {
    let octets = |piece: &str| match alphabet {
        Alphabet::Gsm7 => gsm7::encode(piece).unwrap_or_default(),
        Alphabet::Ucs2 => ucs2::encode(piece),
    };
    cuts(text, alphabet, units, part).map(|piece| Part { alphabet, octets: octets(piece) }).collect()
}

/// The pieces of the text that go into one part each, `part` units or, where that is enough, one single message;
/// cuts fall between characters only.
fn cuts(text: &str, alphabet: Alphabet, units: usize, part: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        if units <= alphabet.single() {
            return rest.take();
        }
        let left = rest?;
        let mut used = 0;
        let end = left.char_indices().find(|(_, character)| {
            used += alphabet.units_of(*character);
            used > part
        });
        match end {
            Some((at, _)) => {
                let (piece, after) = left.split_at(before_marks(left, at));
                rest = Some(after);
                Some(piece)
            }
            None => rest.take(),
        }
    })
}

/// The last place up to `at` where no combining mark follows, so that a letter keeps its tone mark on handsets
/// that show parts apart; `at` itself where the text is nothing but marks.
fn before_marks(text: &str, at: usize) -> usize {
    let mark_follows =
        |at: usize| text.get(at..).and_then(|it| it.chars().next()).is_some_and(is_combining_mark);
    if !mark_follows(at) {
        return at;
    }
    let earlier = text.char_indices().map(|(start, _)| start).take_while(|start| *start < at);
    earlier.filter(|start| *start > 0 && !mark_follows(*start)).last().unwrap_or(at)
}

#[cfg(test)]
mod tests;
