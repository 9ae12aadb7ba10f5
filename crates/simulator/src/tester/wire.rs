//! The PDUs of the hot path, read and written without a copy: a header, a submit_sm by a bounds-checked walk over its
//! fields, and the two responses that go out for each message. Whatever else comes is left to `codec`.

use codec::{CommandStatus, command_id, esm_class::UDHI, tlv::tag};

/// Octets of a PDU's header.
pub(super) const HEADER: usize = 16;

/// The four numbers that each PDU begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The whole PDU, header included, as claimed.
    pub(super) length: u32,
    pub(super) command_id: u32,
    pub(super) status: u32,
    pub(super) sequence_number: u32,
}

impl Header {
    /// `None` where it is not complete yet.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (words, _) = octets.first_chunk::<HEADER>()?.as_chunks::<4>();
        let [length, command_id, status, sequence_number] = words else { return None };
        let number = |word: &[u8; 4]| u32::from_be_bytes(*word);
        Some(Self {
            length: number(length),
            command_id: number(command_id),
            status: number(status),
            sequence_number: number(sequence_number),
        })
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        let mut octets = [0; HEADER];
        let (words, _) = octets.as_chunks_mut::<4>();
        let numbers = [self.length, self.command_id, self.status, self.sequence_number];
        for (word, number) in words.iter_mut().zip(numbers) {
            *word = number.to_be_bytes();
        }
        out.extend_from_slice(&octets);
    }
}

/// A submit_sm, as far as a load tester needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Submit<'a> {
    /// destination_addr: the citizen who is answered.
    pub(super) destination: &'a [u8],
    pub(super) data_coding: u8,
    /// Which part of which message this is; `total` is 1 where it is whole.
    pub(super) part: Part,
    /// The user data without its header.
    pub(super) text: &'a [u8],
}

/// Which part of a concatenated message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) reference: u16,
    pub(super) total: u8,
    /// From 1.
    pub(super) number: u8,
}

impl Part {
    pub(super) const WHOLE: Self = Self { reference: 0, total: 1, number: 1 };

    /// `None` where the numbers contradict each other.
    fn checked(reference: u16, total: u8, number: u8) -> Option<Self> {
        (1..=total).contains(&number).then_some(Self { reference, total, number })
    }
}

impl<'a> Submit<'a> {
    /// Walks over the body of a submit_sm; `None` where a field runs over its end.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut walk = Walk(body);
        walk.text()?;
        walk.octets(2)?;
        walk.text()?;
        walk.octets(2)?;
        let destination = walk.text()?;
        let [esm_class, _, _] = walk.octets(3)? else { return None };
        walk.text()?;
        walk.text()?;
        let [_, _, data_coding, _, sm_length] = walk.octets(5)? else { return None };
        let mut user_data = walk.octets(usize::from(*sm_length))?;
        let mut sar = Sar::default();
        while let Some((tag, value)) = walk.tlv() {
            if tag == tag::MESSAGE_PAYLOAD {
                user_data = value;
            } else {
                sar.take(tag, value);
            }
        }
        let (header, text) = match esm_class & UDHI {
            0 => (None, user_data),
            _ => read_user_data_header(user_data)?,
        };
        let part = header.or_else(|| sar.part()).unwrap_or(Part::WHOLE);
        Some(Self { destination, data_coding: *data_coding, part, text })
    }
}

/// The concatenation element of a user data header, if there is one, and the text behind the header.
fn read_user_data_header(user_data: &[u8]) -> Option<(Option<Part>, &[u8])> {
    let mut walk = Walk(user_data);
    let length = walk.octet()?;
    let mut elements = Walk(walk.octets(usize::from(length))?);
    let mut part = None;
    while let Some(element) = elements.octet() {
        let Some(length) = elements.octet() else { break };
        let Some(value) = elements.octets(usize::from(length)) else { break };
        part = match (element, value) {
            (0x00, [reference, total, number]) => Part::checked(u16::from(*reference), *total, *number),
            (0x08, [high, low, total, number]) => {
                Part::checked(u16::from_be_bytes([*high, *low]), *total, *number)
            }
            _ => part,
        };
    }
    Some((part, walk.0))
}

/// The three SAR parameters.
#[derive(Default)]
struct Sar {
    reference: Option<u16>,
    total: u8,
    number: u8,
}

impl Sar {
    fn take(&mut self, tag: u16, value: &[u8]) {
        match (tag, value) {
            (tag::SAR_MSG_REF_NUM, [high, low]) => self.reference = Some(u16::from_be_bytes([*high, *low])),
            (tag::SAR_TOTAL_SEGMENTS, [total]) => self.total = *total,
            (tag::SAR_SEGMENT_SEQNUM, [number]) => self.number = *number,
            _ => {}
        }
    }

