//! Waiting lines at the counters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the counter system measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// People waiting.
    pub waiting: u32,
    /// Counters that serve the queue now, where the counter system says so.
    #[serde(default)]
    pub open_counters: Option<u32>,
    /// Mean time to serve one person, in seconds.
    #[serde(default)]
    pub mean_service_s: u32,
    /// Minutes until the last one is served, where the counter system says it itself.
    #[serde(default)]
    pub est_minutes: Option<u32>,
    /// When it was measured.
    pub measured_at: Timestamp,
    /// Counts the samples of the source; late ones are dropped.
    pub sequence: u64,
    /// Who measured.
    #[serde(default)]
    pub source: String,
}

/// The samples of one queue that may still be published, in the order in which they came.
///
/// Of the samples between two ticks only the newest can ever be published, so only that one is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// At most [`Queue::SAMPLES_MAX`].
    pub samples: Vec<Sample>,
}

impl Queue {
    /// Samples kept, one for each stretch between two ticks: the published one, the coming one, and some more
    /// for a feed whose clock runs a little ahead or behind.
    pub const SAMPLES_MAX: usize = 8;
}
