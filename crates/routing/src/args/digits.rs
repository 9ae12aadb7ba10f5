//! A code of so many digits.

use std::ops::{Range, RangeInclusive};

use model::ErrorKind;

use super::{Arg, Context, Read, Value, date};
use crate::words;

/// Digits of the longest code that any file may ask for (its length is one octet).
const LONGEST: usize = 255;

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
    pub(super) fn read<'a>(&self, arg: &Arg, context: &Context<'a>, at: usize) -> Read<'a> {
        let text = context.text();
        let (start, _) = arg.skip_labels(context, at);
        if start >= text.len() || context.is_label(start) {
            return arg.missing(start, false);
        }
        if let Some(read) = self.read_swapped(arg, context, start) {
            return read;
        }
        if self.grouped { self.read_groups(arg, context, start) } else { self.read_run(arg, context, start) }
    }

    /// A date where the code should be: the code is missing, or stands behind it. A bare number is a date only
    /// behind a preposition.
    fn read_swapped(&self, arg: &Arg, context: &Context<'_>, start: usize) -> Option<Read<'static>> {
        let swapped = self.swapped?;
        let (at, preposition) = date::skip_prepositions(context, start);
        let bare = words::token_end(context.text(), at);
        let meant =
            |end: &usize| preposition || *end > bare || !context.text()[at..bare].starts_with(is_digit);
        let end = date::scan(context, at).end().filter(meant)?;
        let (next, _) = arg.skip_labels(context, end);
        let next_end = words::digits_end(context.text(), next);
        let code_follows = self.length.contains(&(next_end - next));
        let kind = if code_follows { swapped } else { arg.missing };
        Some(Read::Miss(super::Miss { kind, claimed: true, at: start }))
    }

    fn read_run<'a>(&self, arg: &Arg, context: &Context<'a>, start: usize) -> Read<'a> {
        let text = context.text();
        let end = words::token_end(text, start);
        let token = &text[start..end];
        let split = matches!(words::octet(text, end), b'.' | b'-' | b':')
            && words::octet(text, end + 1).is_ascii_digit()
            && !date::scan(context, end + 1).is_day();
        if !split && self.length.contains(&token.len()) && token.bytes().all(|o| o.is_ascii_digit()) {
            return Read::Found(Value::Text(token.into()), end);
        }
        arg.bad(start, token.bytes().any(|octet| octet.is_ascii_digit()))
    }

    fn read_groups<'a>(&self, arg: &Arg, context: &Context<'a>, start: usize) -> Read<'a> {
        let text = context.text();
        // Nearly all: one run of digits, and nothing behind it.
        let end = words::digits_end(text, start);
        if end == text.len() && self.length.contains(&(end - start)) {
            return Read::Found(Value::Text(text[start..].into()), end);
        }
        // A look-alike glued to its keyword (`XNCI3557009`) may belong to either.
        let glued =
            [start.saturating_sub(1), start].iter().all(|at| text.as_bytes()[*at].is_ascii_uppercase());
        let lookalikes = self.lookalikes && !context.strict && !(start > 0 && glued);
        let runs = runs(text, start, lookalikes);
        // Two whole codes are two commands, not one long code.
        match first_whole(&runs, |length| self.length.contains(&length)) {
            Some(count) => {
                let octets = runs[..count].iter().flat_map(|run| text[run.clone()].bytes());
                Read::Found(Value::Text(octets.map(digit).collect()), runs[count - 1].end)
            }
            None => {
                let first = &text[start..group_end(text, start)];
                arg.bad(start, !runs.is_empty() || starts_like_digits(first))
            }
        }
    }
}

/// The runs of digits on this line: blanks, dots, dashes and slashes part them.
fn runs(text: &str, start: usize, lookalikes: bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = start;
    loop {
        let end = group_end(text, at);
        let group = &text[at..end];
        let signs = !group.is_empty() && group.bytes().all(|octet| !octet.is_ascii_alphanumeric());
        if !signs && !is_code_group(group, lookalikes) {
            return runs;
        }
        let mut place = at;
        for run in group.split(['.', '-', '/']) {
            if !run.is_empty() {
                runs.push(place..place + run.len());
            }
            place += run.len() + 1;
        }
        at = end + text[end..].len() - text[end..].trim_start_matches(' ').len();
    }
}

/// How many runs make up the first code: all of them, or so many that the others are whole codes as well.
pub(super) fn first_whole(runs: &[Range<usize>], fits: impl Fn(usize) -> bool) -> Option<usize> {
    if fits(runs.iter().map(Range::len).sum()) {
        return Some(runs.len());
    }
    // From the end: where a row of whole codes may begin, and where its first code ends.
    let mut ends: Vec<Option<usize>> = vec![None; runs.len() + 1];
    for from in (0..runs.len()).rev() {
        let mut sum = 0;
        for to in from + 1..=runs.len() {
            sum += runs[to - 1].len();
            if sum > LONGEST {
                break;
            }
            if fits(sum) && (to == runs.len() || ends[to].is_some()) {
                ends[from] = Some(to);
                break;
            }
        }
    }
    ends[0]
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

/// The end of a group: letters, digits and the signs that may stand inside a code.
fn group_end(text: &str, at: usize) -> usize {
    words::run_end(text, at, |octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'/'))
}

/// Whether a group is digits, look-alikes and signs; one of look-alikes alone is a word.
fn is_code_group(group: &str, lookalikes: bool) -> bool {
    let belongs = |octet: u8| match octet {
        b'0'..=b'9' | b'.' | b'-' | b'/' => true,
        b'O' | b'I' | b'L' => lookalikes,
        _ => false,
    };
    group.bytes().all(belongs) && group.bytes().any(|octet| octet.is_ascii_digit())
}

/// The digit that a look-alike stands for.
fn digit(octet: u8) -> char {
    match octet {
        b'O' => '0',
        b'I' | b'L' => '1',
        digit => char::from(digit),
    }
}

fn starts_like_digits(group: &str) -> bool {
    group.trim_start_matches(['O', 'I', 'L']).starts_with(is_digit)
}
