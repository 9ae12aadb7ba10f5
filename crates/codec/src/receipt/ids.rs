//! Message ids under other spellings. An SMSC may answer in hexadecimal and write its receipts in decimal, change
//! the case, or drop leading zeros; ids beyond 64 bits and ids that are no numbers occur.

/// How an SMSC writes in its receipts the ids that its responses gave. Case and leading zeros never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReceiptIds {
    /// Nobody has said: as they were, and where that finds nothing, in the other base.
    #[default]
    Any,
    /// As they were.
    Same,
    /// In decimal; responses are in hexadecimal.
    Decimal,
    /// In hexadecimal; responses are in decimal.
    Hexadecimal,
}

/// Spellings to look for, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spellings {
    /// What the SMSC must mean.
    pub sure: Vec<String>,
    /// What it may mean where nothing goes by a sure one: two ids can share such a spelling.
    pub guessed: Vec<String>,
}

impl Spellings {
    /// All of them, best first.
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        self.sure.iter().chain(&self.guessed)
    }
}

impl ReceiptIds {
    /// How a response may have given the id that a receipt names; compare with the [`plain`] spellings of ids of
    /// responses.
    #[must_use]
    pub fn of_receipt(self, receipt_id: &str) -> Spellings {
        self.spellings(receipt_id, to_hexadecimal, to_decimal)
    }

    /// How a receipt may name the id that a response gives; compare with the [`plain`] spellings of ids of receipts.
    #[must_use]
    pub fn of_response(self, response_id: &str) -> Spellings {
        self.spellings(response_id, to_decimal, to_hexadecimal)
    }

    /// `decimal` is the step where receipts are in decimal, `hexadecimal` where they are in hexadecimal. An id that
    /// is a number in one base only, or in none, may be written as it was.
    fn spellings(self, id: &str, decimal: Step, hexadecimal: Step) -> Spellings {
        let mut sure = plain(id);
        let other = |step: Step| sure.last().and_then(|stripped| step(stripped));
        let others = [other(to_decimal), other(to_hexadecimal)];
        let step = match self {
            Self::Any => {
                let mut guessed: Vec<String> = others.into_iter().flatten().collect();
                guessed.retain(|id| !sure.contains(id));
                return Spellings { sure, guessed };
            }
            Self::Same => return Spellings { sure, guessed: Vec::new() },
            Self::Decimal => other(decimal),
            Self::Hexadecimal => other(hexadecimal),
        };
        if others.iter().all(Option::is_some) {
            sure.clear();
        }
        sure.splice(0..0, step);
        Spellings { sure, guessed: Vec::new() }
    }
}

/// A number written in the other base; `None` for what is no number.
type Step = fn(&str) -> Option<String>;

/// An id as it came, in lower case, and without leading zeros: one to three spellings without repeats.
#[must_use]
pub fn plain(id: &str) -> Vec<String> {
    let lower = id.to_ascii_lowercase();
    let stripped = match lower.trim_start_matches('0') {
        "" if !lower.is_empty() => "0",
        stripped => stripped,
    };
    let mut all = vec![id.to_owned(), lower.clone(), stripped.to_owned()];
    all.dedup();
    all
}

fn to_decimal(hexadecimal: &str) -> Option<String> {
    number(hexadecimal, 16).map(|number| number.to_string())
}

fn to_hexadecimal(decimal: &str) -> Option<String> {
    number(decimal, 10).map(|number| format!("{number:x}"))
}

/// Digits only: the library would take a sign as well.
fn number(digits: &str, radix: u32) -> Option<u128> {
    digits
        .starts_with(|first: char| first.is_digit(radix))
        .then(|| u128::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a receipt's id finds the id of a response, and the other way round, by a sure spelling or at all.
    fn meets(form: ReceiptIds, response: &str, receipt: &str) -> (bool, bool) {
        let (there, back) = (form.of_receipt(receipt), form.of_response(response));
        let (response, receipt) = (plain(response), plain(receipt));
        let found =
            [there.iter().any(|it| response.contains(it)), back.iter().any(|it| receipt.contains(it))];
        assert_eq!(found[0], found[1], "{response:?} {receipt:?}");
        (there.sure.iter().any(|it| response.contains(it)), found[0])
    }

    #[test]
    fn the_spelling_that_came_stands_first() {
        assert_eq!(plain("00Ab"), ["00Ab", "00ab", "ab"]);
        assert_eq!(plain("0"), ["0"]);
        assert_eq!(plain(""), [""]);
        assert_eq!(ReceiptIds::Any.of_receipt("00Ab").guessed, ["171"]);
        assert_eq!(ReceiptIds::Any.of_receipt("SAR-77-2-1").guessed, Vec::<String>::new());
        assert_eq!(ReceiptIds::Any.of_receipt("7").guessed, Vec::<String>::new());
    }

    #[test]
    fn pairs_of_the_field_meet() {
        let pairs = [
            ("7B", "123"),
            ("123", "7b"),
            ("0000000123", "123"),
            ("123", "0000000123"),
            ("0a1b2c3d-aaaa-bbbb-cccc-000000000001", "a1b2c3d-aaaa-bbbb-cccc-000000000001"),
            ("822FC73B00000039", "9380935605053030457"),
            ("E0", "224"),
        ];
        for (response, receipt) in pairs {
            assert!(meets(ReceiptIds::Any, response, receipt).1, "{response} {receipt}");
        }
        let beyond_64_bits = format!("{:X}", u128::MAX);
        assert!(meets(ReceiptIds::Any, &beyond_64_bits, &u128::MAX.to_string()).1);
        assert!(!meets(ReceiptIds::Any, "123", "124").1);
    }

    #[test]
    fn where_the_base_is_known_nothing_is_guessed() {
        let cases = [
            (ReceiptIds::Any, "10", "16", (false, true)),
            (ReceiptIds::Any, "16", "10", (false, true)),
            (ReceiptIds::Same, "10", "16", (false, false)),
            (ReceiptIds::Same, "00Ab", "ab", (true, true)),
            (ReceiptIds::Decimal, "10", "16", (true, true)),
            (ReceiptIds::Decimal, "10", "10", (false, false)),
            (ReceiptIds::Decimal, "000000A0", "0000000160", (true, true)),
            (ReceiptIds::Decimal, "7B", "7b", (true, true)),
            (ReceiptIds::Any, "7B", "+123", (false, false)),
            (ReceiptIds::Hexadecimal, "16", "10", (true, true)),
            (ReceiptIds::Hexadecimal, "16", "16", (false, false)),
            (ReceiptIds::Hexadecimal, "SAR-77", "sar-77", (true, true)),
            (ReceiptIds::Hexadecimal, "7B", "7b", (true, true)),
        ];
        for (form, response, receipt, found) in cases {
            assert_eq!(meets(form, response, receipt), found, "{form:?} {response} {receipt}");
        }
    }
}
