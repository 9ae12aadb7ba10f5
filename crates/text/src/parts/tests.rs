use super::*;
use crate::gsm7::{ESCAPE, Shifts};
use proptest::prelude::*;

/// The boundaries that the field trips over (SP-08).
const BOUNDARIES: [usize; 26] = [
    0, 1, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 201, 202, 253, 254, 255, 306,
    307, 459, 460,
];

fn joined(parts: &[Part]) -> String {
    let octets: Vec<u8> = parts.iter().flat_map(|part| part.octets.clone()).collect();
    match parts.first().map(|part| part.alphabet) {
        Some(Alphabet::Ucs2) => ucs2::decode(&octets).text,
        _ => gsm7::decode(&octets, Shifts::default()),
    }
}

#[test]
fn boundaries_of_gsm7() {
    for units in BOUNDARIES {
        let parts = if units <= 160 { 1 } else { units.div_ceil(153) };
        let text = "a".repeat(units);
        assert_eq!(measure(&text), Measure { alphabet: Alphabet::Gsm7, units, parts }, "{units}");
        assert_eq!(split(&text).len(), parts, "{units}");
    }
}

#[test]
fn boundaries_of_ucs2() {
    for units in BOUNDARIES.into_iter().filter(|units| *units > 0) {
        let parts = if units <= 70 { 1 } else { units.div_ceil(67) };
        let text = "ạ".repeat(units);
        assert_eq!(measure(&text), Measure { alphabet: Alphabet::Ucs2, units, parts }, "{units}");
    }
}

#[test]
fn a_16_bit_reference_takes_a_septet_and_a_unit_more() {
    let lengths = |text: &str, ucs2| -> Vec<usize> {
        split_wide(text, ucs2).iter().map(|part| part.octets.len()).collect()
    };
    assert_eq!(lengths(&"a".repeat(160), false), [160]);
    assert_eq!(lengths(&"a".repeat(305), false), [152, 152, 1]);
    assert_eq!(lengths(&"ạ".repeat(70), false), [140]);
    assert_eq!(lengths(&"ạ".repeat(133), false), [132, 132, 2]);
    assert_eq!(lengths(&"a".repeat(71), true), [132, 10]);
}

#[test]
fn an_escape_is_never_cut_from_its_septet() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
    let parts = split(&text);
    assert_eq!(parts[0].octets.len(), 152);
    assert_eq!(parts[1].octets[0], ESCAPE);
    let text = "€".repeat(80);
    assert_eq!(measure(&text), Measure { alphabet: Alphabet::Gsm7, units: 160, parts: 1 });
    let text = "€".repeat(153);
    assert_eq!(measure(&text).parts, 3, "76 euros a part, not 76.5");
}

#[test]
fn a_surrogate_pair_is_never_cut() {
    let text = format!("{}😀{}", "a".repeat(66), "b".repeat(10));
    let parts = split(&text);
    assert_eq!(parts[0].octets.len(), 66 * 2);
    assert_eq!(joined(&parts), text);
    assert_eq!(measure(&"😀".repeat(35)).parts, 1);
    assert_eq!(measure(&"😀".repeat(36)).parts, 2);
}

#[test]
fn a_letter_keeps_its_tone_mark() {
    let text = format!("{}e\u{302}\u{301}{}", "ạ".repeat(65), "b".repeat(10));
    let parts = split(&text);
    assert_eq!(parts[0].octets.len(), 65 * 2, "the letter goes with its two marks");
    assert_eq!((joined(&parts), parts.len()), (text, 2));
    let marks = "\u{301}".repeat(200);
    assert_eq!(joined(&split(&marks)), marks);
    assert_eq!(measure(&marks).parts, 3);
}

#[test]
fn an_empty_text_is_one_empty_part() {
    assert_eq!(measure(""), Measure { alphabet: Alphabet::Gsm7, units: 0, parts: 1 });
    assert_eq!(split(""), [Part { alphabet: Alphabet::Gsm7, octets: Vec::new() }]);
}

proptest! {
    #[test]
    fn parts_join_to_the_text_and_fit(text in "([a-z€{}]|[ạ😀ř]){0,400}") {
        let measured = measure(&text);
        let parts = split(&text);
        prop_assert_eq!(parts.len(), measured.parts);
        let room = if parts.len() == 1 { measured.alphabet.single() } else { measured.alphabet.part() };
        for part in &parts {
            let units = if part.alphabet == Alphabet::Ucs2 { part.octets.len() / 2 } else { part.octets.len() };
            prop_assert!(units <= room);
        }
        prop_assert_eq!(joined(&parts), text);
    }

    #[test]
    fn gsm7_text_goes_as_gsm7(text in "[a-zA-Z0-9 €@_]{0,300}") {
        prop_assert_eq!(measure(&text).alphabet, Alphabet::Gsm7);
        prop_assert_eq!(joined(&split(&text)), text);
    }
}
