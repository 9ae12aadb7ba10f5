//! Opening hours, holidays and exceptions, in the local time of an office.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// A half-open span of a day's local time: open from `from`, closed from `to` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first open moment.
    pub from: Time,
    /// The first closed moment after it.
    pub to: Time,
}

/// When an office is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Spans by weekday, Monday first, in order and without overlap.
    pub weekly: [Vec<Span>; 7],
    /// Public holidays and the office's own closed days, with their names.
    pub closed: BTreeMap<Date, String>,
    /// Days with hours of their own (a worked Saturday, a short day); they win over all else.
    pub exceptions: BTreeMap<Date, Vec<Span>>,
}

impl Calendar {
    /// The open spans of `date`; none on a closed day.
    pub fn spans(&self, date: Date) -> &[Span] {
        if let Some(spans) = self.exceptions.get(&date) {
            return spans;
        }
        if self.closed.contains_key(&date) {
            return &[];
        }
        let monday_zero = date.weekday().to_monday_zero_offset();
        self.weekly.get(usize::try_from(monday_zero).unwrap_or(0)).map_or(&[], Vec::as_slice)
    }

    /// Whether `time` of `date` lies in an open span.
    pub fn is_open(&self, date: Date, time: Time) -> bool {
        self.spans(date).iter().any(|span| span.from <= time && time < span.to)
    }

    /// This calendar with a clerk's edits laid over it.
    pub fn edited(&self, edits: &CalendarEdits) -> Self {
        let mut calendar = self.clone();
        if let Some(weekly) = &edits.weekly {
            calendar.weekly = weekly.clone();
        }
        calendar.exceptions.extend(edits.days.iter().map(|(date, spans)| (*date, spans.clone())));
        calendar
    }
}

/// What the town's clerks changed over the services file: hours, closed days, capacities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarEdits {
    /// Weekly hours that replace those of the services file.
    #[serde(default)]
    pub weekly: Option<[Vec<Span>; 7]>,
    /// Days with hours of their own; no spans closes the day.
    #[serde(default)]
    pub days: BTreeMap<Date, Vec<Span>>,
    /// Counters serving an activity, by its abbreviation.
    #[serde(default)]
    pub capacity: BTreeMap<String, u8>,
    /// Counts the changes; an editor gives the version that he saw.
    #[serde(default)]
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn exceptions_win_over_holidays_and_holidays_over_weekly_hours() {
        let span = Span { from: time(8, 0, 0, 0), to: time(17, 0, 0, 0) };
        let mut calendar = Calendar::default();
        calendar.weekly[0] = vec![span];
        calendar.closed.insert(date(2026, 9, 28), "statehood".to_owned());
        assert!(calendar.is_open(date(2026, 8, 3), time(8, 0, 0, 0)));
        assert!(!calendar.is_open(date(2026, 8, 3), time(17, 0, 0, 0)));
        assert!(!calendar.is_open(date(2026, 9, 28), time(9, 0, 0, 0)));
        let mut edits = CalendarEdits::default();
        edits.days.insert(date(2026, 9, 28), vec![span]);
        edits.days.insert(date(2026, 8, 3), Vec::new());
        let edited = calendar.edited(&edits);
        assert!(edited.is_open(date(2026, 9, 28), time(9, 0, 0, 0)));
        assert!(!edited.is_open(date(2026, 8, 3), time(9, 0, 0, 0)));
    }
}
