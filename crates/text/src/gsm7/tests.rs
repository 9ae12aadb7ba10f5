use super::*;
use proptest::prelude::*;

const PLAIN: Shifts = Shifts { locking: Language::Default, single: Language::Default };

fn with(locking: Language, single: Language) -> Shifts {
    Shifts { locking, single }
}

#[test]
fn every_character_of_both_tables_survives() {
    for code in (0..128).filter(|code| *code != ESCAPE) {
        let text = decode(&[code], PLAIN);
        assert_eq!(encode(&text), Some(vec![code]), "{code:#04x}");
        assert_eq!(septets(&text), Some(1));
    }
    for (code, character) in default::EXTENSION {
        let text = character.to_string();
        assert_eq!(encode(&text), Some(vec![ESCAPE, *code]));
        assert_eq!(decode(&[ESCAPE, *code], PLAIN), text);
        assert_eq!(septets(&text), Some(2));
    }
}

#[test]
fn what_the_alphabet_lacks_is_refused() {
    for text in ["Đà Nẵng", "ạ", "ř", "`", "\u{A0}", "ç", "’", "😀"] {
        assert_eq!(encode(text), None, "{text}");
        assert_eq!(septets(text), None, "{text}");
    }
    assert_eq!(encode("@_$"), Some(vec![0x00, 0x11, 0x02]));
}

#[test]
fn odd_escapes_and_high_octets_are_lenient() {
    assert_eq!(decode(&[0x41, ESCAPE], PLAIN), "A ");
    assert_eq!(decode(&[ESCAPE, ESCAPE, 0x41], PLAIN), " A");
    assert_eq!(decode(&[ESCAPE, 0x41], PLAIN), "A");
    assert_eq!(decode(&[0x80, 0x41, 0xFF], PLAIN), "\u{FFFD}A\u{FFFD}");
    assert_eq!(decode(&[ESCAPE, 0x9B], PLAIN), "\u{FFFD}");
}

#[test]
fn national_tables_show_their_letters() {
    use Language::*;
    let locked = |language, codes: &[u8]| decode(codes, with(language, Default));
    let single = |language, code| decode(&[ESCAPE, code], with(Default, language));
    assert_eq!(locked(Turkish, &[0x07, 0x0B, 0x1C, 0x40, 0x60]), "ıĞŞİç");
    assert_eq!(locked(Portuguese, &[0x04, 0x12, 0x15, 0x5B, 0x7D]), "êª∞Ã`");
    assert_eq!(locked(Spanish, &[0x05]), "é");
    assert_eq!(locked(Hindi, &[0x15, 0x22, 0x2F]), "कटन");
    assert_eq!(locked(Kannada, &[0x24]), "ಡ");
    assert_eq!(locked(Urdu, &[0x00, 0x7F]), "\u{627}\u{670}");
    assert_eq!(locked(Tamil, &[0x7F]), "\u{BF9}");
    assert_eq!(single(Turkish, 0x47), "Ğ");
    assert_eq!(single(Spanish, 0x41), "Á");
    assert_eq!(single(Portuguese, 0x0B), "Ô");
    assert_eq!(single(Bengali, 0x19), "\u{9E6}");
    assert_eq!(single(Hindi, 0x1C), "\u{966}");
    assert_eq!(single(Telugu, 0x22), "\u{C6C}");
    assert_eq!(single(Urdu, 0x3F), "\u{6D4}");
    assert_eq!(single(Gujarati, 0x41), "A");
    assert_eq!(single(Malayalam, 0x65), "€");
}

#[test]
fn every_identifier_has_tables_of_single_characters() {
    for identifier in 0..=255 {
        let language = Language::from_identifier(identifier);
        for code in 0..128 {
            let text = decode(&[ESCAPE, code, code], with(language, language));
            assert!((1..=2).contains(&text.chars().count()), "{language:?} {code:#04x} {text:?}");
        }
    }
    assert_eq!(Language::from_identifier(14), Language::Default);
}

#[test]
fn packing_follows_the_standards_example() {
    assert_eq!(pack(b"hellohello", 0), [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
    assert_eq!(pack(b"1234567", 0).last(), Some(&0x1A), "seven spare bits hold a CR");
    assert_eq!(unpack(&pack(b"1234567", 0), 0), b"1234567");
    assert_eq!([0, 6, 7, 8].map(fill_bits), [0, 1, 0, 6]);
}

proptest! {
    /// The sum over octets is the sum over characters.
    #[test]
    fn ascii_counts_as_any_text_does(text in "[\\x00-\\x7F]{0,40}") {
        let each: Option<usize> = text.chars().map(septets_of).sum();
        prop_assert_eq!(septets(&text), each);
    }

    #[test]
    fn packed_is_unpacked(septets in proptest::collection::vec(1u8..0x0D, 0..200), fill in 0usize..7) {
        prop_assert_eq!(unpack(&pack(&septets, fill), fill), septets);
    }

    #[test]
    fn any_octets_are_read(octets: Vec<u8>, locking: u8, single: u8, fill: usize) {
        let shifts = with(Language::from_identifier(locking), Language::from_identifier(single));
        let _ = decode(&unpack(&octets, fill), shifts);
        prop_assert!(decode(&octets, shifts).chars().count() <= octets.len());
    }
}
