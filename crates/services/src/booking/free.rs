//! `free_slots`: what is free on a day.

use jiff::civil::Date;
use model::Msisdn;

use super::{Act, Office, day_key, edits_key};
use crate::case::{Case, Decision};
use crate::moment::{cz_time, time_of};

/// Lists the free slots of a day. A closed day that nobody asked for gives the next open one instead.
pub(crate) fn free_slots(
    activity: &str,
    date: Date,
    date_defaulted: bool,
    sender: &Msisdn,
    case: &Case<'_>,
) -> Decision {
    case.require([edits_key(case), day_key(date, case)])?;
    let office = match Office::open(case)? {
        Ok(office) => office,
        Err(outcome) => return Ok(outcome),
    };
    let Some(act) = office.act(activity) else {
        return Ok(case.reply(sender, "booking.bad_activity", office.values(activity)));
    };
    let values = office.values(act.name).day("", date);
    if date < office.today() {
        return Ok(case.reply(sender, "booking.past", values));
    }
    if date > office.horizon() {
        return Ok(case.reply(sender, "booking.horizon", values));
    }
    if office.starts(act, date).next().is_none() {
        return if date_defaulted {
            office.closed_free(act, date, sender)
        } else {
            office.closed(act, date, sender)
        };
    }
    let free: Vec<_> = office.free_starts(act, date, office.after_now())?.collect();
    if free.is_empty() {
        return office.full(act, date, sender);
    }
    let ranges = ranges(&free, office.settings.grid_minutes);
    Ok(case.reply(sender, "booking.free", values.list("slots", ranges)))
}

impl Office<'_> {
    /// Tomorrow is closed: says so, and lists the next day that has anything free.
    fn closed_free(&self, act: Act<'_>, date: Date, sender: &Msisdn) -> Decision {
        let Some(next) = self.first_free_but(act, date)? else {
            return self.closed(act, date, sender);
        };
        let free: Vec<_> = self.free_starts(act, next.date, self.after_now())?.collect();
        let values = self.values(act.name).day("", date).day("2", next.date);
        let values = values.list("slots", ranges(&free, self.settings.grid_minutes));
        Ok(self.case.reply(sender, "booking.closed_free", values))
    }
}

/// Neighbours on the grid joined: `8:00-9:45, 10:30`.
pub(super) fn ranges(starts: &[u16], grid_minutes: u16) -> Vec<String> {
    let neighbours = |left: &u16, right: &u16| left.saturating_add(grid_minutes) == *right;
    let range = |run: &[u16]| {
        let mut text = String::new();
        cz_time(time_of(*run.first()?), &mut text);
        if let [_, .., last] = run {
            text.push('-');
            cz_time(time_of(*last), &mut text);
        }
        Some(text)
    };
    starts.chunk_by(neighbours).filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join() {
        let starts = [480, 495, 510, 630, 810, 825];
        assert_eq!(ranges(&starts, 15), ["8:00-8:30", "10:30", "13:30-13:45"]);
        assert!(ranges(&[], 15).is_empty());
    }
}
