//! What holds for all PDUs and for all octets.

use bytes::{Bytes, BytesMut};
use codec::{
    Bind, BindResp, Body, CommandStatus, Framed, MAX_COMMAND_LENGTH, Pdu, Receipt, Sm, SmKind, SmResp, Tlv,
    Tlvs,
    data_coding::{Coding, DefaultAlphabet, decode_text},
    decode, encode,
    pdu::{AlertNotification, Outbind, QuerySm, QuerySmResp},
};
use model::{Address, Redacted};
use proptest::{collection::vec, prelude::*};

/// Latin-1 without NUL: what a C-octet string can hold.
fn c_string(length: usize) -> impl Strategy<Value = String> {
    vec(1u8..=255, 0..=length).prop_map(|octets| octets.into_iter().map(char::from).collect())
}

fn ascii(length: usize) -> impl Strategy<Value = String> {
    vec(0x20u8..0x7F, 0..=length).prop_map(|octets| octets.into_iter().map(char::from).collect())
}

fn octets(length: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..=length).prop_map(Bytes::from)
}

fn address() -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), c_string(24)).prop_map(|(ton, npi, digits)| Address::new(ton, npi, digits))
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    vec((any::<u16>(), octets(40)).prop_map(|(tag, value)| Tlv { tag, value }), 0..5)
        .prop_map(Tlvs::from_iter)
}

fn sm() -> impl Strategy<Value = Sm> {
    let head = (c_string(8), address(), address(), any::<[u8; 8]>());
    let times = (c_string(18), c_string(18));
    (head, times, octets(255), tlvs()).prop_map(
        |((service_type, source, destination, flags), times, text, tlvs)| Sm {
            service_type,
            source,
            destination,
            esm_class: flags[0],
            protocol_id: flags[1],
            priority_flag: flags[2],
            schedule_delivery_time: times.0,
            validity_period: times.1.into(),
            registered_delivery: flags[3],
            replace_if_present_flag: flags[4],
            data_coding: flags[5],
            sm_default_msg_id: flags[6],
            short_message: text,
            tlvs,
        },
    )
}

fn data_sm() -> impl Strategy<Value = Sm> {
    (c_string(8), address(), address(), any::<[u8; 3]>(), tlvs()).prop_map(
        |(service_type, source, destination, flags, tlvs)| Sm {
            service_type,
            source,
            destination,
            esm_class: flags[0],
            registered_delivery: flags[1],
            data_coding: flags[2],
            tlvs,
            ..Sm::default()
        },
    )
}

