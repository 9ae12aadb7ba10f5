//! How the process ends: one code for each kind of trouble (docs/OPERATIONS.md), one line that says what
//! happened and what to do.

use std::fmt::Display;
use std::path::Path;

/// Why the process ends other than by being asked to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exit {
    /// It ran and then failed, or the command's answer is "no".
    #[error("{0:#}")]
    Failed(anyhow::Error),
    /// The command's answer is "no", and it was printed already.
    #[error("")]
    No,
    /// A named file can't be read.
    #[error("{0:#}")]
    Unreadable(anyhow::Error),
    /// Another process holds the store.
    #[error("{0:#}")]
    TryAgain(anyhow::Error),
    /// Configuration, key or services file is wrong; starting again does not help.
    #[error("{0:#}")]
    Configuration(anyhow::Error),
    /// The services file is wrong, and its mistakes were printed already.
    #[error("")]
    BadServices,
}

impl Exit {
    /// The exit code, after sysexits(3). Command-line mistakes end with 2 in the argument parser.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::No => 1,
            Self::Unreadable(_) => 66,
            Self::TryAgain(_) => 75,
            Self::Configuration(_) | Self::BadServices => 78,
        }
    }

    /// Says on standard error what happened.
    #[allow(clippy::print_stderr, reason = "the last word of a command-line program")]
    pub(crate) fn tell(&self) {
        let text = self.to_string();
        if !text.is_empty() {
            eprintln!("tongdai: {text}");
        }
    }

    /// `what` could not be read.
    pub(crate) fn unreadable(what: impl Display, error: impl Into<anyhow::Error>) -> Self {
        Self::Unreadable(error.into().context(format!("can't read {what}")))
    }

    /// The file at `path` could not be read.
    pub(crate) fn unreadable_file(path: &Path, error: impl Into<anyhow::Error>) -> Self {
        Self::unreadable(path.display(), error)
    }
}

impl From<anyhow::Error> for Exit {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}
