//! What is over is forgotten: a booking some time after its day, and how full that day was.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use model::booking::PhoneBookings;
use model::key::TimerSubject;
use model::{Booking, Key, Record, Redacted};

use super::{day_key, phone_key};
use crate::calendar::{days_after, instant};
use crate::case::{Case, Decision, label, writes};

/// Days after the visit for which a booking is kept: so long its code is not given out again.
const KEPT_DAYS: u32 = 30;

/// Has a booking forgotten in its time.
pub(super) fn timer(booking: &Booking, case: &Case<'_>) -> Option<(Key, Option<Record>)> {
    let at = moment(booking.date, case)?;
    let subject = TimerSubject::ForgetBooking(case.service.id, booking.date, booking.code.clone());
    Some((Key::Timer(at, subject.clone()), Some(Record::Timer(at, subject))))
}

fn moment(date: Date, case: &Case<'_>) -> Option<Timestamp> {
    instant(&case.service.zone, days_after(date, KEPT_DAYS + 1).to_datetime(Time::midnight()))
}

/// Forgets a booking with its day, and what its phone had before today.
pub(crate) fn due(date: Date, code: &Redacted<String>, case: &Case<'_>) -> Decision {
    let key = Key::Booking(case.service.id, date, code.clone());
    let Some(booking) = case.booking(&key)? else {
        return Ok(label("booking_unknown"));
    };
    let mut changes = vec![(key, None), (day_key(date, case), None)];
    if let Some(phone) = &booking.phone {
        let phone_key = phone_key(phone, case);
        if let Some(Record::PhoneBookings(bookings)) = case.read(&phone_key)? {
            let today = case.local_now().date();
            let ahead = bookings.live.iter().filter(|known| known.date >= today).cloned();
            let bookings = PhoneBookings { live: ahead.collect() };
            let record = (!bookings.live.is_empty()).then_some(Record::PhoneBookings(bookings));
            changes.push((phone_key, record));
        }
    }
    Ok(writes(changes, "booking_forgotten"))
}
