//! esm_class by its bits (SMPP 3.4, 5.2.12): low two the mode, 5 to 2 the type, 7 and 6 the GSM features.

use crate::Sm;

/// GSM feature: the user data starts with a header.
pub const UDHI: u8 = 0x40;
/// GSM feature: the sender asks for a reply path.
pub const REPLY_PATH: u8 = 0x80;
/// Type bits: an SMSC delivery receipt.
pub const SMSC_RECEIPT: u8 = 0x04;

/// What a deliver_sm or data_sm carries. Nothing but `esm_class` decides: a text that looks like a receipt is a
/// text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SmKind {
    /// A citizen's message.
    Message,
    /// An SMSC delivery receipt.
    Receipt,
    /// A delivery acknowledgement by the other application.
    DeliveryAck,
    /// An acknowledgement by the other user.
    UserAck,
    /// A conversation abort (Korean CDMA).
    ConversationAbort,
    /// An intermediate delivery notification.
    Intermediate,
}

impl SmKind {
    /// By bits 5 to 2. A reserved pattern counts as the receipt it most resembles: bit 2 set is a receipt, bit 5
    /// an intermediate one, so that no notification is ever taken for a citizen's message.
    #[must_use]
    pub fn of(esm_class: u8) -> Self {
        match esm_class & 0x3C {
            0x00 => Self::Message,
            0x08 => Self::DeliveryAck,
            0x10 => Self::UserAck,
            0x18 => Self::ConversationAbort,
            0x20 => Self::Intermediate,
            bits if bits & SMSC_RECEIPT != 0 => Self::Receipt,
            _ => Self::Intermediate,
        }
    }
}

impl Sm {
    /// What this carries.
    #[must_use]
    pub fn kind(&self) -> SmKind {
        SmKind::of(self.esm_class)
    }

    /// Whether the user data starts with a header.
    #[must_use]
    pub fn has_udh(&self) -> bool {
        self.esm_class & UDHI != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_bits_decide_and_others_do_not() {
        let kinds = [
            (0x00, SmKind::Message),
            (0x03, SmKind::Message),
            (0x40, SmKind::Message),
            (0xC0, SmKind::Message),
            (0x04, SmKind::Receipt),
            (0x44, SmKind::Receipt),
            (0x87, SmKind::Receipt),
            (0x08, SmKind::DeliveryAck),
            (0x10, SmKind::UserAck),
            (0x18, SmKind::ConversationAbort),
            (0x20, SmKind::Intermediate),
            (0x24, SmKind::Receipt),
            (0x30, SmKind::Intermediate),
        ];
        for (esm_class, kind) in kinds {
            assert_eq!(SmKind::of(esm_class), kind, "{esm_class:#04x}");
        }
    }
}
