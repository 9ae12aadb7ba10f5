//! Ids that never change once they stand in a journal.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// A service's name, such as `hue-xnc`. It is part of every key of the service's records and never changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceId(Name);

impl ServiceId {
    /// Takes a name; the services file is checked for its form (letters, digits and dashes).
    pub fn new(name: impl Into<Name>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &'static str {
        self.0.as_str()
    }
}

impl Borrow<str> for ServiceId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of one event that entered a turn: the journal sequence of the turn and the event's index in it.
///
/// A message's id is its event's id. It is minted once, at the edge, and stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventId {
    /// Journal sequence of the turn.
    pub sequence: u64,
    /// Place in the turn.
    pub index: u32,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.sequence, self.index)
    }
}

/// The id of one outgoing message: the event that caused it and its place among that event's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutboxId {
    /// What caused the message.
    pub cause: EventId,
    /// Place among the messages of that cause.
    pub ordinal: u16,
}

impl fmt::Display for OutboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.cause, self.ordinal)
    }
}
