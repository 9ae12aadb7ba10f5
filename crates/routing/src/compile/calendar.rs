//! Opening hours, holidays, single days.

use jiff::civil::{Date, Time};
use model::{Calendar, Span};
use toml::Spanned;

use super::Out;
use crate::file::settings::CalendarTable;
use crate::{holidays, report};

/// Compiles a calendar.
pub(crate) fn calendar(table: &CalendarTable, out: &mut Out<'_>) -> Calendar {
    let days = [&table.mon, &table.tue, &table.wed, &table.thu, &table.fri, &table.sat, &table.sun];
    let mut calendar = Calendar { weekly: days.map(|spans| day(spans, out)), ..Calendar::default() };
    if let Some(country) = &table.holidays {
        match holidays::closed(country.get_ref()) {
            Some(closed) => calendar.closed = closed,
            None => {
                let message = format!("there is no holiday table \"{}\"", country.get_ref());
                let help = report::suggest(country.get_ref(), holidays::known());
                out.error(country, message, help);
            }
        }
    }
    for (date, reason) in &table.closed {
        if let Some(date) = read_date(date, out) {
            calendar.closed.insert(date, reason.clone());
        }
    }
    for (date, spans) in &table.open {
        if let Some(date) = read_date(date, out) {
            let spans = day(spans, out);
            calendar.exceptions.insert(date, spans);
        }
    }
    calendar
}

fn read_date(date: &Spanned<String>, out: &mut Out<'_>) -> Option<Date> {
    out.read(date, date.get_ref().parse::<Date>(), "write a day as 2026-12-24")
}

/// The spans of one day, which must come in order and not overlap.
fn day(spans: &[Spanned<String>], out: &mut Out<'_>) -> Vec<Span> {
    let mut day: Vec<Span> = Vec::new();
    for text in spans {
        let Some(span) = span(text, out) else { continue };
        if day.last().is_some_and(|last| last.to > span.from) {
            out.error(text, "this span begins before the one above it ends".to_owned(), None);
        }
        day.push(span);
    }
    day
}

/// `08:00-17:00`.
pub(crate) fn span(text: &Spanned<String>, out: &mut Out<'_>) -> Option<Span> {
    let read = text.get_ref().split_once('-').and_then(|(from, to)| {
        let span = Span { from: clock(from)?, to: clock(to)? };
        (span.from < span.to).then_some(span)
    });
    if read.is_none() {
        let message = format!("\"{}\" is no span of time", text.get_ref());
        out.error(text, message, Some("write it as \"08:00-17:00\", the earlier time first".to_owned()));
    }
    read
}

/// `HH:MM`.
pub(crate) fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}
