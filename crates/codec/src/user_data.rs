//! What stands before the text: the user data header (3GPP TS 23.040 §9.2.3.24) and the SAR parameters.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use text::gsm7::{Language, Shifts};

use crate::{Sm, tlv::tag};

/// Concatenation, 8-bit reference.
const IEI_CONCAT_8: u8 = 0x00;
/// Application ports, 8-bit.
const IEI_PORTS_8: u8 = 0x04;
/// Application ports, 16-bit.
const IEI_PORTS_16: u8 = 0x05;
/// Concatenation, 16-bit reference.
const IEI_CONCAT_16: u8 = 0x08;
/// National language, single shift.
const IEI_SINGLE_SHIFT: u8 = 0x24;
/// National language, locking shift.
const IEI_LOCKING_SHIFT: u8 = 0x25;

/// The longest part: no part on the air has more than 140 octets, no short_message more than 255. What is longer
/// came by message_payload and is whole, whatever a header that an SMSC forgot to take off may say.
const PART_OCTETS_MAX: usize = 255;

/// This message is one part of a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Concat {
    /// The sender's number for the whole message.
    pub reference: u16,
    /// Whether the reference has 16 bits. Part of the key: the two widths number apart.
    pub wide: bool,
    /// Parts in all, at least 1.
    pub total: u8,
    /// Number of this part, 1 to `total`.
    pub number: u8,
}

impl Concat {
    /// `None` where the numbers contradict each other; such an element is ignored.
    fn checked(reference: u16, wide: bool, total: u8, number: u8) -> Option<Self> {
        (total >= 1 && (1..=total).contains(&number)).then_some(Self { reference, wide, total, number })
    }
}

/// Application ports; binary for a port is for a program, a text may be read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Of the receiver.
    pub destination: u16,
    /// Of the sender.
    pub source: u16,
}

/// The user data of one message.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserData {
    /// `Some` where this is one part of a longer message.
    pub concat: Option<Concat>,
    /// The national tables to read the text with.
    pub shifts: Shifts,
    /// `Some` where a header names application ports.
    pub ports: Option<Ports>,
    /// Octets of the header with its length octet, 0 without one: packed septets start at the next septet
    /// boundary after it.
    pub header_octets: usize,
    /// The text's octets. [`crate::data_coding::unpack`] them, join the parts, then decode.
    pub payload: Bytes,
}

impl std::fmt::Debug for UserData {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UserData")
            .field("concat", &self.concat)
            .field("ports", &self.ports)
            .field("payload_length", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// User data that cannot be read. Returned by [`Sm::user_data`]; quarantine the PDU and acknowledge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserDataError {
    /// esm_class announces a header and there is no octet.
    #[error("esm_class announces a user data header and there is none")]
    HeaderMissing,
    /// The header claims to be longer than the user data.
    #[error("user data header of {claimed} octets in {present} octets of user data")]
    HeaderTooLong {
        /// The header with its length octet.
        claimed: usize,
        /// All user data.
        present: usize,
    },
}

impl Sm {
    /// The user data, from short_message, or from message_payload where short_message is empty.
    ///
    /// A header may hold any elements in any order; an element that is unknown or contradicts itself is ignored,
    /// and of a repeated one the last holds. SAR parameters count only where no header says anything. Over 255 octets are never a part.
    pub fn user_data(&self) -> Result<UserData, UserDataError> {
        let octets = self.user_octets();
        let mut data = if self.has_udh() {
            with_header(octets)?
        } else {
            UserData { payload: octets.clone(), ..UserData::default() }
        };
        if data.concat.is_none() {
            data.concat = self.sar();
        }
        data.concat = data.concat.filter(|_| data.payload.len() <= PART_OCTETS_MAX);
        Ok(data)
    }

    /// All octets of the user data, a header included: short_message, or message_payload where that is empty.
    #[must_use]
    pub fn user_octets(&self) -> &Bytes {
        match self.tlvs.get(tag::MESSAGE_PAYLOAD) {
            Some(payload) if self.short_message.is_empty() => payload,
            _ => &self.short_message,
        }
    }

    fn sar(&self) -> Option<Concat> {
        let reference = self.tlvs.integer(tag::SAR_MSG_REF_NUM)?;
        let total = self.tlvs.octet(tag::SAR_TOTAL_SEGMENTS)?;
        Concat::checked(reference, true, total, self.tlvs.octet(tag::SAR_SEGMENT_SEQNUM)?)
    }
}

fn with_header(octets: &Bytes) -> Result<UserData, UserDataError> {
    let length = octets.first().ok_or(UserDataError::HeaderMissing)?;
    let header_octets = usize::from(*length) + 1;
    let header = octets
        .get(1..header_octets)
        .ok_or(UserDataError::HeaderTooLong { claimed: header_octets, present: octets.len() })?;
    let mut data = UserData { header_octets, payload: octets.slice(header_octets..), ..UserData::default() };
    let mut rest = header;
    while let [iei, length, tail @ ..] = rest {
        // An element that claims more than the header holds ends the walk: what follows cannot be found.
        let Some((element, next)) = tail.split_at_checked(usize::from(*length)) else { break };
        take_element(&mut data, *iei, element);
        rest = next;
    }
    Ok(data)
}

fn take_element(data: &mut UserData, iei: u8, element: &[u8]) {
    match (iei, element) {
        (IEI_CONCAT_8, [reference, total, number]) => {
            let concat = Concat::checked(u16::from(*reference), false, *total, *number);
            data.concat = concat.or(data.concat);
        }
        (IEI_CONCAT_16, [high, low, total, number]) => {
            let concat = Concat::checked(u16::from_be_bytes([*high, *low]), true, *total, *number);
            data.concat = concat.or(data.concat);
        }
        (IEI_PORTS_8, [destination, source]) => {
            data.ports = Some(Ports { destination: u16::from(*destination), source: u16::from(*source) });
        }
        (IEI_PORTS_16, [a, b, c, d]) => {
            data.ports = Some(Ports {
                destination: u16::from_be_bytes([*a, *b]),
                source: u16::from_be_bytes([*c, *d]),
            });
        }
        (IEI_SINGLE_SHIFT, [language]) => data.shifts.single = Language::from_identifier(*language),
        (IEI_LOCKING_SHIFT, [language]) => data.shifts.locking = Language::from_identifier(*language),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
