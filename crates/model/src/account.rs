//! E-government accounts: one for each ID number and one for each phone.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::address::Msisdn;
use crate::id::OutboxId;
use crate::redact::Redacted;

/// An account, found by its ID number; the phone points to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// ID number; also the log-in name.
    pub id_number: Redacted<String>,
    /// Nine or twelve digits.
    pub id_type: IdType,
    /// Folded, upper case, single blanks.
    pub full_name: Redacted<String>,
    /// Birth date.
    pub birth_date: Redacted<Date>,
    /// The phone that registered, unless a clerk freed it.
    pub phone: Option<Msisdn>,
    /// Argon2id in PHC form; none while the first password is being drawn.
    #[serde(default)]
    pub password_hash: Redacted<Option<String>>,
    /// Who made the password in force.
    pub password_origin: PasswordOrigin,
    /// When the password in force was set.
    #[serde(default)]
    pub password_set_at: Option<Timestamp>,
    /// When an issued password dies; none for a password of the citizen's own.
    #[serde(default)]
    pub password_expires_at: Option<Timestamp>,
    /// How often an issued password ran out unchanged.
    #[serde(default)]
    pub rotation_count: u32,
    /// The message whose text the drawn password is waiting for or went out with.
    #[serde(default)]
    pub credentials: Option<OutboxId>,
    /// What became of the last credentials message.
    #[serde(default)]
    pub delivery: Delivery,
    /// How the account came to be.
    pub created_via: CreatedVia,
    /// When.
    pub created_at: Timestamp,
    /// Last successful log-in.
    #[serde(default)]
    pub last_login_at: Option<Timestamp>,
    /// Wrong passwords in a row.
    #[serde(default)]
    pub failed_logins: u32,
    /// Log-in refused until then.
    #[serde(default)]
    pub locked_until: Option<Timestamp>,
    /// Counts the passwords: a comparison made outside the engine names the one that it saw. Wrong log-ins
    /// don't count here, or many at once would undo each other's.
    #[serde(default)]
    pub version: u64,
}

/// The two Vietnamese ID numbers, told apart by length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IdType {
    /// Nine digits.
    #[serde(rename = "CMND9")]
    Cmnd9,
    /// Twelve digits.
    #[serde(rename = "CCCD12")]
    Cccd12,
}

/// Who made a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordOrigin {
    /// None yet: the first one is being drawn.
    Issuing,
    /// Drawn and texted; dies unless changed.
    Issued,
    /// The citizen's own.
    Own,
}

/// What became of a credentials message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Not known yet.
    #[default]
    Pending,
    /// The receipt said delivered.
    Delivered,
    /// Refused, expired or undeliverable: the same citizen may ask again.
    Failed,
}

/// How an account came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreatedVia {
    /// By TK.
    Sms,
    /// By e-mail on the web; imported for uniqueness.
    Email,
    /// Imported from elsewhere.
    Import,
}
