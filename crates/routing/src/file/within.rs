//! Numbers that must lie within bounds.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Within<const MIN: u32, const MAX: u32>(pub(crate) u32);

/// One or more: what would make nothing of a service if it were 0.
pub(crate) type Positive = Within<1, { u32::MAX }>;

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        let wanted = if MAX == u32::MAX {
            format!("a whole number, {MIN} or more")
        } else {
            format!("a whole number from {MIN} to {MAX}")
        };
        Err(D::Error::invalid_value(Unexpected::Unsigned(number.into()), &wanted.as_str()))
    }
}
