//! Slots and opening hours over eleven years.

use jiff::civil::{Time, date};
use model::request::Command;

use crate::offices::trutnov;
use crate::trutnov::{NOVAK, days};
use crate::world::World;

/// On every open day from 2025 to 2035, 8:00 to 16:45 in the town's own time, never more, never fewer.
#[test]
fn every_open_day_offers_the_same_local_times() {
    let mut world = World::new(trutnov(), date(2024, 12, 31).at(18, 0, 0, 0));
    let mut open = 0;
    for day in days(date(2025, 1, 1), date(2035, 12, 31)) {
        world.sleep_until(day.yesterday().unwrap().to_datetime(Time::MIN));
        let weekday = day.weekday().to_monday_zero_offset();
        let expected = matches!(weekday, 0 | 2) && !world.service.calendar.closed.contains_key(&day);
        let free = Command::FreeSlots { activity: "ZOP".to_owned(), date: day, date_defaulted: true };
        let text = world.text(NOVAK, free);
        assert_eq!(text.starts_with("Volne terminy"), expected, "{day}");
        assert!(text.contains(": 8:00-16:45"), "{day}: {text}");
        open += usize::from(expected);
    }
    assert_eq!(open, 1103, "Mondays and Wednesdays without the 13 holidays of each year");
}
