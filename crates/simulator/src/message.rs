//! What a handset sends, and how an SMSC writes it.

use bytes::{BufMut, Bytes, BytesMut};
use codec::{Sm, Tlvs, esm_class::UDHI, segment::Segment, tlv::tag};
use model::{Address, Redacted};
use serde::{Deserialize, Serialize};
use text::parts;

/// A text that a citizen sends.
#[derive(Clone)]
pub struct Message {
    /// The citizen's number in E.164, with or without `+`.
    pub from: String,
    /// The short code or service number.
    pub to: String,
    /// The text; GSM-7 where it fits, else UCS-2.
    pub text: Redacted<String>,
    /// How a text of several parts is carried.
    pub split: Split,
    /// In which order the parts are delivered.
    pub part_order: PartOrder,
    /// UCS-2 even where GSM-7 would do.
    pub ucs2: bool,
    /// The reference that its parts share; `None` for the handset's next one.
    pub reference: Option<u16>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Message(*** to {}, {:?})", self.to, self.split)
    }
}

impl Message {
    /// A plain text.
    pub fn new(from: impl Into<String>, to: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            text: Redacted(text.into()),
            split: Split::default(),
            part_order: PartOrder::default(),
            ucs2: false,
            reference: None,
        }
    }
}

/// How a text of several parts is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// User data headers with an 8-bit reference.
    #[default]
    Udh8,
    /// User data headers with a 16-bit reference.
    Udh16,
    /// SAR parameters.
    Sar,
    /// One message_payload.
    Payload,
}

/// In which order the parts of a text are delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOrder {
    /// First to last.
    #[default]
    Forward,
    /// Last to first.
    Reverse,
    /// These, counted from 1, and no others: some may be missing, some come twice.
    Listed(Vec<u8>),
}

/// How the SMSC writes a citizen's number into source_addr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStyle {
    /// TON 1, NPI 1: `84905123456`.
    #[default]
    International,
    /// TON 0, NPI 0: `+84905123456`.
    Plus,
    /// TON 0, NPI 1: `0084905123456`.
    DoubleZero,
    /// TON 0, NPI 1: `84905123456`.
    Unknown,
    /// TON 2, NPI 1: `905123456`.
    National,
    /// TON 0, NPI 1: `0905123456`; where the country has no trunk prefix, as national.
    Trunk,
}

/// Country code and trunk prefix of the countries whose numbers can be written nationally.
const COUNTRIES: [(&str, &str); 2] = [("84", "0"), ("420", "")];

impl SourceStyle {
    /// The source address of a handset with these E.164 digits.
    #[must_use]
    pub fn address(self, digits: &str) -> Address {
        let national = COUNTRIES.iter().find_map(|(code, trunk)| Some((digits.strip_prefix(code)?, *trunk)));
        match (self, national) {
            (Self::Plus, _) => Address::new(0, 0, format!("+{digits}")),
            (Self::DoubleZero, _) => Address::new(0, 1, format!("00{digits}")),
            (Self::Unknown, _) => Address::new(0, 1, digits),
            (Self::National, Some((national, _))) => Address::new(2, 1, national),
            (Self::Trunk, Some((national, ""))) => Address::new(2, 1, national),
            (Self::Trunk, Some((national, trunk))) => Address::new(0, 1, format!("{trunk}{national}")),
            (Self::International, _) | (Self::National | Self::Trunk, None) => Address::new(1, 1, digits),
        }
    }
}

/// Digits without `+`, `00` and blanks, as handsets and numbers are filed.
pub(crate) fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(|character| !matches!(character, '+' | ' ')).collect();
    match digits.strip_prefix("00") {
        Some(international) => international.to_owned(),
        None => digits,
    }
}

/// A number longer than any short code is written as international.
const SHORT_CODE_DIGITS_MAX: usize = 8;

/// The destination address of a short code or service number.
pub(crate) fn service_address(digits: &str) -> Address {
    let ton = if digits.len() > SHORT_CODE_DIGITS_MAX { 1 } else { 0 };
    Address::new(ton, 1, digits)
}

/// The same message as data_sm has it: all of its user data in message_payload.
pub(crate) fn as_data_sm(mut sm: Sm) -> Sm {
    if !sm.short_message.is_empty() {
        sm.tlvs.push(tag::MESSAGE_PAYLOAD, std::mem::take(&mut sm.short_message));
    }
    sm
}

/// The deliver_sm bodies that carry a message, in the order in which they are to be delivered.
pub(crate) fn deliveries(message: &Message, source: &Address, reference: u16) -> Vec<Sm> {
    let destination = service_address(&digits(&message.to));
    let mut segments = segments(message, reference);
    match &message.part_order {
        PartOrder::Forward => {}
        PartOrder::Reverse => segments.reverse(),
        PartOrder::Listed(numbers) => {
            let part = |number: &u8| segments.get(usize::from(*number).checked_sub(1)?).cloned();
            segments = numbers.iter().filter_map(part).collect();
        }
    }
    segments
        .into_iter()
        .map(|segment| {
            let mut sm = Sm { source: source.clone(), destination: destination.clone(), ..Sm::default() };
            segment.fill(&mut sm);
            sm
        })
        .collect()
}

