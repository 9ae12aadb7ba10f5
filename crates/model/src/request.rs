//! What a citizen's text means: a command with typed fields, or the reason why it is none.

use std::sync::Arc;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::account::IdType;
use crate::address::Msisdn;
use crate::command::ClerkCommand;
use crate::id::{OutboxId, ServiceId};
use crate::key::TimerSubject;
use crate::name::Name;
use crate::outcome::{FinalState, FinalSubject};
use crate::redact::Redacted;

/// What a service is asked to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A citizen's whole message.
    Message {
        /// Who wrote.
        sender: Msisdn,
        /// What it means.
        interpretation: Interpretation,
    },
    /// A clerk's or a feed's command.
    Command(ClerkCommand),
    /// A timer is due.
    Timer(TimerSubject),
    /// A password was drawn for a message that waits for it.
    Drawn {
        /// What the password is for.
        subject: FinalSubject,
        /// The waiting message.
        outbox: OutboxId,
        /// The password in clear, for the text only.
        password: Redacted<String>,
        /// Its Argon2id hash in PHC form.
        hash: Redacted<String>,
    },
    /// A message reached its final state.
    Final {
        /// What the message was about.
        subject: FinalSubject,
        /// The message.
        outbox: OutboxId,
        /// What became of it.
        state: FinalState,
    },
}

/// The reading of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpretation {
    /// The service whose number was written to.
    pub service: ServiceId,
    /// The rule of the services file that matched, or that came nearest.
    pub rule: Option<Name>,
    /// The command, or why there is none.
    pub result: Result<Command, Rejection>,
}

/// A command with its typed fields. The names are those that `explain` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `dossier_status`: where a dossier stands.
    DossierStatus {
        /// The printed form of the code.
        code: String,
    },
    /// `queue_status`: how many wait.
    QueueStatus {
        /// The queue's code.
        queue: String,
    },
    /// `subscriber_info`: in whose name the sender's number is registered.
    SubscriberInfo {
        /// An ID number to compare with.
        id_number: Option<Redacted<String>>,
    },
    /// `register`: open an account.
    Register {
        /// Folded, upper case, single blanks.
        name: Redacted<String>,
        /// Digits only.
        id_number: Redacted<String>,
        /// By the number of digits.
        id_type: IdType,
        /// Birth date.
        dob: Redacted<Date>,
    },
    /// `book`: take a slot.
    Book {
        /// Abbreviation.
        activity: String,
        /// Day.
        date: Date,
        /// Start.
        time: Time,
        /// Folded, upper case, single blanks.
        name: Redacted<String>,
    },
    /// `book_nearest`: take the nearest free slot.
    BookNearest {
        /// Abbreviation.
        activity: String,
        /// Folded, upper case, single blanks.
        name: Redacted<String>,
    },
    /// `free_slots`: what is free on a day.
    FreeSlots {
        /// Abbreviation.
        activity: String,
        /// Day.
        date: Date,
        /// No day was given and the following one was taken.
        date_defaulted: bool,
    },
    /// `cancel`: give a slot back.
    Cancel {
        /// Access code.
        code: Redacted<String>,
        /// Day of the booking.
        date: Date,
    },
    /// A fixed text: `help`, `help_codes`, or what a services file names.
    Text {
        /// The command's name; its reply is the template of that role.
        command: String,
    },
}

impl Command {
    /// The name that `explain` prints and a services file gives as `command`.
    pub fn name(&self) -> &str {
        match self {
            Self::DossierStatus { .. } => "dossier_status",
            Self::QueueStatus { .. } => "queue_status",
            Self::SubscriberInfo { .. } => "subscriber_info",
            Self::Register { .. } => "register",
            Self::Book { .. } => "book",
            Self::BookNearest { .. } => "book_nearest",
            Self::FreeSlots { .. } => "free_slots",
            Self::Cancel { .. } => "cancel",
            Self::Text { command } => command,
        }
    }

    /// Whether it changes something: such a command is never run twice for one redelivered message.
    pub fn is_act(&self) -> bool {
        matches!(
            self,
            Self::Register { .. } | Self::Book { .. } | Self::BookNearest { .. } | Self::Cancel { .. }
        )
    }
}

/// Why a message is no command, with what its reply needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The kind; the services file maps it to a reply.
    pub kind: ErrorKind,
    /// The command that was tried, by name; gives `{form}` and `{ex}`.
    pub command: Option<Name>,
    /// Values for the reply's places: `field`, `act`, `kw`, `num` and so on.
    pub values: Vec<(&'static str, Arc<str>)>,
}

impl Rejection {
    /// A rejection without details.
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind, command: None, values: Vec::new() }
    }
}

/// The kinds of mistakes in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Nothing but separators, punctuation and debris.
    Empty,
    /// No keyword of this number.
    UnknownKeyword,
    /// A keyword of another number of the platform.
    WrongNumber,
    /// The keyword stands alone.
    MissingArgument,
    /// A code of the wrong form.
    BadCode,
    /// No such queue.
    UnknownQueue,
    /// Two different commands.
    MultipleCommands,
    /// An ID number of the wrong form.
    BadId,
    /// Wrong number or order of fields.
    BadSyntax,
    /// A name with digits, or too short.
    BadName,
    /// No birth date.
    BadDob,
    /// ID number and birth date contradict each other.
    IdDobMismatch,
    /// No abbreviation.
    MissingActivity,
    /// No such abbreviation.
    UnknownActivity,
    /// No name.
    MissingName,
    /// No date.
    MissingDate,
    /// No such date.
    BadDate,
    /// Gone by.
    PastDate,
    /// Beyond the horizon.
    TooFar,
    /// No time.
    MissingTime,
    /// No such time.
    BadTime,
    /// No code.
    MissingCode,
    /// The text can't be read (binary or broken coding).
    Unreadable,
    /// Parts of the message never came.
    MissingParts,
}

impl ErrorKind {
    /// The name, as in the services file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownKeyword => "unknown_keyword",
            Self::WrongNumber => "wrong_number",
            Self::MissingArgument => "missing_argument",
            Self::BadCode => "bad_code",
            Self::UnknownQueue => "unknown_queue",
            Self::MultipleCommands => "multiple_commands",
            Self::BadId => "bad_id",
            Self::BadSyntax => "bad_syntax",
            Self::BadName => "bad_name",
            Self::BadDob => "bad_dob",
            Self::IdDobMismatch => "id_dob_mismatch",
            Self::MissingActivity => "missing_activity",
            Self::UnknownActivity => "unknown_activity",
            Self::MissingName => "missing_name",
            Self::MissingDate => "missing_date",
            Self::BadDate => "bad_date",
            Self::PastDate => "past_date",
            Self::TooFar => "too_far",
            Self::MissingTime => "missing_time",
            Self::BadTime => "bad_time",
            Self::MissingCode => "missing_code",
            Self::Unreadable => "unreadable",
            Self::MissingParts => "missing_parts",
        }
    }
}
