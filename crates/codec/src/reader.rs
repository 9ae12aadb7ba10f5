//! Reads bodies as peers send them, not only as the specification draws them: mandatory fields first, then a walk
//! over the TLVs that stops at the first that does not fit. A bad optional parameter never costs a message.

use std::ops::Range;

use bytes::{Buf, Bytes};
use model::{Address, Redacted};

use crate::{Bind, BindResp, CommandStatus, Sm, SmResp, Tlv, Tlvs, tlv::tag};

/// TLVs that are kept of one PDU: SMPP 5.0 defines under 70 tags; what lies beyond is dropped, so that 64 KiB of
/// empty TLVs cannot grow tenfold in memory.
const TLVS_MAX: usize = 128;

/// The octets of a text field as a `String` or `SmolStr`: ASCII as such, others as Latin-1, so that nothing is lost.
pub(crate) fn text<T: From<String> + for<'a> From<&'a str>>(octets: &[u8]) -> T {
    match std::str::from_utf8(octets) {
        Ok(ascii) if ascii.is_ascii() => ascii.into(),
        _ => text::latin1::decode(octets).into(),
    }
}

struct Reader<'a> {
    octets: &'a Bytes,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(octets: &'a Bytes) -> Self {
        Self { octets, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    fn octet(&mut self) -> Result<u8, CommandStatus> {
        let octet = self.rest().first().copied().ok_or(CommandStatus::ESME_RINVMSGLEN)?;
        self.at += 1;
        Ok(octet)
    }

    /// A C-octet string of whatever length; it must have its NUL, for a field follows.
    fn c_string<T: From<String> + for<'t> From<&'t str>>(&mut self) -> Result<T, CommandStatus> {
        let rest = self.rest();
        let end = rest.iter().position(|octet| *octet == 0).ok_or(CommandStatus::ESME_RINVMSGLEN)?;
        self.at += end + 1;
        Ok(text(rest.get(..end).unwrap_or_default()))
    }

    /// A C-octet string that ends the mandatory part: the end of the body does for its NUL.
    fn last_c_string<T: From<String> + for<'t> From<&'t str>>(&mut self) -> T {
        let rest = self.rest();
        let end = rest.iter().position(|octet| *octet == 0).unwrap_or(rest.len());
        self.at += end + 1;
        text(rest.get(..end).unwrap_or(rest))
    }

    fn address(&mut self) -> Result<Address, CommandStatus> {
        Ok(Address { ton: self.octet()?, npi: self.octet()?, digits: self.c_string()? })
    }

    /// The place of so many octets.
    fn octets(&mut self, length: usize) -> Result<Range<usize>, CommandStatus> {
        let place = self.at..self.at + length;
        if place.end > self.octets.len() {
            return Err(CommandStatus::ESME_RINVMSGLEN);
        }
        self.at = place.end;
        Ok(place)
    }

    /// The TLVs from here on. Some peers write a NUL after short_message: where the walk fails and a walk from
    /// the next octet comes out even, that one holds.
    fn tlvs(&self) -> Walk {
        let walk = Walk::over(self.octets, self.at);
        if walk.left == 0 || self.rest().first() != Some(&0) {
            return walk;
        }
        let shifted = Walk::over(self.octets, self.at + 1);
        if shifted.left == 0 { shifted } else { walk }
    }
}

/// What a walk over TLVs found.
struct Walk {
    tlvs: Tlvs,
    /// Octets that are no whole TLV.
    left: usize,
    /// The tag of the one that claims more than is there.
    overrun: Option<u16>,
}

impl Walk {
    fn over(octets: &Bytes, mut at: usize) -> Self {
        let mut tlvs = Vec::new();
        let mut overrun = None;
        while let Some([tag, length]) = head(octets, at) {
            let start = at + 4;
            let end = start + usize::from(length);
            if end > octets.len() {
                overrun = Some(tag);
                break;
            }
            if tlvs.len() < TLVS_MAX {
                tlvs.push(Tlv { tag, value: octets.slice(start..end) });
            }
            at = end;
        }
        Self { tlvs: tlvs.into_iter().collect(), left: octets.len().saturating_sub(at), overrun }
    }
}

/// Tag and length of the TLV at this place.
fn head(octets: &Bytes, at: usize) -> Option<[u16; 2]> {
    let [a, b, c, d] = octets.get(at..)?.first_chunk::<4>()?;
    Some([u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])])
}

