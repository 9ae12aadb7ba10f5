//! Any user data headers, and parts in any order.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use codec::data_coding::{Coding, DefaultAlphabet, decode_text, unpack};
use codec::reassembly::{GivenUp, Inserted, JOIN_AGE_MAX, JOINS_PER_SENDER_MAX, JoinKey, Reassembly};
use codec::segment::{Method, Profile, segment};
use codec::tlv::tag;
use codec::{Concat, Sm, Tlvs, UserData};
use model::Address;

use crate::data_coding::ALPHABETS;
use crate::input::Input;

const TAGS: [u16; 4] =
    [tag::SAR_MSG_REF_NUM, tag::SAR_TOTAL_SEGMENTS, tag::SAR_SEGMENT_SEQNUM, tag::MESSAGE_PAYLOAD];
const METHODS: [Method; 3] = [Method::Udh, Method::Sar, Method::MessagePayload];
/// The longest part that is one.
const PART_OCTETS_MAX: usize = 255;

/// By the first octet: reads one message, joins parts, or cuts a text and joins it.
///
/// - Header and payload are the whole user data; a part's number lies in 1 to its total.
/// - Joined is what a plain model joins: nobody else's parts, in order, each once; what is given up is what had
///   come; four half messages a sender at most.
/// - A text that is cut and comes in any order is the same text.
pub fn user_data(octets: &[u8]) {
    let mut input = Input::new(octets);
    match input.octet() % 3 {
        0 => read_one(&mut input),
        1 => join_many(&mut input),
        _ => cut_and_join(&mut input),
    }
}

fn read_one(input: &mut Input<'_>) {
    let mut sm = Sm { esm_class: input.octet(), ..Sm::default() };
    let mut tlvs = Tlvs::new();
    for _ in 0..input.octet() % 5 {
        let tag = *input.pick(&TAGS);
        tlvs.push(tag, input.short().to_vec());
    }
    sm.tlvs = tlvs;
    sm.short_message = input.rest().to_vec().into();
    let octets = sm.user_octets().clone();
    match sm.user_data() {
        Ok(data) => check_user_data(&data, &octets, sm.has_udh()),
        Err(_) => {
            assert!(sm.has_udh() && octets.first().is_none_or(|first| usize::from(*first) >= octets.len()))
        }
    }
}

fn check_user_data(data: &UserData, octets: &Bytes, has_udh: bool) {
    assert_eq!(data.payload, octets[data.header_octets..]);
    assert_eq!(data.header_octets > 0, has_udh);
    if let Some(Concat { total, number, .. }) = data.concat {
        assert!((1..=total).contains(&number) && data.payload.len() <= PART_OCTETS_MAX);
    }
}

/// What should be waiting: by key, the parts that came.
type Model = HashMap<JoinKey, BTreeMap<u8, Bytes>>;

fn join_many(input: &mut Input<'_>) {
    let (mut reassembly, mut model) = (Reassembly::default(), Model::new());
    let mut now = Duration::ZERO;
    while !input.is_empty() {
        let shape = input.octet();
        if shape >= 0xF0 {
            now += Duration::from_secs(u64::from(input.octet()) * 10);
            for GivenUp { key, join } in reassembly.expire(now) {
                forget(&mut model, &key, &join.octets());
            }
            assert!(reassembly.next_expiry().is_none_or(|next| next > now && next <= now + JOIN_AGE_MAX));
        } else {
            let (source, destination) = (address(shape & 0x03), address(4 + (shape >> 2 & 0x01)));
            let reference = u16::from(shape >> 3 & 0x07);
            let total = input.octet() % 8 + 1;
            let concat = Concat { reference, wide: shape & 0x40 != 0, total, number: 1 };
            let key = JoinKey::new("group", &source, &destination, concat);
            let number = input.octet() % (total + 2);
            let payload = Bytes::from(input.take(usize::from(number) % 4).to_vec());
            insert_both(&mut reassembly, &mut model, &key, number, &payload, now);
        }
        assert_eq!(reassembly.len(), model.len());
        assert!(senders(&model).values().all(|joins| *joins <= JOINS_PER_SENDER_MAX));
    }
}

