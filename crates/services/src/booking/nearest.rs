//! `book_nearest`: takes the first free slot of the coming week.

use jiff::SignedDuration;
use model::{Msisdn, Redacted};

use super::{Office, day_key, edits_key, phone_key};
use crate::calendar::{days, days_after};
use crate::case::{Case, Decision};

/// Takes the first free slot from a little after now until the end of the last day of the search.
pub(crate) fn book_nearest(
    activity: &str,
    name: &Redacted<String>,
    sender: &Msisdn,
    case: &Case<'_>,
) -> Decision {
    let today = case.local_now().date();
    let nearest_days = case.service.bookings.as_ref().map_or(0, |settings| settings.nearest_days);
    let last = days_after(today, nearest_days);
    let week = || days(today, usize::MAX).take_while(|date| *date <= last);
    // All days at once, closed ones as well: codes take the two rounds of reads that are left.
    let of_days = week().map(|date| day_key(date, case));
    case.require([edits_key(case), phone_key(sender, case)].into_iter().chain(of_days))?;
    let office = match Office::open(case)? {
        Ok(office) => office,
        Err(outcome) => return Ok(outcome),
    };
    let Some(act) = office.act(activity) else {
        return Ok(case.reply(sender, "booking.bad_activity", office.values(activity)));
    };
    let lead = SignedDuration::from_mins(i64::from(office.settings.nearest_lead_minutes));
    let earliest = case.now.checked_add(lead).unwrap_or(case.now).max(office.after_now());
    match office.first_free(act, week(), earliest)? {
        Some(slot) => office.take(act, slot, name, sender),
        None => Ok(case.reply(sender, "booking.none_week", office.values(act.name).day("", last))),
    }
}
