//! A reminder on the day before, where the office wants one.

use jiff::Timestamp;
use jiff::civil::Date;
use model::booking::BookingState;
use model::outcome::Class;
use model::service::BookingSettings;
use model::{Booking, Key, Redacted};

use super::book::values_of;
use crate::calendar::{first_within, held_until, instant};
use crate::case::{Case, Decision, label};

/// When the reminder of a booking leaves: where clocks jump over the wanted time, as much later as they jumped.
pub(super) fn moment(settings: &BookingSettings, date: Date, case: &Case<'_>) -> Option<Timestamp> {
    let eve = date.yesterday().ok()?.to_datetime(settings.reminder_at?);
    let wanted = case.service.zone.to_ambiguous_timestamp(eve).compatible().ok()?;
    Some(first_within(case.service.notice_hours, wanted, &case.service.zone))
}

/// Reminds of a booking that still stands.
pub(crate) fn due(date: Date, code: &Redacted<String>, case: &Case<'_>) -> Decision {
    let now = case.local_now();
    let key = Key::Booking(case.service.id, date, code.clone());
    let stands = |booking: &&Booking| {
        booking.state == BookingState::Booked && booking.date.to_datetime(booking.start) > now
    };
    let Some(booking) = case.booking(&key)?.filter(stands) else {
        return Ok(label("reminder_over"));
    };
    let Some(phone) = &booking.phone else {
        return Ok(label("reminder_without_phone"));
    };
    let mut outcome = case.reply(phone, "booking.remind", values_of(booking));
    for message in &mut outcome.messages {
        message.class = Class::Notice;
        message.not_before = held_until(case.service, case.now);
        message.expires_at = instant(&case.service.zone, booking.date.to_datetime(booking.start));
    }
    Ok(outcome)
}
