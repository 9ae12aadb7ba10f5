//! Fields with separators between them: `TK,Nguyen Van A,201499999,20/12/1990`.
//!
//! A comma, semicolon, bar, star, hash, line break or spaced dash parts fields; blanks alone do where the types tell the
//! fields apart. Number and order are checked first, then each field in order.

use std::borrow::Cow;

use jiff::civil;
use model::ErrorKind;
use smallvec::SmallVec;

use super::id_number::IdNumber;
use super::{Arg, Context, Kind, Value, name};
use crate::words::{self, kind, number, small_number};

/// Why fields are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldMiss {
    pub(crate) kind: ErrorKind,
    /// Number and order were right.
    pub(crate) shaped: bool,
    /// The argument that failed, by place.
    pub(crate) arg: usize,
}

/// As many as a command has; a text may have more.
pub(crate) type Fields<T> = SmallVec<[T; 4]>;

/// Year before which nobody is taken to be born.
const BIRTH_YEAR_MIN: i16 = 1900;

/// Reads all fields behind `at`; `args` are the argument types in order.
pub(crate) fn read<'a>(
    args: &[&'a Arg],
    context: &Context<'a>,
    at: usize,
    blanks: bool,
) -> Result<Fields<Value<'a>>, FieldMiss> {
    let text = context.text().get(at..).unwrap_or("");
    let syntax = FieldMiss { kind: ErrorKind::BadSyntax, shaped: false, arg: 0 };
    let body = trim_tail(trim_head(text));
    let fields = match split(body) {
        Some(fields) => join_date(fields, args.len()),
        None if blanks => split_blanks(args, body).ok_or(syntax)?,
        None => return Err(syntax),
    };
    if fields.len() != args.len() || fields.iter().any(|field| field.trim_ascii().is_empty()) {
        return Err(syntax);
    }
    let mut stripped: Fields<&str> = Fields::new();
    for (arg, field) in args.iter().zip(&fields) {
        stripped.push(strip_label(arg, field));
    }
    let fields = &stripped[..];
    if is_swapped(args, fields) {
        return Err(syntax);
    }
    let mut values = Fields::new();
    for (place, (arg, field)) in args.iter().zip(fields).enumerate() {
        let value = read_field(arg, field, context.now.get().date());
        values.push(value.ok_or(FieldMiss { kind: arg.bad, shaped: true, arg: place })?);
    }
    Ok(values)
}

/// One run of separators behind the keyword is one separator.
fn trim_head(text: &str) -> &str {
    &text[words::skip_separators(text, 0)..]
}

fn trim_tail(text: &str) -> &str {
    let separators = text.bytes().rev().take_while(|octet| !words::is_word(*octet)).count();
    &text[..text.len() - separators]
}

/// The fields, or `None` where nothing but blanks parts them.
fn split(body: &str) -> Option<Fields<Cow<'_, str>>> {
    let mut fields = Fields::new();
    let (mut start, mut place) = (0, 0);
    while place < body.len() {
        match separator_end(body, place) {
            Some(stop) => {
                fields.push(Cow::Borrowed(&body[start..place]));
                (start, place) = (stop, stop);
            }
            None => place = words::token_end(body, place + 1),
        }
    }
    if fields.is_empty() {
        return None;
    }
    fields.push(Cow::Borrowed(&body[start..]));
    Some(fields)
}

/// The end of a field separator at `at`: one sign with the blanks and line breaks around it.
fn separator_end(body: &str, at: usize) -> Option<usize> {
    if words::is_word(words::octet(body, at)) {
        return None;
    }
    let sign_at = words::skip_blanks(body, at);
    let line_break = words::kinds(&body[at..sign_at]) & kind::LINE_FEED != 0;
    match words::octet(body, sign_at) {
        b',' | b';' | b'|' | b'*' | b'#' => Some(words::skip_blanks(body, sign_at + 1)),
        b'-' if sign_at > at && words::octet(body, sign_at + 1) == b' ' => {
            Some(words::skip_blanks(body, sign_at + 1))
        }
        _ => line_break.then_some(sign_at),
    }
}

/// `20,12,1990` and `20.12,1990`: the three parts of a closing date may be parted by the field separator.
fn join_date(mut fields: Fields<Cow<'_, str>>, wanted: usize) -> Fields<Cow<'_, str>> {
    let parts = |field: &Cow<'_, str>| {
        field.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count()
    };
    let plain = |field: &Cow<'_, str>| {
        field.bytes().all(|o| o.is_ascii_digit() || matches!(o, b' ' | b'/' | b'.' | b'-'))
    };
    if wanted == 0 || fields.len() <= wanted || !fields[wanted..].iter().all(plain) {
        return fields;
    }
    let counts: Fields<usize> = fields[wanted - 1..].iter().map(parts).collect();
    if counts.iter().sum::<usize>() == 3 && !counts.contains(&0) {
        let date = fields[wanted - 1..].join("/");
        fields.truncate(wanted - 1);
        fields.push(Cow::Owned(date));
    }
    fields
}

