//! Dates as people write them: `10.8.`, `10. 8. 2026`, `10/8`, `1008`, `2026-08-10`, words for a day.

use jiff::Span;
use jiff::civil::Date;
use model::ErrorKind;

use super::{Arg, Context, Read, Value, time};
use crate::words::{self, number, small_number};

/// What a date is for: it settles the year where none is written, and which days mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Year {
    /// The coming such day inside the horizon; gone by or beyond it is refused.
    Coming,
    /// The coming such day inside the horizon, else the last one; any day means something.
    Booked,
}

/// Settings of a date.
#[derive(Debug)]
pub(crate) struct DateArg {
    pub(crate) year: Year,
    /// Days from today where none is written.
    pub(crate) default_days: Option<i32>,
}

/// What stands at a place, seen as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Day and month, perhaps with a year; the day may not exist.
    Day { day: i8, month: i8, year: Option<i16>, end: usize },
    /// A word for a day.
    Relative { days: i32, end: usize },
    /// Meant for a date, but none that is read (month names, weekdays, no such month).
    Bad { end: usize },
    /// Something else.
    No,
}

impl Scan {
    /// Where it ends, if it is a date or was meant for one.
    pub(crate) fn end(self) -> Option<usize> {
        match self {
            Self::Day { end, .. } | Self::Relative { end, .. } | Self::Bad { end } => Some(end),
            Self::No => None,
        }
    }

    /// Whether it is a date that can be read.
    pub(crate) fn is_day(self) -> bool {
        matches!(self, Self::Day { .. } | Self::Relative { .. })
    }
}

/// Whether a date, or what was meant for one, stands at `at`, with or without a preposition.
pub(crate) fn is_meant(context: &Context<'_>, at: usize) -> bool {
    scan(context, skip_prepositions(context, at).0).end().is_some()
}

/// Whether words behind `at` say a day: `zitra` anywhere, or the name of a day behind a preposition. Such a name
/// alone may be somebody's (`Jan Patek`).
pub(crate) fn is_said(context: &Context<'_>, at: usize) -> bool {
    let text = context.text();
    let (mut at, mut preposition) = (at, false);
    while at < text.len() {
        let end = words::letters_end(text, at);
        let word = &text[at..end];
        if context.words.day(word).is_some() || (preposition && context.words.is_calendar_name(word)) {
            return true;
        }
        preposition = context.words.is_preposition(word);
        at = words::skip_separators(text, end.max(words::digits_end(text, at)));
    }
    false
}

/// The place behind prepositions that a date or a time follows, and whether there was one.
pub(crate) fn skip_prepositions(context: &Context<'_>, at: usize) -> (usize, bool) {
    let text = context.text();
    let start = words::skip_separators(text, at);
    let mut place = start;
    loop {
        let end = words::letters_end(text, place);
        let word = &text[place..end];
        if words::octet(text, place).is_ascii_digit() || is_day_word(context, word) {
            return (place, place > start);
        }
        if !context.words.is_preposition(word) {
            return (start, false);
        }
        place = words::skip_separators(text, end);
    }
}

fn is_day_word(context: &Context<'_>, word: &str) -> bool {
    context.words.day(word).is_some() || context.words.is_calendar_name(word)
}

/// Sees what stands at `at` as a date.
pub(crate) fn scan(context: &Context<'_>, at: usize) -> Scan {
    let text = context.text();
    let digits_end = words::digits_end(text, at);
    match digits_end - at {
        0 => scan_word(context, at),
        1 | 2 => scan_parts(context, at, digits_end),
        4 => scan_four(text, at, digits_end),
        8 => scan_eight(text, at),
        _ => Scan::No,
    }
}

fn scan_word(context: &Context<'_>, at: usize) -> Scan {
    let end = words::letters_end(context.text(), at);
    let word = &context.text()[at..end];
    match context.words.day(word) {
        Some(days) => Scan::Relative { days, end },
        None if context.words.is_calendar_name(word) => Scan::Bad { end },
        None => Scan::No,
    }
}

