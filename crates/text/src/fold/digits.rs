//! Digits of other scripts (general category Nd): digits where a text has no others.
//!
//! After the mixed-number rule of UTS #39 digits of two scripts make no number together. What has a compatibility
//! form (full-width, mathematical) is ASCII before this and counts as such.

use std::cell::OnceCell;

use unicode_normalization::UnicodeNormalization;

/// What a digit becomes that stands among those of another script. No blank: a tenth digit that vanished would leave
/// nine of somebody else's ID number.
pub(super) const MIXED: u8 = b'%';

/// The zeros of Unicode 14.0.0, in order; nine digits follow each.
const ZEROS: [u32; 58] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136,
    0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50,
    0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1E140, 0x1E2F0, 0x1E950,
];

/// The zero of the script that all digits of a text are of, looked for where the first one stands.
pub(super) struct Zero<'a> {
    original: &'a str,
    only: OnceCell<Option<u32>>,
}

impl<'a> Zero<'a> {
    pub(super) fn of(original: &'a str) -> Self {
        Self { original, only: OnceCell::new() }
    }

    /// The ASCII digit that a digit of another script is, where the text has no others.
    pub(super) fn digit(&self, digit: char) -> Option<char> {
        let zero = self.only.get_or_init(|| only_zero(self.original));
        ascii_digit(digit, (*zero)?)
    }
}

/// The zero of the script that all digits of a text are of; `None` where they are ASCII, of two scripts, or none.
fn only_zero(original: &str) -> Option<u32> {
    let zero = original.chars().find_map(zero_of)?;
    let alone = |digit: char| !digit.is_ascii_digit() && zero_of(digit).is_none_or(|other| other == zero);
    original.nfkc().all(alone).then_some(zero)
}

/// The ASCII digit that `character` is beside its script's `zero`.
fn ascii_digit(character: char, zero: u32) -> Option<char> {
    let value = u32::from(character).checked_sub(zero)?;
    char::from_digit(value, 10)
}

/// Whether it is a digit of another script than ours.
pub(super) fn is_digit(character: char) -> bool {
    zero_of(character).is_some()
}

fn zero_of(character: char) -> Option<u32> {
    let behind = ZEROS.partition_point(|zero| *zero <= u32::from(character));
    let zero = *ZEROS.get(behind.checked_sub(1)?)?;
    ascii_digit(character, zero).map(|_| zero)
}
