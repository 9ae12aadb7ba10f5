//! Bookings of counter slots (docs/services/bookings.md): one pool of seats for each activity and day, in the
//! office's local time.

pub(crate) mod book;
pub(crate) mod cancel;
pub(crate) mod forget;
pub(crate) mod free;
pub(crate) mod nearest;
mod offer;
pub(crate) mod remind;
mod slots;

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use model::booking::{PhoneBookings, SlotDay};
use model::service::{Activity, BookingSettings};
use model::{Key, Msisdn, Outcome, Record};

use crate::calendar::{Hours, days_after, instant};
use crate::case::{Case, Need, label};
use crate::moment::{minute_of_day, time_of};
use crate::render::Values;

/// The office as it is at the moment of a decision.
struct Office<'a> {
    case: &'a Case<'a>,
    settings: &'a BookingSettings,
    hours: Hours<'a>,
    counters_edited: Option<&'a std::collections::BTreeMap<String, u8>>,
    now: DateTime,
}

/// One activity of the office, as it can be booked now.
#[derive(Clone, Copy)]
struct Act<'a> {
    name: &'a str,
    minutes: u16,
    counters: u8,
}

/// A slot of an activity: its day and the minute at which it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    date: Date,
    start: u16,
}

impl Slot {
    fn at(moment: DateTime) -> Self {
        Self { date: moment.date(), start: minute_of_day(moment.time()) }
    }

    fn local(self) -> DateTime {
        self.date.to_datetime(time_of(self.start))
    }
}

/// The office's clock on one day. On nearly all days it is one offset from UTC, looked up once for all slots.
#[derive(Clone, Copy)]
struct DayClock<'a> {
    zone: &'a TimeZone,
    offset: Option<Offset>,
}

impl<'a> DayClock<'a> {
    fn of(zone: &'a TimeZone, date: Date) -> Self {
        let at = |day: Date| match zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(offset),
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
        };
        // No zone has ever changed its clocks twice within a day and back again.
        let offset = at(date).filter(|offset| date.tomorrow().ok().and_then(at) == Some(*offset));
        Self { zone, offset }
    }

    /// The moment at which a slot of this day starts; none where clocks jump over it.
    fn instant(&self, slot: Slot) -> Option<Timestamp> {
        match self.offset {
            Some(offset) => offset.to_timestamp(slot.local()).ok(),
            None => instant(self.zone, slot.local()),
        }
    }
}

fn edits_key(case: &Case<'_>) -> Key {
    Key::CalendarEdits(case.service.id)
}

fn day_key(date: Date, case: &Case<'_>) -> Key {
    Key::SlotDay(case.service.id, date)
}

fn phone_key(phone: &Msisdn, case: &Case<'_>) -> Key {
    Key::PhoneBookings(case.service.id, *phone)
}

impl<'a> Office<'a> {
    /// The office with its calendar in force; an outcome where the service takes no bookings.
    fn open(case: &'a Case<'a>) -> Result<Result<Self, Outcome>, Need> {
        let Some(settings) = &case.service.bookings else {
            return Ok(Err(label("no_bookings")));
        };
        let edits = case.calendar_edits()?;
        Ok(Ok(Self {
            case,
            settings,
            hours: Hours::of_office(case.service, edits),
            counters_edited: edits.map(|edits| &edits.capacity),
            now: case.local_now(),
        }))
    }

    /// The activity of an abbreviation, unless it is none or out of use.
    fn act(&self, name: &str) -> Option<Act<'a>> {
        let (name, Activity { minutes, counters, .. }) =
            self.settings.activities.get_key_value(name).filter(|(_, activity)| activity.active)?;
        let counters = self.counters_edited.and_then(|edited| edited.get(name)).unwrap_or(counters);
        Some(Act { name, minutes: *minutes, counters: *counters })
    }

    fn today(&self) -> Date {
        self.now.date()
    }

    /// The last day for which a date may be given.
    fn horizon(&self) -> Date {
        days_after(self.today(), self.settings.horizon_days)
    }

    /// The moment at which a slot starts; none where clocks jump over it.
    fn instant(&self, slot: Slot) -> Option<Timestamp> {
        instant(&self.case.service.zone, slot.local())
    }

    /// The clock of one day, for its many slots.
    fn clock(&self, date: Date) -> DayClock<'a> {
        DayClock::of(&self.case.service.zone, date)
    }

    /// Whether a slot has begun. A time that comes twice, where clocks go back, is gone once it came; one that clocks
    /// jump over is gone where local time has passed it.
    fn is_gone(&self, slot: Slot) -> bool {
        match self.instant(slot) {
            Some(instant) => instant <= self.case.now,
            None => slot.local() <= self.now,
        }
    }

    /// How full a day is.
    fn day(&self, date: Date) -> Result<Cow<'a, SlotDay>, Need> {
        Ok(match self.case.read(&day_key(date, self.case))? {
            Some(Record::SlotDay(day)) => Cow::Borrowed(day),
            _ => Cow::Owned(SlotDay::default()),
        })
    }

    /// The bookings of a phone that still lie ahead.
    fn live(&self, phone: &Msisdn) -> Result<PhoneBookings, Need> {
        let mut bookings = match self.case.read(&phone_key(phone, self.case))? {
            Some(Record::PhoneBookings(bookings)) => bookings.clone(),
            _ => PhoneBookings::default(),
        };
        bookings.live.retain(|booking| !self.is_gone(Slot::at(booking.date.to_datetime(booking.start))));
        Ok(bookings)
    }

    fn values(&self, activity: &str) -> Values {
        Values::new()
            .text("act", activity)
            .number("grid", u64::from(self.settings.grid_minutes))
            .number("horizon", u64::from(self.settings.horizon_days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_day_is_the_zones_at_every_minute_of_the_year() {
        for zone in ["Europe/Prague", "Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "Africa/Cairo"] {
            let zone = TimeZone::get(zone).unwrap();
            for date in crate::calendar::days(jiff::civil::date(2026, 1, 1), 365) {
                let clock = DayClock::of(&zone, date);
                for start in (0..24 * 60).step_by(5) {
                    let slot = Slot { date, start };
                    assert_eq!(clock.instant(slot), instant(&zone, slot.local()), "{zone:?} {date} {start}");
                }
            }
        }
    }
}