/// Blanks alone: leading words are the first field, each further token one field.
fn split_blanks<'a>(args: &[&Arg], body: &'a str) -> Option<Fields<Cow<'a, str>>> {
    let tokens: Vec<&str> = body.split_ascii_whitespace().collect();
    let first_digit = tokens.iter().position(|token| token.bytes().any(|octet| octet.is_ascii_digit()))?;
    if first_digit == 0 || tokens.len() - first_digit != args.len() - 1 {
        return None;
    }
    let name = tokens[..first_digit].join(" ");
    // Neither labels nor digits in groups: they say where a field ends only between separators.
    let grouped = |(arg, token): (&&Arg, &&str)| {
        matches!(arg.kind, Kind::IdNumber(_))
            && token.trim_matches(['.', '-']).contains(['.', '-'])
            && IdNumber::read_field(token).is_some()
    };
    if has_label(args, &name) || args.iter().skip(1).zip(&tokens[first_digit..]).any(grouped) {
        return None;
    }
    let rest = tokens[first_digit..].iter().map(|token| Cow::Borrowed(*token));
    Some(std::iter::once(Cow::Owned(name)).chain(rest).collect())
}

/// Whether the name begins with its own label, or ends with that of the next field.
fn has_label(args: &[&Arg], name: &str) -> bool {
    let own = |arg: &&Arg| arg.labels.end_at(name, 0, words::letters_end(name, 0)).is_some();
    let starts = std::iter::once(0).chain(name.match_indices(' ').map(|(at, _)| at + 1));
    let mut ends = starts.map(|at| (at, words::letters_end(name, at)));
    let next = args.get(1);
    args.first().is_some_and(own)
        || next.is_some_and(|arg| ends.any(|(at, end)| arg.labels.end_at(name, at, end) == Some(name.len())))
}

/// The field behind its label; a label without a value behind it is the value.
fn strip_label<'a>(arg: &Arg, field: &'a str) -> &'a str {
    let mut field = field.trim_ascii();
    loop {
        let start = words::skip_separators(field, 0);
        let end = words::letters_end(field, start);
        let behind = arg.labels.end_at(field, start, end).map(|end| words::skip_separators(field, end));
        match behind {
            Some(behind) if behind < field.len() => field = &field[behind..],
            _ => return field,
        }
    }
}

/// Whether the fields are all there, but in another order.
fn is_swapped(args: &[&Arg], fields: &[&str]) -> bool {
    let has_letter = |field: &str| field.bytes().any(|octet| octet.is_ascii_uppercase());
    let has_digit = |field: &str| field.bytes().any(|octet| octet.is_ascii_digit());
    let place = |wanted: fn(&Kind) -> bool| args.iter().position(|arg| wanted(&arg.kind));
    let (name, id, date) = (
        place(|kind| matches!(kind, Kind::Name(_))),
        place(|kind| matches!(kind, Kind::IdNumber(_))),
        place(|kind| matches!(kind, Kind::Date(_))),
    );
    let name_elsewhere = name.is_some_and(|name| {
        let elsewhere =
            |(place, field): (usize, &&str)| place != name && has_letter(field) && !has_digit(field);
        !has_letter(fields[name]) && fields.iter().enumerate().any(elsewhere)
    });
    let id_and_date = matches!((id, date), (Some(id), Some(date))
        if read_birth(fields[id]).is_some() && !has_letter(fields[date]) && read_birth(fields[date]).is_none());
    name_elsewhere || id_and_date
}

fn read_field<'a>(arg: &'a Arg, field: &str, today: civil::Date) -> Option<Value<'a>> {
    match &arg.kind {
        Kind::Name(settings) => name::tidy(field, settings.max).map(|name| Value::Text(name.into())),
        Kind::IdNumber(_) => IdNumber::read_field(field),
        Kind::Date(_) => {
            read_birth(field).filter(|date| *date <= today && date.year() >= BIRTH_YEAR_MIN).map(Value::Date)
        }
        Kind::Word(list) => list.words.get(field).map(Value::Word),
        Kind::Digits(digits) => {
            let fits = digits.length.contains(&field.len()) && field.bytes().all(|o| o.is_ascii_digit());
            fits.then(|| Value::Text(field.to_owned().into()))
        }
        Kind::Receipt(_) | Kind::Time => None,
    }
}

/// Day, month and a year of four digits, parted by slashes, dots, dashes or blanks, or `ddmmyyyy`.
fn read_birth(field: &str) -> Option<civil::Date> {
    let field = field.trim_ascii();
    let [day, month, year] = birth_parts(field)?;
    let fits = (1..=2).contains(&day.len()) && (1..=2).contains(&month.len()) && year.len() == 4;
    if !fits {
        return None;
    }
    civil::Date::new(number(year), small_number(month), small_number(day)).ok()
}

/// Three runs of digits with signs between them and no more; or eight digits at once.
fn birth_parts(field: &str) -> Option<[&str; 3]> {
    if field.len() == 8 && words::digits_end(field, 0) == 8 {
        return Some([&field[..2], &field[2..4], &field[4..]]);
    }
    let is_sign = |octet| matches!(octet, b'/' | b'.' | b'-' | b' ');
    let (mut parts, mut at) = ([""; 3], 0);
    for part in &mut parts {
        let start = words::run_end(field, at, is_sign);
        at = words::digits_end(field, start);
        *part = &field[start..at];
    }
    (words::run_end(field, at, is_sign) == field.len()).then_some(parts)
}
