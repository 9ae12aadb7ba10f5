//! The PDUs as plain values. Field names are those of the specification; addresses are `model`'s.

use bytes::Bytes;
use model::{Address, Redacted, SmolStr};

use crate::{CommandStatus, Tlvs, command_id};

/// One PDU without its command_length, which is counted when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// ESME_ROK in requests.
    pub command_status: CommandStatus,
    /// Any 32-bit value is accepted; we send 1 to 0x7FFFFFFF.
    pub sequence_number: u32,
    /// What it says.
    pub body: Body,
}

/// The body of a PDU, and with it the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// bind_transmitter.
    BindTransmitter(Bind),
    /// bind_receiver.
    BindReceiver(Bind),
    /// bind_transceiver.
    BindTransceiver(Bind),
    /// bind_transmitter_resp.
    BindTransmitterResp(BindResp),
    /// bind_receiver_resp.
    BindReceiverResp(BindResp),
    /// bind_transceiver_resp.
    BindTransceiverResp(BindResp),
    /// outbind; has no response.
    Outbind(Outbind),
    /// unbind.
    Unbind,
    /// unbind_resp.
    UnbindResp,
    /// enquire_link.
    EnquireLink,
    /// enquire_link_resp.
    EnquireLinkResp,
    /// submit_sm.
    SubmitSm(Sm),
    /// submit_sm_resp.
    SubmitSmResp(SmResp),
    /// deliver_sm.
    DeliverSm(Sm),
    /// deliver_sm_resp.
    DeliverSmResp(SmResp),
    /// data_sm; the fields that it lacks are at their defaults.
    DataSm(Sm),
    /// data_sm_resp.
    DataSmResp(SmResp),
    /// query_sm.
    QuerySm(QuerySm),
    /// query_sm_resp.
    QuerySmResp(QuerySmResp),
    /// alert_notification; has no response.
    AlertNotification(AlertNotification),
    /// generic_nack.
    GenericNack,
    /// Any other command, its body as it came.
    Other {
        /// Which one.
        command_id: u32,
        /// All octets after the header.
        body: Bytes,
    },
}

/// bind_transmitter, bind_receiver and bind_transceiver (4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// Who binds.
    pub system_id: String,
    /// The secret; longer than the specified 8 characters is accepted.
    pub password: Redacted<String>,
    /// Often empty.
    pub system_type: String,
    /// 0x34 for 3.4.
    pub interface_version: u8,
    /// TON of `address_range`.
    pub addr_ton: u8,
    /// NPI of `address_range`.
    pub addr_npi: u8,
    /// Often empty.
    pub address_range: String,
}

/// The responses to the binds (4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindResp {
    /// The SMSC's name.
    pub system_id: String,
    /// `sc_interface_version` and whatever else the SMSC sends.
    pub tlvs: Tlvs,
}

/// outbind (4.1.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbind {
    /// The SMSC's name.
    pub system_id: String,
    /// The secret by which we know it.
    pub password: Redacted<String>,
}

/// submit_sm, deliver_sm and data_sm (4.4, 4.6, 4.7).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sm {
    /// Empty for the default.
    pub service_type: String,
    /// source_addr_ton, source_addr_npi, source_addr.
    pub source: Address,
    /// dest_addr_ton, dest_addr_npi, destination_addr.
    pub destination: Address,
    /// See [`crate::esm_class`].
    pub esm_class: u8,
    /// GSM protocol identifier.
    pub protocol_id: u8,
    /// 0 to 3.
    pub priority_flag: u8,
    /// See [`crate::time`]; empty for at once.
    pub schedule_delivery_time: String,
    /// See [`crate::time`]; empty for the SMSC's default.
    pub validity_period: SmolStr,
    /// 1 asks for a receipt.
    pub registered_delivery: u8,
    /// We always send 0: 1 would replace another pending answer.
    pub replace_if_present_flag: u8,
    /// See [`crate::data_coding`].
    pub data_coding: u8,
    /// A message stored at the SMSC; 0 for none.
    pub sm_default_msg_id: u8,
    /// Up to 254 octets, a user data header included.
    pub short_message: Bytes,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

impl std::fmt::Debug for Sm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sm")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .field("registered_delivery", &self.registered_delivery)
            .field("sm_length", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}

/// submit_sm_resp, deliver_sm_resp and data_sm_resp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmResp {
    /// The SMSC's id as sent, never read as a number; empty in deliver_sm_resp.
    pub message_id: SmolStr,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

/// query_sm (4.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuerySm {
    /// The SMSC's id.
    pub message_id: String,
    /// The source of the message asked for.
    pub source: Address,
}

/// query_sm_resp (4.8.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuerySmResp {
    /// The SMSC's id.
    pub message_id: String,
    /// When it reached its final state; empty while it has none.
    pub final_date: String,
    /// See [`crate::MessageState`].
    pub message_state: u8,
    /// The network's error, 0 for none.
    pub error_code: u8,
}

