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
}

/// Fewest letters of a name.
const LETTERS_MIN: usize = 2;

impl NameArg {
    pub(super) fn read(&self, arg: &Arg, context: &Context<'_>, at: usize) -> Read {
        let text = context.text();
        let (start, labelled) = arg.skip_labels(context, at);
        // A name in angle brackets is a name.
        let start = if labelled && start >= text.len() { words::skip_separators(text, at) } else { start };
        let rest = &text[start.min(text.len())..];
        if rest.is_empty() || self.is_label(arg, context, start) {
            return arg.missing(start, labelled);
        }
        let claimed = rest.starts_with(|c: char| c.is_ascii_uppercase());
        let first = &text[start..words::letters_end(text, start)];
        if self.is_other_word(context, first) {
            return Read::Miss(super::Miss { kind: ErrorKind::BadSyntax, claimed: true, at: start });
        }
        if rest.bytes().any(|octet| octet.is_ascii_digit()) {
            let kind = if claimed && has_moment(context, start) {
                ErrorKind::BadSyntax
            } else {
                self.with_digits
            };
            return Read::Miss(super::Miss { kind, claimed, at: start });
        }
        match tidy(rest, self.max) {
            Some(name) => Read::Found(Value::Text(name), text.len()),
            None => arg.bad(start, claimed),
        }
    }

    /// Whether nothing but the argument's own label is left, such as `JMENO` of a copied form.
    fn is_label(&self, arg: &Arg, context: &Context<'_>, at: usize) -> bool {
        let text = context.text();
        arg.labels
            .end_at(text, at, words::letters_end(text, at))
            .is_some_and(|end| words::skip_separators(text, end) >= text.len())
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
        let glued = at > 0 && words::octet(text, at - 1).is_ascii_uppercase();
        if !glued && (date::scan(context, at).is_day() || time::scan(context, at, false).is_written_out()) {
            return true;
        }
        at = end;
    }
    false
}

/// The name with single blanks, without separators and dots at its ends; `None` where it is no name.
pub(crate) fn tidy(raw: &str, max: usize) -> Option<String> {
    let mut name = String::with_capacity(raw.len());
    for character in raw.trim_matches(|c: char| !c.is_ascii_alphanumeric()).chars() {
        match character {
            'A'..='Z' | '\'' | '-' | '.' => name.push(character),
            ' ' | '\n' | ',' | ';' | '!' | '?' | '*' | '#' | '=' => {
                if !name.is_empty() && !name.ends_with(' ') {
                    name.push(' ');
                }
            }
            _ => return None,
        }
    }
    let letters = name.bytes().filter(u8::is_ascii_uppercase).count();
    (letters >= LETTERS_MIN && name.len() <= max).then_some(name)
}
