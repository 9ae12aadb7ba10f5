//! The office's wall clock at the moment of a message.

use std::cell::OnceCell;

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

static UTC: TimeZone = TimeZone::UTC;

/// Local time, worked out where a rule first asks for it: most messages name no day, and a time zone takes its time.
#[derive(Debug)]
pub(crate) struct LocalTime<'a> {
    moment: Timestamp,
    zone: &'a TimeZone,
    local: OnceCell<DateTime>,
}

impl<'a> LocalTime<'a> {
    /// What the clocks of `zone` show at a moment.
    pub(crate) fn at(moment: Timestamp, zone: &'a TimeZone) -> Self {
        Self { moment, zone, local: OnceCell::new() }
    }

    /// A time that no zone has a say in.
    pub(crate) fn fixed(local: DateTime) -> Self {
        Self { moment: Timestamp::UNIX_EPOCH, zone: &UTC, local: OnceCell::from(local) }
    }

    pub(crate) fn get(&self) -> DateTime {
        *self.local.get_or_init(|| self.zone.to_datetime(self.moment))
    }
}
