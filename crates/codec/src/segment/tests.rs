use super::*;
use crate::{Sm, data_coding};
use proptest::prelude::*;

fn sms(text: &str, profile: Profile) -> Vec<Sm> {
    segment(text, 0x1234, profile)
        .into_iter()
        .map(|segment| {
            let mut sm = Sm::default();
            segment.fill(&mut sm);
            sm
        })
        .collect()
}

/// The way of a handset: header off, join, decode.
fn received(messages: &[Sm], profile: Profile) -> String {
    let mut joined = Vec::new();
    for (index, sm) in messages.iter().enumerate() {
        let data = sm.user_data().unwrap();
        let number = data.concat.map_or(1, |concat| concat.number);
        assert_eq!(usize::from(number), index + 1);
        joined.extend(data_coding::unpack(&data, sm.data_coding, profile.default_alphabet));
    }
    let coding = messages[0].data_coding;
    data_coding::decode_text(&joined, coding, gsm7::Shifts::default(), profile.default_alphabet).unwrap().text
}

fn profile(method: Method, default_alphabet: DefaultAlphabet) -> Profile {
    Profile { method, default_alphabet }
}

#[test]
fn one_part_has_no_header() {
    let one = sms(&"a".repeat(160), Profile::default());
    assert_eq!((one.len(), one[0].esm_class, one[0].short_message.len()), (1, 0, 160));
    let one = sms(&"ạ".repeat(70), Profile::default());
    assert_eq!((one.len(), one[0].data_coding, one[0].short_message.len()), (1, 8, 140));
}

#[test]
fn two_parts_have_an_8_bit_reference() {
    let two = sms(&"a".repeat(161), Profile::default());
    assert_eq!(two.len(), 2);
    assert_eq!(&two[0].short_message[..6], b"\x05\x00\x03\x34\x02\x01");
    assert_eq!((two[0].esm_class, two[0].short_message.len()), (0x40, 159));
    let two = sms(&"ạ".repeat(71), Profile::default());
    assert_eq!(two[0].short_message.len(), 140);
}

#[test]
fn sar_and_payload() {
    let sar = sms(&"a".repeat(161), profile(Method::Sar, DefaultAlphabet::Gsm7));
    assert_eq!((sar.len(), sar[0].esm_class, sar[0].short_message.len()), (2, 0, 153));
    assert_eq!(sar[1].user_data().unwrap().concat.map(|it| (it.reference, it.number)), Some((0x1234, 2)));
    let payload = sms(&"a".repeat(161), profile(Method::MessagePayload, DefaultAlphabet::Gsm7));
    assert_eq!((payload.len(), payload[0].short_message.len()), (1, 0));
    assert_eq!(payload[0].tlvs.get(tag::MESSAGE_PAYLOAD).map(|it| it.len()), Some(161));
}

#[test]
fn a_profile_of_another_alphabet_is_kept() {
    let latin = sms("é", profile(Method::Udh, DefaultAlphabet::Latin1));
    assert_eq!((latin[0].data_coding, latin[0].short_message.as_ref()), (0, &b"\xE9"[..]));
    let euro = sms("€", profile(Method::Udh, DefaultAlphabet::Latin1));
    assert_eq!((euro[0].data_coding, euro[0].short_message.as_ref()), (8, &b"\x20\xAC"[..]));
}

#[test]
fn what_no_reference_can_number_goes_as_one_payload() {
    let text = "a".repeat(256 * 153);
    let one = sms(&text, Profile::default());
    assert_eq!((one.len(), received(&one, Profile::default())), (1, text));
    assert_eq!(sms(&"a".repeat(255 * 153), Profile::default()).len(), 255);
}

proptest! {
    #[test]
    fn a_handset_reads_what_was_sent(
        text in "([a-zA-Z0-9€\\[]|[ạéř😀]){0,500}",
        method in prop_oneof![Just(Method::Udh), Just(Method::Sar), Just(Method::MessagePayload)],
        alphabet in prop_oneof![
            Just(DefaultAlphabet::Gsm7), Just(DefaultAlphabet::Gsm7Packed), Just(DefaultAlphabet::Latin1),
            Just(DefaultAlphabet::Ascii), Just(DefaultAlphabet::Utf8),
        ],
    ) {
        let profile = profile(method, alphabet);
        let messages = sms(&text, profile);
        prop_assert_eq!(received(&messages, profile), text);
        for sm in &messages {
            let octets_max = if sm.data_coding == 8 { 140 } else { 160 };
            prop_assert!(sm.short_message.len() <= octets_max);
        }
    }
}
