//! What hostile octets do to the codec: lengths that lie, headers that lie, texts that grow. H-01 to H-09 of the
//! list of hostile inputs, as far as they are a matter of octets.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use bytes::{Bytes, BytesMut};
use codec::data_coding::{DefaultAlphabet, decode_text, unpack};
use codec::{Body, CommandStatus, FatalFrame, Framed, MAX_COMMAND_LENGTH, Pdu, Receipt, Sm, decode, encode};
use model::Address;

const UDHI: u8 = 0x40;

/// A deliver_sm on the wire.
fn wire(sm: Sm) -> BytesMut {
    let mut octets = BytesMut::new();
    encode(&Pdu::request(7, Body::DeliverSm(sm)), &mut octets).unwrap();
    octets
}

fn message(payload: &[u8]) -> Sm {
    Sm {
        source: Address::new(1, 1, "84905123456"),
        destination: Address::new(0, 1, "8383"),
        short_message: Bytes::copy_from_slice(payload),
        ..Sm::default()
    }
}

#[test]
fn h_01_an_impossible_length_is_refused_before_anything_is_reserved_for_it() {
    for claimed in [0, 1, 4, 15, MAX_COMMAND_LENGTH as u32 + 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        for behind in [0, 3, 12, 500] {
            let mut octets = BytesMut::from(&claimed.to_be_bytes()[..]);
            octets.extend_from_slice(&vec![0x41; behind]);
            let capacity = octets.capacity();
            assert_eq!(decode(&mut octets), Err(FatalFrame { command_length: claimed }), "{claimed:#x}");
            assert_eq!(octets.capacity(), capacity, "{claimed:#x} made room");
        }
    }
}

#[test]
fn h_01_the_longest_length_that_is_believed_reserves_nothing_until_its_octets_come() {
    let mut octets = BytesMut::from(&(MAX_COMMAND_LENGTH as u32).to_be_bytes()[..]);
    let capacity = octets.capacity();
    assert_eq!(decode(&mut octets), Ok(None));
    assert_eq!(octets.capacity(), capacity);
}

#[test]
fn h_02_no_length_inside_a_pdu_reads_beyond_it_or_costs_the_next() {
    let sound = wire(message(b"XNC 13557009"));
    let behind = {
        let mut octets = BytesMut::new();
        encode(&Pdu::request(8, Body::EnquireLink), &mut octets).unwrap();
        octets
    };
    let secret = b"OF ANOTHER CITIZEN";
    // Each octet of the body in turn says each of the extremes: sm_length, strings without their NUL, flags.
    for place in 16..sound.len() {
        for lie in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
            let mut octets = sound.clone();
            octets[place] = lie;
            octets.extend_from_slice(&behind);
            octets.extend_from_slice(secret);
            let first = decode(&mut octets).unwrap().unwrap();
            if let Framed::Pdu(Pdu { body: Body::DeliverSm(sm), .. }) = &first {
                let read = [&sm.short_message[..], sm.source.digits.as_bytes()].concat();
                assert!(
                    !read.windows(6).any(|it| it == &secret[..6]),
                    "octet {place} as {lie:#04x} over-reads"
                );
            }
            let Some(Framed::Pdu(next)) = decode(&mut octets).unwrap() else {
                panic!("octet {place} as {lie:#04x} costs the next PDU");
            };
            assert_eq!((next.sequence_number, next.body), (8, Body::EnquireLink));
        }
    }
}

#[test]
fn h_02_an_sm_length_beyond_the_body_is_refused_and_answered_by_its_number() {
    let mut octets = wire(message(b"XNC 13557009"));
    let sm_length = octets.len() - 13;
    assert_eq!(octets[sm_length], 12);
    octets[sm_length] = 13;
    let Some(Framed::Answerable(error)) = decode(&mut octets).unwrap() else { panic!("it was read") };
    assert_eq!((error.sequence_number, error.command_status), (7, CommandStatus::ESME_RINVMSGLEN));
}

#[test]
fn h_03_texts_that_grow_or_break_off_are_measured_after_they_are_decoded() {
    let text = |octets: &[u8], data_coding| {
        let data = message(octets).user_data().unwrap();
        decode_text(&data.payload, data_coding, data.shifts, DefaultAlphabet::Gsm7).unwrap()
    };
    // The euro sign is two septets on the wire and three octets in UTF-8; 127 of them fill a short_message.
    let euros = text(&[0x1B, 0x65].repeat(127), 0x00).text;
    assert_eq!((euros.chars().count(), euros.len()), (127, 381));
    let yens = text(&[0x03; 254], 0x00).text;
    assert_eq!((yens.chars().count(), yens.len()), (254, 508));
    // UCS-2 of odd length: the half character is no text and costs none.
    let odd = text(&[0x00, b'X', 0x00, b'N', 0x00], 0x08);
    assert!(odd.text.starts_with("XN") && odd.doubtful, "{:?}", odd.text);
    // A high surrogate with nothing behind it.
    let lone = text(&[0x00, b'X', 0xD8, 0x3D], 0x08).text;
    assert_eq!(lone, "X\u{FFFD}");
}

#[test]
fn h_08_user_data_headers_that_lie_are_refused_and_their_octets_stay_at_hand() {
    let long = |first: &[u8]| [first, &[0x41; 20]].concat();
    for octets in [vec![], long(&[255]), vec![255], long(&[30, 0, 3]), vec![1], vec![2, 0]] {
        let sm = Sm { esm_class: UDHI, ..message(&octets) };
        assert!(sm.user_data().is_err(), "{octets:?}");
        assert_eq!(sm.user_octets().as_ref(), octets);
    }
    // An element that runs beyond its header ends what is read of it; the text behind the header is a text.
    for element in [&[0, 255, 1][..], &[0, 3], &[0x24, 200], &[8, 4, 1, 2]] {
        let header = [&[element.len() as u8][..], element].concat();
        let sm = Sm { esm_class: UDHI, ..message(&[&header[..], b"XNC HD"].concat()) };
        match sm.user_data() {
            Ok(data) => assert_eq!((data.concat, data.payload.as_ref()), (None, &b"XNC HD"[..])),
            Err(_) => assert_eq!(sm.user_octets().len(), header.len() + 6),
        }
    }
}

#[test]
fn h_09_each_esm_class_with_each_data_coding_is_read_or_refused() {
    let payloads: [&[u8]; 2] = [b"\x05\x00\x03\x2A\x02\x01XNC", &[0xFF, 0x1B, 0x00, 0xD8, 0x00]];
    let mut read = 0_u32;
    for payload in payloads {
        for esm_class in 0..=u8::MAX {
            for data_coding in 0..=u8::MAX {
                let sm = Sm { esm_class, data_coding, ..message(payload) };
                let Some(Framed::Pdu(Pdu { body: Body::DeliverSm(sm), .. })) = decode(&mut wire(sm)).unwrap()
                else {
                    panic!("{esm_class:#04x} {data_coding:#04x}: not framed");
                };
                let _ = (sm.kind(), Receipt::parse(&sm));
                let Ok(data) = sm.user_data() else { continue };
                let payload = unpack(&data, data_coding, DefaultAlphabet::Gsm7);
                let decoded = decode_text(&payload, data_coding, data.shifts, DefaultAlphabet::Gsm7);
                read += u32::from(decoded.is_ok());
            }
        }
    }
    assert!(read > 32_768, "{read} were read");
}
