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
