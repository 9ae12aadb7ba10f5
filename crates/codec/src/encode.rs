//! PDUs to octets.

use bytes::{BufMut, BytesMut};
use model::Address;

use crate::{
    Bind, BindResp, Body, CommandStatus, MAX_COMMAND_LENGTH, Pdu, Sm, SmResp, Tlvs,
    pdu::{AlertNotification, QuerySm, QuerySmResp},
    tlv::tag,
};

/// The longest short_message (SMPP 3.4, 5.2.21).
pub const SM_LENGTH_MAX: usize = 254;

/// A PDU that cannot be written. Returned by [`encode`], which then leaves the buffer as it was; the caller built
/// a wrong PDU and must not send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More than 255 octets, or any in a data_sm, which has message_payload only.
    #[error("short_message of {octets} octets cannot be carried by this command")]
    ShortMessage {
        /// As given.
        octets: usize,
    },
    /// A TLV value over 65,535 octets, or a PDU over [`MAX_COMMAND_LENGTH`].
    #[error("PDU is longer than {MAX_COMMAND_LENGTH} octets")]
    TooLong,
}

/// Appends a PDU.
///
/// In text fields a NUL is left out and a character beyond Latin-1 becomes `?`. A submit_sm_resp, data_sm_resp or
/// bind response with an error and nothing to say goes as a header only (SMPP 3.4, 4.4.2); a deliver_sm_resp
/// always has its one NUL.
pub fn encode(pdu: &Pdu, destination: &mut BytesMut) -> Result<(), EncodeError> {
    let start = destination.len();
    destination.put_u32(0);
    destination.put_u32(pdu.body.command_id());
    destination.put_u32(pdu.command_status.0);
    destination.put_u32(pdu.sequence_number);
    let written = body(pdu, destination).and_then(|()| {
        let length = destination.len() - start;
        if length > MAX_COMMAND_LENGTH {
            return Err(EncodeError::TooLong);
        }
        u32::try_from(length).map_err(|_| EncodeError::TooLong)
    });
    match written {
        Ok(length) => {
            if let Some(field) = destination.get_mut(start..start + 4) {
                field.copy_from_slice(&length.to_be_bytes());
            }
            Ok(())
        }
        Err(error) => {
            destination.truncate(start);
            Err(error)
        }
    }
}

fn body(pdu: &Pdu, out: &mut BytesMut) -> Result<(), EncodeError> {
    match &pdu.body {
        Body::BindTransmitter(bind) | Body::BindReceiver(bind) | Body::BindTransceiver(bind) => {
            put_bind(bind, out);
            Ok(())
        }
        Body::BindTransmitterResp(resp) | Body::BindReceiverResp(resp) | Body::BindTransceiverResp(resp) => {
            put_bind_resp(pdu.command_status, resp, out)
        }
        Body::SubmitSm(sm) | Body::DeliverSm(sm) => put_sm(sm, out),
        Body::DataSm(sm) => put_data_sm(sm, out),
        Body::DeliverSmResp(resp) => put_id_and_tlvs(resp.message_id.as_bytes(), &resp.tlvs, out),
        Body::SubmitSmResp(resp) | Body::DataSmResp(resp) => put_sm_resp(pdu.command_status, resp, out),
        Body::QuerySm(query) => {
            put_query_sm(query, out);
            Ok(())
        }
        Body::QuerySmResp(resp) => {
            put_query_sm_resp(resp, out);
            Ok(())
        }
        Body::Outbind(outbind) => {
            put_text(outbind.system_id.as_bytes(), out);
            put_text(outbind.password.0.as_bytes(), out);
            Ok(())
        }
        Body::AlertNotification(alert) => {
            put_alert_notification(alert, out);
            Ok(())
        }
        Body::Other { body, .. } => {
            out.put_slice(body);
            Ok(())
        }
        Body::Unbind | Body::UnbindResp | Body::EnquireLink | Body::EnquireLinkResp | Body::GenericNack => {
            Ok(())
        }
    }
}

