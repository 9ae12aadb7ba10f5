//! `cancel`: gives a slot back to whoever asks for it next. From any phone, with the right code and day.

use jiff::civil::Date;
use model::booking::BookingState;
use model::key::TimerSubject;
use model::{Booking, Key, Msisdn, Outcome, Record, Redacted};

use super::{Office, Slot, book::values_of, day_key, edits_key, phone_key, remind};
use crate::case::{Case, Decision};
use crate::limits::{self, Tries};
use crate::render::Values;

/// Cancels the booking of a code and day.
pub(crate) fn cancel(code: &Redacted<String>, date: Date, sender: &Msisdn, case: &Case<'_>) -> Decision {
    let key = Key::Booking(case.service.id, date, code.clone());
    let limits_key = limits::key(sender, case);
    case.require([&limits_key, &edits_key(case), &key])?;
    let office = match Office::open(case)? {
        Ok(office) => office,
        Err(outcome) => return Ok(outcome),
    };
    let tries = Tries::read(limits_key, case)?;
    if tries.are_over() {
        return Ok(tries.refusal("booking.wait", sender, case));
    }
    let live = |booking: &&Booking| {
        let slot = Slot::at(booking.date.to_datetime(booking.start));
        booking.state == BookingState::Booked && !office.is_gone(slot)
    };
    let Some(booking) = case.booking(&key)?.filter(live) else {
        let values = Values::new().text("cc", code).day("", date);
        let mut outcome = case.reply(sender, "booking.cancel_not_found", values);
        outcome.writes = tries.miss();
        return Ok(outcome);
    };
    office.give_back(booking, key, sender)
}

impl Office<'_> {
    /// Frees the seat at once and stops the reminder; the code stays taken.
    fn give_back(&self, booking: &Booking, key: Key, sender: &Msisdn) -> Result<Outcome, crate::case::Need> {
        let case = self.case;
        let holder = booking.phone.as_ref();
        let holder_key = holder.map(|phone| phone_key(phone, case));
        case.require(std::iter::once(day_key(booking.date, case)).chain(holder_key.clone()))?;
        let mut outcome = case.reply(sender, "booking.cancelled", values_of(booking));
        if let (Some(phone), Some(holder_key)) = (holder, holder_key) {
            let mut bookings = self.live(phone)?;
            bookings.live.retain(|known| known.date != booking.date || known.code != booking.code);
            let record = (!bookings.live.is_empty()).then_some(Record::PhoneBookings(bookings));
            outcome.writes.push((holder_key, record));
        }
        if let Some(at) = remind::moment(self.settings, booking.date, case) {
            let subject = TimerSubject::RemindBooking(case.service.id, booking.date, booking.code.clone());
            outcome.writes.push((Key::Timer(at, subject), None));
        }
        let mut day = self.day(booking.date)?.into_owned();
        let start = Slot::at(booking.date.to_datetime(booking.start)).start;
        day.free(&booking.activity, self.intervals(booking.minutes, start), booking.seat);
        outcome.writes.push((day_key(booking.date, case), Some(Record::SlotDay(day))));
        let cancelled =
            Booking { state: BookingState::Cancelled, cancelled_at: Some(case.now), ..booking.clone() };
        outcome.writes.push((key, Some(Record::Booking(Box::new(cancelled)))));
        Ok(outcome)
    }
}
