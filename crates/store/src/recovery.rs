//! What a start found.

use jiff::Timestamp;
use model::outbox::Fingerprint;

/// What a start found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Turns whose writes were applied again.
    pub replayed_turns: u64,
    /// When the last turn was, before the stop.
    pub last_turn_at: Option<Timestamp>,
    /// The messages of the last 60 s of the journal before the stop: when, fingerprint, and whether an act
    /// stood behind it. Their acknowledgements may not have reached the SMSC.
    pub recent: Vec<(Timestamp, Fingerprint, bool)>,
    /// Whether the records were rebuilt from the journal.
    pub rebuilt: bool,
}
