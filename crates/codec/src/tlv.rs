//! Optional parameters (TLVs): any tag and any length is a value.

use bytes::Bytes;

/// The tags that this project reads or writes (SMPP 3.4, 5.3.2).
pub mod tag {
    /// Message id in a receipt.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// The sender's own number for the message.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// Application port of the sender.
    pub const SOURCE_PORT: u16 = 0x020A;
    /// Application port of the receiver.
    pub const DESTINATION_PORT: u16 = 0x020B;
    /// Reference of a concatenated message.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// Parts of a concatenated message.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// Number of this part, from 1.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// SMPP version of the SMSC in a bind response.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// Whether a handset can be reached, in an alert_notification.
    pub const MS_AVAILABILITY_STATUS: u16 = 0x0422;
    /// Network and error of a failed delivery: 3 octets.
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    /// User data that takes the place of short_message.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// State of a message in a receipt.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// How busy the SMSC is, 0 to 99 (5.0).
    pub const CONGESTION_STATE: u16 = 0x0428;
}

/// One optional parameter.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlv {
    /// See [`tag`].
    pub tag: u16,
    /// The value as sent.
    pub value: Bytes,
}

impl std::fmt::Debug for Tlv {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:#06x}[{}]", self.tag, self.value.len())
    }
}

/// The optional parameters of a PDU in their order on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tlvs(Vec<Tlv>);

impl Tlvs {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one at the end.
    pub fn push(&mut self, tag: u16, value: impl Into<Bytes>) {
        self.0.push(Tlv { tag, value: value.into() });
    }

    /// Adds one at the end.
    #[must_use]
    pub fn with(mut self, tag: u16, value: impl Into<Bytes>) -> Self {
        self.push(tag, value);
        self
    }

    /// The first value of a tag.
    #[must_use]
    pub fn get(&self, tag: u16) -> Option<&Bytes> {
        self.0.iter().find(|tlv| tlv.tag == tag).map(|tlv| &tlv.value)
    }

    /// A value of one octet; `None` where it has another length.
    #[must_use]
    pub fn octet(&self, tag: u16) -> Option<u8> {
        match self.get(tag)?.as_ref() {
            [octet] => Some(*octet),
            _ => None,
        }
    }

    /// A value of one or two octets, as some peers shorten a 16-bit value.
    #[must_use]
    pub fn integer(&self, tag: u16) -> Option<u16> {
        match self.get(tag)?.as_ref() {
            [low] => Some(u16::from(*low)),
            [high, low] => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }

    /// A text value up to its NUL, if it has one.
    #[must_use]
    pub fn text(&self, tag: u16) -> Option<String> {
        let value = self.get(tag)?;
        let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
        value.get(..end).map(crate::reader::text)
    }

    /// In their order on the wire.
    pub fn iter(&self) -> std::slice::Iter<'_, Tlv> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Tlvs {
    type Item = &'a Tlv;
    type IntoIter = std::slice::Iter<'a, Tlv>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Tlv> for Tlvs {
    fn from_iter<I: IntoIterator<Item = Tlv>>(tlvs: I) -> Self {
        Self(tlvs.into_iter().collect())
    }
}
