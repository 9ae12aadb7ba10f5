//! Which slots there are, and which of them are free.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Act, Office, Slot, day_key};
use crate::calendar::days;
use crate::case::Need;
use crate::moment::minute_of_day;

/// Days that are read first in search of a free slot: nearly always one of them has one, and the horizon is long.
const NEAR_DAYS: usize = 10;

impl Office<'_> {
    /// The starts of an activity's slots on a day, and their moments: on the grid, whole within an open span, and at
    /// local times that exist. None on a closed day.
    pub(super) fn starts(&self, act: Act<'_>, date: Date) -> impl Iterator<Item = (u16, Timestamp)> {
        let (grid, minutes) = (self.settings.grid_minutes.max(1), act.minutes);
        let clock = self.clock(date);
        self.hours.spans(date).iter().flat_map(move |span| {
            let from = minute_of_day(span.from).div_ceil(grid) * grid;
            let to = minute_of_day(span.to);
            let whole = (from..to).step_by(usize::from(grid));
            let whole = whole.take_while(move |start| start.saturating_add(minutes) <= to);
            whole.filter_map(move |start| Some((start, clock.instant(Slot { date, start })?)))
        })
    }

    /// The grid intervals that a slot covers, by their starts.
    pub(super) fn intervals(&self, minutes: u16, start: u16) -> impl Iterator<Item = u16> + Clone + use<> {
        let grid = self.settings.grid_minutes.max(1);
        (start..start.saturating_add(minutes.max(1))).step_by(usize::from(grid))
    }

    /// The free starts of a day, not before `earliest`.
    pub(super) fn free_starts(
        &self,
        act: Act<'_>,
        date: Date,
        earliest: Timestamp,
    ) -> Result<impl Iterator<Item = u16>, Need> {
        let day = self.day(date)?;
        let in_time =
            self.starts(act, date).filter(move |(_, instant)| *instant >= earliest).map(|(start, _)| start);
        let has_seat = move |start: &u16| {
            day.free_seat(act.name, self.intervals(act.minutes, *start), act.counters).is_some()
        };
        Ok(in_time.filter(has_seat))
    }

    /// The first moment at which an explicitly named slot may start: after now, since one that starts now is
    /// gone.
    pub(super) fn after_now(&self) -> Timestamp {
        let tick = jiff::SignedDuration::from_nanos(1);
        self.case.now.checked_add(tick).unwrap_or(self.case.now)
    }

    /// The first free slot of `dates`, in their order, not before `earliest`.
    pub(super) fn first_free(
        &self,
        act: Act<'_>,
        dates: impl IntoIterator<Item = Date>,
        earliest: Timestamp,
    ) -> Result<Option<Slot>, Need> {
        let open: Vec<Date> = dates.into_iter().filter(|date| !self.hours.spans(*date).is_empty()).collect();
        self.case.require(open.iter().map(|date| day_key(*date, self.case)))?;
        for date in open {
            if let Some(start) = self.free_starts(act, date, earliest)?.next() {
                return Ok(Some(Slot { date, start }));
            }
        }
        Ok(None)
    }

    /// The first free slot inside the horizon, but not on `date`: after it, else before it.
    pub(super) fn first_free_but(&self, act: Act<'_>, date: Date) -> Result<Option<Slot>, Need> {
        let horizon = self.horizon();
        let inside = |day: &Date| *day <= horizon;
        let after = || days(date, usize::MAX).skip(1).take_while(inside);
        let before = days(self.today(), usize::MAX).take_while(|day| *day < date);
        let earliest = self.after_now();
        match self.first_free(act, after().take(NEAR_DAYS), earliest)? {
            Some(near) => Ok(Some(near)),
            None => self.first_free(act, after().skip(NEAR_DAYS).chain(before), earliest),
        }
    }
}
