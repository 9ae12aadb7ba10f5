//! Addresses as the SMSC writes them, and citizens' numbers in E.164.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::from_text;

/// An SMPP address: type of number, numbering plan indicator and the address itself, as on the wire
/// (SMPP 3.4, 5.2.5 to 5.2.7).
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// Type of number (`source_addr_ton`, `dest_addr_ton`).
    pub ton: u8,
    /// Numbering plan indicator (`source_addr_npi`, `dest_addr_npi`).
    pub npi: u8,
    /// The address octets as text; at most 20 characters in SMPP 3.4.
    pub digits: SmolStr,
}

impl Address {
    /// An address from its three fields.
    pub fn new(ton: u8, npi: u8, digits: impl Into<SmolStr>) -> Self {
        Self { ton, npi, digits: digits.into() }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}/{} ***)", self.ton, self.npi)
    }
}

/// A citizen's number in E.164, digits only without the leading `+`, 7 to 15 digits.
///
/// A plain value, so that it is copied and kept without a block of memory of its own. `Debug` shows the last three
/// digits only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Msisdn {
    /// Behind the digits, zeros: numbers sort as their texts do.
    digits: [u8; Self::DIGITS_MAX],
    length: u8,
}

/// A text that is no E.164 number. Returned by [`Msisdn::new`]; refuse the record that carries it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an E.164 number has 7 to 15 digits and does not start with 0")]
pub struct NotMsisdn;

impl Msisdn {
    /// The shortest and longest E.164 number that is taken for a citizen's.
    const DIGITS: std::ops::RangeInclusive<usize> = 7..=Self::DIGITS_MAX;
    const DIGITS_MAX: usize = 15;

    /// Checks and takes E.164 digits, with or without a leading `+`.
    pub fn new(digits: &str) -> Result<Self, NotMsisdn> {
        Self::of_octets(digits.strip_prefix('+').unwrap_or(digits).as_bytes())
    }

    fn of_octets(digits: &[u8]) -> Result<Self, NotMsisdn> {
        let well_formed = Self::DIGITS.contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && !digits.starts_with(b"0");
        let length = u8::try_from(digits.len()).map_err(|_| NotMsisdn)?;
        if !well_formed {
            return Err(NotMsisdn);
        }
        let mut number = Self { digits: [0; Self::DIGITS_MAX], length };
        number.digits[..digits.len()].copy_from_slice(digits);
        Ok(number)
    }

    /// The number of a national number, by its country code.
    pub(crate) fn joined(country_code: &str, national: &str) -> Option<Self> {
        let mut digits = [0; Self::DIGITS_MAX];
        let (head, tail) = digits.split_at_mut_checked(country_code.len())?;
        head.copy_from_slice(country_code.as_bytes());
        tail.get_mut(..national.len())?.copy_from_slice(national.as_bytes());
        Self::of_octets(digits.get(..country_code.len() + national.len())?).ok()
    }

    /// The digits without `+`.
    pub fn as_str(&self) -> &str {
        // Never empty: each was made of ASCII digits.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The same as octets of ASCII, without a look at each.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.length)]
    }
}

impl Hash for Msisdn {
    /// In two words. The length is told by the digits.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = self.digits;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        state.write_u64(u64::from_le_bytes([i, j, k, l, m, n, o, 0]));
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.as_str();
        write!(f, "***{}", &digits[digits.len().saturating_sub(3)..])
    }
}

impl Serialize for Msisdn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Msisdn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text::deserialize(deserializer, "an E.164 number", Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_checked_and_prints_masked() {
        let msisdn = Msisdn::new("+84905123456").unwrap();
        assert_eq!(msisdn.as_str(), "84905123456");
        assert_eq!(format!("{msisdn:?}"), "***456");
        for bad in ["", "0905123456", "84 905", "123456", "1234567890123456", "+"] {
            assert_eq!(Msisdn::new(bad), Err(NotMsisdn), "{bad}");
        }
    }
}
