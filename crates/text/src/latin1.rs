//! ISO 8859-1 and ASCII octets (SMPP data_coding 0x03 and 0x01).

/// Reads each octet as the code point of the same number. Never fails.
#[must_use]
pub fn decode(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// Reads ASCII; an octet of 0x80 or more is read as Latin-1, and the second value says that one was met.
#[must_use]
pub fn decode_ascii(octets: &[u8]) -> (String, bool) {
    (decode(octets), !octets.is_ascii())
}

/// Writes a text as Latin-1, or `None` where any character of it lies beyond U+00FF.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_survives() {
        let octets: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&octets)), Some(octets));
        assert_eq!(encode("Đ"), None);
    }

    #[test]
    fn ascii_says_when_it_is_none() {
        assert_eq!(decode_ascii(b"XNC"), ("XNC".to_owned(), false));
        assert_eq!(decode_ascii(b"\xE9"), ("é".to_owned(), true));
    }
}
