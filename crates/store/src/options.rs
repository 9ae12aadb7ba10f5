//! What an operator may set, and the bounds that he may not.

use jiff::SignedDuration;
use vault::LookupKey;

/// Settings of a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for sled's cache, in octets.
    pub cache_octets: u64,
    /// How long journal segments behind the checkpoint are kept.
    pub retention: SignedDuration,
    /// Length of a journal segment, in octets.
    pub segment_octets: u64,
    /// A checkpoint is due after so many octets of journal.
    pub checkpoint_octets: u64,
    /// A checkpoint is due after so many key writes.
    pub checkpoint_writes: u64,
    /// In place of the look-up key that the store draws; the same for all its life. Only a simulation sets it: in which
    /// order timers of one moment run and in how many steps a checkpoint goes hangs on it, and one seed is one run.
    pub lookup_key: Option<LookupKey>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // Grows with use: a demo's records take 2 MiB. Half a million records fit; a checkpoint that finds
            // its pages in memory takes a fifth of the time (docs/PERFORMANCE.md).
            cache_octets: 128 << 20,
            retention: SignedDuration::from_hours(90 * 24),
            // Two are preallocated; small enough for a demo's temporary directory, large enough that making
            // one ahead (about 10 ms) is rare.
            segment_octets: 16 << 20,
            // At full load one in some four seconds; a start applies what came after it again, at 15 us a message.
            checkpoint_octets: 128 << 20,
            checkpoint_writes: 400_000,
            lookup_key: None,
        }
    }
}
