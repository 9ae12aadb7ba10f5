//! What one turn writes to the journal: everything that happened, and everything that it changed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::id::{OutboxId, ServiceId};
use crate::key::{Key, Record};
use crate::name::Name;
use crate::outbox::Fingerprint;
use crate::outcome::FinalState;
use crate::redact::Redacted;

/// One turn: one record of the journal, sealed as a whole and durable as a whole.
///
/// It is written without the names of fields, all records in it included: a field that is added to any of these types
/// stands last and has a default (docs/STORE.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When.
    #[serde(with = "crate::moment")]
    pub at: Timestamp,
    /// What happened, in the order of the events; refusals as well as acts.
    pub entries: Vec<Entry>,
    /// What it changed, in order; later writes of a key win.
    pub writes: Vec<(Key, Option<Arc<Record>>)>,
}

/// One thing that happened in a turn. `SparseEntry` below follows it field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A whole message of a citizen was taken.
    Message {
        /// Index of its event in the turn.
        index: u32,
        /// Bind group it came through.
        group: Name,
        /// `source_addr`.
        source: Address,
        /// `destination_addr`.
        destination: Address,
        /// The text as written.
        text: Redacted<String>,
        /// Recognises its redelivery.
        fingerprint: Fingerprint,
        /// The service, where one has the number.
        service: Option<ServiceId>,
        /// The rule that matched.
        rule: Option<Name>,
        /// What was decided: a template's id or a word.
        label: Name,
        /// Whether an act stands behind it.
        act: bool,
    },
    /// A part of a message was taken; its text stands in the write.
    Part {
        /// Bind group it came through.
        group: Name,
        /// Recognises its redelivery.
        fingerprint: Fingerprint,
    },
    /// Octets that can't be read as a message were put aside.
    Quarantine {
        /// Bind group.
        group: Name,
        /// `source_addr`.
        source: Address,
        /// `destination_addr`.
        destination: Address,
        /// `data_coding`.
        data_coding: u8,
        /// The user data.
        octets: Redacted<Vec<u8>>,
        /// Recognises its redelivery.
        fingerprint: Fingerprint,
    },
    /// A redelivery or a message that is not answered; nothing was run.
    Ignored {
        /// Why: `redelivery`, `loop_guard`, `short_code` and so on.
        reason: Name,
        /// `source_addr`.
        source: Address,
        /// Recognises its redelivery.
        fingerprint: Fingerprint,
    },
    /// The SMSC's verdict on a submitted part.
    Verdict {
        /// The message.
        outbox: OutboxId,
        /// The part, 0-based.
        part: u8,
        /// `command_status`, or none where no response came.
        status: Option<u32>,
    },
    /// A delivery receipt.
    Receipt {
        /// The message, where one was found.
        outbox: Option<OutboxId>,
        /// The receipt's `message_id`.
        message_id: String,
        /// What it says, where that is final.
        state: Option<FinalState>,
    },
    /// A clerk's or a feed's command.
    Command {
        /// Who, by name of the token.
        actor: String,
        /// Which command.
        command: String,
        /// What was decided.
        label: Name,
    },
    /// A timer ran.
    Timer {
        /// What was decided.
        label: Name,
    },
    /// A password was drawn for a waiting message.
    Drawn {
        /// The message.
        outbox: OutboxId,
    },
}

/// What a start needs of a [`Turn`] whose writes it has: read in a fraction of the time. A busy minute has millions of
/// messages, and a start looks at all of them.
#[derive(Debug, Deserialize)]
pub struct TurnOutline {
    /// When.
    #[serde(with = "crate::moment")]
    pub at: Timestamp,
    /// What was received, in the order of the events; none for anything else that happened.
    pub entries: Vec<EntryOutline>,
    #[serde(rename = "writes")]
    _writes: IgnoredAny,
}

/// What recognises a redelivery of what an [`Entry`] took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "SparseEntry")]
pub struct EntryOutline(pub Option<Received>);

/// Something that was received and that the SMSC may hand over again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// What recognises its redelivery.
    pub fingerprint: Fingerprint,
    /// Whether an act stood, or may have stood, behind it.
    pub act: bool,
    /// Whether it was run; else it was taken for the redelivery of one that was, or not answered.
    pub ran: bool,
}

/// [`Entry`], with no more than [`Received`] is made of.
#[derive(Deserialize)]
#[serde(rename = "Entry")]
#[allow(dead_code, reason = "that a field stands there is what is said of it")]
enum SparseEntry {
    Message {
        index: IgnoredAny,
        group: IgnoredAny,
        source: IgnoredAny,
        destination: IgnoredAny,
        text: IgnoredAny,
        fingerprint: Fingerprint,
        service: IgnoredAny,
        rule: IgnoredAny,
        label: IgnoredAny,
        act: bool,
    },
    Part {
        group: IgnoredAny,
        fingerprint: Fingerprint,
    },
    Quarantine {
        group: IgnoredAny,
        source: IgnoredAny,
        destination: IgnoredAny,
        data_coding: IgnoredAny,
        octets: IgnoredAny,
        fingerprint: Fingerprint,
    },
    Ignored {
        reason: IgnoredAny,
        source: IgnoredAny,
        fingerprint: Fingerprint,
    },
    Verdict(IgnoredAny),
    Receipt(IgnoredAny),
    Command(IgnoredAny),
    Timer(IgnoredAny),
    Drawn(IgnoredAny),
}

impl From<SparseEntry> for EntryOutline {
    fn from(entry: SparseEntry) -> Self {
        let (fingerprint, act, ran) = match entry {
            SparseEntry::Message { fingerprint, act, .. } => (fingerprint, act, true),
            // A part that comes again may complete an act, and what was ignored may be the redelivery of one; a
            // message put aside is never run.
            SparseEntry::Part { fingerprint, .. } => (fingerprint, true, true),
            SparseEntry::Ignored { fingerprint, .. } => (fingerprint, true, false),
            SparseEntry::Quarantine { fingerprint, .. } => (fingerprint, false, true),
            SparseEntry::Verdict(_)
            | SparseEntry::Receipt(_)
            | SparseEntry::Command(_)
            | SparseEntry::Timer(_)
            | SparseEntry::Drawn(_) => return Self(None),
        };
        Self(Some(Received { fingerprint, act, ran }))
    }
}
