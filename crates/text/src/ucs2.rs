//! UCS-2 as handsets send it: UTF-16, big endian unless a byte order mark says otherwise.

/// What was read, and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text; a lone surrogate shows as U+FFFD, a byte order mark at the start is dropped.
    pub text: String,
    /// One octet was left over at the end and is not part of `text`.
    pub odd: bool,
    /// At least one surrogate stood alone.
    pub lone_surrogate: bool,
}

/// Writes UTF-16BE without a byte order mark.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The 16-bit units that a text takes.
#[must_use]
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Reads UTF-16. Never fails: what is wrong is said beside the text.
#[must_use]
pub fn decode(octets: &[u8]) -> Decoded {
    let (octets, little_endian) = match octets {
        [0xFE, 0xFF, rest @ ..] => (rest, false),
        [0xFF, 0xFE, rest @ ..] => (rest, true),
        _ => (octets, false),
    };
    let (pairs, rest) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| match little_endian {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    });
    let mut lone_surrogate = false;
    // Three octets where it is Vietnamese letters through and through, mostly far fewer than two.
    let mut text = String::with_capacity(octets.len());
    for unit in char::decode_utf16(units) {
        lone_surrogate |= unit.is_err();
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Decoded { text, odd: !rest.is_empty(), lone_surrogate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(octets: &[u8]) -> String {
        decode(octets).text
    }

    #[test]
    fn byte_order_marks_choose_the_order_and_vanish() {
        assert_eq!(text(&[0xFE, 0xFF, 0x01, 0x10]), "Đ");
        assert_eq!(text(&[0xFF, 0xFE, 0x10, 0x01]), "Đ");
        assert_eq!(text(&[0x01, 0x10]), "Đ");
    }

    #[test]
    fn an_odd_octet_is_reported_and_a_lone_surrogate_replaced() {
        let decoded = decode(&[0xD8, 0x3D, 0x00, 0x41, 0x42]);
        assert_eq!(decoded.text, "\u{FFFD}A");
        assert!(decoded.odd && decoded.lone_surrogate);
        assert_eq!(decode(&[0x41]), Decoded { text: String::new(), odd: true, lone_surrogate: false });
        assert_eq!(text(&[]), "");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(written in "[^\u{FEFF}]{0,80}") {
            let decoded = decode(&encode(&written));
            prop_assert_eq!(decoded.text, written);
            prop_assert!(!decoded.odd && !decoded.lone_surrogate);
        }

        #[test]
        fn any_octets_are_read(octets: Vec<u8>) {
            let _ = decode(&octets);
        }
    }
}