/// submit_sm and deliver_sm.
///
/// A sm_length beyond the body is refused: the text is not there. So is a message_payload beyond the body where
/// there is no other text. Any other damage among the TLVs costs only what follows it.
///
/// What can be read is taken out of `body`: short_message becomes what is left of it, and shares nothing that has to be
/// counted.
pub(crate) fn sm(body: &mut Bytes) -> Result<Sm, CommandStatus> {
    let mut reader = Reader::new(body);
    let mut sm = Sm {
        service_type: reader.c_string()?,
        source: reader.address()?,
        destination: reader.address()?,
        esm_class: reader.octet()?,
        protocol_id: reader.octet()?,
        priority_flag: reader.octet()?,
        schedule_delivery_time: reader.c_string()?,
        validity_period: reader.c_string()?,
        registered_delivery: reader.octet()?,
        replace_if_present_flag: reader.octet()?,
        data_coding: reader.octet()?,
        sm_default_msg_id: reader.octet()?,
        short_message: Bytes::new(),
        tlvs: Tlvs::new(),
    };
    let sm_length = reader.octet()?;
    let place = reader.octets(usize::from(sm_length))?;
    if !reader.rest().is_empty() {
        sm.tlvs = sound_tlvs(&reader, !place.is_empty())?;
    }
    if !place.is_empty() {
        sm.short_message = std::mem::take(body);
        sm.short_message.truncate(place.end);
        sm.short_message.advance(place.start);
    }
    Ok(sm)
}

/// data_sm: the fields that it has, and its text in message_payload.
pub(crate) fn data_sm(body: &Bytes) -> Result<Sm, CommandStatus> {
    let mut reader = Reader::new(body);
    let mut sm = Sm {
        service_type: reader.c_string()?,
        source: reader.address()?,
        destination: reader.address()?,
        esm_class: reader.octet()?,
        registered_delivery: reader.octet()?,
        data_coding: reader.octet()?,
        ..Sm::default()
    };
    sm.tlvs = sound_tlvs(&reader, false)?;
    Ok(sm)
}

fn sound_tlvs(reader: &Reader<'_>, has_short_message: bool) -> Result<Tlvs, CommandStatus> {
    let walk = reader.tlvs();
    if walk.overrun == Some(tag::MESSAGE_PAYLOAD) && !has_short_message {
        return Err(CommandStatus::ESME_RINVOPTPARSTREAM);
    }
    Ok(walk.tlvs)
}

/// submit_sm_resp, deliver_sm_resp and data_sm_resp; the body may be absent or lack its NUL.
pub(crate) fn sm_resp(body: &Bytes) -> SmResp {
    let mut reader = Reader::new(body);
    SmResp { message_id: reader.last_c_string(), tlvs: reader.tlvs().tlvs }
}

/// The three binds; an absent address_range counts as empty.
pub(crate) fn bind(body: &Bytes) -> Result<Bind, CommandStatus> {
    let mut reader = Reader::new(body);
    Ok(Bind {
        system_id: reader.c_string()?,
        password: Redacted(reader.c_string()?),
        system_type: reader.c_string()?,
        interface_version: reader.octet()?,
        addr_ton: reader.octet()?,
        addr_npi: reader.octet()?,
        address_range: reader.last_c_string(),
    })
}

/// The responses to the binds; the body may be absent or lack its NUL.
pub(crate) fn bind_resp(body: &Bytes) -> BindResp {
    let mut reader = Reader::new(body);
    BindResp { system_id: reader.last_c_string(), tlvs: reader.tlvs().tlvs }
}
