//! Dates and times as replies write them. A pack chooses between the Vietnamese and the Czech way by the name
//! of the place: `{t}` 08h30, `{d}` 18/08/2009; `{ct}` 8:30, `{cd}` 18.8.2009, `{cds}` 18.8.

use jiff::civil::{Date, Time};

pub(crate) fn vn_time(time: Time, text: &mut String) {
    put(time.hour(), 2, text);
    text.push('h');
    put(time.minute(), 2, text);
}

pub(crate) fn vn_date(date: Date, text: &mut String) {
    put(date.day(), 2, text);
    text.push('/');
    put(date.month(), 2, text);
    text.push('/');
    put(date.year(), 4, text);
}

pub(crate) fn cz_time(time: Time, text: &mut String) {
    put(time.hour(), 1, text);
    text.push(':');
    put(time.minute(), 2, text);
}

pub(crate) fn cz_date(date: Date, text: &mut String) {
    cz_day(date, text);
    put(date.year(), 1, text);
}

pub(crate) fn cz_day(date: Date, text: &mut String) {
    put(date.day(), 1, text);
    text.push('.');
    put(date.month(), 1, text);
    text.push('.');
}

/// A number that is not negative with at least so many digits, at most four. Each text has a dozen of them, so they
/// don't go through the machinery of formats.
fn put(number: impl Into<i32>, digits: u32, text: &mut String) {
    let number = number.into().unsigned_abs();
    for place in (0..4_u32).rev() {
        let unit = 10_u32.pow(place);
        if place < digits || number >= unit {
            text.push(char::from_digit(number / unit % 10, 10).unwrap_or('0'));
        }
    }
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
        let time_as = |write: fn(Time, &mut String), time| {
            let mut text = String::new();
            write(time, &mut text);
            text
        };
        let date_as = |write: fn(Date, &mut String), date| {
            let mut text = String::new();
            write(date, &mut text);
            text
        };
        assert_eq!(time_as(vn_time, time(8, 5, 59, 0)), "08h05");
        assert_eq!(time_as(vn_time, time(0, 0, 0, 0)), "00h00");
        assert_eq!(date_as(vn_date, date(2009, 8, 18)), "18/08/2009");
        assert_eq!(time_as(cz_time, time(8, 0, 0, 0)), "8:00");
        assert_eq!(time_as(cz_time, time(0, 59, 0, 0)), "0:59");
        assert_eq!(date_as(cz_date, date(2026, 8, 10)), "10.8.2026");
        assert_eq!(date_as(cz_date, date(987, 10, 31)), "31.10.987");
        assert_eq!(date_as(cz_day, date(2026, 12, 1)), "1.12.");
    }

    #[test]
    fn minutes_of_the_day_go_there_and_back() {
        for minute in 0..24 * 60 {
            assert_eq!(minute_of_day(time_of(minute)), minute);
        }
        assert_eq!(time_of(5000), time(23, 59, 0, 0));
    }
}