fn segments(message: &Message, reference: u16) -> Vec<Segment> {
    let cut = match (message.split, message.ucs2) {
        (Split::Udh16, ucs2) => parts::split_wide(&message.text, ucs2),
        (_, true) => parts::split_ucs2(&message.text),
        (_, false) => parts::split(&message.text),
    };
    let data_coding = match cut.first().map(|part| part.alphabet) {
        Some(parts::Alphabet::Ucs2) => 0x08,
        _ => 0x00,
    };
    let Ok(total) = u8::try_from(cut.len()) else {
        return vec![payload(&cut, data_coding)];
    };
    if message.split == Split::Payload {
        return vec![payload(&cut, data_coding)];
    }
    (1..=total)
        .zip(&cut)
        .map(|(number, part)| {
            let mut segment = Segment { data_coding, ..Segment::default() };
            if total == 1 {
                segment.short_message = Bytes::copy_from_slice(&part.octets);
            } else {
                carry(&mut segment, message.split, reference, [total, number], &part.octets);
            }
            segment
        })
        .collect()
}

fn payload(cut: &[parts::Part], data_coding: u8) -> Segment {
    let octets: Vec<u8> = cut.iter().flat_map(|part| part.octets.iter().copied()).collect();
    Segment { data_coding, tlvs: Tlvs::new().with(tag::MESSAGE_PAYLOAD, octets), ..Segment::default() }
}

/// Writes one of several parts: its octets, and which part it is.
fn carry(segment: &mut Segment, split: Split, reference: u16, of: [u8; 2], octets: &[u8]) {
    let [high, low] = reference.to_be_bytes();
    let [total, number] = of;
    let mut short_message = BytesMut::with_capacity(7 + octets.len());
    match split {
        Split::Udh8 | Split::Payload => {
            segment.esm_class = UDHI;
            short_message.put_slice(&[0x05, 0x00, 0x03, low, total, number]);
        }
        Split::Udh16 => {
            segment.esm_class = UDHI;
            short_message.put_slice(&[0x06, 0x08, 0x04, high, low, total, number]);
        }
        Split::Sar => {
            segment.tlvs.push(tag::SAR_MSG_REF_NUM, vec![high, low]);
            segment.tlvs.push(tag::SAR_TOTAL_SEGMENTS, vec![total]);
            segment.tlvs.push(tag::SAR_SEGMENT_SEQNUM, vec![number]);
        }
    }
    short_message.put_slice(octets);
    segment.short_message = short_message.freeze();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: &Message) -> Vec<Sm> {
        deliveries(message, &SourceStyle::International.address("84905123456"), 0x1234)
    }

    /// The parts put together again, whatever carried them.
    fn read(sms: &[Sm]) -> String {
        let mut parts: Vec<_> = sms.iter().map(|sm| (sm.user_data().unwrap(), sm.data_coding)).collect();
        parts.sort_by_key(|(data, _)| data.concat.map(|concat| concat.number));
        let octets: Vec<u8> = parts.iter().flat_map(|(data, _)| data.payload.to_vec()).collect();
        let shifts = text::gsm7::Shifts::default();
        let profile = codec::data_coding::DefaultAlphabet::Gsm7;
        codec::data_coding::decode_text(&octets, sms[0].data_coding, shifts, profile).unwrap().text
    }

    #[test]
    fn a_text_survives_every_way_of_carrying_it() {
        for text in ["XNC 13557009".to_owned(), "à{}€ ".repeat(100), "Đăng ký ".repeat(40)] {
            for split in [Split::Udh8, Split::Udh16, Split::Sar, Split::Payload] {
                for part_order in [PartOrder::Forward, PartOrder::Reverse] {
                    let message =
                        Message { split, part_order, ..Message::new("84905123456", "8383", text.clone()) };
                    let sms = written(&message);
                    assert_eq!(read(&sms), text, "{split:?}");
                    assert_eq!(sms.len() > 1, text.len() > 160 && split != Split::Payload);
                }
            }
        }
    }

    #[test]
    fn parts_are_picked_and_share_the_reference() {
        let text = "x".repeat(400);
        let part_order = PartOrder::Listed(vec![3, 1, 1, 0, 4]);
        let message = Message { part_order, ..Message::new("84905123456", "8383", text) };
        let numbers: Vec<_> = written(&message)
            .iter()
            .map(|sm| sm.user_data().unwrap().concat.map(|it| (it.reference, it.number)).unwrap())
            .collect();
        assert_eq!(numbers, [(0x34, 3), (0x34, 1), (0x34, 1)]);
    }

    #[test]
    fn ucs2_can_be_forced() {
        let message = Message { ucs2: true, ..Message::new("84905123456", "8383", "XNC 1") };
        let sms = written(&message);
        assert_eq!((sms[0].data_coding, sms[0].short_message.len()), (8, 10));
    }

    #[test]
    fn numbers_are_written_in_every_style() {
        let address = |name: &str, digits| {
            let style: SourceStyle = serde_json::from_value(name.into()).unwrap();
            let Address { ton, npi, digits } = style.address(digits);
            (ton, npi, digits)
        };
        let written = |ton, npi, digits: &str| (ton, npi, digits.into());
        assert_eq!(address("international", "84905123456"), written(1, 1, "84905123456"));
        assert_eq!(address("plus", "84905123456"), written(0, 0, "+84905123456"));
        assert_eq!(address("double_zero", "84905123456"), written(0, 1, "0084905123456"));
        assert_eq!(address("national", "84905123456"), written(2, 1, "905123456"));
        assert_eq!(address("trunk", "84905123456"), written(0, 1, "0905123456"));
        assert_eq!(address("trunk", "420602123456"), written(2, 1, "602123456"));
        assert_eq!(address("national", "4917012345678"), written(1, 1, "4917012345678"));
        assert_eq!(digits("+420 739 547 765"), "420739547765");
    }
}