/// `ddmm` or `yyyy-mm-dd`.
fn scan_four(text: &str, at: usize, end: usize) -> Scan {
    if let Some(scan) = scan_year_first(text, at, end) {
        return scan;
    }
    let (day, month) = (small_number(&text[at..at + 2]), small_number(&text[at + 2..end]));
    let followed = matches!(words::octet(text, end), b':' | b'H');
    if (1..=31).contains(&day) && (1..=12).contains(&month) && !followed {
        Scan::Day { day, month, year: None, end }
    } else {
        Scan::No
    }
}

/// `yyyy-mm-dd`; with other signs it is none of the announced forms, but meant for a date.
fn scan_year_first(text: &str, at: usize, end: usize) -> Option<Scan> {
    let sign = words::octet(text, end);
    let month_end = words::digits_end(text, end + 1);
    let day_end = words::digits_end(text, month_end + 1);
    let short = |from: usize, to: usize| matches!(to.saturating_sub(from), 1 | 2);
    let parted = matches!(sign, b'-' | b'/' | b'.') && words::octet(text, month_end) == sign;
    if !parted || !short(end + 1, month_end) || !short(month_end + 1, day_end) {
        return None;
    }
    let (month, day) = (small_number(&text[end + 1..month_end]), small_number(&text[month_end + 1..day_end]));
    let year = number(&text[at..end]);
    match sign {
        b'-' => Some(Scan::Day { day, month, year: Some(year), end: day_end }),
        _ if (1900..=2199).contains(&year) && (1..=12).contains(&month) => Some(Scan::Bad { end: day_end }),
        _ => None,
    }
}

/// `ddmmyyyy`.
fn scan_eight(text: &str, at: usize) -> Scan {
    let (day, month, year) = (&text[at..at + 2], &text[at + 2..at + 4], &text[at + 4..at + 8]);
    let end = at + 8;
    match (small_number(day), small_number(month), number(year)) {
        (day, month @ 1..=12, year @ 1900..=2199) => Scan::Day { day, month, year: Some(year), end },
        _ => Scan::Bad { end },
    }
}

/// Day and month parted by a dot, slash or dash, and perhaps a year.
fn scan_parts(context: &Context<'_>, at: usize, day_end: usize) -> Scan {
    let text = context.text();
    let mut place = words::skip_blanks(text, day_end);
    let sign = words::octet(text, place);
    if sign == b'.' {
        place = words::skip_blanks(text, place + 1);
    } else if matches!(sign, b'/' | b'-') && place == day_end {
        place += 1;
    }
    let month_end = words::digits_end(text, place);
    if month_end == place {
        return month_name(context, place);
    }
    if place == day_end || !matches!(sign, b'.' | b'/' | b'-') || month_end - place > 2 {
        return Scan::No;
    }
    let (day, month) = (small_number(&text[at..day_end]), small_number(&text[place..month_end]));
    if sign == b'.' && place == day_end + 1 && is_time(text, day, month, place, month_end) {
        // Closed with a dot and with a time behind it, it was meant for the date.
        let closed = words::octet(text, month_end) == b'.' && is_time_next(context, month_end + 1);
        return if closed { Scan::Bad { end: month_end + 1 } } else { Scan::No };
    }
    let (year, end) = scan_year(context, sign, month_end);
    if year.is_some_and(|year| year < 1000) || !(1..=12).contains(&month) {
        return Scan::Bad { end };
    }
    Scan::Day { day, month, year, end }
}

/// `14.00` and `14.30` are times: no such month, and two digits of minutes.
fn is_time(text: &str, hour: i8, minute: i8, at: usize, end: usize) -> bool {
    let year_follows = words::octet(text, end) == b'.' && words::octet(text, end + 1).is_ascii_digit();
    end - at == 2 && !(1..=12).contains(&minute) && hour < 24 && minute < 60 && !year_follows
}

/// `10 srpna`: the day is followed by the name of a month.
fn month_name(context: &Context<'_>, at: usize) -> Scan {
    let end = words::letters_end(context.text(), at);
    if context.words.is_calendar_name(&context.text()[at..end]) { Scan::Bad { end } } else { Scan::No }
}

