//! What is counted of one sender at one service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Wrong codes of one sender. What he had right stands in [`crate::Key::Found`].
///
/// Guards look-up and cancellation codes against being tried one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// When wrong codes were sent, oldest first; at most as many as the limit allows.
    #[serde(with = "crate::moment::list")]
    pub misses: Vec<Timestamp>,
    /// Whether the sender was told that the limit is reached, in this run of misses.
    pub told: bool,
    /// When the record was last changed; old ones are dropped.
    #[serde(with = "crate::moment::option")]
    pub changed_at: Option<Timestamp>,
}
