//! Times of day as people write them: `14:00`, `14.00`, `1400`, `14h`, `v 8`, `8 hod`.

use jiff::civil::Time;

use super::{Arg, Context, Read, Value, date};
use crate::words::{self, small_number};

/// What stands at a place, seen as a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Hour and minute; `written_out` where it can't be any other number.
    Time { time: Time, end: usize, written_out: bool },
    /// Meant for a time, but none (25:00, a range).
    Bad { written_out: bool },
    /// Something else.
    No,
}

impl Scan {
    /// Whether it has a separator, an hour word, or three or four digits.
    pub(crate) fn is_written_out(self) -> bool {
        matches!(self, Self::Time { written_out: true, .. } | Self::Bad { written_out: true })
    }
}

/// Whether a time, or what was meant for one, stands at `at`, with or without a preposition.
pub(crate) fn is_meant(context: &Context<'_>, at: usize) -> bool {
    let (start, preposition) = date::skip_prepositions(context, at);
    let scanned = scan(context, start, preposition);
    scanned.is_written_out() || matches!(scanned, Scan::Time { .. })
}

/// Whether digits at `at` are a time of day, or have the sign of one: then the date before them is missing.
pub(crate) fn is_clock(context: &Context<'_>, at: usize) -> bool {
    let (start, preposition) = date::skip_prepositions(context, at);
    let digits = &context.text()[start..words::digits_end(context.text(), start)];
    let bare = matches!(digits.len(), 3 | 4) && is_hour_and_minute(digits);
    bare || has_clock_sign(context, start) || matches!(scan(context, start, preposition), Scan::Time { .. })
}

fn is_hour_and_minute(digits: &str) -> bool {
    let (hour, minute) = digits.split_at(digits.len() - 2);
    small_number(hour) < 24 && small_number(minute) < 60
}

/// Whether digits at `at` have a colon or an hour word behind them.
pub(crate) fn has_clock_sign(context: &Context<'_>, at: usize) -> bool {
    let end = words::digits_end(context.text(), at);
    let sign = words::octet(context.text(), words::skip_blanks(context.text(), end));
    end > at && (sign == b':' || hour_word_end(context, end) != end)
}

/// Sees what stands at `at` as a time. A single digit needs a preposition before it.
pub(crate) fn scan(context: &Context<'_>, at: usize, preposition: bool) -> Scan {
    let text = context.text();
    let end = words::digits_end(text, at);
    let digits = &text[at..end];
    match digits.len() {
        0 => Scan::No,
        1 | 2 => match minutes_start(text, end) {
            Some(start) => {
                let minutes_end = words::digits_end(text, start);
                let two = minutes_end == start + 2;
                let minute = if two { small_number(&text[start..minutes_end]) } else { -1 };
                finish(context, small_number(digits), minute, minutes_end, true)
            }
            None => scan_hour(context, small_number(digits), digits.len() == 2 || preposition, end),
        },
        3 | 4 => {
            let split = end - 2;
            finish(context, small_number(&text[at..split]), small_number(&text[split..end]), end, true)
        }
        _ => Scan::Bad { written_out: false },
    }
}

/// Where minutes stand behind an hour: right behind a colon or dot, or two digits behind a colon with blanks.
fn minutes_start(text: &str, end: usize) -> Option<usize> {
    if matches!(words::octet(text, end), b':' | b'.') && words::octet(text, end + 1).is_ascii_digit() {
        return Some(end + 1);
    }
    let sign = words::skip_blanks(text, end);
    let start = words::skip_blanks(text, sign + 1);
    (words::octet(text, sign) == b':' && words::digits_end(text, start) == start + 2).then_some(start)
}

/// An hour alone: `14`, `14h`, `14h30`, `8 hod`.
fn scan_hour(context: &Context<'_>, hour: i8, alone: bool, end: usize) -> Scan {
    let text = context.text();
    let word_end = hour_word_end(context, end);
    if word_end == end {
        return if alone { finish(context, hour, 0, end, false) } else { Scan::Bad { written_out: false } };
    }
    let minutes_end = words::digits_end(text, word_end);
    if minutes_end == word_end + 2 {
        let minute = small_number(&text[word_end..minutes_end]);
        return finish(context, hour, minute, minutes_end, true);
    }
    finish(context, hour, 0, word_end, true)
}

/// The end of an hour word behind `end`, or `end` where there is none.
fn hour_word_end(context: &Context<'_>, end: usize) -> usize {
    let text = context.text();
    let start = words::skip_blanks(text, end);
    let word_end = words::letters_end(text, start);
    if context.words.is_hour_word(&text[start..word_end]) { word_end } else { end }
}

fn finish(context: &Context<'_>, hour: i8, minute: i8, end: usize, written_out: bool) -> Scan {
    let text = context.text();
    let end = hour_word_end(context, end);
    let more = matches!(words::octet(text, end), b':' | b'.') && words::octet(text, end + 1).is_ascii_digit();
    match Time::new(hour, minute, 0, 0) {
        Ok(time) if !more && !is_range(context, end) => Scan::Time { time, end, written_out },
        _ => Scan::Bad { written_out },
    }
}

/// Whether a second time follows: `14:00-15:00`, `14 az 15`.
fn is_range(context: &Context<'_>, end: usize) -> bool {
    let text = context.text();
    let mut at = words::skip_blanks(text, end);
    if matches!(words::octet(text, at), b'-' | b'/') {
        at = words::skip_blanks(text, at + 1);
    } else {
        let word_end = words::letters_end(text, at);
        if !context.words.is_range_word(&text[at..word_end]) {
            return false;
        }
        at = words::skip_separators(text, word_end);
    }
    words::octet(text, at).is_ascii_digit()
}

pub(super) fn read(arg: &Arg, context: &Context<'_>, at: usize) -> Read<'static> {
    let text = context.text();
    let (labelled_at, labelled) = arg.skip_labels(context, at);
    let (start, preposition) = date::skip_prepositions(context, labelled_at);
    match scan(context, start, preposition) {
        Scan::Time { time, end, .. } => Read::Found(Value::Time(time), end),
        Scan::Bad { .. } => arg.bad(start, true),
        Scan::No if words::octet(text, start).is_ascii_digit() => arg.bad(start, true),
        // A word stands here: the time is missing, or it stands behind the name.
        Scan::No if start < text.len() && !labelled && super::name::has_moment(context, start) => {
            Read::Miss(super::Miss { kind: model::ErrorKind::BadSyntax, claimed: true, at: start })
        }
        Scan::No => arg.missing(start, labelled),
    }
}