/// A C-octet string. A NUL inside would move every field that follows it.
fn put_text(text: &[u8], out: &mut BytesMut) {
    if text.is_ascii() && !text.contains(&0) {
        out.put_slice(text);
    } else {
        out.extend(
            String::from_utf8_lossy(text)
                .chars()
                .filter(|character| *character != '\0')
                .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')),
        );
    }
    out.put_u8(0);
}

fn put_address(address: &Address, out: &mut BytesMut) {
    out.put_u8(address.ton);
    out.put_u8(address.npi);
    put_text(address.digits.as_bytes(), out);
}

fn put_tlvs(tlvs: &Tlvs, out: &mut BytesMut) -> Result<(), EncodeError> {
    for tlv in tlvs {
        out.put_u16(tlv.tag);
        out.put_u16(u16::try_from(tlv.value.len()).map_err(|_| EncodeError::TooLong)?);
        out.put_slice(&tlv.value);
    }
    Ok(())
}

fn put_sm(sm: &Sm, out: &mut BytesMut) -> Result<(), EncodeError> {
    let sm_length = u8::try_from(sm.short_message.len())
        .map_err(|_| EncodeError::ShortMessage { octets: sm.short_message.len() })?;
    put_text(sm.service_type.as_bytes(), out);
    put_address(&sm.source, out);
    put_address(&sm.destination, out);
    out.put_slice(&[sm.esm_class, sm.protocol_id, sm.priority_flag]);
    put_text(sm.schedule_delivery_time.as_bytes(), out);
    put_text(sm.validity_period.as_bytes(), out);
    out.put_slice(&[
        sm.registered_delivery,
        sm.replace_if_present_flag,
        sm.data_coding,
        sm.sm_default_msg_id,
        sm_length,
    ]);
    out.put_slice(&sm.short_message);
    put_tlvs(&sm.tlvs, out)
}

fn put_data_sm(sm: &Sm, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !sm.short_message.is_empty() {
        return Err(EncodeError::ShortMessage { octets: sm.short_message.len() });
    }
    put_text(sm.service_type.as_bytes(), out);
    put_address(&sm.source, out);
    put_address(&sm.destination, out);
    out.put_slice(&[sm.esm_class, sm.registered_delivery, sm.data_coding]);
    put_tlvs(&sm.tlvs, out)
}

fn put_sm_resp(status: CommandStatus, resp: &SmResp, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !status.is_ok() && resp.message_id.is_empty() && resp.tlvs.is_empty() {
        return Ok(());
    }
    put_id_and_tlvs(resp.message_id.as_bytes(), &resp.tlvs, out)
}

fn put_bind_resp(status: CommandStatus, resp: &BindResp, out: &mut BytesMut) -> Result<(), EncodeError> {
    if !status.is_ok() && resp.system_id.is_empty() && resp.tlvs.is_empty() {
        return Ok(());
    }
    put_id_and_tlvs(resp.system_id.as_bytes(), &resp.tlvs, out)
}

fn put_id_and_tlvs(id: &[u8], tlvs: &Tlvs, out: &mut BytesMut) -> Result<(), EncodeError> {
    put_text(id, out);
    put_tlvs(tlvs, out)
}

fn put_bind(bind: &Bind, out: &mut BytesMut) {
    put_text(bind.system_id.as_bytes(), out);
    put_text(bind.password.0.as_bytes(), out);
    put_text(bind.system_type.as_bytes(), out);
    out.put_slice(&[bind.interface_version, bind.addr_ton, bind.addr_npi]);
    put_text(bind.address_range.as_bytes(), out);
}

fn put_query_sm(query: &QuerySm, out: &mut BytesMut) {
    put_text(query.message_id.as_bytes(), out);
    put_address(&query.source, out);
}

fn put_query_sm_resp(resp: &QuerySmResp, out: &mut BytesMut) {
    put_text(resp.message_id.as_bytes(), out);
    put_text(resp.final_date.as_bytes(), out);
    out.put_slice(&[resp.message_state, resp.error_code]);
}

fn put_alert_notification(alert: &AlertNotification, out: &mut BytesMut) {
    put_address(&alert.source, out);
    put_address(&alert.esme, out);
    if let Some(status) = alert.ms_availability_status {
        out.put_u16(tag::MS_AVAILABILITY_STATUS);
        out.put_slice(&[0, 1, status]);
    }
}
