//! Commands of clerks and feeds, and their answers.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::CreatedVia;
use crate::address::Msisdn;
use crate::calendar::Span;
use crate::dossier::{Dossier, DossierEvent};
use crate::id::ServiceId;
use crate::queue::Sample;
use crate::redact::Redacted;
use crate::subscriber::Subscriber;

/// A command that enters the engine's turn like a message does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClerkCommand {
    /// Create a dossier or replace what is known of it.
    PutDossier {
        /// Of which service.
        service: ServiceId,
        /// The whole record; its `version` is set by the decision.
        dossier: Box<Dossier>,
        /// The version that the caller saw, where he guards against another's edit.
        expected_version: Option<u64>,
    },
    /// Create a dossier or replace what is known of it, where the new one says anything else. One row of many.
    ImportDossier {
        /// Of which service.
        service: ServiceId,
        /// The whole record; its `version` is set by the decision.
        dossier: Box<Dossier>,
        /// Only say what would be done.
        preview: bool,
    },
    /// Something happened to a dossier.
    DossierEvent {
        /// Of which service.
        service: ServiceId,
        /// Its code.
        code: String,
        /// What happened.
        event: DossierEvent,
        /// When, where the clerk says so; else the turn's time.
        at: Option<jiff::Timestamp>,
    },
    /// The counter system measured a queue.
    QueueSample {
        /// Of which service.
        service: ServiceId,
        /// The queue's code.
        queue: String,
        /// What it measured.
        sample: Sample,
    },
    /// The operator's feed writes a subscriber.
    PutSubscriber(Box<Subscriber>),
    /// The operator's feed drops a subscriber.
    DeleteSubscriber(Msisdn),
    /// An account made elsewhere, for uniqueness.
    ImportAccount {
        /// Of which service.
        service: ServiceId,
        /// Nine or twelve digits.
        id_number: Redacted<String>,
        /// Name as written.
        full_name: Redacted<String>,
        /// Birth date.
        birth_date: Redacted<Date>,
        /// Phone, where known, as written (retired forms included).
        phone: Option<Redacted<String>>,
        /// E-mail or import.
        created_via: CreatedVia,
    },
    /// A log-in whose password was compared outside the engine.
    LogIn {
        /// Of which service.
        service: ServiceId,
        /// Log-in name.
        id_number: Redacted<String>,
        /// Whether the password fitted the hash.
        matched: bool,
        /// The account's version that was compared, 0 where there was no account.
        version: u64,
    },
    /// A new password of the citizen's own, compared and hashed outside the engine.
    ChangePassword {
        /// Of which service.
        service: ServiceId,
        /// Log-in name.
        id_number: Redacted<String>,
        /// Whether the old password fitted the hash.
        matched: bool,
        /// The account's version that was compared, 0 where there was no account.
        version: u64,
        /// Argon2id of the new password in PHC form.
        hash: Redacted<String>,
    },
    /// A clerk frees the phone of an account (a number that got a new owner).
    FreePhone {
        /// Of which service.
        service: ServiceId,
        /// The phone.
        msisdn: Msisdn,
    },
    /// Replace the weekly hours.
    PutWeeklyHours {
        /// Of which service.
        service: ServiceId,
        /// Monday first.
        weekly: [Vec<Span>; 7],
    },
    /// Hours of one day; none closes it.
    PutDay {
        /// Of which service.
        service: ServiceId,
        /// The day.
        date: Date,
        /// Its spans; `None` takes the exception back.
        spans: Option<Vec<Span>>,
    },
    /// Counters that serve an activity.
    PutCapacity {
        /// Of which service.
        service: ServiceId,
        /// Abbreviation.
        activity: String,
        /// Counters, 0 to 32.
        counters: u8,
    },
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Answer {
    /// Done; the record now has this version (0 where it has none).
    Done {
        /// Version of the record.
        version: u64,
    },
    /// A late, out-of-order sample: nothing was changed.
    Ignored,
    /// The log-in is good.
    LoggedIn {
        /// The password is an issued one and should be changed.
        must_change: bool,
    },
    /// A row of an import was taken, or would be.
    Imported {
        /// What it does.
        effect: ImportEffect,
    },
}

/// What a row of an import does to its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportEffect {
    /// There was none.
    Created,
    /// It says something else.
    Changed,
    /// It says the same: nothing is written.
    Unchanged,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum CommandError {
    /// There is no such service, dossier, queue, account or activity.
    #[error("there is no such {what}")]
    NotFound {
        /// What is missing.
        what: String,
    },
    /// A field is wrong; nothing was changed.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as named in the API.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else changed the record first, or a unique value is taken.
    #[error("conflict: {reason}")]
    Conflict {
        /// What stands against it.
        reason: String,
    },
    /// Wrong name or password, the password ran out, or too many wrong ones came before; deliberately one answer,
    /// so that nobody learns which names have an account.
    #[error("log-in refused")]
    Refused,
}
