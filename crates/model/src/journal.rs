//! What one turn writes to the journal: everything that happened, and everything that it changed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::id::{OutboxId, ServiceId};
use crate::key::{Key, Record};
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
    pub at: Timestamp,
    /// What happened, in the order of the events; refusals as well as acts.
    pub entries: Vec<Entry>,
    /// What it changed, in order; later writes of a key win.
    pub writes: Vec<(Key, Option<Arc<Record>>)>,
}

/// One thing that happened in a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A whole message of a citizen was taken.
    Message {
        /// Index of its event in the turn.
        index: u32,
        /// Bind group it came through.
        group: Arc<str>,
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
        rule: Option<Arc<str>>,
        /// What was decided: a template's id or a word.
        label: Arc<str>,
        /// Whether an act stands behind it.
        act: bool,
    },
    /// A part of a message was taken; its text stands in the write.
    Part {
        /// Bind group it came through.
        group: Arc<str>,
        /// Recognises its redelivery.
        fingerprint: Fingerprint,
    },
    /// Octets that can't be read as a message were put aside.
    Quarantine {
        /// Bind group.
        group: Arc<str>,
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
        reason: Arc<str>,
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
        label: Arc<str>,
    },
    /// A timer ran.
    Timer {
        /// What was decided.
        label: Arc<str>,
    },
    /// A password was drawn for a waiting message.
    Drawn {
        /// The message.
        outbox: OutboxId,
    },
}