fn insert_both(
    reassembly: &mut Reassembly,
    model: &mut Model,
    key: &JoinKey,
    number: u8,
    payload: &Bytes,
    now: Duration,
) {
    let (inserted, given_up) = reassembly.insert(key, number, payload.clone(), now);
    assert!(given_up.len() <= 1, "one part makes room once");
    for GivenUp { key, join } in given_up {
        forget(model, &key, &join.octets());
    }
    let sound = (1..=key.total).contains(&number);
    let known = model.get(key).and_then(|parts| parts.get(&number));
    let expected = match known {
        Some(known) if known == payload => Inserted::Duplicate,
        Some(_) => panic!("a part that contradicts its join begins a new one"),
        None if !sound => Inserted::Conflict,
        None => {
            let parts = model.entry(key.clone()).or_default();
            parts.insert(number, payload.clone());
            if parts.len() == usize::from(key.total) {
                let joined = parts.values().flatten().copied().collect::<Vec<u8>>();
                model.remove(key);
                Inserted::Complete(joined.into())
            } else {
                Inserted::Stored
            }
        }
    };
    assert_eq!(inserted, expected);
}

fn forget(model: &mut Model, key: &JoinKey, octets: &Bytes) {
    let parts = model.remove(key).unwrap_or_else(|| panic!("given up what was not there"));
    assert_eq!(parts.into_values().flatten().collect::<Vec<u8>>(), octets[..]);
}

fn senders(model: &Model) -> HashMap<&Address, usize> {
    let mut senders = HashMap::new();
    for key in model.keys() {
        *senders.entry(&key.source).or_default() += 1;
    }
    senders
}

fn address(number: u8) -> Address {
    Address::new(1, 1, format!("8490512345{number}"))
}

fn cut_and_join(input: &mut Input<'_>) {
    let profile = Profile { method: *input.pick(&METHODS), default_alphabet: *input.pick(&ALPHABETS) };
    let (reference, order) = (input.u16(), input.octet());
    let repeats = usize::from(input.octet() % 8) + 1;
    let text = String::from_utf8_lossy(input.rest()).repeat(repeats);
    let mut messages: Vec<Sm> = segment(&text, reference, profile).into_iter().map(filled).collect();
    let count = messages.len();
    assert!((1..=255).contains(&count));
    messages.rotate_left(usize::from(order) % count);
    let data_coding = messages[0].data_coding;
    let mut reassembly = Reassembly::default();
    let mut whole = None;
    for sm in &messages {
        assert!(sm.short_message.len() <= codec::encode::SM_LENGTH_MAX && whole.is_none());
        let data = sm.user_data().unwrap();
        let octets = unpack(&data, data_coding, profile.default_alphabet);
        whole = match data.concat {
            None => Some(octets),
            Some(concat) => {
                let key = JoinKey::new("group", &sm.source, &sm.destination, concat);
                match reassembly.insert(&key, concat.number, octets, Duration::ZERO).0 {
                    Inserted::Complete(octets) => Some(octets),
                    _ => None,
                }
            }
        };
    }
    let whole = whole.unwrap_or_else(|| panic!("{count} parts are not whole"));
    let read = decode_text(&whole, data_coding, Default::default(), profile.default_alphabet).unwrap();
    let cut = Coding::of(data_coding) == Coding::Ucs2 && text.starts_with(['\u{feff}', '\u{fffe}']);
    // The last septet of packed ones may be padding, and a part that ends so is told by nothing.
    let packed = profile.default_alphabet == DefaultAlphabet::Gsm7Packed;
    let comparable = |text: &str| if packed { text.replace(['@', '\r'], "") } else { text.to_owned() };
    assert!(cut || comparable(&read.text) == comparable(&text), "{text:?} came as {:?}", read.text);
}

fn filled(segment: codec::segment::Segment) -> Sm {
    let mut sm = Sm::default();
    segment.fill(&mut sm);
    sm
}
