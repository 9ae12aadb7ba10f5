//! An outgoing text as the messages that carry it.

use bytes::{BufMut, Bytes, BytesMut};
use text::{
    gsm7,
    parts::{self, Alphabet, GSM7_SINGLE, Part},
};

use crate::{Sm, Tlvs, data_coding::DefaultAlphabet, encode::SM_LENGTH_MAX, esm_class::UDHI, tlv::tag};

/// Octets of the user data header that [`Method::Udh`] writes, its length octet included.
const UDH_OCTETS: usize = 6;

/// How a bind carries a text of several parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// User data header with an 8-bit reference: every handset joins it in order.
    #[default]
    Udh,
    /// sar_msg_ref_num, sar_total_segments, sar_segment_seqnum; the SMSC writes the header.
    Sar,
    /// One message with message_payload; the SMSC cuts it.
    MessagePayload,
}

/// What a bind's SMSC expects of outgoing texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How to send several parts.
    pub method: Method,
    /// What the SMSC reads under data_coding 0.
    pub default_alphabet: DefaultAlphabet,
}

/// The fields of a submit_sm that a text decides.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// UDHI where short_message starts with a header, else 0.
    pub esm_class: u8,
    /// 0 or 8.
    pub data_coding: u8,
    /// The text's octets with their header.
    pub short_message: Bytes,
    /// SAR parameters or message_payload.
    pub tlvs: Tlvs,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Segment({} octets, {:?})", self.short_message.len(), self.tlvs)
    }
}

impl Segment {
    /// Puts the fields into a submit_sm; its esm_class keeps its other bits, its TLVs stay.
    pub fn fill(self, sm: &mut Sm) {
        sm.esm_class |= self.esm_class;
        sm.data_coding = self.data_coding;
        sm.short_message = self.short_message;
        for tlv in &self.tlvs {
            sm.tlvs.push(tlv.tag, tlv.value.clone());
        }
    }
}

/// Cuts a text into what goes into one submit_sm each, in order. Nothing is ever left out.
///
/// `reference` numbers the whole message; it should not repeat soon for one pair of addresses. Only its low eight
/// bits go into a user data header. A text of more than 255 parts goes by message_payload whatever the method.
#[must_use]
pub fn segment(text: &str, reference: u16, profile: Profile) -> Vec<Segment> {
    if let Some(octets) = single(text, profile.default_alphabet) {
        return vec![Segment { short_message: octets.into(), ..Segment::default() }];
    }
    let (parts, data_coding) = coded_parts(text, profile.default_alphabet);
    let method = if parts.len() > usize::from(u8::MAX) { Method::MessagePayload } else { profile.method };
    if parts.len() <= 1 || method == Method::MessagePayload {
        return vec![whole(&parts, data_coding, profile.default_alphabet)];
    }
    let total = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    (1..=total)
        .zip(&parts)
        .map(|(number, part)| match method {
            Method::Udh => with_udh(part, data_coding, [reference.to_be_bytes()[1], total, number], profile),
            Method::Sar | Method::MessagePayload => Segment {
                esm_class: 0,
                data_coding,
                short_message: packed(part, data_coding, profile.default_alphabet, 0),
                tlvs: Tlvs::new()
                    .with(tag::SAR_MSG_REF_NUM, reference.to_be_bytes().to_vec())
                    .with(tag::SAR_TOTAL_SEGMENTS, vec![total])
                    .with(tag::SAR_SEGMENT_SEQNUM, vec![number]),
            },
        })
        .collect()
}

/// The octets of what nearly every answer is: one message in the GSM alphabet, as it stands.
fn single(text: &str, default_alphabet: DefaultAlphabet) -> Option<Vec<u8>> {
    let septets = if default_alphabet == DefaultAlphabet::Gsm7 { gsm7::encode(text) } else { None };
    septets.filter(|septets| septets.len() <= GSM7_SINGLE)
}

/// The octets of each part and their data_coding. A text that the SMSC's default alphabet lacks goes as UCS-2.
fn coded_parts(text: &str, default_alphabet: DefaultAlphabet) -> (Vec<Vec<u8>>, u8) {
    let cut = parts::split(text);
    let gsm7 = cut.first().is_some_and(|part| part.alphabet == Alphabet::Gsm7);
    if gsm7 {
        let coded: Option<Vec<Vec<u8>>> =
            cut.into_iter().map(|part| recode(part, default_alphabet)).collect();
        if let Some(parts) = coded {
            return (parts, 0x00);
        }
    } else {
        return (cut.into_iter().map(|part| part.octets).collect(), 0x08);
    }
    (parts::split_ucs2(text).into_iter().map(|part| part.octets).collect(), 0x08)
}

/// Septets in the SMSC's default alphabet, or `None` where it lacks a character.
fn recode(part: Part, default_alphabet: DefaultAlphabet) -> Option<Vec<u8>> {
    let text = || gsm7::decode(&part.octets, gsm7::Shifts::default());
    match default_alphabet {
        DefaultAlphabet::Gsm7 | DefaultAlphabet::Gsm7Packed => Some(part.octets),
        DefaultAlphabet::Latin1 => text::latin1::encode(&text()),
        DefaultAlphabet::Ascii | DefaultAlphabet::Utf8 => {
            Some(text().into_bytes()).filter(|it| it.is_ascii())
        }
    }
}

fn packed(octets: &[u8], data_coding: u8, default_alphabet: DefaultAlphabet, header_octets: usize) -> Bytes {
    if data_coding == 0x00 && default_alphabet == DefaultAlphabet::Gsm7Packed {
        return gsm7::pack(octets, gsm7::fill_bits(header_octets)).into();
    }
    Bytes::copy_from_slice(octets)
}

/// All parts as one message: in short_message where they fit, else in message_payload.
fn whole(parts: &[Vec<u8>], data_coding: u8, default_alphabet: DefaultAlphabet) -> Segment {
    let octets = packed(&parts.concat(), data_coding, default_alphabet, 0);
    if parts.len() <= 1 && octets.len() <= SM_LENGTH_MAX {
        return Segment { data_coding, short_message: octets, ..Segment::default() };
    }
    Segment { data_coding, tlvs: Tlvs::new().with(tag::MESSAGE_PAYLOAD, octets), ..Segment::default() }
}

fn with_udh(part: &[u8], data_coding: u8, concat: [u8; 3], profile: Profile) -> Segment {
    let octets = packed(part, data_coding, profile.default_alphabet, UDH_OCTETS);
    let mut short_message = BytesMut::with_capacity(UDH_OCTETS + octets.len());
    short_message.put_slice(&[0x05, 0x00, 0x03]);
    short_message.put_slice(&concat);
    short_message.put_slice(&octets);
    Segment { esm_class: UDHI, data_coding, short_message: short_message.freeze(), tlvs: Tlvs::new() }
}

#[cfg(test)]
mod tests;
