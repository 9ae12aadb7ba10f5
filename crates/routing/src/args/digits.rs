//! A code of so many digits.

use std::ops::RangeInclusive;

use model::ErrorKind;

use super::{Arg, Context, Read, Value, date};
use crate::words;

/// Settings of a digit code.
#[derive(Debug)]
pub(crate) struct Digits {
    pub(crate) length: RangeInclusive<usize>,
    /// Blanks, dots, dashes and slashes inside are dropped; commas and line breaks are not.
    pub(crate) grouped: bool,
    pub(crate) lookalikes: bool,
    /// Kind of mistake where a date stands before the code.
    pub(crate) swapped: Option<ErrorKind>,
}

impl Digits {
    pub(super) fn read(&self, arg: &Arg, context: &Context<'_>, at: usize) -> Read {
        let text = context.text();
        let (start, _) = arg.skip_labels(context, at);
        if start >= text.len() || context.is_label(start) {
            return arg.missing(start, false);
        }
        if let Some(read) = self.read_swapped(arg, context, start) {
            return read;
        }
        if self.grouped { self.read_groups(arg, context, start) } else { self.read_run(arg, text, start) }
    }

    /// A date where the code should be: the code is missing, or stands behind it.
    fn read_swapped(&self, arg: &Arg, context: &Context<'_>, start: usize) -> Option<Read> {
        let swapped = self.swapped?;
        let scan = date::scan(context, start);
        let bare = words::token_end(context.text(), start);
        let end =
            scan.end().filter(|end| *end > bare || !context.text()[start..bare].starts_with(is_digit))?;
        let (next, _) = arg.skip_labels(context, end);
        let next_end = words::digits_end(context.text(), next);
        let code_follows = self.length.contains(&(next_end - next));
        let kind = if code_follows { swapped } else { arg.missing };
        Some(Read::Miss(super::Miss { kind, claimed: true, at: start }))
    }

    fn read_run(&self, arg: &Arg, text: &str, start: usize) -> Read {
        let end = words::token_end(text, start);
        let token = &text[start..end];
        let split = matches!(words::octet(text, end), b'.' | b'-' | b':')
            && words::octet(text, end + 1).is_ascii_digit()
            && date_free(text, end);
        if !split && self.length.contains(&token.len()) && token.bytes().all(|o| o.is_ascii_digit()) {
            return Read::Found(Value::Text(token.to_owned()), end);
        }
        arg.bad(start, token.bytes().any(|octet| octet.is_ascii_digit()))
    }

    fn read_groups(&self, arg: &Arg, context: &Context<'_>, start: usize) -> Read {
        let text = context.text();
        let first_end = group_end(text, start);
        // Glued to its keyword (`XNCI3557009`) a letter may belong to either.
        let glued = start > 0 && words::octet(text, start - 1).is_ascii_uppercase();
        let lookalikes = self.lookalikes && !context.strict && !glued;
        let Some(mut code) = read_group(&text[start..first_end], lookalikes) else {
            return arg.bad(start, starts_like_digits(&text[start..first_end]));
        };
        let mut end = first_end;
        let complete = |group: &str| read_group(group, lookalikes).is_some_and(|code| self.fits(&code));
        loop {
            let next = next_group(text, end);
            let next_end = group_end(text, next);
            let group = &text[next..next_end];
            // Two whole codes are two commands, not one long code.
            if group.is_empty() || (self.fits(&code) && complete(group)) {
                break;
            }
            let Some(more) = read_group(group, lookalikes) else { break };
            code.push_str(&more);
            end = next_end;
        }
        if self.fits(&code) { Read::Found(Value::Text(code), end) } else { arg.bad(start, true) }
    }

    fn fits(&self, code: &str) -> bool {
        self.length.contains(&code.len())
    }
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

/// Whether the dot or dash at `at` is no beginning of a date behind a blank-free code.
fn date_free(text: &str, at: usize) -> bool {
    words::octet(text, at) != b'-' || words::digits_end(text, at + 1) - at - 1 > 2
}

/// The end of a group: letters, digits and the signs that may stand inside a code.
fn group_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '/'));
    at + length.unwrap_or(rest.len())
}

/// Where the next group on the same line stands; commas and the like end the code.
fn next_group(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at + rest.len() - rest.trim_start_matches(' ').len()
}

/// The digits of a group, or `None` where it is no group of digits.
fn read_group(group: &str, lookalikes: bool) -> Option<String> {
    let mut code = String::with_capacity(group.len());
    for octet in group.bytes() {
        match octet {
            b'0'..=b'9' => code.push(char::from(octet)),
            b'.' | b'-' | b'/' => {}
            b'O' if lookalikes => code.push('0'),
            b'I' | b'L' if lookalikes => code.push('1'),
            _ => return None,
        }
    }
    // A word made of look-alikes alone is a word.
    group.bytes().any(|octet| octet.is_ascii_digit()).then_some(code)
}

fn starts_like_digits(group: &str) -> bool {
    group.trim_start_matches(['O', 'I', 'L']).starts_with(is_digit)
}
