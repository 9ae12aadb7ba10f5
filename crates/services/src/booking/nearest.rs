//! `book_nearest`: takes the first free slot of the coming week.

use jiff::SignedDuration;
use model::{Msisdn, Redacted};

use super::book::FirstCodes;
use super::{Office, edits_key, phone_key};
use crate::calendar::{days, days_after};
use crate::case::{Case, Decision};

/// Takes the first free slot from a little after now until the end of the last day of the search.
pub(crate) fn book_nearest(
    activity: &str,
    name: &Redacted<String>,
    sender: &Msisdn,
    case: &Case<'_>,
) -> Decision {
    case.require([edits_key(case), phone_key(sender, case)])?;
    let office = match Office::open(case)? {
        Ok(office) => office,
        Err(outcome) => return Ok(outcome),
    };
    let Some(act) = office.act(activity) else {
        return Ok(case.reply(sender, "booking.bad_activity", office.values(activity)));
    };
    let last = days_after(office.today(), office.settings.nearest_days);
    let lead = SignedDuration::from_mins(i64::from(office.settings.nearest_lead_minutes));
    let earliest = case.now.checked_add(lead).unwrap_or(case.now).max(office.after_now());
    let week = days(office.today(), usize::MAX).take_while(|date| *date <= last);
    match office.first_free(act, week, earliest)? {
        Some(slot) => office.take(act, slot, name, sender, FirstCodes::All),
        None => Ok(case.reply(sender, "booking.none_week", office.values(act.name).day("", last))),
    }
}
