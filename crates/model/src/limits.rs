//! What is counted of one sender at one service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::redact::Redacted;
use crate::short::Short;

/// Wrong codes of one sender, and the codes that he had right.
///
/// Guards look-up and cancellation codes against being tried one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// When wrong codes were sent, oldest first; at most as many as the limit allows.
    #[serde(with = "crate::moment::list")]
    pub misses: Vec<Timestamp>,
    /// Whether the sender was told that the limit is reached, in this run of misses.
    pub told: bool,
    /// Codes that this sender found before, newest last; at most [`Limits::FOUND_MAX`].
    pub found: Vec<Redacted<Short>>,
    /// When the record was last changed; old ones are dropped.
    #[serde(with = "crate::moment::option")]
    pub changed_at: Option<Timestamp>,
}

impl Limits {
    /// Codes remembered of one sender: a family's dossiers.
    pub const FOUND_MAX: usize = 8;
}
