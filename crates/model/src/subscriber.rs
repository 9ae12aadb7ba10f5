//! Subscriber records as a telephone operator feeds them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::address::Msisdn;
use crate::redact::Redacted;

/// In whose name a number is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The number.
    pub msisdn: Msisdn,
    /// The operator, where the feed names it.
    #[serde(default)]
    pub operator: Option<String>,
    /// Registered by an organisation.
    #[serde(default)]
    pub organisation: bool,
    /// Full name.
    #[serde(default)]
    pub full_name: Redacted<Option<String>>,
    /// Birth date.
    #[serde(default)]
    pub birth_date: Redacted<Option<Date>>,
    /// CMND, CCCD or HC (passport).
    #[serde(default)]
    pub doc_type: Option<String>,
    /// Number of the document.
    #[serde(default)]
    pub doc_number: Redacted<Option<String>>,
    /// Day of issue.
    #[serde(default)]
    pub doc_issued_on: Option<Date>,
    /// Place of issue.
    #[serde(default)]
    pub doc_issued_by: Option<String>,
    /// When the feed last wrote it.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}
