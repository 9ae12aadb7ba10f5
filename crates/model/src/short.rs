//! Short texts without a block of memory of their own.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_text;

/// A text that is nearly always short, such as an address or a code: up to 22 octets stand in the value itself.
///
/// It is read, compared, sorted and written as the `str` that it is.
#[derive(Clone)]
pub struct Short(Inner);

#[derive(Clone)]
enum Inner {
    /// Behind `length` octets of a text, zeros.
    Inline {
        length: u8,
        octets: [u8; Short::INLINE_MAX],
    },
    Block(Box<str>),
}

impl Short {
    /// Octets that need no block: an address of SMPP has 20, and with these a value is as long as a `String`.
    pub const INLINE_MAX: usize = 22;

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Whole texts only are put there.
            Inner::Inline { length, octets } => octets
                .get(..usize::from(*length))
                .and_then(|text| str::from_utf8(text).ok())
                .unwrap_or_default(),
            Inner::Block(text) => text,
        }
    }

    /// Its octets, without a look at their encoding.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Inline { length, octets } => octets.get(..usize::from(*length)).unwrap_or_default(),
            Inner::Block(text) => text.as_bytes(),
        }
    }
}

impl Default for Short {
    fn default() -> Self {
        Self(Inner::Inline { length: 0, octets: [0; Self::INLINE_MAX] })
    }
}

impl From<&str> for Short {
    fn from(text: &str) -> Self {
        let mut octets = [0; Self::INLINE_MAX];
        match (octets.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Inner::Inline { length, octets })
            }
            _ => Self(Inner::Block(text.into())),
        }
    }
}

impl From<String> for Short {
    fn from(text: String) -> Self {
        if text.len() <= Self::INLINE_MAX { text.as_str().into() } else { Self(Inner::Block(text.into())) }
    }
}

impl From<&String> for Short {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl FromIterator<char> for Short {
    fn from_iter<T: IntoIterator<Item = char>>(characters: T) -> Self {
        let mut characters = characters.into_iter();
        let mut octets = [0; Self::INLINE_MAX];
        let mut length = 0;
        while let Some(character) = characters.next() {
            let end = length + character.len_utf8();
            let Some(place) = octets.get_mut(length..end) else {
                let start = octets.get(..length).and_then(|start| str::from_utf8(start).ok());
                let start = start.unwrap_or_default().chars();
                return start.chain([character]).chain(characters).collect::<String>().into();
            };
            character.encode_utf8(place);
            length = end;
        }
        Self(Inner::Inline { length: u8::try_from(length).unwrap_or_default(), octets })
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Short {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Short {}

impl PartialEq<str> for Short {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Short {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Short {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Short {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text::deserialize_any(deserializer, "a text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_what_it_is_whatever_its_length() {
        assert_eq!(size_of::<Short>(), size_of::<String>());
        let mut texts: Vec<String> =
            (0..40).map(|length| "ř".repeat(length / 2) + &"b".repeat(length % 7)).collect();
        let mut shorts: Vec<Short> = texts.iter().map(Short::from).collect();
        texts.sort();
        shorts.sort();
        for (short, text) in shorts.iter().zip(&texts) {
            assert_eq!((short.as_str(), short.as_bytes()), (text.as_str(), text.as_bytes()));
            assert_eq!(*short, Short::from(text.clone()));
            assert_eq!(*short, text.chars().collect::<Short>());
        }
    }
}
