//! A Vietnamese ID number: nine digits (CMND) or twelve (CCCD).

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil;
use model::account::IdType;
use smallvec::{SmallVec, smallvec};

use super::{Arg, Context, Read, Value, digits};
use crate::words;

/// Settings of an ID number.
#[derive(Debug)]
pub(crate) struct IdNumber {
    /// Shortest run of digits that is taken for an ID number among other words.
    pub(crate) min_run: usize,
    /// The number's century digit and year must agree with the birth date of the same command.
    pub(crate) birth_year: bool,
}

/// A run of digit groups with blanks, dots and dashes inside.
struct Run<'a> {
    digits: Cow<'a, str>,
    end: usize,
}

impl IdNumber {
    /// Looks for the number among other words behind `at`.
    pub(super) fn read<'a>(&self, arg: &Arg, context: &Context<'a>, at: usize) -> Read<'a> {
        let text = context.text();
        let mut found: Option<Run<'_>> = None;
        let mut place = at;
        while let Some(run) = next_run(text, place) {
            place = run.end;
            if run.digits.len() < self.min_run {
                continue;
            }
            if id_type(&run.digits).is_none() {
                return arg.bad(run.end, true);
            }
            if found.is_none() {
                found = Some(run);
            }
        }
        match found.and_then(|run| Some((id_type(&run.digits)?, run))) {
            Some((id_type, run)) => Read::Found(Value::Id(run.digits, id_type), run.end),
            None => arg.missing(at, false),
        }
    }

    /// Reads a whole field.
    pub(super) fn read_field(field: &str) -> Option<Value<'static>> {
        // Nearly all: digits and nothing between them.
        if words::digits_end(field, 0) == field.len() {
            return id_type(field).map(|id_type| Value::Id(field.to_owned().into(), id_type));
        }
        let mut digits = String::with_capacity(field.len());
        for octet in field.bytes() {
            match octet {
                b'0'..=b'9' => digits.push(char::from(octet)),
                b' ' | b'.' | b'-' | b'\n' => {}
                _ => return None,
            }
        }
        id_type(&digits).map(|id_type| Value::Id(digits.into(), id_type))
    }
}

fn id_type(digits: &str) -> Option<IdType> {
    type_of(digits.len())
}

fn type_of(length: usize) -> Option<IdType> {
    match length {
        9 => Some(IdType::Cmnd9),
        12 => Some(IdType::Cccd12),
        _ => None,
    }
}

/// Whether century digit and year of a twelve-digit number agree with a birth date (circular 07/2016/TT-BCA).
pub(crate) fn agrees(id_number: &str, id_type: IdType, birth: civil::Date) -> bool {
    let part = |range: Range<usize>| id_number.get(range).and_then(|part| part.parse::<i16>().ok());
    match (id_type, part(3..4), part(4..6)) {
        (IdType::Cccd12, Some(century), Some(year)) => 1900 + 100 * (century / 2) + year == birth.year(),
        _ => true,
    }
}

/// The next run of digits that is no date.
fn next_run(text: &str, at: usize) -> Option<Run<'_>> {
    let mut start = at;
    loop {
        start += text.get(start..)?.find(|c: char| c.is_ascii_digit())?;
        match date_end(text, start) {
            Some(end) => start = end,
            None => break,
        }
    }
    let first = start..words::digits_end(text, start);
    let mut runs: SmallVec<[Range<usize>; 4]> = smallvec![first];
    loop {
        let end = runs[runs.len() - 1].end;
        let rest = &text[end..];
        let next = end + rest.len() - rest.trim_start_matches([' ', '.', '-']).len();
        let next_end = words::digits_end(text, next);
        if next == end || next_end == next || date_end(text, next).is_some() {
            break;
        }
        runs.push(next..next_end);
    }
    if let [run] = &runs[..] {
        return Some(Run { digits: text[run.clone()].into(), end: run.end });
    }
    // Whole numbers one behind the other are several, not one that is too long.
    let count = digits::first_whole(&runs, |length| type_of(length).is_some()).unwrap_or(runs.len());
    let digits = runs[..count].iter().map(|run| &text[run.clone()]).collect();
    Some(Run { digits, end: runs[count - 1].end })
}

/// The end of `d.m.yyyy` or `d.m.yy` with dots, dashes or slashes at `at`. Two digits of a year with a further
/// group on either side are a part of a number in groups.
fn date_end(text: &str, at: usize) -> Option<usize> {
    let day_end = words::digits_end(text, at);
    let sign = |place: usize| matches!(words::octet(text, place), b'.' | b'-' | b'/');
    let month_end = words::digits_end(text, day_end + 1);
    let year_end = words::digits_end(text, month_end + 1);
    let short = |from: usize, to: usize| matches!(to.saturating_sub(from), 1 | 2);
    let group_behind = sign(year_end) && words::octet(text, year_end + 1).is_ascii_digit();
    let group_before = at > 1 && sign(at - 1) && words::octet(text, at - 2).is_ascii_digit();
    let year = match year_end.saturating_sub(month_end + 1) {
        4 => true,
        2 => !group_before && !group_behind,
        _ => false,
    };
    let fits =
        sign(day_end) && sign(month_end) && short(at, day_end) && short(day_end + 1, month_end) && year;
    fits.then_some(year_end)
}
