//! Numbering plans: from an address with type of number, plan and length to a citizen's E.164 number.
//!
//! The plans are tables; the code below knows no country. Source of the rules: docs/services/numbers.md.

use std::fmt;
use std::str::FromStr;

use crate::address::{Address, Msisdn};

/// Type of number values of SMPP 3.4, 5.2.5.
mod ton {
    pub(super) const INTERNATIONAL: u8 = 1;
    pub(super) const NATIONAL: u8 = 2;
    pub(super) const ALPHANUMERIC: u8 = 5;
    pub(super) const ABBREVIATED: u8 = 6;
}

/// Who stands behind a source address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// A number that can be answered.
    Citizen(Msisdn),
    /// A short code or a service number: never answered (loop guard).
    ShortCode,
    /// A sender name in letters: never answered.
    Alphanumeric,
    /// No address at all: never answered.
    Empty,
}

/// A country's numbering plan, as data.
#[derive(Debug, PartialEq, Eq)]
pub struct NumberingPlan {
    name: &'static str,
    country_code: &'static str,
    /// The digit dialled before a national number, where the country has one.
    trunk_prefix: Option<&'static str>,
    /// Lengths of a national significant number without the trunk prefix.
    national_digits: &'static [usize],
    /// First digits of a national significant number that belongs to a person.
    first_digits: &'static str,
    /// Old prefix of a longer, retired form of the national number, and what replaced it.
    renumbered: &'static [(&'static str, &'static str)],
    /// Length of the retired form.
    renumbered_digits: usize,
}

/// Viet Nam: +84, trunk prefix 0, nine digits; eleven-digit numbers (with the 0) became ten in 2018.
pub static VIET_NAM: NumberingPlan = NumberingPlan {
    name: "vn",
    country_code: "84",
    trunk_prefix: Some("0"),
    national_digits: &[9],
    first_digits: "35789",
    renumbered: &[
        ("120", "70"),
        ("121", "79"),
        ("122", "77"),
        ("126", "76"),
        ("128", "78"),
        ("123", "83"),
        ("124", "84"),
        ("125", "85"),
        ("127", "81"),
        ("129", "82"),
        ("162", "32"),
        ("163", "33"),
        ("164", "34"),
        ("165", "35"),
        ("166", "36"),
        ("167", "37"),
        ("168", "38"),
        ("169", "39"),
        ("186", "56"),
        ("188", "58"),
        ("199", "59"),
    ],
    renumbered_digits: 10,
};

/// Czechia: +420, no trunk prefix, nine digits.
pub static CZECHIA: NumberingPlan = NumberingPlan {
    name: "cz",
    country_code: "420",
    trunk_prefix: None,
    national_digits: &[9],
    first_digits: "23456789",
    renumbered: &[],
    renumbered_digits: 0,
};

static PLANS: [&NumberingPlan; 2] = [&VIET_NAM, &CZECHIA];

/// A country that no plan is known for. Returned when a bind or a pack names it; use `vn` or `cz`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no numbering plan `{0}` (known: vn, cz)")]
pub struct UnknownPlan(String);

impl FromStr for &'static NumberingPlan {
    type Err = UnknownPlan;

    fn from_str(name: &str) -> Result<Self, UnknownPlan> {
        PLANS.iter().find(|plan| plan.name == name).copied().ok_or_else(|| UnknownPlan(name.to_owned()))
    }
}

impl fmt::Display for NumberingPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl NumberingPlan {
    /// Tells who sent from `address`, by type of number and length together (reliability: an SMSC may write
    /// one subscriber in five ways, and a nine-digit `84…` is a national number of Viet Nam, not a country code).
    pub fn party(&self, address: &Address) -> Party {
        let digits = address.digits.trim();
        if digits.is_empty() {
            return Party::Empty;
        }
        if address.ton == ton::ALPHANUMERIC || !is_number(digits) {
            return Party::Alphanumeric;
        }
        if address.ton == ton::ABBREVIATED {
            return Party::ShortCode;
        }
        match self.msisdn(address.ton, digits) {
            Some(msisdn) => Party::Citizen(msisdn),
            None => Party::ShortCode,
        }
    }

    /// The E.164 number of digits as a clerk, a feed or a citizen writes them (`0905…`, `84905…`, `+84…`,
    /// `0084…`, retired eleven-digit forms), or `None` where they make none.
    pub fn read(&self, digits: &str) -> Option<Msisdn> {
        let digits: String = digits.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
        is_number(&digits).then(|| self.msisdn(0, &digits)).flatten()
    }

    /// An E.164 number in today's numbering of its country: a retired form becomes the one that replaced it.
    /// `None` where its country's plan has no such number; a country without a plan is believed.
    pub fn renumbered(msisdn: Msisdn) -> Option<Msisdn> {
        match PLANS.iter().find(|plan| msisdn.as_str().starts_with(plan.country_code)) {
            Some(plan) => plan.read(&format!("+{}", msisdn.as_str())),
            None => Some(msisdn),
        }
    }

    /// A number as its owner writes it: nationally with the trunk prefix, a foreigner's with `+`.
    pub fn written(&self, msisdn: &Msisdn) -> String {
        match msisdn.as_str().strip_prefix(self.country_code) {
            Some(national) => format!("{}{national}", self.trunk_prefix.unwrap_or_default()),
            None => format!("+{}", msisdn.as_str()),
        }
    }

