//! Opening hours in force, and arithmetic between the office's wall clock and the time line.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use model::calendar::CalendarEdits;
use model::{Calendar, Service, Span};

/// Days that are searched for the next opening; an office that is closed longer has none.
const SEARCH_DAYS: usize = 366;

/// A calendar with the clerks' edits laid over it, without a copy of either.
#[derive(Clone, Copy)]
pub(crate) struct Hours<'a> {
    weekly: &'a [Vec<Span>; 7],
    calendar: &'a Calendar,
    edits: Option<&'a CalendarEdits>,
}

impl<'a> Hours<'a> {
    /// The office's hours.
    pub(crate) fn of_office(service: &'a Service, edits: Option<&'a CalendarEdits>) -> Self {
        let calendar = &service.calendar;
        let weekly = edits.and_then(|edits| edits.weekly.as_ref()).unwrap_or(&calendar.weekly);
        Self { weekly, calendar, edits }
    }

    /// The hours of a counter that keeps its own week; days that the clerks edited hold for it too.
    pub(crate) fn of_counter(calendar: &'a Calendar, edits: Option<&'a CalendarEdits>) -> Self {
        Self { weekly: &calendar.weekly, calendar, edits }
    }

    /// The open spans of a day; none on a closed one.
    pub(crate) fn spans(&self, date: Date) -> &'a [Span] {
        let edited = self.edits.and_then(|edits| edits.days.get(&date));
        if let Some(spans) = edited.or_else(|| self.calendar.exceptions.get(&date)) {
            return spans;
        }
        if self.calendar.closed.contains_key(&date) {
            return &[];
        }
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.weekly.get(weekday).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_open(&self, moment: DateTime) -> bool {
        self.spans(moment.date()).iter().any(|span| span.from <= moment.time() && moment.time() < span.to)
    }

    /// The first opening after `moment`.
    pub(crate) fn next_opening(&self, moment: DateTime) -> Option<DateTime> {
        days(moment.date(), SEARCH_DAYS).find_map(|date| {
            let openings = self.spans(date).iter().map(|span| date.to_datetime(span.from));
            openings.filter(|opening| *opening > moment).min()
        })
    }
}

/// `count` days from `first` on.
pub(crate) fn days(first: Date, count: usize) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok()).take(count)
}

/// `count` days after `date`.
pub(crate) fn days_after(date: Date, count: u32) -> Date {
    date.saturating_add(i64::from(count.min(SEARCH_DAYS as u32)).days())
}

/// The moment of a local time: the first of the two where clocks went back, none where they jumped over it.
pub(crate) fn instant(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.compatible().ok(),
    }
}

/// When an unasked message of a service may leave that would leave at `moment`: none for "now".
pub fn held_until(service: &Service, moment: Timestamp) -> Option<Timestamp> {
    let leaves = first_within(service.notice_hours, moment, &service.zone);
    (leaves > moment).then_some(leaves)
}

/// The first moment at or after `moment` that lies in `hours` of a local day.
pub(crate) fn first_within(hours: Span, moment: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(moment);
    let date = if local.time() < hours.from {
        local.date()
    } else if local.time() < hours.to {
        return moment;
    } else {
        local.date().tomorrow().unwrap_or_else(|_| local.date())
    };
    zone.to_ambiguous_timestamp(date.to_datetime(hours.from)).compatible().unwrap_or(moment)
}

#[cfg(test)]
mod tests;
