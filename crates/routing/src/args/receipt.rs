//! A receipt code of the Vietnamese one-stop offices: the national form of circular 01/2018/TT-VPCP
//! (`000.00.18.H17-230101-0001`) or an older local one.

use jiff::civil;

use super::{Arg, Context, Read, Value};
use crate::words;

/// Settings of a receipt code.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) lookalikes: bool,
    /// Fewest and most letters and digits of a local code.
    pub(crate) local_length: std::ops::RangeInclusive<usize>,
    /// Fewest digits among them.
    pub(crate) local_digits: usize,
}

/// Letters and digits of the national form: seven digits, a letter, twelve digits.
const NATIONAL_LENGTH: usize = 20;
/// Where its letter stands.
const LETTER_AT: usize = 7;
/// Letters and digits of its first part: `000.00.18.H17`.
const UNIT_LENGTH: usize = 10;
/// A chunk of letters without digits longer than this is a word beside the code.
const PREFIX_MAX: usize = 3;

enum National {
    /// The printed form.
    Code(String),
    /// It begins like one, but the digits are too few, too many or no day.
    Wrong,
    No,
}

impl Receipt {
    pub(super) fn read(&self, arg: &Arg, context: &Context<'_>, at: usize) -> Read<'static> {
        let text = context.text();
        let (start, _) = arg.skip_labels(context, at);
        let rest = text[start.min(text.len())..].trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if rest.is_empty() {
            return arg.missing(start, false);
        }
        let lookalikes = self.lookalikes && !context.strict;
        if let National::Code(code) = national(rest, lookalikes) {
            return Read::Found(Value::Text(code.into()), start + rest.len());
        }
        let first_end = chunk_end(rest, 0);
        let second = words::skip_separators(rest, first_end);
        if second < rest.len()
            && let Some(code) = self.complete(&rest[..first_end], lookalikes)
            && self.complete(&rest[second..chunk_end(rest, second)], lookalikes).is_some()
        {
            // Two whole codes are two commands; the second is left over.
            return Read::Found(Value::Text(code.into()), start + first_end);
        }
        match self.complete(rest, lookalikes) {
            Some(code) => Read::Found(Value::Text(code.into()), start + rest.len()),
            None => arg.bad(start, rest.starts_with(|c: char| c.is_ascii_digit())),
        }
    }

    /// The printed form of a whole code.
    fn complete(&self, code: &str, lookalikes: bool) -> Option<String> {
        match national(code, lookalikes) {
            National::Code(printed) => Some(printed),
            National::Wrong => None,
            // Behind a corrected keyword look-alikes would be a second slip; they make no local code either.
            National::No if self.lookalikes && !matches!(national(code, true), National::No) => None,
            National::No => self.local(code),
        }
    }

    fn local(&self, code: &str) -> Option<String> {
        let compact = code.bytes().filter(u8::is_ascii_alphanumeric).count();
        let digits = code.bytes().filter(u8::is_ascii_digit).count();
        let numbered = |chunk: &str| chunk.bytes().any(|octet| octet.is_ascii_digit() || octet == b'-');
        let mut chunks = code.split_ascii_whitespace();
        // A word behind the code is no part of it, however short.
        let ends = chunks.next_back().is_some_and(numbered);
        let one_code = ends && chunks.all(|chunk| chunk.len() <= PREFIX_MAX || numbered(chunk));
        let fits = self.local_length.contains(&compact) && digits >= self.local_digits && one_code;
        fits.then(|| code.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// The end of the code that a blank, a comma or a line break ends.
fn chunk_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.find([' ', '\n', ',', ';', '|']).unwrap_or(rest.len())
}

/// Reads the national form by letters and digits alone.
fn national(code: &str, lookalikes: bool) -> National {
    let mut compact = String::with_capacity(NATIONAL_LENGTH);
    for octet in code.bytes().filter(u8::is_ascii_alphanumeric) {
        let digit_place = compact.len() != LETTER_AT;
        compact.push(match octet {
            b'O' if lookalikes && digit_place => '0',
            b'I' | b'L' if lookalikes && digit_place => '1',
            other => char::from(other),
        });
    }
    let shape = |range: std::ops::Range<usize>| {
        compact.get(range).is_some_and(|part| part.bytes().all(|octet| octet.is_ascii_digit()))
    };
    let letter = compact.as_bytes().get(LETTER_AT).is_some_and(u8::is_ascii_uppercase);
    if !(letter && shape(0..LETTER_AT) && shape(LETTER_AT + 1..UNIT_LENGTH)) {
        return if begins_like_national(code) { National::Wrong } else { National::No };
    }
    if compact.len() != NATIONAL_LENGTH || !shape(UNIT_LENGTH..NATIONAL_LENGTH) || !is_day(&compact[10..16]) {
        return National::Wrong;
    }
    let (a, b, c, d) = (&compact[..3], &compact[3..5], &compact[5..7], &compact[7..10]);
    National::Code(format!("{a}.{b}.{c}.{d}-{}-{}", &compact[10..16], &compact[16..]))
}

/// `00.00.18.H17…`: dotted groups of digits and a group that begins with a letter, but too many digits or too few.
fn begins_like_national(code: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    let mut parts = code.splitn(4, '.').map(str::trim);
    let units = parts.by_ref().take(3).filter(|part| digits(part)).count();
    let province = parts.next().unwrap_or("").as_bytes();
    units == 3 && matches!(province, [b'A'..=b'Z', b'0'..=b'9', ..])
}

/// `yymmdd`.
fn is_day(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i8>().unwrap_or(0);
    civil::Date::new(2000 + i16::from(part(0..2)), part(2..4), part(4..6)).is_ok()
}
