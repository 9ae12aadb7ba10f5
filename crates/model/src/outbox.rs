//! What is open in the engine for a while: messages on their way out, half-joined messages, fingerprints.

use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::address::{Address, Msisdn};
use crate::id::{OutboxId, ServiceId};
use crate::name::Name;
use crate::outcome::{Class, FinalSubject};
use crate::redact::Redacted;

/// States of parts: nearly all messages have one.
pub type Parts = SmallVec<[PartState; 1]>;

/// A message on its way out, from the commit that made it to its final state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its id.
    pub id: OutboxId,
    /// The service that sends it.
    pub service: ServiceId,
    /// The citizen.
    pub to: Msisdn,
    /// The bind group through which it leaves.
    pub group: Name,
    /// `source_addr`: the number that was written to.
    pub source: Address,
    /// `destination_addr`.
    pub destination: Address,
    /// Id of the template.
    pub template: Name,
    /// What kind of text it is; decides order, resending and receipts.
    pub class: Class,
    /// The text, or where it is.
    pub body: Body,
    /// Not sent before this moment.
    #[serde(default, with = "crate::moment::option")]
    pub not_before: Option<Timestamp>,
    /// Worthless after this moment.
    #[serde(with = "crate::moment")]
    pub expires_at: Timestamp,
    /// Who wants to know what became of it.
    #[serde(default)]
    pub subject: Option<FinalSubject>,
    /// `reference` of its user data headers, where it has several parts.
    #[serde(default)]
    pub reference: u8,
    /// State of each part; empty until the text is known.
    #[serde(default)]
    pub parts: Parts,
    /// Refusals that counted as attempts.
    #[serde(default)]
    pub attempts: u8,
    /// Times it was sent again because an earlier submit's fate was unknown.
    #[serde(default)]
    pub resent: u8,
}

impl OutboxEntry {
    /// Whether nobody asked for it just now: such a message leaves in notice hours only, and after all answers.
    pub fn is_unasked(&self) -> bool {
        matches!(self.subject, Some(FinalSubject::Rotation(..)))
            || matches!(self.class, Class::Notice | Class::Bulk)
    }
}

/// The text of a message, or where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// In the entry (which the store seals).
    Text(Redacted<String>),
    /// A password is being drawn; the text follows in a later turn.
    Awaited,
    /// Sealed under a key of its own that stands in the secrets file and nowhere else.
    Secret {
        /// Nonce and sealed text. As octets, not as numbers: these would make a record's length a matter of chance.
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
}

/// Where one part of an outgoing message stands. What is on the wire at this moment is not stored: after a
/// start, a part that is `Unsent` or `Sending` may have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartState {
    /// Not known to have left.
    Unsent,
    /// Marked in an earlier turn as about to leave (charged and legal texts).
    Sending,
    /// The SMSC took it.
    Accepted {
        /// Its id for receipts, as given.
        message_id: SmolStr,
    },
    /// A final receipt came.
    Delivered,
    /// Refused for good, or a final receipt said so.
    Failed,
    /// The response never came; waits for a receipt or a person.
    Uncertain,
}

/// The hash that recognises a redelivered message (docs/RELIABILITY.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(#[serde(with = "serde_bytes")] pub [u8; 16]);

impl Hash for Fingerprint {
    /// Its first half does for a table: it is a hash already.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self([a, b, c, d, e, f, g, h, ..]) = *self;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// A message whose acknowledgement may not have reached the SMSC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintEntry {
    /// When its acknowledgement became uncertain.
    #[serde(with = "crate::moment")]
    pub since: Timestamp,
    /// Whether an act (not a mere look-up) stands behind it.
    pub act: bool,
    /// How many copies may come again: a citizen who sends one text twice has two on their way.
    #[serde(default = "one_copy")]
    pub copies: u16,
}

fn one_copy() -> u16 {
    1
}

/// Which message the parts belong to: group, **source**, destination, width, reference and total.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartialMessageId {
    /// Bind group.
    pub group: Name,
    /// The sender: two citizens may use one reference.
    pub source: Address,
    /// The number written to.
    pub destination: Address,
    /// 16-bit reference.
    pub wide: bool,
    /// The reference.
    pub reference: u16,
    /// Parts in all.
    pub total: u8,
}

/// The parts that have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialMessage {
    /// By number minus one.
    pub parts: Vec<Option<Redacted<Vec<u8>>>>,
    /// `data_coding` of the first part that came.
    pub data_coding: u8,
    /// When the first part came.
    #[serde(with = "crate::moment")]
    pub since: Timestamp,
}