fn bind() -> impl Strategy<Value = Bind> {
    (c_string(20), c_string(20), c_string(15), any::<[u8; 3]>(), c_string(45)).prop_map(
        |(system_id, password, system_type, [interface_version, addr_ton, addr_npi], address_range)| Bind {
            system_id,
            password: Redacted(password),
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let bind_resp = || (c_string(20), tlvs()).prop_map(|(system_id, tlvs)| BindResp { system_id, tlvs });
    let sm_resp = || {
        (c_string(70), tlvs()).prop_map(|(message_id, tlvs)| SmResp { message_id: message_id.into(), tlvs })
    };
    prop_oneof![
        bind().prop_map(Body::BindTransmitter),
        bind().prop_map(Body::BindReceiver),
        bind().prop_map(Body::BindTransceiver),
        bind_resp().prop_map(Body::BindTransmitterResp),
        bind_resp().prop_map(Body::BindReceiverResp),
        bind_resp().prop_map(Body::BindTransceiverResp),
        sm().prop_map(Body::SubmitSm),
        sm().prop_map(Body::DeliverSm),
        data_sm().prop_map(Body::DataSm),
        sm_resp().prop_map(Body::SubmitSmResp),
        sm_resp().prop_map(Body::DeliverSmResp),
        sm_resp().prop_map(Body::DataSmResp),
        strict_body(),
    ]
}

/// Bodies that `rusmpp` decodes, within the lengths of the specification.
fn strict_body() -> impl Strategy<Value = Body> {
    let address = || {
        (any::<u8>(), any::<u8>(), ascii(20)).prop_map(|(ton, npi, digits)| Address::new(ton, npi, digits))
    };
    prop_oneof![
        Just(Body::Unbind),
        Just(Body::UnbindResp),
        Just(Body::EnquireLink),
        Just(Body::EnquireLinkResp),
        Just(Body::GenericNack),
        (ascii(15), ascii(8)).prop_map(|(system_id, password)| Body::Outbind(Outbind {
            system_id,
            password: Redacted(password)
        })),
        (ascii(64), address()).prop_map(|(message_id, source)| Body::QuerySm(QuerySm { message_id, source })),
        (ascii(64), any::<[u8; 2]>(), any::<bool>()).prop_map(
            |(message_id, [message_state, error_code], dated)| {
                let final_date = if dated { "261122070100000+".to_owned() } else { String::new() };
                Body::QuerySmResp(QuerySmResp { message_id, final_date, message_state, error_code })
            }
        ),
        (address(), address(), proptest::option::of(any::<u8>())).prop_map(
            |(source, esme, ms_availability_status)| {
                Body::AlertNotification(AlertNotification { source, esme, ms_availability_status })
            }
        ),
        (0x0001_0000u32..0x0002_0000, any::<bool>(), octets(40)).prop_map(|(id, response, body)| {
            Body::Other { command_id: if response { id | 0x8000_0000 } else { id }, body }
        }),
    ]
}

fn pdu() -> impl Strategy<Value = Pdu> {
    (any::<u32>(), any::<u32>(), body()).prop_map(|(status, sequence_number, body)| Pdu {
        command_status: CommandStatus(status),
        sequence_number,
        body,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(pdus in vec(pdu(), 1..5)) {
        let mut wire = BytesMut::new();
        for pdu in &pdus {
            encode(pdu, &mut wire).unwrap();
        }
        for pdu in pdus {
            prop_assert_eq!(decode(&mut wire), Ok(Some(Framed::Pdu(pdu))));
        }
        prop_assert!(wire.is_empty());
    }

    #[test]
    fn octets_that_come_one_by_one_give_the_same(pdu in pdu()) {
        let mut whole = BytesMut::new();
        encode(&pdu, &mut whole).unwrap();
        let mut wire = BytesMut::new();
        let mut last = Ok(None);
        for octet in whole {
            prop_assert_eq!(&last, &Ok(None));
            wire.extend_from_slice(&[octet]);
            last = decode(&mut wire);
        }
        prop_assert_eq!(last, Ok(Some(Framed::Pdu(pdu))));
    }

    #[test]
    fn any_body_consumes_its_frame_and_no_more(
        command in prop_oneof![0u32..0x20, 0x8000_0000u32..0x8000_0020, 0x100u32..0x120, any::<u32>()],
        body in vec(any::<u8>(), 0..300),
        next in vec(any::<u8>(), 0..20),
    ) {
        let mut wire = BytesMut::new();
        let length = u32::try_from(body.len() + 16).unwrap();
        for word in [length, command, 0, 9] {
            wire.extend_from_slice(&word.to_be_bytes());
        }
        wire.extend_from_slice(&body);
        wire.extend_from_slice(&next);
        let framed = decode(&mut wire).unwrap().unwrap();
        prop_assert_eq!(wire.as_ref(), next.as_slice());
        match framed {
            Framed::Pdu(pdu) => {
                prop_assert_eq!(pdu.body.command_id(), command);
                prop_assert_eq!(pdu.sequence_number, 9);
                prop_assert!(pdu.refusal().is_none_or(|it| it.sequence_number == 9));
                if let Body::DeliverSm(sm) | Body::SubmitSm(sm) | Body::DataSm(sm) = &pdu.body {
                    let _ = sm.user_data();
                    let _ = Receipt::parse(sm);
                }
            }
            Framed::Answerable(error) => {
                prop_assert!(command < 0x8000_0000, "a response is never answered");
                prop_assert_eq!(error.body.as_ref(), body.as_slice());
            }
        }
    }

    #[test]
    fn any_octets_are_framed_or_fatal(mut octets in vec(any::<u8>(), 0..200), small: bool) {
        if small {
            octets.iter_mut().take(2).for_each(|octet| *octet = 0);
        }
        let mut wire = BytesMut::from(octets.as_slice());
        let capacity = wire.capacity();
        let mut left = wire.len();
        while let Ok(Some(_)) = decode(&mut wire) {
            prop_assert!(wire.len() + 16 <= left);
            left = wire.len();
        }
        prop_assert!(wire.capacity() <= capacity, "nothing is reserved by a claim");
    }
}

#[test]
fn every_esm_class_under_every_data_coding_is_read_or_said_to_be_no_text() {
    let header = b"\x05\x00\x03\x07\x02\x01\x04\x1D\x00\xD8\x3D!";
    let mut read = 0;
    for (esm_class, data_coding) in (0..=255).flat_map(|class| (0..=255).map(move |coding| (class, coding))) {
        let payloads = [&header[..], b"\xFFabc", b""];
        for octets in payloads.into_iter().take(if data_coding == 0 { 3 } else { 1 }) {
            let sm = Sm { esm_class, data_coding, short_message: octets.into(), ..Sm::default() };
            assert_eq!(Receipt::parse(&sm).is_none(), sm.kind() == SmKind::Message);
            let Ok(data) = sm.user_data() else {
                assert!(sm.has_udh() && octets.len() < 5, "{esm_class:#04x}");
                continue;
            };
            let decoded = decode_text(&data.payload, data_coding, data.shifts, DefaultAlphabet::Gsm7);
            let is_text = !matches!(Coding::of(data_coding), Coding::Other(_));
            assert_eq!(decoded.is_ok(), is_text, "{data_coding:#04x}");
            read += usize::from(decoded.is_ok_and(|it| it.text.chars().count() <= octets.len()));
        }
    }
    assert!(read > 40_000, "{read} texts");
}

#[test]
fn what_cannot_be_carried_is_refused_and_leaves_the_buffer_alone() {
    let mut wire = BytesMut::from(&b"before"[..]);
    let long = Sm { short_message: vec![b'a'; 256].into(), ..Sm::default() };
    let huge = Sm { tlvs: Tlvs::new().with(0x0424, vec![0; MAX_COMMAND_LENGTH]), ..Sm::default() };
    let misplaced = Sm { short_message: Bytes::from_static(b"a"), ..Sm::default() };
    for body in [Body::SubmitSm(long), Body::DeliverSm(huge), Body::DataSm(misplaced)] {
        assert!(encode(&Pdu::request(1, body), &mut wire).is_err());
        assert_eq!(wire.as_ref(), b"before");
    }
}

#[test]
fn a_nul_or_a_wide_character_cannot_move_the_fields() {
    let sm = Sm { service_type: "a\0b".to_owned(), source: Address::new(1, 1, "8490\0Đ"), ..Sm::default() };
    let mut wire = BytesMut::new();
    encode(&Pdu::request(1, Body::SubmitSm(sm)), &mut wire).unwrap();
    let Ok(Some(Framed::Pdu(Pdu { body: Body::SubmitSm(read), .. }))) = decode(&mut wire) else { panic!() };
    assert_eq!((read.service_type.as_str(), read.source.digits.as_str()), ("ab", "8490?"));
}

#[test]
fn nothing_personal_is_printed() {
    let sm = Sm {
        source: Address::new(1, 1, "84905123456"),
        short_message: Bytes::from_static(b"TK 201234567"),
        tlvs: Tlvs::new().with(0x0424, &b"TK 201234567"[..]),
        ..Sm::default()
    };
    let bind = Bind { password: Redacted("secret".to_owned()), ..Bind::default() };
    let data = sm.user_data();
    let receipt = Receipt::from_text("id:1 text:201234567");
    let shown = format!("{:?} {:?} {data:?} {receipt:?}", Pdu::request(1, Body::DeliverSm(sm)), bind);
    for personal in ["84905123456", "201234567", "secret", "TK"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}
