//! The command_id values of SMPP 3.4 (5.1.2.1) and the broadcast ones of 5.0.

macro_rules! command_ids {
    ($($(#[$doc:meta])* $constant:ident = $value:literal, $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: u32 = $value;)*

        /// The specification's name, or `None` for a command that it does not define.
        #[must_use]
        pub fn name(command_id: u32) -> Option<&'static str> {
            match command_id {
                $($constant => Some($name),)*
                _ => None,
            }
        }
    };
}

/// Set in every response.
pub const RESPONSE_BIT: u32 = 0x8000_0000;

/// Whether this is a response (generic_nack is one).
#[must_use]
pub fn is_response(command_id: u32) -> bool {
    command_id & RESPONSE_BIT != 0
}

command_ids! {
    /// Answers what cannot be answered otherwise.
    GENERIC_NACK = 0x8000_0000, "generic_nack";
    /// Asks for a session that receives only.
    BIND_RECEIVER = 0x0000_0001, "bind_receiver";
    /// Its response.
    BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp";
    /// Asks for a session that sends only.
    BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter";
    /// Its response.
    BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp";
    /// Asks the state of a message.
    QUERY_SM = 0x0000_0003, "query_sm";
    /// Its response.
    QUERY_SM_RESP = 0x8000_0003, "query_sm_resp";
    /// Hands a message to the SMSC.
    SUBMIT_SM = 0x0000_0004, "submit_sm";
    /// Its response.
    SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp";
    /// Hands a message or a receipt to the ESME.
    DELIVER_SM = 0x0000_0005, "deliver_sm";
    /// Its response.
    DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp";
    /// Ends the session.
    UNBIND = 0x0000_0006, "unbind";
    /// Its response.
    UNBIND_RESP = 0x8000_0006, "unbind_resp";
    /// Replaces a pending message.
    REPLACE_SM = 0x0000_0007, "replace_sm";
    /// Its response.
    REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp";
    /// Cancels pending messages.
    CANCEL_SM = 0x0000_0008, "cancel_sm";
    /// Its response.
    CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp";
    /// Asks for a session that sends and receives.
    BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver";
    /// Its response.
    BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp";
    /// The SMSC asks the ESME to bind.
    OUTBIND = 0x0000_000B, "outbind";
    /// Asks whether the peer is alive.
    ENQUIRE_LINK = 0x0000_0015, "enquire_link";
    /// Its response.
    ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp";
    /// Hands one message for several destinations to the SMSC.
    SUBMIT_MULTI = 0x0000_0021, "submit_multi";
    /// Its response.
    SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp";
    /// Says that a handset can be reached again; has no response.
    ALERT_NOTIFICATION = 0x0000_0102, "alert_notification";
    /// Carries data either way, without a short_message.
    DATA_SM = 0x0000_0103, "data_sm";
    /// Its response.
    DATA_SM_RESP = 0x8000_0103, "data_sm_resp";
    /// Broadcasts to cells (5.0).
    BROADCAST_SM = 0x0000_0111, "broadcast_sm";
    /// Its response.
    BROADCAST_SM_RESP = 0x8000_0111, "broadcast_sm_resp";
    /// Asks the state of a broadcast (5.0).
    QUERY_BROADCAST_SM = 0x0000_0112, "query_broadcast_sm";
    /// Its response.
    QUERY_BROADCAST_SM_RESP = 0x8000_0112, "query_broadcast_sm_resp";
    /// Cancels a broadcast (5.0).
    CANCEL_BROADCAST_SM = 0x0000_0113, "cancel_broadcast_sm";
    /// Its response.
    CANCEL_BROADCAST_SM_RESP = 0x8000_0113, "cancel_broadcast_sm_resp";
}
