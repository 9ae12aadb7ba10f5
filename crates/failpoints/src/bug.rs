//! The bugs that the simulation must catch.

/// Writes the enum with names, bounds and the list of all.
macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident = $text:literal within $seeds:literal,)+) => {
        /// A mistake that somebody could make in a promise; planted by a test only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bug {
            $($(#[$doc])* $name,)+
        }

        impl Bug {
            /// All of them.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// As the command line writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The seeds within which the simulation must catch it, counted from seed 0.
            pub fn within(self) -> u64 {
                match self {
                    $(Self::$name => $seeds,)+
                }
            }
        }
    };
}

bugs! {
    /// A turn's effects leave before its record is synced.
    AckBeforeSync = "ack-before-sync" within 200,
    /// The journal's records are never synced.
    SyncLeftOut = "sync-left-out" within 200,
    /// A new segment's name is not made durable.
    DirectorySyncLeftOut = "directory-sync-left-out" within 500,
    /// The key of a start is not synced.
    KeySyncLeftOut = "key-sync-left-out" within 200,
    /// The key of a one-time text is not synced.
    SecretSyncLeftOut = "secret-sync-left-out" within 200,
    /// A torn record of the journal is taken for a whole one.
    ChecksumOff = "checksum-off" within 200,
    /// Records are applied before the turn is in the journal.
    RecordsBeforeJournal = "records-before-journal" within 200,
    /// The sentinel says that the records are durable before they are.
    SentinelBeforeRecords = "sentinel-before-records" within 200,
    /// A checkpoint leaves the open entries out.
    OpenEntriesLeftOut = "open-entries-left-out" within 200,
    /// A start does not apply the turns that the records lack.
    ReplayLeftOut = "replay-left-out" within 200,
    /// No redelivery is recognised.
    FingerprintOff = "fingerprint-off" within 200,
    /// A start does not take the last minute's messages for uncertain.
    RecentForgotten = "recent-forgotten" within 200,
    /// A link's death does not make its last minute uncertain.
    LinkDownForgetsCertain = "link-down-forgets-certain" within 200,
    /// That a link put a message off is not heard.
    DeadlineAnswerIgnored = "deadline-answer-ignored" within 200,
    /// A redelivery by a sister bind is not recognised before the link's end is known.
    SisterIgnored = "sister-ignored" within 200,
    /// A copy that is on its way by a sister bind is forgotten once the first acknowledgement was read.
    SisterCopyForgotten = "sister-copy-forgotten" within 200,
    /// Parts are joined whoever sent them.
    ReassemblyWithoutSender = "reassembly-without-sender" within 200,
    /// A message counts as whole with its last part.
    ReassemblyByLastPart = "reassembly-by-last-part" within 200,
    /// What a dead link had no response for is not sent again.
    UnansweredForgotten = "unanswered-forgotten" within 200,
    /// What is sent again is not counted.
    UnansweredUncounted = "unanswered-uncounted" within 200,
    /// A start does not queue what had not left.
    UnsentForgotten = "unsent-forgotten" within 200,
    /// What the SMSC throttled does not come back to its queue.
    ThrottledForgotten = "throttled-forgotten" within 200,
    /// What the SMSC refused for now is not tried again.
    RefusedForgotten = "refused-forgotten" within 200,
    /// A receipt starts a service.
    ReceiptAsMessage = "receipt-as-message" within 200,
    /// A receipt is matched whatever group it came over.
    ReceiptOfAnotherGroup = "receipt-of-another-group" within 200,
}
