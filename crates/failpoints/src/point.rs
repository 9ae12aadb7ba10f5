//! The points.

/// Writes an enum of points with their names and the list of all.
macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A point of the path of a message, or of what the store does beside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[$doc])* $name,)+
        }

        impl Point {
            /// All of them, in the order of the path.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// As `TONGDAI_KILL_AT` writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

points! {
    /// Octets were read from a link.
    Read = "read",
    /// A deliver_sm was decoded and goes to the engine.
    Decoded = "decoded",
    /// A citizen's text is about to be understood; see the environment's `TONGDAI_PANIC_AT`.
    TextRead = "text-read",
    /// A turn that writes something is decided and not written.
    Decided = "decided",
    /// The turn's record is written and not synced.
    RecordWritten = "record-written",
    /// The turn's record is synced and not applied.
    RecordSynced = "record-synced",
    /// The turn's writes are applied, and no effect has left.
    Applied = "applied",
    /// A deliver_sm_resp was written to its socket.
    ResponseWritten = "response-written",
    /// A submit_sm was written to its socket.
    SubmitWritten = "submit-written",
    /// A submit_sm_resp was read and goes to the engine.
    ResponseRead = "response-read",
    /// A turn with a verdict is durable.
    VerdictRecorded = "verdict-recorded",
    /// A receipt came to the engine.
    ReceiptRead = "receipt-read",
    /// A turn with a receipt is durable.
    ReceiptRecorded = "receipt-recorded",
    /// A checkpoint has begun.
    CheckpointBegun = "checkpoint-begun",
    /// A step of open entries went into the records.
    CheckpointMoved = "checkpoint-moved",
    /// All of a checkpoint is in the records and not synced.
    CheckpointApplied = "checkpoint-applied",
    /// The records are synced and the sentinel is the old one.
    CheckpointSynced = "checkpoint-synced",
    /// The new sentinel is written and not synced.
    SentinelWritten = "sentinel-written",
    /// The new sentinel is synced under its passing name.
    SentinelSynced = "sentinel-synced",
    /// The new sentinel has its name, which is not durable.
    SentinelRenamed = "sentinel-renamed",
    /// The checkpoint is complete.
    CheckpointFinished = "checkpoint-finished",
    /// A segment was made and holds its head only, unsynced.
    SegmentCreated = "segment-created",
    /// A segment is synced under its passing name.
    SegmentSynced = "segment-synced",
    /// A segment has its name, which is not durable.
    SegmentRenamed = "segment-renamed",
    /// A segment is ready.
    SegmentPublished = "segment-published",
    /// The journal goes on in its next segment.
    SegmentRolled = "segment-rolled",
    /// An old segment was removed.
    SegmentPruned = "segment-pruned",
    /// A secret's key is written and not synced.
    SecretWritten = "secret-written",
    /// Secrets are synced, the turn that speaks of them is not written.
    SecretSynced = "secret-synced",
    /// A secret's key was zeroed and not synced.
    SecretZeroed = "secret-zeroed",
    /// A start's data key is written into `keys` and not synced.
    StartKeyWritten = "start-key-written",
    /// A start has put its data key into `keys`.
    StartKeyKept = "start-key-kept",
    /// A start has begun its segment, with copies of the turns that the records lack.
    StartJournalBegun = "start-journal-begun",
    /// A start has removed the segments that nothing reads.
    StartLeftoversRemoved = "start-leftovers-removed",
    /// A start has applied the turns that the records lacked.
    StartApplied = "start-applied",
}
