use super::*;
use crate::Tlvs;
use proptest::prelude::*;

fn udhi(octets: &[u8]) -> Result<UserData, UserDataError> {
    Sm { esm_class: 0x40, short_message: Bytes::copy_from_slice(octets), ..Sm::default() }.user_data()
}

fn narrow(reference: u16, total: u8, number: u8) -> Option<Concat> {
    Some(Concat { reference, wide: false, total, number })
}

#[test]
fn concatenation_of_both_widths() {
    let data = udhi(b"\x05\x00\x03\x2A\x02\x01XNC").unwrap();
    assert_eq!(data.concat, narrow(0x2A, 2, 1));
    assert_eq!((data.payload.as_ref(), data.header_octets), (&b"XNC"[..], 6));
    let data = udhi(b"\x06\x08\x04\x12\x34\x03\x02XNC").unwrap();
    assert_eq!(data.concat, Some(Concat { reference: 0x1234, wide: true, total: 3, number: 2 }));
}

#[test]
fn elements_come_in_any_order_and_unknown_ones_are_skipped() {
    let data =
        udhi(b"\x12\x70\x01\xFF\x05\x04\x0B\x84\x23\xF0\x24\x01\x01\x00\x03\x07\x02\x02\x25X").unwrap();
    assert_eq!(data.concat, narrow(7, 2, 2));
    assert_eq!(data.ports, Some(Ports { destination: 0x0B84, source: 0x23F0 }));
    assert_eq!(data.shifts, Shifts { locking: Language::Default, single: Language::Turkish });
    assert_eq!(data.payload.as_ref(), b"X", "a header octet that is no element stays in the header");
}

#[test]
fn impossible_elements_are_ignored() {
    for header in [
        &b"\x05\x00\x03\x2A\x00\x00XNC"[..],
        b"\x05\x00\x03\x2A\x02\x00XNC",
        b"\x05\x00\x03\x2A\x02\x03XNC",
        b"\x05\x00\x09\x2A\x02\x01XNC",
        b"\x05\x00\xFF\x2A\x02\x01XNC",
        b"\x05\x00\x02\x2A\x02\x01XNC",
    ] {
        let data = udhi(header).unwrap();
        assert_eq!((data.concat, data.payload.as_ref()), (None, &b"XNC"[..]), "{header:?}");
    }
}

#[test]
fn the_last_of_repeated_elements_holds_and_a_bad_repeat_does_not() {
    let twice = udhi(b"\x0A\x00\x03\x01\x02\x01\x00\x03\x02\x02\x02X").unwrap();
    assert_eq!(twice.concat, narrow(2, 2, 2));
    let bad = udhi(b"\x0A\x00\x03\x01\x02\x01\x00\x03\x02\x02\x09X").unwrap();
    assert_eq!(bad.concat, narrow(1, 2, 1));
}

#[test]
fn a_lying_header_is_quarantined() {
    assert_eq!(udhi(b""), Err(UserDataError::HeaderMissing));
    assert_eq!(udhi(b"\x05\x00\x03"), Err(UserDataError::HeaderTooLong { claimed: 6, present: 3 }));
    assert_eq!(udhi(b"\xFFabc"), Err(UserDataError::HeaderTooLong { claimed: 256, present: 4 }));
    let empty = udhi(b"\x05\x00\x03\x2A\x02\x01").unwrap();
    assert!(empty.payload.is_empty());
    assert_eq!(udhi(b"\x00XNC").unwrap().payload.as_ref(), b"XNC");
}

#[test]
fn text_comes_from_message_payload_where_short_message_is_empty() {
    let tlvs = || Tlvs::new().with(tag::MESSAGE_PAYLOAD, &b"\x05\x00\x03\x2A\x02\x01long"[..]);
    let payload = Sm { esm_class: 0x40, tlvs: tlvs(), ..Sm::default() };
    let data = payload.user_data().unwrap();
    assert_eq!((data.concat, data.payload.as_ref()), (narrow(0x2A, 2, 1), &b"long"[..]));
    let both = Sm { short_message: Bytes::from_static(b"short"), tlvs: tlvs(), ..Sm::default() };
    assert_eq!(both.user_data().unwrap().payload.as_ref(), b"short");
    assert!(Sm::default().user_data().unwrap().payload.is_empty());
}

#[test]
fn a_long_payload_is_whole_whatever_its_header_says() {
    let mut octets = b"\x05\x00\x03\x2A\x02\x01".to_vec();
    octets.resize(6 + 255, b'a');
    let sm = |octets: &[u8]| Sm {
        esm_class: 0x40,
        tlvs: Tlvs::new().with(tag::MESSAGE_PAYLOAD, octets.to_vec()),
        ..Sm::default()
    };
    assert_eq!(sm(&octets).user_data().unwrap().concat, narrow(0x2A, 2, 1));
    octets.push(b'a');
    assert_eq!(sm(&octets).user_data().unwrap().concat, None);
}

#[test]
fn sar_counts_where_no_header_does() {
    let sar = |number: u8| {
        Tlvs::new()
            .with(tag::SAR_MSG_REF_NUM, vec![0x01, 0x02])
            .with(tag::SAR_TOTAL_SEGMENTS, vec![2])
            .with(tag::SAR_SEGMENT_SEQNUM, vec![number])
    };
    let sm = Sm { short_message: Bytes::from_static(b"part"), tlvs: sar(2), ..Sm::default() };
    assert_eq!(
        sm.user_data().unwrap().concat,
        Some(Concat { reference: 0x0102, wide: true, total: 2, number: 2 })
    );
    assert_eq!(Sm { tlvs: sar(3), ..sm.clone() }.user_data().unwrap().concat, None);
    let both = Sm { esm_class: 0x40, short_message: Bytes::from_static(b"\x05\x00\x03\x2A\x02\x01X"), ..sm };
    assert_eq!(both.user_data().unwrap().concat, narrow(0x2A, 2, 1));
}

proptest! {
    #[test]
    fn any_user_data_is_read_or_refused(octets: Vec<u8>, esm_class: u8, payload in proptest::option::of(any::<Vec<u8>>())) {
        let mut sm = Sm { esm_class, short_message: octets.into(), ..Sm::default() };
        if let Some(payload) = payload {
            sm.tlvs.push(tag::MESSAGE_PAYLOAD, payload);
        }
        if let Ok(data) = sm.user_data() {
            let whole = sm.tlvs.get(tag::MESSAGE_PAYLOAD).filter(|_| sm.short_message.is_empty()).unwrap_or(&sm.short_message);
            prop_assert_eq!(data.payload.len() + data.header_octets, whole.len());
            if let Some(concat) = data.concat {
                prop_assert!((1..=concat.total).contains(&concat.number));
            }
        }
    }
}
