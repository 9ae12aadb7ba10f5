//! Our reader beside `rusmpp`: what the strict one accepts, the lenient one must read alike.

use super::*;
use crate::{Pdu, Tlv};
use crate::{Sm, command_id, encode, reader};
use proptest::{collection::vec, prelude::*};
use rusmpp::encode::Encode as _;

/// A body within the specification: tags that `rusmpp` keeps as octets, times empty or whole.
fn strict_sm() -> impl Strategy<Value = Sm> {
    let address =
        || (0u8..7, 0u8..20, "[0-9]{0,20}").prop_map(|(ton, npi, digits)| Address::new(ton, npi, digits));
    let time = || prop_oneof![Just(String::new()), Just("261122070000028+".to_owned())];
    let tlvs = vec((0x1400u16..0x3FFF, vec(any::<u8>(), 0..20)), 0..4);
    let flags = (any::<u8>(), any::<u8>(), any::<u8>());
    (("[A-Z]{0,5}", address(), address()), (time(), time()), flags, vec(any::<u8>(), 0..=254), tlvs).prop_map(
        |(
            (service_type, source, destination),
            times,
            (esm_class, registered_delivery, data_coding),
            text,
            tlvs,
        )| Sm {
            service_type,
            source,
            destination,
            esm_class,
            registered_delivery,
            data_coding,
            schedule_delivery_time: times.0,
            validity_period: times.1.into(),
            short_message: text.into(),
            tlvs: tlvs.into_iter().map(|(tag, value)| Tlv { tag, value: value.into() }).collect(),
            ..Sm::default()
        },
    )
}

/// The body as we write it.
fn body_of(sm: Sm) -> Bytes {
    let mut out = BytesMut::new();
    encode(&Pdu::request(1, Body::DeliverSm(sm)), &mut out).unwrap();
    out.split_off(crate::frame::HEADER_LENGTH).freeze()
}

/// What `rusmpp` makes of a body, written again, where it accepts the whole of it.
fn through_rusmpp(body: &[u8]) -> Option<Vec<u8>> {
    let mut source = BytesMut::from(body);
    let key = CommandId::from(command_id::DELIVER_SM);
    let (decoded, size) = RusmppPdu::decode(key, &mut source, body.len()).ok()??;
    let mut out = vec![0; size];
    let written = decoded.encode(&mut out);
    (size == body.len() && written == size).then_some(out)
}

proptest! {
    #[test]
    fn a_strict_body_is_read_alike(sm in strict_sm()) {
        let body = body_of(sm.clone());
        prop_assert_eq!(through_rusmpp(&body), Some(body.to_vec()));
        prop_assert_eq!(reader::sm(&mut body.clone()), Ok(sm));
    }

    #[test]
    fn a_damaged_body_that_it_accepts_is_read_alike(sm in strict_sm(), at: prop::sample::Index, octet: u8) {
        let mut body = body_of(sm).to_vec();
        let at = at.index(body.len());
        body[at] = octet;
        if let Some(written) = through_rusmpp(&body) {
            let ours = reader::sm(&mut Bytes::from(body)).map(body_of);
            prop_assert_eq!(ours, Ok(written.into()));
        }
    }
}

/// Sound bodies of the commands that only `rusmpp` decodes: replace_sm, submit_multi and its response,
/// query_sm_resp, alert_notification, and broadcast_sm.
const COLD: [(u32, &[u8]); 6] = [
    (command_id::REPLACE_SM, b"7B\0\x06\x008383\0\0\0\0\0\x02ab\x02\x04\0\x02\0\x01"),
    (command_id::SUBMIT_MULTI, b"\0\x06\x008383\0\x02\x01\x01\x018490\0\x02list\0\0\0\0\0\0\0\0\0\0\x02ab"),
    (command_id::SUBMIT_MULTI | command_id::RESPONSE_BIT, b"7B\0\x01\x01\x018490\0\0\0\0\x0B"),
    (command_id::QUERY_SM_RESP, b"7B\x00261122070100000+\0\x02\0"),
    (command_id::ALERT_NOTIFICATION, b"\x01\x018490\0\x06\x008383\0\x04\x22\0\x01\0"),
    (command_id::BROADCAST_SM, b"\0\x06\x008383\0\0\0\0\0\0\0\0"),
];

proptest! {
    #[test]
    fn no_damage_makes_it_panic(
        pick: prop::sample::Index,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut: prop::sample::Index,
        whole: bool,
    ) {
        let (command_id, body) = COLD[pick.index(COLD.len())];
        let mut body = body.to_vec();
        for (at, octet) in damage {
            let at = at.index(body.len());
            body[at] = octet;
        }
        if !whole {
            body.truncate(cut.index(body.len() + 1));
        }
        let body = Bytes::from(body);
        if let Some(decoded) = decode(command_id, &body) {
            prop_assert_eq!(decoded.command_id(), command_id);
        }
    }
}

#[test]
fn sound_bodies_are_accepted() {
    for (command_id, body) in COLD {
        assert!(decode(command_id, &Bytes::from_static(body)).is_some(), "{command_id:#x}");
    }
}

#[test]
fn what_rusmpp_refuses_or_does_not_know() {
    let none = Bytes::new();
    assert_eq!(decode(command_id::QUERY_SM, &none), None);
    assert_eq!(decode(command_id::OUTBIND, &Bytes::from_static(b"SMSC")), None);
    let unknown = Body::Other { command_id: 0x0001_0200, body: none.clone() };
    assert_eq!(decode(0x0001_0200, &none), Some(unknown));
}
