//! The PDUs of a busy link.

use bytes::{Bytes, BytesMut};
use codec::data_coding::{DefaultAlphabet, decode_text, unpack};
use codec::{Body, Framed, Pdu, Sm, SmResp, Tlvs, tlv::tag};
use model::Address;

/// PDUs in one buffer: what one read of a busy link brings.
pub const PDUS: u32 = 256;

/// The text that a citizen of Hue sends most.
const QUESTION: &[u8] = b"XNC 13557009";

/// An answer of 131 septets.
const ANSWER: &[u8] = b"Ho so 13557009 dang duoc xu ly. Ngay hen tra ket qua: 24/11/2026. Khi co ket qua, \
    vui long nop bien nhan va CMND/CCCD tai noi tiep nhan.";

/// A deliver_sm in the default alphabet.
#[must_use]
pub fn gsm7() -> Body {
    Body::DeliverSm(deliver_sm(0, Bytes::from_static(QUESTION)))
}

/// A deliver_sm in UCS-2.
#[must_use]
pub fn ucs2() -> Body {
    let octets: Vec<u8> = "Mã số truy cập 13557009".encode_utf16().flat_map(u16::to_be_bytes).collect();
    Body::DeliverSm(deliver_sm(8, octets.into()))
}

/// One part of two, with a header and the parameters that operators add.
#[must_use]
pub fn part() -> Body {
    let mut octets = vec![5, 0, 3, 7, 2, 1];
    octets.extend_from_slice(QUESTION);
    let tlvs = Tlvs::new().with(tag::USER_MESSAGE_REFERENCE, vec![0, 7]).with(0x1400, vec![1, 2, 3, 4]);
    Body::DeliverSm(Sm { esm_class: 0x40, tlvs, ..deliver_sm(0, octets.into()) })
}

fn deliver_sm(data_coding: u8, short_message: Bytes) -> Sm {
    Sm {
        source: Address::new(1, 1, "84905123456"),
        destination: Address::new(0, 1, "8383"),
        data_coding,
        short_message,
        ..Sm::default()
    }
}

/// An answer on its way out.
#[must_use]
pub fn submit_sm() -> Body {
    Body::SubmitSm(Sm {
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, "84905123456"),
        validity_period: "000001000000000R".into(),
        short_message: Bytes::from_static(ANSWER),
        ..Sm::default()
    })
}

/// The SMSC's receipt for it.
#[must_use]
pub fn submit_sm_resp() -> Body {
    Body::SubmitSmResp(SmResp { message_id: "5F3A01C2".into(), tlvs: Tlvs::new() })
}

/// What acknowledges a citizen's message.
#[must_use]
pub fn deliver_sm_resp() -> Body {
    Body::DeliverSmResp(SmResp::default())
}

/// So many PDUs as one read brings, with rising sequence numbers.
#[must_use]
pub fn pdus(body: &Body) -> Vec<Pdu> {
    (1..=PDUS).map(|sequence_number| Pdu::request(sequence_number, body.clone())).collect()
}

/// Appends PDUs to a buffer.
pub fn write_all(pdus: &[Pdu], octets: &mut BytesMut) {
    for pdu in pdus {
        codec::encode(pdu, octets).unwrap_or_else(|error| unreachable!("a sound PDU: {error}"));
    }
}

/// Reads all PDUs, each deliver_sm to its text; how many octets of text and ids there are, so that nothing is left
/// out.
pub fn read_all(octets: &mut BytesMut) -> usize {
    let mut length = 0;
    while let Ok(Some(Framed::Pdu(Pdu { body, .. }))) = codec::decode(octets) {
        length += match &body {
            Body::DeliverSm(sm) => text_length(sm),
            Body::SubmitSmResp(resp) => resp.message_id.len(),
            _ => 0,
        };
    }
    length
}

fn text_length(sm: &Sm) -> usize {
    let Ok(data) = sm.user_data() else { return 0 };
    let payload = unpack(&data, sm.data_coding, DefaultAlphabet::Gsm7);
    let decoded = decode_text(&payload, sm.data_coding, data.shifts, DefaultAlphabet::Gsm7);
    decoded.map_or(0, |decoded| decoded.text.len())
}
