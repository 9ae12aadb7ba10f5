//! Commands of clerks and feeds: each goes to its kind of service; calendars and capacities are here.

use jiff::civil::Date;
use model::booking::SlotDay;
use model::calendar::CalendarEdits;
use model::{ClerkCommand, CommandError, Key, Record, Span};

use crate::account::import::{self, Imported};
use crate::account::login::{self, Compared};
use crate::case::{Case, Decision, done, invalid, not_found, refuse};
use crate::{lookup, queue, subscriber};

/// Days with hours of their own that a clerk may have ahead; keeps the record small.
const DAYS_MAX: usize = 150;
/// Open spans of one day.
const SPANS_MAX: usize = 8;
/// Open spans of all those days, of 27 octets each: with weekly hours and capacities the record stays under the
/// store's 16 KiB.
const DAYS_SPANS_MAX: usize = 360;

/// Carries out a command, or says which field is wrong.
pub(crate) fn carry_out(command: &ClerkCommand, case: &Case<'_>) -> Decision {
    match command {
        ClerkCommand::PutDossier { dossier, expected_version, .. } => {
            lookup::record::put(dossier, *expected_version, case)
        }
        ClerkCommand::ImportDossier { dossier, preview, .. } => {
            lookup::record::import(dossier, *preview, case)
        }
        ClerkCommand::DossierEvent { code, event, at, .. } => lookup::record::happen(code, event, *at, case),
        ClerkCommand::QueueSample { queue, sample, .. } => queue::measure(queue, sample, case),
        ClerkCommand::PutSubscriber(subscriber) => subscriber::put(subscriber, case),
        ClerkCommand::DeleteSubscriber(msisdn) => subscriber::delete(msisdn, case),
        ClerkCommand::ImportAccount { id_number, full_name, birth_date, phone, created_via, .. } => {
            let imported = Imported {
                id_number,
                full_name,
                birth_date,
                phone: phone.as_ref().map(|phone| phone.as_str()),
                created_via: *created_via,
            };
            import::import(&imported, case)
        }
        ClerkCommand::LogIn { id_number, matched, version, .. } => {
            login::log_in(id_number, Compared { matched: *matched, version: *version }, case)
        }
        ClerkCommand::ChangePassword { id_number, matched, version, hash, .. } => {
            let compared = Compared { matched: *matched, version: *version };
            login::change_password(id_number, compared, hash, case)
        }
        ClerkCommand::FreePhone { msisdn, .. } => import::free_phone(msisdn, case),
        ClerkCommand::PutWeeklyHours { weekly, .. } => put_weekly_hours(weekly, case),
        ClerkCommand::PutDay { date, spans, .. } => put_day(*date, spans.as_deref(), case),
        ClerkCommand::PutCapacity { activity, counters, .. } => put_capacity(activity, *counters, case),
    }
}

fn put_weekly_hours(weekly: &[Vec<Span>; 7], case: &Case<'_>) -> Decision {
    for (day, spans) in weekly.iter().enumerate() {
        if let Err(error) = check_spans(&format!("weekly[{day}]"), spans) {
            return Ok(refuse(error, "calendar_refused"));
        }
    }
    edit(case, |edits| {
        edits.weekly = Some(weekly.clone());
        Ok(())
    })
}

fn put_day(date: Date, spans: Option<&[Span]>, case: &Case<'_>) -> Decision {
    if let Err(error) = check_spans("spans", spans.unwrap_or_default()) {
        return Ok(refuse(error, "calendar_refused"));
    }
    let yesterday = case.local_now().date().yesterday().unwrap_or(Date::MIN);
    edit(case, |edits| {
        edits.days.retain(|day, _| *day >= yesterday);
        match spans {
            Some(spans) => edits.days.insert(date, spans.to_vec()),
            None => edits.days.remove(&date),
        };
        if edits.days.len() > DAYS_MAX || edits.days.values().map(Vec::len).sum::<usize>() > DAYS_SPANS_MAX {
            return Err(invalid("date", "too many days with hours of their own"));
        }
        Ok(())
    })
}

fn put_capacity(activity: &str, counters: u8, case: &Case<'_>) -> Decision {
    let known =
        case.service.bookings.as_ref().is_some_and(|settings| settings.activities.contains_key(activity));
    if !known {
        return Ok(refuse(not_found("activity"), "capacity_refused"));
    }
    if counters > SlotDay::SEATS_MAX {
        return Ok(refuse(invalid("counters", "0 to 32"), "capacity_refused"));
    }
    edit(case, |edits| {
        edits.capacity.insert(activity.to_owned(), counters);
        Ok(())
    })
}

/// Changes the clerks' edits of the calendar.
fn edit(case: &Case<'_>, change: impl FnOnce(&mut CalendarEdits) -> Result<(), CommandError>) -> Decision {
    let mut edits = case.calendar_edits()?.cloned().unwrap_or_default();
    if let Err(error) = change(&mut edits) {
        return Ok(refuse(error, "calendar_refused"));
    }
    edits.version += 1;
    let key = Key::CalendarEdits(case.service.id);
    Ok(done(edits.version, vec![(key, Some(Record::CalendarEdits(Box::new(edits))))], "calendar_edited"))
}

/// Spans of a day: few, each with its end after its start, in order and without overlap.
fn check_spans(field: &str, spans: &[Span]) -> Result<(), CommandError> {
    if spans.len() > SPANS_MAX {
        return Err(invalid(field, "at most 8 spans"));
    }
    if spans.iter().any(|span| span.from >= span.to) {
        return Err(invalid(field, "a span ends before it starts"));
    }
    if spans.windows(2).any(|pair| pair[0].to > pair[1].from) {
        return Err(invalid(field, "spans overlap or are out of order"));
    }
    Ok(())
}
