//! Values folded to the letters that every handset shows and every gateway carries.

use ::text::gsm7;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds a value to ASCII that GSM-7 has: letters without marks, plain quotes and dashes, single blanks. What
/// has no counterpart is dropped, control characters above all: a value can't end a line or start an escape.
pub(crate) fn fold(value: &str) -> String {
    if is_folded(value) {
        return value.trim().to_owned();
    }
    let mut folded = String::with_capacity(value.len());
    // The spacing accents would decompose to a blank and a mark.
    let signs: String = value.chars().map(|sign| if sign == '´' { '\'' } else { sign }).collect();
    for character in signs.nfkd().filter(|character| !is_combining_mark(*character)) {
        match substitute(character) {
            Some(substitute) => folded.push_str(substitute),
            None if character.is_whitespace() => push_blank(&mut folded),
            None if character.is_ascii() && gsm7::septets_of(character).is_some() && character >= ' ' => {
                folded.push(character);
            }
            None => {}
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Runs of blanks count once, and none leads.
fn push_blank(folded: &mut String) {
    if !folded.is_empty() && !folded.ends_with(' ') {
        folded.push(' ');
    }
}

/// Whether a value has nothing to fold but blanks at its ends.
fn is_folded(value: &str) -> bool {
    let mut before = 0;
    value.bytes().all(|octet| {
        let run = octet == b' ' && before == b' ';
        before = octet;
        !run && PLAIN[usize::from(octet)]
    })
}

/// The octets that stay as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut octet = 0_u8;
    while octet < 128 {
        plain[octet as usize] = octet.is_ascii_alphanumeric();
        octet += 1;
    }
    let signs = b" .,:;/-'()+*#?!=&%<>\"";
    let mut sign = 0;
    while sign < signs.len() {
        plain[signs[sign] as usize] = true;
        sign += 1;
    }
    plain
};

/// Letters and signs that no decomposition takes to ASCII.
fn substitute(character: char) -> Option<&'static str> {
    Some(match character {
        'đ' => "d",
        'Đ' | 'Ð' => "D",
        'ł' => "l",
        'Ł' => "L",
        'ø' => "o",
        'Ø' => "O",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        '“' | '”' | '„' | '«' | '»' | '‟' => "\"",
        '’' | '‘' | '`' | '‚' => "'",
        '–' | '—' | '−' | '‐' | '‑' => "-",
        '⁄' | '∕' => "/",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fold_to_plain_letters() {
        for (value, folded) in [
            ("Đặng Thị Ðào", "Dang Thi Dao"),
            ("PŘÍLIŠ ŽLUŤOUČKÝ", "PRILIS ZLUTOUCKY"),
            ("bản sao\r\n\tCMND\u{0}\u{1b}", "ban sao CMND"),
            ("  a   b ", "a b"),
            ("„giấy” – 2 bản 🙂", "\"giay\" - 2 ban"),
            ("H'Hen Niê", "H'Hen Nie"),
            ("€ 5 {code}", "5 {code}"),
            ("`x´", "'x'"),
        ] {
            assert_eq!(fold(value), folded, "{value}");
        }
    }

    #[test]
    fn the_short_way_and_the_long_way_agree() {
        for value in ["UBND quan Hai Chau", "bo sung 02 anh 4x6; (ban chinh)", ""] {
            assert_eq!(fold(value), fold(&format!("{value}\u{200b}")));
        }
    }
}
