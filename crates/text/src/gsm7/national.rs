//! National language tables, decode only: we never send them, citizens' handsets abroad do.

mod locking;
mod single;

use super::default::{DEFAULT, EXTENSION};

/// The national language identifiers of 3GPP TS 23.038 §6.2.1.2.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// No shift: the default alphabet, or the default extension table.
    #[default]
    Default,
    /// Identifier 1.
    Turkish,
    /// Identifier 2; there is no locking table for it.
    Spanish,
    /// Identifier 3.
    Portuguese,
    /// Identifier 4.
    Bengali,
    /// Identifier 5.
    Gujarati,
    /// Identifier 6.
    Hindi,
    /// Identifier 7.
    Kannada,
    /// Identifier 8.
    Malayalam,
    /// Identifier 9.
    Oriya,
    /// Identifier 10.
    Punjabi,
    /// Identifier 11.
    Tamil,
    /// Identifier 12.
    Telugu,
    /// Identifier 13.
    Urdu,
}

impl Language {
    /// The language of an identifier octet. An unknown one means the default table, as the rule asks
    /// (§6.2.1.2.2: a receiver ignores identifiers that it does not know).
    #[must_use]
    pub fn from_identifier(identifier: u8) -> Self {
        match identifier {
            1 => Self::Turkish,
            2 => Self::Spanish,
            3 => Self::Portuguese,
            4 => Self::Bengali,
            5 => Self::Gujarati,
            6 => Self::Hindi,
            7 => Self::Kannada,
            8 => Self::Malayalam,
            9 => Self::Oriya,
            10 => Self::Punjabi,
            11 => Self::Tamil,
            12 => Self::Telugu,
            13 => Self::Urdu,
            _ => Self::Default,
        }
    }
}

/// Codes of a single shift table and their characters.
type Codes = &'static [(u8, char)];

/// The table that stands for the default alphabet.
pub(super) fn locking(language: Language) -> &'static [char; 128] {
    match language {
        Language::Default | Language::Spanish => &DEFAULT,
        Language::Turkish => &locking::TURKISH,
        Language::Portuguese => &locking::PORTUGUESE,
        Language::Bengali => &locking::BENGALI,
        Language::Gujarati => &locking::GUJARATI,
        Language::Hindi => &locking::HINDI,
        Language::Kannada => &locking::KANNADA,
        Language::Malayalam => &locking::MALAYALAM,
        Language::Oriya => &locking::ORIYA,
        Language::Punjabi => &locking::PUNJABI,
        Language::Tamil => &locking::TAMIL,
        Language::Telugu => &locking::TELUGU,
        Language::Urdu => &locking::URDU,
    }
}

/// What a code means after an escape, or `None` where the table leaves it void.
pub(super) fn single(language: Language, code: u8) -> Option<char> {
    let (own, common): (Codes, Codes) = match language {
        Language::Default => (EXTENSION, &[]),
        Language::Turkish => (single::TURKISH, &[]),
        Language::Spanish => (single::SPANISH, &[]),
        Language::Portuguese => (single::PORTUGUESE, &[]),
        Language::Bengali => (single::BENGALI, single::COMMON),
        Language::Gujarati => (single::GUJARATI, single::COMMON),
        Language::Hindi => (single::HINDI, single::COMMON),
        Language::Kannada => (single::KANNADA, single::COMMON),
        Language::Malayalam => (single::MALAYALAM, single::COMMON),
        Language::Oriya => (single::ORIYA, single::COMMON),
        Language::Punjabi => (single::PUNJABI, single::COMMON),
        Language::Tamil => (single::TAMIL, single::COMMON),
        Language::Telugu => (single::TELUGU, single::COMMON),
        Language::Urdu => (single::URDU, single::COMMON),
    };
    own.iter().chain(common).find(|(at, _)| *at == code).map(|(_, character)| *character)
}
