use super::*;
use text::gsm7::Language;

const PROFILES: [DefaultAlphabet; 5] = [
    DefaultAlphabet::Gsm7,
    DefaultAlphabet::Gsm7Packed,
    DefaultAlphabet::Latin1,
    DefaultAlphabet::Ascii,
    DefaultAlphabet::Utf8,
];

/// One letter a value, a row for each high nibble: D default, 7 GSM, A ASCII, L Latin-1, C Cyrillic, 8 octets,
/// U UCS-2, - not read.
const TABLE: [&str; 16] = [
    "DA8L8-C-U-------",
    "77778888UUUU7777",
    "----------------",
    "----------------",
    "77778888UUUU7777",
    "77778888UUUU7777",
    "----------------",
    "----------------",
    "7777777777777777",
    "7777777777777777",
    "7777777777777777",
    "7777777777777777",
    "7777777777777777",
    "7777777777777777",
    "UUUUUUUUUUUUUUUU",
    "7777888877778888",
];

#[test]
fn all_256_values_by_their_bits() {
    for data_coding in 0..=255u8 {
        let row = TABLE[usize::from(data_coding >> 4)];
        let expected = match row.as_bytes()[usize::from(data_coding & 0x0F)] {
            b'D' => Coding::SmscDefault,
            b'7' => Coding::Gsm7,
            b'A' => Coding::Ascii,
            b'L' => Coding::Latin1,
            b'C' => Coding::Cyrillic,
            b'8' => Coding::Octets,
            b'U' => Coding::Ucs2,
            _ => Coding::Other(data_coding),
        };
        assert_eq!(Coding::of(data_coding), expected, "{data_coding:#04x}");
    }
}

fn read(payload: &[u8], data_coding: u8, profile: DefaultAlphabet) -> (String, bool) {
    let decoded = decode_text(payload, data_coding, Shifts::default(), profile).unwrap();
    (decoded.text, decoded.doubtful)
}

#[test]
fn the_profile_decides_data_coding_0() {
    assert_eq!(read(b"\x00\x11\x02", 0, DefaultAlphabet::Gsm7), ("@_$".to_owned(), false));
    assert_eq!(read(b"\xE9", 0, DefaultAlphabet::Latin1), ("é".to_owned(), false));
    assert_eq!(read(b"\xE9", 0, DefaultAlphabet::Ascii), ("é".to_owned(), true));
    assert_eq!(read("Đà".as_bytes(), 0, DefaultAlphabet::Utf8), ("Đà".to_owned(), false));
    assert_eq!(read(b"\xE9", 0, DefaultAlphabet::Utf8), ("\u{FFFD}".to_owned(), true));
    assert!(read(b"A\xE9", 0, DefaultAlphabet::Gsm7).1, "no septet: the profile is wrong");
}

#[test]
fn packed_parts_are_unpacked_before_they_are_joined() {
    let data = UserData {
        payload: gsm7::pack(b"XNC 13557009", gsm7::fill_bits(6)).into(),
        header_octets: 6,
        ..UserData::default()
    };
    let septets = unpack(&data, 0, DefaultAlphabet::Gsm7Packed);
    assert_eq!(septets.as_ref(), b"XNC 13557009");
    assert_eq!(read(&septets, 0, DefaultAlphabet::Gsm7Packed).0, "XNC 13557009");
    assert_eq!(unpack(&data, 0, DefaultAlphabet::Gsm7), data.payload);
    assert_eq!(unpack(&data, 8, DefaultAlphabet::Gsm7Packed), data.payload);
}

#[test]
fn other_codings() {
    assert_eq!(read(b"\x01\x10", 8, DefaultAlphabet::Gsm7), ("Đ".to_owned(), false));
    assert_eq!(read(b"\x01\x10\x41", 8, DefaultAlphabet::Gsm7), ("Đ".to_owned(), true));
    assert!(read(b"XNC 13557009", 8, DefaultAlphabet::Gsm7).1, "ASCII under UCS-2: the profile is wrong");
    assert!(!read(b"", 8, DefaultAlphabet::Gsm7).1);
    assert_eq!(read(b"\xE9", 3, DefaultAlphabet::Gsm7), ("é".to_owned(), false));
    assert_eq!(read(b"TK", 4, DefaultAlphabet::Gsm7), ("TK".to_owned(), true));
    assert_eq!(read(b"\xBF\xE0\xD8\xD2\xD5\xE2 \xF0\xA1", 6, DefaultAlphabet::Gsm7).0, "Привет №Ё");
    assert_eq!(
        decode_text(b"x", 5, Shifts::default(), DefaultAlphabet::Gsm7),
        Err(NotText { data_coding: 5 })
    );
    let turkish = Shifts { locking: Language::Turkish, single: Language::Default };
    assert_eq!(decode_text(b"\x07", 0xF0, turkish, DefaultAlphabet::Latin1).unwrap().text, "ı");
}

#[test]
fn no_esm_class_and_data_coding_panics() {
    let octets: Vec<u8> = (0..=255u8).rev().chain([0xD8, 0x00, 0x1B]).collect();
    for esm_class in 0..=255u8 {
        let short_message = Bytes::from(octets[usize::from(esm_class)..].to_vec());
        let sm = crate::Sm { esm_class, short_message, ..crate::Sm::default() };
        let Ok(data) = sm.user_data() else { continue };
        for data_coding in 0..=255u8 {
            for profile in PROFILES {
                let payload = unpack(&data, data_coding, profile);
                let _ = decode_text(&payload, data_coding, data.shifts, profile);
            }
            let _ = crate::Receipt::parse(&crate::Sm { data_coding, ..sm.clone() });
        }
    }
}
