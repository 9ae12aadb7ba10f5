//! A wrapper whose `Debug` never shows what it holds.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Personal data or a secret: readable by code, never by a log.
///
/// `Debug` prints `***` and there is no `Display`, so a value reaches a log only where somebody writes
/// `.0` on purpose.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(pub T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Redacted<SmolStr> {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl From<&str> for Redacted<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> std::ops::Deref for Redacted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