/// The year behind day and month, and where the date ends.
fn scan_year(context: &Context<'_>, sign: u8, month_end: usize) -> (Option<i16>, usize) {
    let text = context.text();
    let mut end = month_end;
    let after_month = if sign == b'.' { words::skip_blanks(text, month_end) } else { month_end };
    if words::octet(text, after_month) == sign {
        end = after_month + 1;
    } else if sign != b'.' {
        return (None, month_end);
    }
    let place = if sign == b'.' { words::skip_blanks(text, end) } else { end };
    let year_end = words::digits_end(text, place);
    let digits = &text[place..year_end];
    let glued = place == end && end > month_end;
    match digits.len() {
        4 if is_year(context, digits, glued, year_end) => (Some(number(digits)), year_end),
        2 if glued && !is_time_ahead(text, year_end) => (Some(2000 + number(digits)), year_end),
        2 if is_short_year(context, digits, year_end) => (Some(2000 + number(digits)), year_end),
        3 if glued && (sign != b'.' || is_time_next(context, year_end)) => (Some(number(digits)), year_end),
        5.. if glued => (Some(0), year_end),
        _ => (None, end),
    }
}

/// Whether two digits parted from day and month are a year (`10. 8. 26`): no hour, with a time or nothing more
/// behind them.
fn is_short_year(context: &Context<'_>, digits: &str, end: usize) -> bool {
    let last = words::skip_separators(context.text(), end) >= context.text().len();
    number(digits) > 23 && (last || is_time_next(context, end))
}

/// Whether a time that can't be anything else comes next.
fn is_time_next(context: &Context<'_>, at: usize) -> bool {
    time::scan(context, skip_prepositions(context, at).0, false).is_written_out()
}

/// Whether what looks like two digits of a year goes on as a time: `10.8.14:00`.
fn is_time_ahead(text: &str, at: usize) -> bool {
    match words::octet(text, at) {
        b':' | b'H' => true,
        b'.' => words::digits_end(text, at + 1) == at + 3,
        _ => false,
    }
}

/// Whether four digits behind day and month are the year and not a time such as `1400`.
fn is_year(context: &Context<'_>, digits: &str, glued: bool, end: usize) -> bool {
    let year = number(digits);
    let (hour, minute) = (year / 100, year % 100);
    let no_time = hour > 23 || minute > 59;
    if no_time || !(1900..=2199).contains(&year) {
        return no_time && (glued || (1900..=2199).contains(&year));
    }
    // 20:26 is a time as well as a year: a time behind it, or a year near by, tells.
    let near = (context.now.get().year() - 5..=context.now.get().year() + 3).contains(&year);
    glued || near || is_time_next(context, end)
}

impl DateArg {
    pub(super) fn read(&self, arg: &Arg, context: &Context<'_>, at: usize) -> Read<'static> {
        let (labelled_at, labelled) = arg.skip_labels(context, at);
        let (mut start, _) = skip_prepositions(context, labelled_at);
        if !labelled && start == labelled_at {
            // A label may stand behind the preposition (`na den 10.8.`).
            start = arg.skip_labels(context, start).0;
        }
        if self.year == Year::Booked {
            start = behind_words(context, start).unwrap_or(start);
        }
        let today = context.now.get().date();
        match scan(context, start) {
            Scan::Day { day, month, year, end } => self.settle(arg, context, (day, month, year), start, end),
            Scan::Relative { days, end } => match plus(today, days) {
                Some(date) => Read::Found(Value::Date(date), end),
                None => arg.bad(start, true),
            },
            Scan::Bad { .. } => arg.bad(start, true),
            Scan::No => {
                let timelike = time::is_clock(context, labelled_at);
                self.absent(arg, context, (at, start), labelled, timelike)
            }
        }
    }

    fn absent(
        &self,
        arg: &Arg,
        context: &Context<'_>,
        (at, start): (usize, usize),
        labelled: bool,
        timelike: bool,
    ) -> Read<'static> {
        let is_digit = words::octet(context.text(), start).is_ascii_digit();
        if let Some(days) = self.default_days {
            if is_digit {
                return arg.bad(start, true);
            }
            if labelled {
                return arg.missing(start, true);
            }
            return match plus(context.now.get().date(), days) {
                Some(date) => Read::Found(Value::DefaultDate(date), at),
                None => arg.bad(start, true),
            };
        }
        // Where no time is asked for, digits are a time only with a clock's sign.
        let timelike = timelike && (self.year != Year::Booked || time::has_clock_sign(context, start));
        if is_digit && !timelike {
            return arg.bad(start, true);
        }
        arg.missing(start, labelled || timelike)
    }

