//! What a decision asks for and what it gives.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Msisdn;
use crate::command::{Answer, CommandError};
use crate::id::ServiceId;
use crate::key::{Key, Record};
use crate::name::Name;
use crate::redact::Redacted;

/// The records that a decision has asked for so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    entries: Vec<(Key, Option<Arc<Record>>)>,
}

impl Snapshot {
    /// Makes room for exactly so many more records: most decisions read two.
    pub fn reserve(&mut self, records: usize) {
        self.entries.reserve_exact(records);
    }

    /// Adds what a key holds; none for no record.
    pub fn insert(&mut self, key: Key, record: Option<Arc<Record>>) {
        self.entries.push((key, record));
    }

    /// What a key holds: `None` where it was not read yet, `Some(None)` where there is no record.
    pub fn get(&self, key: &Key) -> Option<Option<&Record>> {
        self.entries.iter().find(|(read, _)| read == key).map(|(_, record)| record.as_deref())
    }

    /// The keys that were read.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().map(|(key, _)| key)
    }
}

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read these as well and ask again; at most three rounds.
    Need(Vec<Key>),
    /// Decided.
    Done(Outcome),
}

/// What a decision changes and sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records to write, or to delete where there is none; later ones win.
    pub writes: Vec<(Key, Option<Record>)>,
    /// Messages to send, answers first.
    pub messages: Vec<Outgoing>,
    /// The answer to a command.
    pub answer: Option<Result<Answer, CommandError>>,
    /// The id of the reply's template, or a word for what was decided without one; for journal, metrics, log.
    pub label: Name,
}

/// A message that a decision sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: Msisdn,
    /// Id of the template.
    pub template: Name,
    /// The text; none where a password must be drawn first (then `subject` says for what).
    pub text: Option<Redacted<String>>,
    /// What kind of text.
    pub class: Class,
    /// Not before this moment (quiet hours).
    pub not_before: Option<Timestamp>,
    /// Worthless after this moment; the engine's default for the class where there is none.
    pub expires_at: Option<Timestamp>,
    /// Who wants to know what became of it; asks for a receipt.
    pub subject: Option<FinalSubject>,
}

/// Classes of outgoing messages, in the order in which they leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The answer to a citizen's message.
    Answer,
    /// A log-in with its password. Waits for a receipt.
    Credential,
    /// A one-time code. Waits for a receipt.
    Code,
    /// Charged to the citizen. Never sent twice on a guess.
    Charged,
    /// With consequences in law. Never sent twice on a guess.
    Legal,
    /// A reminder.
    Notice,
    /// Everything else that nobody waits for.
    Bulk,
}

/// What a message was about, for the service that wants to know what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FinalSubject {
    /// The log-in of an account, first issue.
    Credentials(ServiceId, Redacted<String>),
    /// A new password in place of one that ran out.
    Rotation(ServiceId, Redacted<String>),
}

impl FinalSubject {
    /// The service that is told.
    pub fn service(&self) -> ServiceId {
        match self {
            Self::Credentials(service, _) | Self::Rotation(service, _) => *service,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalState {
    /// On the handset.
    Delivered,
    /// Refused, undeliverable, expired.
    Failed,
    /// No receipt came in time.
    Unknown,
}
