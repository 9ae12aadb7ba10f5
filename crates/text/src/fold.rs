//! Folding: from a text as a citizen typed it to upper-case ASCII, before any rule looks at it.
//!
//! The order of the steps matters and is that of docs/services-file.md: what is invisible goes, blanks become
//! one blank, quotes and dashes become ASCII before compatibility forms are resolved (a transliteration would
//! turn the low quote „ into commas, and commas part fields), then marks are dropped and letters without a
//! decomposition are replaced. Digits of another script are digits where all digits of the text are of that
//! script, else signs that no number and no name holds. Line breaks are kept for one more step: signatures are found by them.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

mod digits;
mod latin;

/// A text and its folded form, side by side.
#[derive(Clone, PartialEq, Eq)]
pub struct Folded<'a> {
    /// As the citizen wrote it.
    pub original: &'a str,
    /// Upper-case ASCII; the only control character is the line feed.
    pub text: String,
}

impl std::fmt::Debug for Folded<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Folded(*** {} octets)", self.original.len())
    }
}

/// Folds a text. Folding a folded text changes nothing.
#[must_use]
pub fn fold(original: &str) -> Folded<'_> {
    let text = if original.is_ascii() { fold_ascii(original) } else { fold_unicode(original) };
    Folded { original, text }
}

fn fold_ascii(original: &str) -> String {
    // No octet ends the search: so many are looked at together.
    let special = |octet: u8| octet.is_ascii_control() | (octet == b'"') | (octet == b'`');
    if !original.bytes().fold(false, |any, octet| any | special(octet)) {
        return original.to_ascii_uppercase();
    }
    let mut text = String::with_capacity(original.len());
    for octet in original.bytes() {
        push_ascii(octet, &mut text);
    }
    text
}

/// Marks are dropped, so that their order does not matter: characters are decomposed one by one, which gives the
/// letters of normalisation form KD.
fn fold_unicode(original: &str) -> String {
    let mut text = String::with_capacity(original.len());
    let zero = digits::only_zero(original);
    for character in original.chars() {
        if character.is_ascii() {
            push_ascii(character as u8, &mut text);
        } else if let Some(ascii) = latin::plain(character) {
            text.push(ascii);
        } else {
            push(character, zero, &mut text);
        }
    }
    text
}

/// One character beyond ASCII.
fn push(character: char, zero: Option<u32>, text: &mut String) {
    match plain_sign(character) {
        ascii if ascii.is_ascii() => push_ascii(ascii as u8, text),
        invisible if is_invisible(invisible) => {}
        other => decompose_compatible(other, |part| push_part(part, zero, text)),
    }
}

/// One part of a decomposed character.
fn push_part(part: char, zero: Option<u32>, text: &mut String) {
    if part.is_ascii() {
        return push_ascii(part as u8, text);
    }
    if is_combining_mark(part) {
        return;
    }
    // A compatibility form may bring back a sign that was replaced above, such as a full-width quote.
    let digit = zero.and_then(|zero| digits::ascii_digit(part, zero));
    match digit.unwrap_or_else(|| plain_sign(part)) {
        mixed if digits::is_digit(mixed) => text.push(digits::MIXED),
        ascii if ascii.is_ascii() => push_ascii(ascii as u8, text),
        letter => push_letter(letter, text),
    }
}

/// Zero-width and direction marks, soft hyphen, byte order mark.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    )
}

/// Blanks, quotes, apostrophes, dashes and slashes in their one ASCII form.
fn plain_sign(character: char) -> char {
    match character {
        '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '"' | '\u{AB}' | '\u{BB}' | '\u{201C}'..='\u{201F}' | '\u{2033}' | '\u{2039}' | '\u{203A}' => ' ',
        '\'' | '`' | '\u{B4}' | '\u{2BC}' | '\u{2018}'..='\u{201B}' | '\u{2032}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{2236}' => ':',
        other if other != '\n' && other != '\r' && other.is_whitespace() => ' ',
        other => other,
    }
}

/// What each octet of ASCII becomes.
static ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut octet = 0;
    while octet < 128 {
        table[octet as usize] = match octet {
            b'\r' | b'\n' => b'\n',
            b'"' => b' ',
            b'`' => b'\'',
            control if control.is_ascii_control() => b' ',
            other => other.to_ascii_uppercase(),
        };
        octet += 1;
    }
    table
};

#[inline]
fn push_ascii(octet: u8, text: &mut String) {
    let plain = ASCII[usize::from(octet % 128)];
    // A carriage return with its line feed is one break, and one without it is a break as well; an empty line means
    // nothing to any rule.
    if plain != b'\n' || !text.ends_with('\n') {
        text.push(char::from(plain));
    }
}

/// Letters that have no decomposition; what is left beyond ASCII (emoji, other scripts) becomes a blank.
fn push_letter(letter: char, text: &mut String) {
    match letter {
        'đ' | 'Đ' | 'Ð' | 'ð' => text.push('D'),
        'ł' | 'Ł' => text.push('L'),
        'ø' | 'Ø' => text.push('O'),
        'æ' | 'Æ' => text.push_str("AE"),
        'œ' | 'Œ' => text.push_str("OE"),
        'ß' | 'ẞ' => text.push_str("SS"),
        other => {
            let start = text.len();
            for upper in other.to_uppercase() {
                text.push(if upper.is_ascii() { upper } else { ' ' });
            }
            if text[start..].bytes().all(|octet| octet == b' ') {
                text.truncate(start);
                text.push(' ');
            }
        }
    }
}

#[cfg(test)]
mod tests;