    fn settle(
        &self,
        arg: &Arg,
        context: &Context<'_>,
        (day, month, year): (i8, i8, Option<i16>),
        start: usize,
        end: usize,
    ) -> Read<'static> {
        let today = context.now.get().date();
        let horizon = plus(today, context.horizon_days).unwrap_or(Date::MAX);
        if day < 1 || day > days_in(month) {
            return arg.bad(start, true);
        }
        let found = match (year, self.year) {
            (Some(year), _) => Date::new(year, month, day).ok(),
            (None, Year::Coming) => coming(today, horizon, month, day),
            (None, Year::Booked) => booked(today, horizon, month, day),
        };
        match found {
            None => arg.bad(start, true),
            Some(date) if self.year == Year::Booked => Read::Found(Value::Date(date), end),
            Some(date) if date < today => Read::Refused(ErrorKind::PastDate, end),
            Some(date) if date > horizon => Read::Refused(ErrorKind::TooFar, end),
            Some(date) => Read::Found(Value::Date(date), end),
        }
    }
}

/// Where a date stands behind words that say nothing (`ze dne 10.8.`, a name): the first digits must be its own.
fn behind_words(context: &Context<'_>, at: usize) -> Option<usize> {
    let text = context.text();
    let mut at = at;
    loop {
        match scan(context, at) {
            Scan::Bad { .. } => return None,
            scanned if scanned.is_day() => return Some(at),
            _ => {}
        }
        let end = words::letters_end(text, at);
        if end == at {
            return None;
        }
        at = words::skip_separators(text, end);
    }
}

/// A day so many days away; the distance comes from a file and may be absurd.
fn plus(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// Days of a month in a leap year.
fn days_in(month: i8) -> i8 {
    Date::new(2024, month, 1).map_or(0, Date::days_in_month)
}

/// The coming such day; this year's where it is gone by and next year's lies beyond the horizon. 29 February is
/// the next that exists.
fn coming(today: Date, horizon: Date, month: i8, day: i8) -> Option<Date> {
    if (month, day) == (2, 29) {
        return next_from(today, month, day);
    }
    let this_year = Date::new(today.year(), month, day).ok();
    match this_year {
        Some(date) if date >= today => Some(date),
        Some(date) => {
            let next = next_from(today, month, day).filter(|next| *next <= horizon);
            Some(next.unwrap_or(date))
        }
        None => next_from(today, month, day),
    }
}

/// The coming such day inside the horizon, else the last one.
fn booked(today: Date, horizon: Date, month: i8, day: i8) -> Option<Date> {
    next_from(today, month, day).filter(|next| *next <= horizon).or_else(|| last_before(today, month, day))
}

/// Longest run of years without a 29 February (1896–1904 and its like).
const LEAP_GAP: i16 = 8;

fn next_from(today: Date, month: i8, day: i8) -> Option<Date> {
    (today.year()..=today.year() + LEAP_GAP)
        .filter_map(|year| Date::new(year, month, day).ok())
        .find(|date| *date >= today)
}

fn last_before(today: Date, month: i8, day: i8) -> Option<Date> {
    (today.year() - LEAP_GAP..=today.year())
        .rev()
        .filter_map(|year| Date::new(year, month, day).ok())
        .find(|date| *date < today)
}
