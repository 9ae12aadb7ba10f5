//! Cuts PDUs out of the octets of a link. The body is decoded from its own slice, so that nothing inside a PDU
//! can cost the framing of the next.

use bytes::{Buf, Bytes, BytesMut};

use crate::{Body, CommandStatus, Pdu, command_id, pdu::response_to, reader, rusmpp_adapter};

/// Octets of the header: command_length, command_id, command_status, sequence_number.
pub const HEADER_LENGTH: usize = 16;

/// The longest PDU that is read: a message_payload can hold 64 KiB less its frame, and no SMSC seen sends more
/// than 8 KiB. A longer claim is taken for a lost frame.
pub const MAX_COMMAND_LENGTH: usize = 64 * 1024;

/// What one frame held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A PDU, read leniently where that cost nothing.
    Pdu(Pdu),
    /// A frame whose body cannot be read; the link stays up.
    Answerable(AnswerableError),
}

/// A request with a sound frame and an unreadable body. Returned by [`decode`]; send [`Self::answer`] and go on.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("body of command {command_id:#010x} is unreadable: {command_status}")]
pub struct AnswerableError {
    /// Which request.
    pub command_id: u32,
    /// Its sequence number.
    pub sequence_number: u32,
    /// What to answer.
    pub command_status: CommandStatus,
    /// The body as it came, for quarantine.
    pub body: Bytes,
}

/// Without the octets: they are a citizen's.
impl std::fmt::Debug for AnswerableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnswerableError({self}, sequence_number: {})", self.sequence_number)
    }
}

impl AnswerableError {
    /// The response to send; `None` for a request that has none (outbind, alert_notification).
    #[must_use]
    pub fn answer(&self) -> Option<Pdu> {
        response_to(self.command_id, self.command_status, self.sequence_number)
    }
}

/// An impossible command_length: the stream cannot be re-synchronised. Returned by [`decode`]; send
/// [`Self::generic_nack`], then close the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("command_length {command_length} is impossible")]
pub struct FatalFrame {
    /// As claimed.
    pub command_length: u32,
}

impl FatalFrame {
    /// generic_nack with ESME_RINVCMDLEN and sequence number 0.
    #[must_use]
    pub fn generic_nack(&self) -> Pdu {
        Pdu::generic_nack(CommandStatus::ESME_RINVCMDLEN, 0)
    }
}

/// Takes the next frame off the front of `source`, or `None` where it is not complete yet. Reserves nothing.
///
/// The PDU's octet strings share `source`'s memory: copy what is kept for long.
pub fn decode(source: &mut BytesMut) -> Result<Option<Framed>, FatalFrame> {
    let Some(claimed) = source.first_chunk::<4>() else { return Ok(None) };
    let command_length = u32::from_be_bytes(*claimed);
    let length = usize::try_from(command_length).map_err(|_| FatalFrame { command_length })?;
    if !(HEADER_LENGTH..=MAX_COMMAND_LENGTH).contains(&length) {
        return Err(FatalFrame { command_length });
    }
    if source.len() < length {
        return Ok(None);
    }
    let mut frame = source.split_to(length).freeze();
    frame.advance(4);
    let command_id = frame.get_u32();
    let command_status = CommandStatus(frame.get_u32());
    let sequence_number = frame.get_u32();
    Ok(Some(match decode_body(command_id, &mut frame) {
        Ok(body) => Framed::Pdu(Pdu { command_status, sequence_number, body }),
        Err(command_status) => {
            Framed::Answerable(AnswerableError { command_id, sequence_number, command_status, body: frame })
        }
    }))
}

/// Reads a body, or says with which status to answer, and leaves it as it is then. A response is always read: it may
/// not be answered.
fn decode_body(command_id: u32, body: &mut Bytes) -> Result<Body, CommandStatus> {
    Ok(match command_id {
        command_id::DELIVER_SM => Body::DeliverSm(reader::sm(body)?),
        command_id::SUBMIT_SM => Body::SubmitSm(reader::sm(body)?),
        command_id::DATA_SM => Body::DataSm(reader::data_sm(body)?),
        command_id::SUBMIT_SM_RESP => Body::SubmitSmResp(reader::sm_resp(body)),
        command_id::DELIVER_SM_RESP => Body::DeliverSmResp(reader::sm_resp(body)),
        command_id::DATA_SM_RESP => Body::DataSmResp(reader::sm_resp(body)),
        // Bodies on these mean nothing and are dropped.
        command_id::ENQUIRE_LINK => Body::EnquireLink,
        command_id::ENQUIRE_LINK_RESP => Body::EnquireLinkResp,
        command_id::UNBIND => Body::Unbind,
        command_id::UNBIND_RESP => Body::UnbindResp,
        command_id::GENERIC_NACK => Body::GenericNack,
        command_id::BIND_RECEIVER => Body::BindReceiver(reader::bind(body)?),
        command_id::BIND_TRANSMITTER => Body::BindTransmitter(reader::bind(body)?),
        command_id::BIND_TRANSCEIVER => Body::BindTransceiver(reader::bind(body)?),
        command_id::BIND_RECEIVER_RESP => Body::BindReceiverResp(reader::bind_resp(body)),
        command_id::BIND_TRANSMITTER_RESP => Body::BindTransmitterResp(reader::bind_resp(body)),
        command_id::BIND_TRANSCEIVER_RESP => Body::BindTransceiverResp(reader::bind_resp(body)),
        _ => match rusmpp_adapter::decode(command_id, body) {
            Some(decoded) => decoded,
            None if command_id::is_response(command_id) => Body::Other { command_id, body: body.clone() },
            None => return Err(CommandStatus::ESME_RINVMSGLEN),
        },
    })
}
