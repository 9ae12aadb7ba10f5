//! Dates and times as replies write them. A pack chooses between the Vietnamese and the Czech way by the name
//! of the place: `{t}` 08h30, `{d}` 18/08/2009; `{ct}` 8:30, `{cd}` 18.8.2009, `{cds}` 18.8.

use jiff::civil::{Date, Time};

pub(crate) fn vn_time(time: Time) -> String {
    format!("{:02}h{:02}", time.hour(), time.minute())
}

pub(crate) fn vn_date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

pub(crate) fn cz_time(time: Time) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

pub(crate) fn cz_date(date: Date) -> String {
    format!("{}.{}.{}", date.day(), date.month(), date.year())
}

pub(crate) fn cz_day(date: Date) -> String {
    format!("{}.{}.", date.day(), date.month())
}

/// Minutes since midnight.
pub(crate) fn minute_of_day(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

/// The time of a minute since midnight; past the day's end, its last minute.
pub(crate) fn time_of(minute_of_day: u16) -> Time {
    let hour = i8::try_from(minute_of_day / 60).unwrap_or(i8::MAX);
    let minute = i8::try_from(minute_of_day % 60).unwrap_or(0);
    Time::new(hour, minute, 0, 0).unwrap_or(Time::constant(23, 59, 0, 0))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn moments_are_written_both_ways() {
        assert_eq!(vn_time(time(8, 5, 59, 0)), "08h05");
        assert_eq!(vn_date(date(2009, 8, 18)), "18/08/2009");
        assert_eq!(cz_time(time(8, 0, 0, 0)), "8:00");
        assert_eq!(cz_date(date(2026, 8, 10)), "10.8.2026");
        assert_eq!(cz_day(date(2026, 12, 1)), "1.12.");
    }

    #[test]
    fn minutes_of_the_day_go_there_and_back() {
        for minute in 0..24 * 60 {
            assert_eq!(minute_of_day(time_of(minute)), minute);
        }
        assert_eq!(time_of(5000), time(23, 59, 0, 0));
    }
}
