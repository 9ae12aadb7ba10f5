//! Pains of the field that live in octets; those that live in the engine stand in the harness's tests.

#![allow(clippy::unwrap_used, reason = "tests")]

use bytes::BytesMut;
use codec::data_coding::{DefaultAlphabet, decode_text, unpack};
use codec::reassembly::{Inserted, Join};
use codec::segment::{Method, Profile, segment};
use codec::tlv::tag;
use codec::{Body, CommandStatus, Framed, MAX_COMMAND_LENGTH, Pdu, Sm, decode, encode};
use proptest::collection::vec;
use proptest::prelude::*;

/// The submit_sm that carry a text, after a trip over the wire.
fn submits(text: &str, profile: Profile) -> Vec<Sm> {
    let mut wire = BytesMut::new();
    for piece in segment(text, 0xA5B6, profile) {
        let mut sm = Sm::default();
        piece.fill(&mut sm);
        encode(&Pdu::request(1, Body::SubmitSm(sm)), &mut wire).unwrap();
    }
    let next = |wire: &mut BytesMut| match decode(wire).unwrap() {
        Some(Framed::Pdu(Pdu { body: Body::SubmitSm(sm), .. })) => Some(sm),
        None => None,
        other => panic!("{other:?}"),
    };
    std::iter::from_fn(|| next(&mut wire)).collect()
}

/// What a handset shows that gets the parts in this order, and each of them twice.
fn shown(mut parts: Vec<Sm>, order: &[usize], profile: Profile) -> String {
    let (coding, alphabet) = (parts[0].data_coding, profile.default_alphabet);
    let shifts = parts[0].user_data().unwrap().shifts;
    let length = parts.len();
    for (place, other) in order.iter().enumerate().take(length) {
        parts.swap(place, other % length);
    }
    let mut join = Join::new(u8::try_from(length).unwrap());
    let mut whole = None;
    for sm in parts.iter().flat_map(|sm| [sm, sm]) {
        let data = sm.user_data().unwrap();
        let octets = unpack(&data, coding, alphabet);
        let Some(concat) = data.concat else {
            return decode_text(&octets, coding, shifts, alphabet).unwrap().text;
        };
        assert_eq!((usize::from(concat.total), sm.data_coding), (length, coding));
        if let Inserted::Complete(octets) = join.insert(concat.number, octets) {
            whole = Some(decode_text(&octets, coding, shifts, alphabet).unwrap().text);
        }
    }
    whole.expect("all parts are there")
}

/// Letters of GSM 7 bit, of its extension, of Vietnamese, Turkish and Spanish, and beyond the basic plane: escapes
/// and surrogate pairs fall on every boundary.
fn text() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        4 => "[ -~]{0,40}",
        2 => "[€^{}\\\\\\[~\\]|]{0,40}",
        1 => "[éèùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉÄÖÑÜ§¿äöñüà]{0,40}",
        1 => "[ăâđêôơưạảấầẩẫậ]{0,40}",
        1 => "[ğışİŞçÇáíóúãõ]{0,40}",
        1 => "[😀𝒳🇻🇳]{0,20}",
    ];
    vec(letters, 0..16).prop_map(|pieces| pieces.concat())
}

fn profile() -> impl Strategy<Value = Profile> {
    let method = prop_oneof![Just(Method::Udh), Just(Method::Sar), Just(Method::MessagePayload)];
    let alphabet = prop_oneof![
        Just(DefaultAlphabet::Gsm7),
        Just(DefaultAlphabet::Gsm7Packed),
        Just(DefaultAlphabet::Latin1),
        Just(DefaultAlphabet::Ascii),
        Just(DefaultAlphabet::Utf8),
    ];
    (method, alphabet).prop_map(|(method, default_alphabet)| Profile { method, default_alphabet })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// gosmpp, ksmppd and Jasmin send an empty text, UTF-8 in GSM parts, or the wrong parts after the first. Here what
    /// is cut, coded, carried over the wire, shuffled, doubled, joined and decoded is what was written, in each method
    /// and each default alphabet of an SMSC.
    #[test]
    fn pain_18_a_text_arrives_as_it_was_written(
        text in text(), profile in profile(), order in vec(any::<usize>(), 64)
    ) {
        let parts = submits(&text, profile);
        prop_assert!(!parts.is_empty() && parts.len() <= 64);
        prop_assert_eq!(shown(parts, &order, profile), text);
    }

    /// A part alone is sound: no escape stands at its end without its letter, no half of a surrogate pair, and it
    /// fits the 140 octets of the air.
    #[test]
    fn pain_18_no_part_cuts_a_letter(text in text()) {
        for sm in submits(&text, Profile::default()) {
            let data = sm.user_data().unwrap();
            prop_assert_ne!(data.payload.last(), if sm.data_coding == 0 { Some(&0x1B) } else { None });
            let (units, room) = match (sm.data_coding, data.concat.is_some()) {
                (0, false) => (data.payload.len(), 160),
                (0, true) => (data.payload.len(), 153),
                (_, false) => (data.payload.len(), 140),
                (_, true) => (data.payload.len(), 134),
            };
            prop_assert!(units <= room);
            if sm.data_coding == 8 {
                let wide: Vec<u16> =
                    data.payload.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                prop_assert!(String::from_utf16(&wide).is_ok());
            }
        }
    }
}