    fn msisdn(&self, ton: u8, digits: &str) -> Option<Msisdn> {
        if let Some(international) = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
            return self.international(international);
        }
        if ton == ton::INTERNATIONAL {
            return self.international(digits);
        }
        if let Some(national) = self.national(digits) {
            return Some(national);
        }
        if ton == ton::NATIONAL { None } else { self.international(digits) }
    }

    /// A number with its country code: our own country's is checked and renumbered, a foreigner's is kept.
    fn international(&self, digits: &str) -> Option<Msisdn> {
        match digits.strip_prefix(self.country_code) {
            Some(national) => self.national(national),
            None => Msisdn::new(digits).ok().filter(|_| digits.len() >= MIN_FOREIGN_DIGITS),
        }
    }

    fn national(&self, digits: &str) -> Option<Msisdn> {
        let digits = match self.trunk_prefix {
            Some(prefix) => digits.strip_prefix(prefix).unwrap_or(digits),
            None => digits,
        };
        let current = self.renumber(digits);
        let digits = current.as_deref().unwrap_or(digits);
        let known = self.national_digits.contains(&digits.len())
            && digits.chars().next().is_some_and(|first| self.first_digits.contains(first));
        if known { Msisdn::joined(self.country_code, digits) } else { None }
    }

    /// The number that took the place of a retired longer one, if `digits` is such.
    fn renumber(&self, digits: &str) -> Option<String> {
        if digits.len() != self.renumbered_digits {
            return None;
        }
        self.renumbered
            .iter()
            .find_map(|(old, new)| digits.strip_prefix(old).map(|rest| format!("{new}{rest}")))
    }
}

/// Foreign numbers shorter than this are taken for short codes: no country's full mobile number is shorter.
const MIN_FOREIGN_DIGITS: usize = 10;

fn is_number(digits: &str) -> bool {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn citizen(plan: &NumberingPlan, ton: u8, digits: &str) -> Option<String> {
        match plan.party(&Address::new(ton, 1, digits)) {
            Party::Citizen(msisdn) => Some(msisdn.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn one_vietnamese_subscriber_in_every_form() {
        for (ton, digits) in [
            (1, "84841234567"),
            (0, "+84841234567"),
            (0, "0084841234567"),
            (0, "0841234567"),
            (2, "0841234567"),
            (2, "841234567"),
            (0, "841234567"),
            (0, "84841234567"),
            (0, "01241234567"),
            (1, "841241234567"),
        ] {
            assert_eq!(citizen(&VIET_NAM, ton, digits).as_deref(), Some("84841234567"), "{ton} {digits}");
        }
    }

    #[test]
    fn an_e164_number_in_todays_numbering() {
        for (given, today) in [
            ("841201234567", Some("84701234567")),
            ("84701234567", Some("84701234567")),
            ("420602123456", Some("420602123456")),
            ("4915112345678", Some("4915112345678")),
            ("84120123456", None),
            ("8490512345", None),
            ("849051234567", None),
            ("42060212345", None),
        ] {
            let msisdn = Msisdn::new(given).unwrap();
            let renumbered = NumberingPlan::renumbered(msisdn);
            assert_eq!(renumbered.as_ref().map(Msisdn::as_str), today, "{given}");
        }
    }

    #[test]
    fn the_renumbering_of_2018_never_touches_ten_digits() {
        assert_eq!(citizen(&VIET_NAM, 0, "01201234567").as_deref(), Some("84701234567"));
        assert_eq!(citizen(&VIET_NAM, 0, "0701234567").as_deref(), Some("84701234567"));
        assert_eq!(citizen(&VIET_NAM, 0, "01991234567").as_deref(), Some("84591234567"));
        assert_eq!(citizen(&VIET_NAM, 0, "0120123456"), None);
    }

    #[test]
    fn czech_numbers_and_foreign_guests() {
        for (ton, digits) in [(1, "420602123456"), (0, "+420602123456"), (2, "602123456"), (0, "602123456")] {
            assert_eq!(citizen(&CZECHIA, ton, digits).as_deref(), Some("420602123456"), "{ton} {digits}");
        }
        assert_eq!(citizen(&CZECHIA, 1, "491701234567").as_deref(), Some("491701234567"));
    }

    #[test]
    fn a_number_is_written_as_its_owner_writes_it() {
        let written = |plan: &NumberingPlan, digits: &str| plan.written(&Msisdn::new(digits).unwrap());
        assert_eq!(written(&VIET_NAM, "84905123456"), "0905123456");
        assert_eq!(written(&CZECHIA, "420602123456"), "602123456");
        assert_eq!(written(&CZECHIA, "84905123456"), "+84905123456");
    }

    #[test]
    fn robots_are_no_citizens() {
        let plan = &VIET_NAM;
        assert_eq!(plan.party(&Address::new(5, 0, "VIETTEL")), Party::Alphanumeric);
        assert_eq!(plan.party(&Address::new(0, 0, "MobiFone")), Party::Alphanumeric);
        assert_eq!(plan.party(&Address::new(0, 1, "8383")), Party::ShortCode);
        assert_eq!(plan.party(&Address::new(6, 1, "1414")), Party::ShortCode);
        assert_eq!(plan.party(&Address::new(0, 0, "")), Party::Empty);
    }
}
