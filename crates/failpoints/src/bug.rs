//! The bugs that the simulation must catch.

/// A mistake that somebody could make in a promise; planted by a test only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A turn's effects leave before its record is synced.
    AckBeforeSync,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::AckBeforeSync];

    /// As the command line writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AckBeforeSync => "ack-before-sync",
        }
    }
}
