//! What a refusal offers instead.

use jiff::civil::Date;
use model::Msisdn;

use super::{Act, Office, Slot};
use crate::case::Decision;
use crate::moment::{cz_time, time_of};

impl Office<'_> {
    /// The slot is taken: names free ones of that day, else the nearest of another.
    pub(super) fn taken(&self, act: Act<'_>, slot: Slot, sender: &Msisdn) -> Decision {
        let times = self.near(act, slot)?;
        let values = self.values(act.name).moment("", slot.local());
        if !times.is_empty() {
            return Ok(self.case.reply(sender, "booking.taken", values.list("slots", times)));
        }
        self.elsewhere("booking.taken_none", act, slot.date, values, sender)
    }

    /// No slot starts then: names free ones near it.
    pub(super) fn not_offered(&self, act: Act<'_>, slot: Slot, sender: &Msisdn) -> Decision {
        let times = self.near(act, slot)?;
        if times.is_empty() {
            return self.full(act, slot.date, sender);
        }
        let values = self.values(act.name).moment("", slot.local()).list("slots", times);
        Ok(self.case.reply(sender, "booking.no_slot", values))
    }

    /// The day is closed: names the next free slot.
    pub(super) fn closed(&self, act: Act<'_>, date: Date, sender: &Msisdn) -> Decision {
        let values = self.values(act.name).day("", date);
        self.elsewhere("booking.closed", act, date, values, sender)
    }

    /// The day is full: names the next free slot.
    pub(super) fn full(&self, act: Act<'_>, date: Date, sender: &Msisdn) -> Decision {
        let values = self.values(act.name).day("", date);
        self.elsewhere("booking.free_none", act, date, values, sender)
    }

    /// The text of `role` with the nearest free slot of another day, or that there is none at all.
    fn elsewhere(
        &self,
        role: &str,
        act: Act<'_>,
        date: Date,
        values: crate::render::Values,
        sender: &Msisdn,
    ) -> Decision {
        Ok(match self.first_free_but(act, date)? {
            Some(next) => self.case.reply(sender, role, values.moment("2", next.local())),
            None => self.case.reply(sender, "booking.closed_none", values),
        })
    }

    /// The free times of the slot's day that lie nearest to it, by the clock.
    fn near(&self, act: Act<'_>, slot: Slot) -> Result<Vec<String>, crate::case::Need> {
        let mut free: Vec<_> = self.free_starts(act, slot.date, self.after_now())?.collect();
        free.sort_by_key(|start| start.abs_diff(slot.start));
        free.truncate(usize::try_from(self.settings.offers_max).unwrap_or(usize::MAX));
        free.sort_unstable();
        let written = |start: &u16| {
            let mut text = String::new();
            cz_time(time_of(*start), &mut text);
            text
        };
        Ok(free.iter().map(written).collect())
    }
}
