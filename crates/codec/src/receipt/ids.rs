//! Message ids under other spellings. An SMSC may answer in hexadecimal and write its receipts in decimal, change
//! the case, or drop leading zeros; ids beyond 64 bits and ids that are no numbers occur.

/// The spellings under which a message may be known, best first, without repeats: as sent, lower case, without
/// leading zeros, hexadecimal read and written as decimal, decimal as hexadecimal. At most five.
///
/// A store that keeps all of them for an accepted message, or asks for each of them when a receipt comes, finds
/// every match that the field has seen. Two messages may share a later spelling: take the first that matches.
pub fn id_candidates(raw: &str) -> impl Iterator<Item = String> + use<> {
    let lower = raw.to_ascii_lowercase();
    let stripped = match lower.trim_start_matches('0') {
        "" if !lower.is_empty() => "0",
        stripped => stripped,
    };
    let decimal = u128::from_str_radix(stripped, 16).ok().map(|number| number.to_string());
    let hexadecimal = stripped.parse::<u128>().ok().map(|number| format!("{number:x}"));
    let all = [Some(raw.to_owned()), Some(lower.clone()), Some(stripped.to_owned()), decimal, hexadecimal];
    let mut unique: Vec<String> = Vec::with_capacity(all.len());
    for candidate in all.into_iter().flatten() {
        if !unique.contains(&candidate) {
            unique.push(candidate);
        }
    }
    unique.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(raw: &str) -> Vec<String> {
        id_candidates(raw).collect()
    }

    /// Whether a receipt's id finds the id of a response.
    fn meets(response: &str, receipt: &str) -> bool {
        candidates(receipt).iter().any(|it| candidates(response).contains(it))
    }

    #[test]
    fn the_exact_spelling_comes_first() {
        assert_eq!(candidates("00Ab"), ["00Ab", "00ab", "ab", "171"]);
        assert_eq!(candidates("0"), ["0"]);
        assert_eq!(candidates(""), [""]);
        assert_eq!(candidates("SAR-77-2-1"), ["SAR-77-2-1", "sar-77-2-1"]);
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
            assert!(meets(response, receipt), "{response} {receipt}");
        }
        let beyond_64_bits = format!("{:X}", u128::MAX);
        assert!(meets(&beyond_64_bits, &u128::MAX.to_string()));
        assert!(!meets("123", "124"));
    }
}