/// Turkish, Spanish and Portuguese handsets write with the shift tables of their languages; no gateway but node-smpp
/// knows any. Here the letters come out as they were typed, single and locking.
#[test]
fn pain_18_letters_of_national_tables_are_read() {
    let read = |elements: &[u8], septets: &[u8]| {
        let octets = [&[u8::try_from(elements.len()).unwrap()], elements, septets].concat();
        let sm = Sm { esm_class: codec::esm_class::UDHI, short_message: octets.into(), ..Sm::default() };
        let data = sm.user_data().unwrap();
        decode_text(&data.payload, 0, data.shifts, DefaultAlphabet::Gsm7).unwrap().text
    };
    assert_eq!(read(&[0x24, 1, 1], b"\x1BG\x1BI\x1BS\x1Bg\x1Bi\x1Bs"), "ĞİŞğış");
    assert_eq!(read(&[0x24, 1, 2], b"\x1BA\x1BI\x1BO\x1BU\x1Ba\x1Bi\x1Bo\x1Bu"), "ÁÍÓÚáíóú");
    assert_eq!(read(&[0x24, 1, 3], b"\x1Ba\x1Bu"), "Âú");
    assert_eq!(read(&[0x25, 1, 1], b"\x0B\x0C\x1C"), "ĞğŞ");
}

/// node-smpp died of one oversized length, smpp34 of a frame that claimed too little. Here a length that no PDU can
/// have is said to be fatal before anything is allocated, and every other octet string is a PDU, an answerable error
/// or incomplete, never a panic.
#[test]
fn pain_22_odd_lengths_and_bodies_end_in_one_of_three_ways() {
    for claimed in [0_u32, 1, 15, 0x4854_5450, u32::MAX, u32::try_from(MAX_COMMAND_LENGTH).unwrap() + 1] {
        let mut wire = BytesMut::new();
        wire.extend_from_slice(&claimed.to_be_bytes());
        wire.extend_from_slice(&[0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1]);
        let capacity = wire.capacity();
        assert!(decode(&mut wire).is_err(), "{claimed:#x}");
        assert!(wire.capacity() <= capacity, "nothing is reserved by a claim");
    }
    let sm = Sm {
        short_message: b"XNC 13557009".to_vec().into(),
        tlvs: codec::Tlvs::new().with(tag::SAR_MSG_REF_NUM, vec![0, 1]),
        ..Sm::default()
    };
    let mut sound = BytesMut::new();
    encode(&Pdu::request(7, Body::DeliverSm(sm)), &mut sound).unwrap();
    // Each octet of the body in turn takes each value, and each prefix of the body is a body.
    for place in 16..sound.len() {
        for value in 0..=u8::MAX {
            let mut wire = sound.clone();
            wire[place] = value;
            one_of_three(wire);
        }
        let mut wire = sound.clone();
        wire.truncate(place);
        let length = u32::try_from(place).unwrap();
        wire[..4].copy_from_slice(&length.to_be_bytes());
        one_of_three(wire);
    }
}

/// The frame is consumed whole, and what answers it bears its number.
fn one_of_three(mut wire: BytesMut) {
    match decode(&mut wire).expect("the length is sound").expect("the frame is whole") {
        Framed::Pdu(pdu) => {
            if let Body::DeliverSm(sm) = &pdu.body {
                let _ = (sm.user_data(), codec::Receipt::parse(sm));
            }
        }
        Framed::Answerable(error) => {
            let refusal = error.answer().expect("a request is answered");
            assert_eq!(refusal.sequence_number, 7);
            assert_ne!(refusal.command_status, CommandStatus::ESME_ROK);
        }
    }
    assert!(wire.is_empty());
}
