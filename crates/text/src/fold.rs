//! Folding: from a text as a citizen typed it to upper-case ASCII, before any rule looks at it.
//!
//! The order of the steps matters and is that of docs/services-file.md: what is invisible goes, blanks become
//! one blank, quotes and dashes become ASCII before compatibility forms are resolved (a transliteration would
//! turn the low quote „ into commas, and commas part fields), then marks are dropped and letters without a
//! decomposition are replaced. Digits of another script are digits where all digits of the text are of that
//! script, else signs that no number and no name holds. Line breaks are kept for one more step: signatures are found by them.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use digits::Zero;

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
    let mut octets =
        if original.is_ascii() { original.bytes().map(ascii).collect() } else { fold_unicode(original) };
    // A carriage return with its line feed is one break, and one without it is a break as well; an empty line means
    // nothing to any rule.
    if octets.contains(&b'\n') {
        octets.dedup_by(|next, before| (*next, *before) == (b'\n', b'\n'));
    }
    // All of it is ASCII.
    Folded { original, text: String::from_utf8(octets).unwrap_or_default() }
}

/// Marks are dropped, so that their order does not matter: characters are decomposed one by one, which gives the
/// letters of normalisation form KD.
fn fold_unicode(original: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(original.len());
    let zero = Zero::of(original);
    for character in original.chars() {
        if character.is_ascii() {
            text.push(ascii(character as u8));
        } else if let Some(plain) = latin::plain(character) {
            text.push(plain);
        } else {
            push(character, &zero, &mut text);
        }
    }
    text
}

/// One character beyond ASCII.
fn push(character: char, zero: &Zero<'_>, text: &mut Vec<u8>) {
    match plain_sign(character) {
        plain if plain.is_ascii() => text.push(ascii(plain as u8)),
        invisible if is_invisible(invisible) => {}
        other => decompose_compatible(other, |part| push_part(part, zero, text)),
    }
}

/// One part of a decomposed character.
fn push_part(part: char, zero: &Zero<'_>, text: &mut Vec<u8>) {
    if part.is_ascii() {
        return text.push(ascii(part as u8));
    }
    if is_combining_mark(part) {
        return;
    }
    if digits::is_digit(part) {
        return text.push(zero.digit(part).map_or(digits::MIXED, |digit| digit as u8));
    }
    // A compatibility form may bring back a sign that was replaced above, such as a full-width quote.
    match plain_sign(part) {
        plain if plain.is_ascii() => text.push(ascii(plain as u8)),
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

fn ascii(octet: u8) -> u8 {
    ASCII[usize::from(octet % 128)]
}

/// Letters that have no decomposition; what is left beyond ASCII (emoji, other scripts) becomes a blank.
fn push_letter(letter: char, text: &mut Vec<u8>) {
    match letter {
        'đ' | 'Đ' | 'Ð' | 'ð' => text.push(b'D'),
        'ł' | 'Ł' => text.push(b'L'),
        'ø' | 'Ø' => text.push(b'O'),
        'æ' | 'Æ' => text.extend(b"AE"),
        'œ' | 'Œ' => text.extend(b"OE"),
        'ß' | 'ẞ' => text.extend(b"SS"),
        other => {
            let start = text.len();
            for upper in other.to_uppercase() {
                text.push(if upper.is_ascii() { upper as u8 } else { b' ' });
            }
            if text[start..].iter().all(|octet| *octet == b' ') {
                text.truncate(start);
                text.push(b' ');
            }
        }
    }
}

#[cfg(test)]
mod tests;