    fn part(&self) -> Option<Part> {
        Part::checked(self.reference?, self.total, self.number)
    }
}

/// What is left to be read.
struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// A C-octet string without its NUL.
    fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let text = self.octets(end)?;
        self.octet()?;
        Some(text)
    }

    /// The next optional parameter; what is cut short ends them, as `codec` has it.
    fn tlv(&mut self) -> Option<(u16, &'a [u8])> {
        let [tag_high, tag_low, high, low] = self.octets(4)? else { return None };
        let value = self.octets(usize::from(u16::from_be_bytes([*high, *low])))?;
        Some((u16::from_be_bytes([*tag_high, *tag_low]), value))
    }
}

/// The digits of an address as a number, with or without `+` or `00`; `None` for what is no number.
pub(super) fn number(address: &[u8]) -> Option<u64> {
    let digits = address.strip_prefix(b"+").unwrap_or(address);
    // Fifteen digits of E.164 and `00`; 18 digits fit a u64.
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// Appends a response that is a header only.
pub(super) fn respond(command: u32, status: CommandStatus, sequence_number: u32, out: &mut Vec<u8>) {
    Header { length: 16, command_id: command | command_id::RESPONSE_BIT, status: status.0, sequence_number }
        .write(out);
}

/// Digits of our message ids.
const ID_DIGITS: usize = 10;

/// Appends a submit_sm_resp that takes the message under this id.
pub(super) fn accept_submit(sequence_number: u32, message_id: u64, out: &mut Vec<u8>) {
    let id = message_id % 10_u64.pow(10);
    let header = Header { length: 27, command_id: command_id::SUBMIT_SM_RESP, status: 0, sequence_number };
    header.write(out);
    write_number(id, ID_DIGITS, out);
    out.push(0);
}

/// Appends a bind response with our name and version 3.4.
pub(super) fn accept_bind(command: u32, sequence_number: u32, out: &mut Vec<u8>) {
    const NAME: &[u8] = b"tongdai-load\0";
    let [high, low] = tag::SC_INTERFACE_VERSION.to_be_bytes();
    let version = [high, low, 0, 1, 0x34];
    let header = Header {
        length: 16 + 13 + 5,
        command_id: command | command_id::RESPONSE_BIT,
        status: 0,
        sequence_number,
    };
    header.write(out);
    out.extend_from_slice(NAME);
    out.extend_from_slice(&version);
}

/// Digits of the longest number.
pub(super) const NUMBER_DIGITS_MAX: usize = 20;

/// Appends a number in decimal, with zeros in front up to a width.
pub(super) fn write_number(mut number: u64, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; NUMBER_DIGITS_MAX];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if number == 0 && used >= width.max(1) {
            break;
        }
        // The remainder of ten fits an octet.
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        used += 1;
    }
    out.extend_from_slice(digits.get(NUMBER_DIGITS_MAX - used..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use codec::{BindResp, Body, Framed, Pdu, Sm, Tlvs};
    use model::Address;
    use proptest::prelude::*;

    use super::*;

    fn sm(text: &[u8]) -> Sm {
        Sm {
            service_type: "CMT".to_owned(),
            source: Address::new(0, 1, "8383"),
            destination: Address::new(1, 1, "84905123456"),
            validity_period: "000000010000000R".into(),
            short_message: Bytes::copy_from_slice(text),
            ..Sm::default()
        }
    }

    fn encoded(body: Body) -> Vec<u8> {
        let pdu = Pdu { command_status: CommandStatus::ESME_ROK, sequence_number: 7, body };
        let mut octets = BytesMut::new();
        codec::encode(&pdu, &mut octets).unwrap();
        octets.to_vec()
    }

    fn decoded(octets: &[u8]) -> Pdu {
        match codec::decode(&mut BytesMut::from(octets)) {
            Ok(Some(Framed::Pdu(pdu))) => pdu,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_submit_sm_is_read_as_codec_writes_it() {
        let octets = encoded(Body::SubmitSm(Sm { data_coding: 8, ..sm(b"reply") }));
        let header = Header::read(&octets).unwrap();
        assert_eq!((header.length as usize, header.command_id), (octets.len(), command_id::SUBMIT_SM));
        let submit = Submit::read(&octets[HEADER..]).unwrap();
        let whole = Part::WHOLE;
        let expected = Submit { destination: b"84905123456", data_coding: 8, part: whole, text: b"reply" };
        assert_eq!(submit, expected);
    }

    #[test]
    fn parts_are_told_by_either_header_and_by_sar() {
        let udh = |header: &[u8]| Sm { esm_class: UDHI, ..sm(&[header, b"reply"].concat()) };
        let sar = |number: u8| Sm {
            tlvs: Tlvs::new()
                .with(tag::SAR_MSG_REF_NUM, vec![1, 2])
                .with(tag::SAR_TOTAL_SEGMENTS, vec![3])
                .with(tag::SAR_SEGMENT_SEQNUM, vec![number]),
            ..sm(b"reply")
        };
        let payload = Sm { tlvs: Tlvs::new().with(tag::MESSAGE_PAYLOAD, b"reply".to_vec()), ..sm(b"") };
        let part = |reference| Part { reference, total: 3, number: 2 };
        for (sm, expected) in [
            (udh(&[5, 0x00, 3, 9, 3, 2]), part(9)),
            (udh(&[6, 0x08, 4, 1, 2, 3, 2]), part(0x0102)),
            (udh(&[9, 0x24, 2, 1, 1, 0x00, 3, 9, 3, 2]), part(9)),
            // A part that can't be is none.
            (udh(&[5, 0x00, 3, 9, 3, 4]), Part::WHOLE),
            (sar(2), part(0x0102)),
            (sar(0), Part::WHOLE),
            (payload, Part::WHOLE),
        ] {
            let octets = encoded(Body::SubmitSm(sm));
            let submit = Submit::read(&octets[HEADER..]).unwrap();
            assert_eq!((submit.part, submit.text), (expected, &b"reply"[..]));
        }
    }

    #[test]
    fn hostile_lengths_are_refused() {
        let octets = encoded(Body::SubmitSm(sm(b"reply")));
        let body = &octets[HEADER..];
        for end in 0..body.len() {
            assert_eq!(Submit::read(&body[..end]), None, "{end}");
        }
        // sm_length and the length of a user data header say more than there is.
        let mut long = body.to_vec();
        long[body.len() - 6] = 255;
        assert_eq!(Submit::read(&long), None);
        let header = encoded(Body::SubmitSm(Sm { esm_class: UDHI, ..sm(&[200, 0, 3]) }));
        assert_eq!(Submit::read(&header[HEADER..]), None);
        // A TLV that is cut short is as good as none.
        let cut = [body, &[0x04, 0x24, 0xFF, 0xFF, 1]].concat();
        assert_eq!(Submit::read(&cut).unwrap().text, b"reply");
    }

    #[test]
    fn responses_are_what_codec_reads() {
        let mut octets = Vec::new();
        accept_submit(7, 12_345_678_901, &mut octets);
        let Body::SubmitSmResp(resp) = decoded(&octets).body else { panic!("no submit_sm_resp") };
        assert_eq!(resp.message_id, "2345678901");
        octets.clear();
        accept_bind(command_id::BIND_TRANSCEIVER, 1, &mut octets);
        let tlvs = Tlvs::new().with(tag::SC_INTERFACE_VERSION, vec![0x34]);
        let resp = BindResp { system_id: "tongdai-load".to_owned(), tlvs };
        assert_eq!(decoded(&octets).body, Body::BindTransceiverResp(resp));
        octets.clear();
        respond(command_id::ENQUIRE_LINK, CommandStatus::ESME_ROK, 3, &mut octets);
        assert_eq!(decoded(&octets).body, Body::EnquireLinkResp);
    }

    #[test]
    fn numbers_are_digits() {
        for (address, expected) in [
            ("84905123456", Some(84_905_123_456)),
            ("+84905123456", Some(84_905_123_456)),
            ("0084905123456", Some(84_905_123_456)),
            ("", None),
            ("+", None),
            ("VIETTEL", None),
            ("1234567890123456789", None),
        ] {
            assert_eq!(number(address.as_bytes()), expected, "{address}");
        }
        for (number, width, expected) in
            [(0, 0, "0"), (42, 0, "42"), (42, 5, "00042"), (u64::MAX, 3, "18446744073709551615")]
        {
            let mut octets = Vec::new();
            write_number(number, width, &mut octets);
            assert_eq!(octets, expected.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::read(&octets);
            let _ = Submit::read(&octets);
            let _ = number(&octets);
        }

        #[test]
        fn no_damaged_submit_sm_makes_it_panic(at in 0_usize..60, octet in any::<u8>(), udh in any::<bool>()) {
            let esm_class = if udh { UDHI } else { 0 };
            let tlvs = Tlvs::new().with(tag::SAR_MSG_REF_NUM, vec![1, 2]);
            let sm = Sm { esm_class, tlvs, ..sm(&[5, 0, 3, 9, 3, 2, b'x']) };
            let mut octets = encoded(Body::SubmitSm(sm));
            let at = at % octets.len();
            octets[at] = octet;
            let _ = Submit::read(&octets[HEADER..]);
        }
    }
}
