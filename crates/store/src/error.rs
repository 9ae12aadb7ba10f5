//! What can go wrong, and what whoever hears of it does.

use std::io;

use crate::records::RecordsError;

/// Why a store did not open. Returned by [`crate::Store::open`]; nothing was acknowledged or changed unless
/// the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the store open. Exit 75; the service manager tries again.
    #[error("another process has this store open")]
    Locked,
    /// The key file is another store's. Exit 78; give the key that was made with this store.
    #[error("the key file is not the key of this store; nothing was touched")]
    WrongKey,
    /// The store was written by a newer program, or by one before the first release. Exit 78; run that program.
    #[error("the store has format {found}, this program reads {known}")]
    OtherFormat {
        /// As the store says.
        found: u32,
        /// The one that is known here.
        known: u32,
    },
    /// The disk refuses. Exit 1; look at the disk.
    #[error("{what}: {source}")]
    Io {
        /// What was done.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Something on the disk is not what was written. Exit 1; see docs/STORE.md.
    #[error("{0}; see docs/STORE.md, and `tongdai store verify` shows what is left")]
    Damaged(#[from] Damage),
    /// The records could neither be opened nor rebuilt.
    #[error(
        "the records can't be used and the journal no longer reaches back to the beginning: {0}; restore an export"
    )]
    Records(RecordsFault),
    /// The operating system gave no random octets.
    #[error(transparent)]
    NoEntropy(#[from] vault::NoEntropy),
    /// Recovery itself failed to write.
    #[error("recovery: {0}")]
    Recover(#[source] StoreError),
}

impl OpenError {
    /// Whether the disk has no space, and nothing else is wrong: the same start succeeds once there is some.
    pub fn is_want_of_space(&self) -> bool {
        match self {
            Self::Io { source, .. } => is_want_of_space(source),
            Self::Records(RecordsFault::Unreadable(RecordsError::Io(source))) => is_want_of_space(source),
            Self::Recover(error) => error.is_want_of_space(),
            _ => false,
        }
    }
}

/// Why the records don't fit the journal and the sentinel.
#[derive(Debug, thiserror::Error)]
pub enum RecordsFault {
    /// They don't open.
    #[error("they don't open: {0}")]
    Unreadable(#[from] RecordsError),
    /// They are another store's.
    #[error("they belong to another store")]
    Foreign,
    /// They opened empty though turns had been applied.
    #[error("they opened empty, but turn {expected} had been applied")]
    Empty {
        /// The turn that the sentinel names.
        expected: u64,
    },
    /// They lack the end of a checkpoint that the sentinel says was durable.
    #[error("they end at checkpoint {found}, but checkpoint {expected} had been made")]
    OlderCheckpoint {
        /// The last checkpoint in them.
        found: u64,
        /// The checkpoint that the sentinel names.
        expected: u64,
    },
    /// They lack what the sentinel says was durable.
    #[error("they end at turn {found}, but turn {expected} had been made durable")]
    Older {
        /// The last turn in them.
        found: u64,
        /// The turn that the sentinel names.
        expected: u64,
    },
}

/// Something on the disk that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A record of the journal is bad and others follow it: it had been acknowledged.
    #[error(
        "journal segment {segment} is damaged at octet {offset}: turn {sequence} can't be read, though later turns were written"
    )]
    Record {
        /// Number of the segment.
        segment: u64,
        /// Where the record begins.
        offset: u64,
        /// The turn that should stand there.
        sequence: u64,
    },
    /// Turns are missing between two segments.
    #[error("the journal lacks the turns from {from} to {to}")]
    Gap {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// A record does not follow from the one before it.
    #[error("turn {sequence} does not continue the chain of the journal")]
    Chain {
        /// The turn.
        sequence: u64,
    },
    /// A record is whole but can't be opened or read.
    #[error("turn {sequence} can't be unsealed or read")]
    Turn {
        /// The turn.
        sequence: u64,
    },
    /// The head of a segment is not what was written.
    #[error("journal segment {segment} has no readable head")]
    Head {
        /// Number of the segment.
        segment: u64,
    },
    /// The journal ends before what is known to have been durable.
    #[error("the journal ends at turn {found}, but turn {expected} had been made durable")]
    JournalShort {
        /// The last turn found.
        found: u64,
        /// The last turn that is known of.
        expected: u64,
    },
    /// The sentinel is missing though the store is not new.
    #[error("the sentinel is missing though the store holds data")]
    SentinelMissing,
    /// The sentinel can't be read.
    #[error("the sentinel can't be read")]
    Sentinel,
    /// The wrapped keys can't be read.
    #[error("the wrapped keys can't be read: {0}")]
    Keys(#[from] vault::KeysError),
    /// The wrapped keys are missing though the store is not new.
    #[error("the wrapped keys are missing though the store holds data")]
    KeysMissing,
    /// There are fewer wrapped keys than were used to seal: the end of their file is damaged or an older copy.
    #[error("there are {found} wrapped data keys, but {expected} were used")]
    KeysShort {
        /// How many can be read.
        found: u32,
        /// How many were used at least.
        expected: u32,
    },
    /// A value of the records can't be opened or read.
    #[error("a record of kind {kind} can't be unsealed or read")]
    Value {
        /// First octet of its key.
        kind: u8,
    },
}

/// Why the open store did not do something. Returned by [`crate::Store`] and [`crate::Reader`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An earlier write or sync failed. End the process: what memory shows may not be on the disk.
    #[error("an earlier write failed; nothing more is made durable")]
    Poisoned,
    /// The journal could not be written or synced. The store is poisoned; end the process.
    #[error("journal: {0}")]
    Journal(#[source] io::Error),
    /// The sentinel could not be replaced. The store is poisoned; end the process.
    #[error("sentinel: {0}")]
    Sentinel(#[source] io::Error),
    /// The secrets file could not be read, written or synced. The store is poisoned; end the process.
    #[error("secrets: {0}")]
    Secrets(#[source] io::Error),
    /// The records could not be read or written. The store is poisoned; end the process.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// There is no space for another journal segment. Nothing was written; answer "later" and try again.
    #[error("no space for another journal segment")]
    NoRoom,
    /// The turn is longer than a record of the journal may be. Nothing was written; a fault of the caller.
    #[error("a turn of {octets} octets is longer than a journal record may be")]
    TurnTooLarge {
        /// Its length.
        octets: usize,
    },
    /// A record is longer than the records take. Nothing was written; a fault of the caller.
    #[error("a record of {octets} octets is longer than {max} octets")]
    RecordTooLarge {
        /// Its length.
        octets: usize,
        /// The bound.
        max: usize,
    },
    /// A value could not be encoded. Nothing was written; a fault of the program.
    #[error("a value could not be encoded")]
    Encode(#[from] rmp_serde::encode::Error),
    /// Nothing can be sealed. A fault of the program.
    #[error(transparent)]
    Seal(#[from] vault::SealFailed),
    /// What was read is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// All slots of the secrets file are taken. Try again once messages are final.
    #[error("all slots of the secrets file are taken")]
    SecretsFull,
    /// The key of a one-time text is gone: final, forgotten or over age. The text can't be sent any more.
    #[error("the secret of this message was forgotten")]
    SecretGone,
    /// The operating system gave no random octets.
    #[error(transparent)]
    NoEntropy(#[from] vault::NoEntropy),
}

impl StoreError {
    /// Whether the process must end: what was to be durable may not be.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Poisoned | Self::Journal(_) | Self::Sentinel(_) | Self::Secrets(_) | Self::Records(_)
        )
    }

    fn is_want_of_space(&self) -> bool {
        match self {
            Self::NoRoom => true,
            Self::Journal(source) | Self::Sentinel(source) | Self::Secrets(source) => {
                is_want_of_space(source)
            }
            Self::Records(RecordsError::Io(source)) => is_want_of_space(source),
            _ => false,
        }
    }
}

/// Whether the system says that there is no space.
pub(crate) fn is_want_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
