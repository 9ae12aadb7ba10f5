//! Reading values that are written as a text, without a `String` in between.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a text and makes of it what `make` does; `what` is said of where there is no text.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    what: &'static str,
    make: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(FromText { what, make })
}

struct FromText<F> {
    what: &'static str,
    make: F,
}

impl<F: FnOnce(&str) -> Result<T, E>, T, E: fmt::Display> Visitor<'_> for FromText<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<O: Error>(self, text: &str) -> Result<T, O> {
        (self.make)(text).map_err(O::custom)
    }
}