/// alert_notification (4.12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertNotification {
    /// The handset that can be reached again.
    pub source: Address,
    /// Who asked to be told.
    pub esme: Address,
    /// 0 available, 1 denied, 2 unavailable.
    pub ms_availability_status: Option<u8>,
}

impl Body {
    /// The command_id that this body goes with.
    #[must_use]
    pub fn command_id(&self) -> u32 {
        match self {
            Self::BindTransmitter(_) => command_id::BIND_TRANSMITTER,
            Self::BindReceiver(_) => command_id::BIND_RECEIVER,
            Self::BindTransceiver(_) => command_id::BIND_TRANSCEIVER,
            Self::BindTransmitterResp(_) => command_id::BIND_TRANSMITTER_RESP,
            Self::BindReceiverResp(_) => command_id::BIND_RECEIVER_RESP,
            Self::BindTransceiverResp(_) => command_id::BIND_TRANSCEIVER_RESP,
            Self::Outbind(_) => command_id::OUTBIND,
            Self::Unbind => command_id::UNBIND,
            Self::UnbindResp => command_id::UNBIND_RESP,
            Self::EnquireLink => command_id::ENQUIRE_LINK,
            Self::EnquireLinkResp => command_id::ENQUIRE_LINK_RESP,
            Self::SubmitSm(_) => command_id::SUBMIT_SM,
            Self::SubmitSmResp(_) => command_id::SUBMIT_SM_RESP,
            Self::DeliverSm(_) => command_id::DELIVER_SM,
            Self::DeliverSmResp(_) => command_id::DELIVER_SM_RESP,
            Self::DataSm(_) => command_id::DATA_SM,
            Self::DataSmResp(_) => command_id::DATA_SM_RESP,
            Self::QuerySm(_) => command_id::QUERY_SM,
            Self::QuerySmResp(_) => command_id::QUERY_SM_RESP,
            Self::AlertNotification(_) => command_id::ALERT_NOTIFICATION,
            Self::GenericNack => command_id::GENERIC_NACK,
            Self::Other { command_id, .. } => *command_id,
        }
    }

    /// Whether this is a response; a response is never answered.
    #[must_use]
    pub fn is_response(&self) -> bool {
        command_id::is_response(self.command_id())
    }
}

impl Pdu {
    /// A request, with status ESME_ROK.
    #[must_use]
    pub fn request(sequence_number: u32, body: Body) -> Self {
        Self { command_status: CommandStatus::ESME_ROK, sequence_number, body }
    }

    /// A generic_nack.
    #[must_use]
    pub fn generic_nack(command_status: CommandStatus, sequence_number: u32) -> Self {
        Self { command_status, sequence_number, body: Body::GenericNack }
    }

    /// The response of the matching kind, with this status, the same sequence number and an empty body; `None`
    /// for responses, and for outbind and alert_notification, which have none.
    #[must_use]
    pub fn respond(&self, command_status: CommandStatus) -> Option<Self> {
        response_to(self.body.command_id(), command_status, self.sequence_number)
    }

    /// The answer to a request that we do not serve: its own response where the specification defines one, else
    /// generic_nack, each with ESME_RINVCMDID. `None` where nothing may be answered.
    #[must_use]
    pub fn refusal(&self) -> Option<Self> {
        self.respond(CommandStatus::ESME_RINVCMDID)
    }
}

/// The empty response to a command, generic_nack for one that nobody knows.
pub(crate) fn response_to(request: u32, command_status: CommandStatus, sequence_number: u32) -> Option<Pdu> {
    if command_id::is_response(request) {
        return None;
    }
    let body = match request {
        command_id::OUTBIND | command_id::ALERT_NOTIFICATION => return None,
        command_id::BIND_TRANSMITTER => Body::BindTransmitterResp(BindResp::default()),
        command_id::BIND_RECEIVER => Body::BindReceiverResp(BindResp::default()),
        command_id::BIND_TRANSCEIVER => Body::BindTransceiverResp(BindResp::default()),
        command_id::UNBIND => Body::UnbindResp,
        command_id::ENQUIRE_LINK => Body::EnquireLinkResp,
        command_id::SUBMIT_SM => Body::SubmitSmResp(SmResp::default()),
        command_id::DELIVER_SM => Body::DeliverSmResp(SmResp::default()),
        command_id::DATA_SM => Body::DataSmResp(SmResp::default()),
        command_id::QUERY_SM
        | command_id::REPLACE_SM
        | command_id::CANCEL_SM
        | command_id::SUBMIT_MULTI
        | command_id::BROADCAST_SM
        | command_id::QUERY_BROADCAST_SM
        | command_id::CANCEL_BROADCAST_SM => {
            Body::Other { command_id: request | command_id::RESPONSE_BIT, body: Bytes::new() }
        }
        _ => Body::GenericNack,
    };
    Some(Pdu { command_status, sequence_number, body })
}
