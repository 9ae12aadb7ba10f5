//! command_status as a value: any number that a peer sends is one.

use serde::{Deserialize, Serialize};

/// The command_status of a PDU (SMPP 3.4, 5.1.3; the constants from 0x100 on are of 5.0).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandStatus(pub u32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $constant:ident = $value:literal;)*) => {
        impl CommandStatus {
            $($(#[$doc])* pub const $constant: Self = Self($value);)*

            /// The specification's name, or `None` for a vendor's or unknown number.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some(stringify!($constant)),)*
                    _ => None,
                }
            }
        }
    };
}

impl CommandStatus {
    /// Whether this is ESME_ROK.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::ESME_ROK
    }
}

impl std::fmt::Debug for CommandStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

impl std::fmt::Display for CommandStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(formatter, "{name} (0x{:08X})", self.0),
            None => write!(formatter, "0x{:08X}", self.0),
        }
    }
}

statuses! {
    /// No error.
    ESME_ROK = 0x00;
    /// Message length is invalid.
    ESME_RINVMSGLEN = 0x01;
    /// Command length is invalid.
    ESME_RINVCMDLEN = 0x02;
    /// Invalid command ID.
    ESME_RINVCMDID = 0x03;
    /// Incorrect bind status for the given command.
    ESME_RINVBNDSTS = 0x04;
    /// ESME already in bound state.
    ESME_RALYBND = 0x05;
    /// Invalid priority flag.
    ESME_RINVPRTFLG = 0x06;
    /// Invalid registered_delivery flag.
    ESME_RINVREGDLVFLG = 0x07;
    /// System error.
    ESME_RSYSERR = 0x08;
    /// Invalid source address.
    ESME_RINVSRCADR = 0x0A;
    /// Invalid destination address.
    ESME_RINVDSTADR = 0x0B;
    /// Message ID is invalid.
    ESME_RINVMSGID = 0x0C;
    /// Bind failed.
    ESME_RBINDFAIL = 0x0D;
    /// Invalid password.
    ESME_RINVPASWD = 0x0E;
    /// Invalid system ID.
    ESME_RINVSYSID = 0x0F;
    /// cancel_sm failed.
    ESME_RCANCELFAIL = 0x11;
    /// replace_sm failed.
    ESME_RREPLACEFAIL = 0x13;
    /// Message queue full.
    ESME_RMSGQFUL = 0x14;
    /// Invalid service type.
    ESME_RINVSERTYP = 0x15;
    /// Invalid number of destinations.
    ESME_RINVNUMDESTS = 0x33;
    /// Invalid distribution list name.
    ESME_RINVDLNAME = 0x34;
    /// Destination flag is invalid.
    ESME_RINVDESTFLAG = 0x40;
    /// Invalid submit with replace request.
    ESME_RINVSUBREP = 0x42;
    /// Invalid esm_class field data.
    ESME_RINVESMCLASS = 0x43;
    /// Cannot submit to distribution list.
    ESME_RCNTSUBDL = 0x44;
    /// submit_sm or submit_multi failed.
    ESME_RSUBMITFAIL = 0x45;
    /// Invalid source address TON.
    ESME_RINVSRCTON = 0x48;
    /// Invalid source address NPI.
    ESME_RINVSRCNPI = 0x49;
    /// Invalid destination address TON.
    ESME_RINVDSTTON = 0x50;
    /// Invalid destination address NPI.
    ESME_RINVDSTNPI = 0x51;
    /// Invalid system_type field.
    ESME_RINVSYSTYP = 0x53;
    /// Invalid replace_if_present flag.
    ESME_RINVREPFLAG = 0x54;
    /// Invalid number of messages.
    ESME_RINVNUMMSGS = 0x55;
    /// Throttling error: the ESME has exceeded allowed message limits.
    ESME_RTHROTTLED = 0x58;
    /// Invalid scheduled delivery time.
    ESME_RINVSCHED = 0x61;
    /// Invalid message validity period.
    ESME_RINVEXPIRY = 0x62;
    /// Predefined message invalid or not found.
    ESME_RINVDFTMSGID = 0x63;
    /// ESME receiver temporary error: send it again later.
    ESME_RX_T_APPN = 0x64;
    /// ESME receiver permanent error: gives up everything queued for the destination; we never send it.
    ESME_RX_P_APPN = 0x65;
    /// ESME receiver rejects this one message.
    ESME_RX_R_APPN = 0x66;
    /// query_sm failed.
    ESME_RQUERYFAIL = 0x67;
    /// Error in the optional part of the PDU body.
    ESME_RINVOPTPARSTREAM = 0xC0;
    /// Optional parameter not allowed.
    ESME_ROPTPARNOTALLWD = 0xC1;
    /// Invalid parameter length.
    ESME_RINVPARLEN = 0xC2;
    /// Expected optional parameter missing.
    ESME_RMISSINGOPTPARAM = 0xC3;
    /// Invalid optional parameter value.
    ESME_RINVOPTPARAMVAL = 0xC4;
    /// Delivery failure.
    ESME_RDELIVERYFAILURE = 0xFE;
    /// Unknown error.
    ESME_RUNKNOWNERR = 0xFF;
    /// Not authorised to use the service type.
    ESME_RSERTYPUNAUTH = 0x100;
    /// Prohibited from using the operation.
    ESME_RPROHIBITED = 0x101;
    /// Service type is unavailable.
    ESME_RSERTYPUNAVAIL = 0x102;
    /// Service type is denied.
    ESME_RSERTYPDENIED = 0x103;
    /// Invalid data coding scheme.
    ESME_RINVDCS = 0x104;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        assert_eq!(CommandStatus(0x58).to_string(), "ESME_RTHROTTLED (0x00000058)");
        assert_eq!(CommandStatus(0x400).to_string(), "0x00000400");
        assert!(CommandStatus::default().is_ok());
    }
}
