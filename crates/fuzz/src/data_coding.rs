//! Any octets under any data_coding.

use codec::UserData;
use codec::data_coding::{Coding, DefaultAlphabet, decode_text, unpack};
use text::gsm7::{self, Language, Shifts};
use text::parts::{self, Alphabet, Part};
use text::{latin1, ucs2};

use crate::input::Input;

/// What an SMSC may mean by data_coding 0.
pub(crate) const ALPHABETS: [DefaultAlphabet; 5] = [
    DefaultAlphabet::Gsm7,
    DefaultAlphabet::Gsm7Packed,
    DefaultAlphabet::Latin1,
    DefaultAlphabet::Ascii,
    DefaultAlphabet::Utf8,
];

/// Reads octets as a text: data_coding, alphabet, two national tables, then the text.
///
/// - A text is read unless its code is one that nobody reads, and has no more characters than octets (septets).
/// - What fits its coding is written back as the same octets; what does not is doubtful.
/// - Packed septets come back as they were; the parts of a text hold it all and none is too long.
pub fn data_coding(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (data_coding, alphabet) = (input.octet(), *input.pick(&ALPHABETS));
    let shifts = Shifts {
        locking: Language::from_identifier(input.octet() % 16),
        single: Language::from_identifier(input.octet() % 16),
    };
    let payload = input.rest();
    check_packing(payload);
    let data = UserData { payload: payload.to_vec().into(), ..UserData::default() };
    let septets = unpack(&data, data_coding, alphabet);
    let coding = Coding::of(data_coding);
    let Ok(decoded) = decode_text(&septets, data_coding, shifts, alphabet) else {
        return assert!(matches!(coding, Coding::Other(_)), "{data_coding:#04x} is read");
    };
    assert!(!matches!(coding, Coding::Other(_)), "{data_coding:#04x} is not read");
    assert!(decoded.text.chars().count() <= septets.len(), "{} octets", septets.len());
    match coding {
        Coding::Ucs2 if !decoded.doubtful => check_ucs2(&septets, &decoded.text),
        Coding::Latin1 => assert_eq!(latin1::encode(&decoded.text).as_deref(), Some(&septets[..])),
        Coding::Ascii if !decoded.doubtful => assert_eq!(decoded.text.as_bytes(), &septets[..]),
        Coding::Octets => assert!(decoded.doubtful),
        _ => {}
    }
    check_parts(&decoded.text);
}

fn check_ucs2(octets: &[u8], text: &str) {
    let mark = octets.starts_with(&[0xFE, 0xFF]) || octets.starts_with(&[0xFF, 0xFE]);
    let written = ucs2::encode(text);
    assert!(mark || written == octets, "{text:?}");
    assert_eq!(ucs2::units(text), written.len() / 2);
}

/// Septets after any fill come back; only a last `@` or CR on an octet's boundary is taken for padding.
fn check_packing(octets: &[u8]) {
    let septets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
    for fill in 0..7 {
        let packed = gsm7::pack(&septets, fill);
        assert_eq!(packed.len(), (fill + septets.len() * 7).div_ceil(8));
        let unpacked = gsm7::unpack(&packed, fill);
        let padding_like =
            matches!(septets.last(), Some(0x00 | 0x0D)) && (fill + septets.len() * 7).is_multiple_of(8);
        assert_eq!(unpacked, septets[..septets.len() - usize::from(padding_like)], "fill {fill}");
    }
}

/// A text in parts holds it all, in parts of the length that it should have.
fn check_parts(text: &str) {
    let measure = parts::measure(text);
    let cut = parts::split(text);
    assert_eq!(cut.len(), measure.parts);
    check_lengths(&cut, 0);
    for ucs2_only in [false, true] {
        check_lengths(&parts::split_wide(text, ucs2_only), 1);
    }
    let joined: Vec<u8> = cut.into_iter().flat_map(|part| part.octets).collect();
    let read = match measure.alphabet {
        Alphabet::Gsm7 => gsm7::decode(&joined, Shifts::default()),
        // A byte order mark at the start, of either order, is none of the text.
        Alphabet::Ucs2 if text.starts_with(['\u{feff}', '\u{fffe}']) => return,
        Alphabet::Ucs2 => ucs2::decode(&joined).text,
    };
    assert_eq!(read, text);
}

/// One part has as many octets as a message holds, several have so many units fewer than beside a header of six.
fn check_lengths(parts: &[Part], fewer: usize) {
    for Part { alphabet, octets } in parts {
        let units = if parts.len() == 1 { alphabet.single() } else { alphabet.part() - fewer };
        let most = if *alphabet == Alphabet::Ucs2 { 2 * units } else { units };
        assert!(octets.len() <= most && (parts.len() == 1 || !octets.is_empty()));
    }
}
