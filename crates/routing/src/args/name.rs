//! A person's name: the rest of the text.

use model::ErrorKind;

use super::{Arg, Context, Kind, Read, Value, date, time};
use crate::words;

/// Settings of a name.
#[derive(Debug)]
pub(crate) struct NameArg {
    /// Most characters.
    pub(crate) max: usize,
    /// Kind of mistake for a digit in it.
    pub(crate) with_digits: ErrorKind,
    /// A name may not begin with a word of this argument.
    pub(crate) not_arg: Option<usize>,
    /// A name may not begin like a date or a time, nor hold a word for a day.
    pub(crate) not_moment: bool,
}

/// Fewest letters of a name.
const LETTERS_MIN: usize = 2;

impl NameArg {
    pub(super) fn read(&self, arg: &Arg, context: &Context<'_>, at: usize) -> Read<'static> {
        let text = context.text();
        // A name in angle brackets is a name: only words are labels here.
        let bare = words::skip_separators(text, at);
        let label = arg.labels.end_at(text, bare, words::letters_end(text, bare));
        let start = label.map_or(bare, |end| words::skip_separators(text, end));
        let rest = &text[start..];
        if rest.is_empty() {
            return arg.missing(start, label.is_some());
        }
        if self.not_moment
            && (date::is_meant(context, start) || time::is_meant(context, start) || context.is_label(start))
        {
            return arg.missing(start, false);
        }
        let claimed = rest.starts_with(|c: char| c.is_ascii_uppercase());
        let first = &text[start..words::letters_end(text, start)];
        if self.is_other_word(context, first) || (self.not_moment && date::is_said(context, start)) {
            return Read::Miss(super::Miss { kind: ErrorKind::BadSyntax, claimed: true, at: start });
        }
        if rest.bytes().any(|octet| octet.is_ascii_digit()) {
            let kind =
                if claimed && has_moment(context, start) { ErrorKind::BadSyntax } else { self.with_digits };
            return Read::Miss(super::Miss { kind, claimed, at: start });
        }
        match tidy(rest, self.max) {
            Some(name) => Read::Found(Value::Text(name.into()), text.len()),
            None => arg.bad(start, claimed),
        }
    }

    fn is_other_word(&self, context: &Context<'_>, word: &str) -> bool {
        let other = self.not_arg.and_then(|index| context.args.get(index));
        matches!(other.map(|arg| &arg.kind), Some(Kind::Word(list)) if list.contains(word))
    }
}

/// Whether a date or a time stands somewhere behind `at`: then the order is wrong, not the name.
pub(super) fn has_moment(context: &Context<'_>, at: usize) -> bool {
    let text = context.text();
    let mut at = at;
    while at < text.len() {
        let end = words::digits_end(text, at);
        if end == at {
            at += 1;
            continue;
        }
        // Three bare digits are a part of a telephone number rather than a time, and four that are no time
        // are a year.
        let clock = match end - at {
            3 => time::has_clock_sign(context, at),
            4 => time::is_clock(context, at),
            _ => true,
        };
        let glued = at > 0 && words::octet(text, at - 1).is_ascii_uppercase();
        if !glued
            && (date::scan(context, at).is_day()
                || (clock && time::scan(context, at, false).is_written_out()))
        {
            return true;
        }
        at = end;
    }
    false
}

/// The name with single blanks, without separators and dots at its ends; `None` where it is no name.
pub(crate) fn tidy(raw: &str, max: usize) -> Option<String> {
    let edge = raw.bytes().rev().take_while(|octet| is_edge(*octet)).count();
    let (mut at, end) = (words::run_end(raw, 0, is_edge), raw.len() - edge);
    let mut name = String::with_capacity(raw.len());
    while at < end {
        let start = words::run_end(raw, at, is_blank);
        let stop = words::run_end(raw, start, is_of_name).min(end);
        if stop <= start {
            return None;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&raw[start..stop]);
        at = stop;
    }
    let letters = name.bytes().filter(u8::is_ascii_uppercase).count();
    (letters >= LETTERS_MIN && name.len() <= max).then_some(name)
}

/// What a name is written with.
fn is_of_name(octet: u8) -> bool {
    matches!(octet, b'A'..=b'Z' | b'\'' | b'-' | b'.')
}

/// Signs that a name's words stand between.
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\n' | b',' | b';' | b'!' | b'?' | b'*' | b'#' | b'=')
}

/// Signs that are no part of a name at its ends.
fn is_edge(octet: u8) -> bool {
    is_blank(octet) || matches!(octet, b'.' | b':' | b'-' | b'_' | b'/' | b'|' | b'\'')
}
