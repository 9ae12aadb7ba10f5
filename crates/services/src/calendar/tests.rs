use std::collections::BTreeMap;

use jiff::civil::{date, time};
use jiff::tz;
use proptest::prelude::*;

use super::*;

fn span(from: i8, to: i8) -> Span {
    Span { from: time(from, 0, 0, 0), to: time(to, 0, 0, 0) }
}

fn prague() -> TimeZone {
    tz::db().get("Europe/Prague").unwrap()
}

/// Monday and Wednesday, closed on the statehood day.
fn office() -> Calendar {
    let mut calendar = Calendar::default();
    calendar.weekly[0] = vec![span(8, 11), span(12, 17)];
    calendar.weekly[2] = vec![span(8, 17)];
    calendar.closed.insert(date(2026, 9, 28), "statehood".to_owned());
    calendar
}

#[test]
fn the_next_opening_skips_breaks_and_holidays() {
    let calendar = office();
    let hours = Hours::of_counter(&calendar, None);
    for (now, opening) in [
        (date(2026, 8, 3).at(7, 59, 0, 0), date(2026, 8, 3).at(8, 0, 0, 0)),
        (date(2026, 8, 3).at(11, 30, 0, 0), date(2026, 8, 3).at(12, 0, 0, 0)),
        (date(2026, 8, 3).at(17, 0, 0, 0), date(2026, 8, 5).at(8, 0, 0, 0)),
        (date(2026, 9, 23).at(17, 0, 0, 0), date(2026, 9, 30).at(8, 0, 0, 0)),
    ] {
        assert!(!hours.is_open(now));
        assert_eq!(hours.next_opening(now), Some(opening), "{now}");
    }
    assert_eq!(
        Hours::of_counter(&Calendar::default(), None).next_opening(date(2026, 1, 1).at(0, 0, 0, 0)),
        None
    );
}

#[test]
fn every_day_of_eleven_years_reads_as_the_edited_calendar() {
    let calendar = office();
    let mut days_edited = BTreeMap::new();
    days_edited.insert(date(2026, 9, 28), vec![span(9, 10)]);
    days_edited.insert(date(2030, 1, 2), Vec::new());
    let weekly = Some(std::array::from_fn(|day| vec![span(8, 9 + day as i8)]));
    let edits = CalendarEdits { weekly, days: days_edited, ..CalendarEdits::default() };
    let edited = calendar.edited(&edits);
    let hours = Hours { weekly: edits.weekly.as_ref().unwrap(), calendar: &calendar, edits: Some(&edits) };
    let own_week = Hours::of_counter(&calendar, Some(&edits));
    for day in days(date(2025, 1, 1), 11 * 366) {
        assert_eq!(hours.spans(day), edited.spans(day), "{day}");
        let expected = edits.days.get(&day).map_or_else(|| calendar.spans(day), Vec::as_slice);
        assert_eq!(own_week.spans(day), expected, "{day}");
    }
}

#[test]
fn local_times_of_the_change_hours() {
    let zone = prague();
    assert_eq!(instant(&zone, date(2026, 3, 29).at(2, 30, 0, 0)), None);
    let first = instant(&zone, date(2026, 10, 25).at(2, 30, 0, 0)).unwrap();
    assert_eq!(first.to_string(), "2026-10-25T00:30:00Z");
}

proptest! {
    /// Over both changes of the year: the moment is never early, always inside, and the first such one.
    #[test]
    fn the_first_moment_inside_the_hours(second in 1_767_222_000_i64..1_798_758_000) {
        let zone = prague();
        let hours = span(7, 21);
        let moment = Timestamp::from_second(second).unwrap();
        let inside = first_within(hours, moment, &zone);
        let local = zone.to_datetime(inside);
        prop_assert!(inside >= moment);
        prop_assert!(hours.from <= local.time() && local.time() < hours.to);
        prop_assert!(inside == moment || local.time() == hours.from);
        prop_assert!(inside.duration_since(moment).as_hours() <= 10);
    }

    #[test]
    fn an_opening_is_the_first_open_moment(minute in 0_i64..60 * 24 * 365) {
        let calendar = office();
        let hours = Hours::of_counter(&calendar, None);
        let now = date(2026, 1, 1).at(0, 0, 0, 0).saturating_add(minute.minutes());
        if !hours.is_open(now) {
            let opening = hours.next_opening(now).unwrap();
            prop_assert!(opening > now && hours.is_open(opening));
            prop_assert!(!hours.is_open(opening.saturating_sub(1.minute())));
        }
    }
}
