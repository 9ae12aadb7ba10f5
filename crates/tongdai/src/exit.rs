//! How the process ends: one code for each kind of trouble (docs/OPERATIONS.md), one line that says what
//! happened and what to do.

use std::fmt::Display;
use std::path::Path;

/// Why the process ends other than by being asked to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exit {
    /// It ran and then failed, or the command's answer is "no".
    #[error("{}", chain(.0))]
    Failed(anyhow::Error),
    /// The command's answer is "no", and it was printed already.
    #[error("")]
    No,
    /// The command line is wrong in a way that its parser does not see.
    #[error("{}", chain(.0))]
    Usage(anyhow::Error),
    /// A named file can't be read.
    #[error("{}", chain(.0))]
    Unreadable(anyhow::Error),
    /// Another process holds the store.
    #[error("{}", chain(.0))]
    TryAgain(anyhow::Error),
    /// Configuration, key or services file is wrong; starting again does not help.
    #[error("{}", chain(.0))]
    Configuration(anyhow::Error),
    /// The services file is wrong, and its mistakes were printed already.
    #[error("")]
    BadServices,
}

impl Exit {
    /// The exit code, after sysexits(3). Most command-line mistakes end with the argument parser's 2.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::No => 1,
            Self::Usage(_) => 2,
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

/// An error with its causes; a cause that the text before it already tells is left out.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        if told.is_empty() {
            cause
        } else if told.contains(&cause) {
            told
        } else {
            format!("{told}: {cause}")
        }
    })
}

impl From<anyhow::Error> for Exit {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = || std::io::Error::from_raw_os_error(2);
        let told = format!("key file k: {}", cause());
        let error = anyhow::Error::new(cause()).context(told.clone());
        assert_eq!(Exit::Failed(error).to_string(), told);
        let error = anyhow::Error::new(cause()).context("can't read k");
        assert_eq!(Exit::Failed(error).to_string(), format!("can't read k: {}", cause()));
    }
}
