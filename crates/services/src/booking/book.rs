//! `book`: takes a slot that was named by day and time.

use jiff::civil::DateTime;
use model::booking::{BookingState, PhoneBooking, PhoneBookings};
use model::key::TimerSubject;
use model::{Booking, Key, Msisdn, Outcome, Record, Redacted};

use super::{Act, Office, Slot, day_key, edits_key, forget, phone_key, remind};
use crate::case::{Case, Decision, Need};
use crate::moment::time_of;
use crate::render::Values;

/// Codes drawn for one booking; that all of them are taken does not happen while days are far from full.
const CODES_DRAWN: usize = 12;

/// Takes the slot that starts at `wish`.
pub(crate) fn book(
    activity: &str,
    wish: DateTime,
    name: &Redacted<String>,
    sender: &Msisdn,
    case: &Case<'_>,
) -> Decision {
    let slot = Slot::at(wish);
    case.require([edits_key(case), phone_key(sender, case), day_key(slot.date, case)])?;
    let office = match Office::open(case)? {
        Ok(office) => office,
        Err(outcome) => return Ok(outcome),
    };
    let Some(act) = office.act(activity) else {
        return Ok(case.reply(sender, "booking.bad_activity", office.values(activity)));
    };
    let values = office.values(act.name).moment("", wish);
    if office.is_gone(slot) {
        return Ok(case.reply(sender, "booking.past", values));
    }
    if slot.date > office.horizon() {
        return Ok(case.reply(sender, "booking.horizon", values));
    }
    let mut starts = office.starts(act, slot.date).map(|(start, _)| start).peekable();
    if starts.peek().is_none() {
        return office.closed(act, slot.date, sender);
    }
    if !starts.any(|start| start == slot.start) || wish.second() != 0 {
        return office.not_offered(act, slot, sender);
    }
    office.take(act, slot, name, sender)
}

impl Office<'_> {
    /// Takes a slot that is offered, unless the citizen has enough or the slot is taken.
    pub(super) fn take(
        &self,
        act: Act<'_>,
        slot: Slot,
        name: &Redacted<String>,
        sender: &Msisdn,
    ) -> Decision {
        let mut live = self.live(sender)?;
        if let Some(refusal) = self.enough(&live, act, slot, name, sender) {
            return Ok(refusal);
        }
        let mut day = self.day(slot.date)?.into_owned();
        let intervals = self.intervals(act.minutes, slot.start);
        let Some(seat) = day.free_seat(act.name, intervals.clone(), act.counters) else {
            return self.taken(act, slot, sender);
        };
        let Some(code) = self.free_code(slot)? else {
            return Ok(self.case.reply(sender, "busy", Values::new()));
        };
        day.take(act.name, intervals, seat);
        let booking = self.booking(act, slot, seat, name, sender, code);
        live.live.push(PhoneBooking {
            date: slot.date,
            start: booking.start,
            activity: booking.activity.clone(),
            name: name.clone(),
            code: booking.code.clone(),
        });
        Ok(self.booked(booking, day, live, sender))
    }

    /// One booking for a name, activity and day; so many live ones for a phone.
    fn enough(
        &self,
        live: &PhoneBookings,
        act: Act<'_>,
        slot: Slot,
        name: &Redacted<String>,
        sender: &Msisdn,
    ) -> Option<Outcome> {
        let same = |known: &PhoneBooking| {
            known.date == slot.date && known.activity == act.name && known.name == *name
        };
        let role = if live.live.iter().any(same) {
            "booking.duplicate"
        } else if live.live.len() >= usize::try_from(self.settings.live_max).unwrap_or(usize::MAX) {
            "booking.too_many"
        } else {
            return None;
        };
        let values = self.values(act.name).text("cname", name).moment("", slot.local());
        Some(self.case.reply(sender, role, values.number("n", live.live.len() as u64)))
    }

    /// A code that no booking of that day has or ever had. One is looked up, which is nearly always free; the others
    /// where it is not.
    fn free_code(&self, slot: Slot) -> Result<Option<Redacted<String>>, Need> {
        let mut draw = self.case.seed.draw();
        let codes: [_; CODES_DRAWN] = std::array::from_fn(|_| Redacted(draw.code(self.settings.code_digits)));
        let (first, others) = codes.split_at(1);
        match self.free_among(first, slot)? {
            Some(code) => Ok(Some(code.clone())),
            None => Ok(self.free_among(others, slot)?.cloned()),
        }
    }

    fn free_among<'c>(
        &self,
        codes: &'c [Redacted<String>],
        slot: Slot,
    ) -> Result<Option<&'c Redacted<String>>, Need> {
        let key = |code: &Redacted<String>| Key::Booking(self.case.service.id, slot.date, code.clone());
        self.case.require(codes.iter().map(key))?;
        for code in codes {
            if self.case.booking(&key(code))?.is_none() {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    fn booking(
        &self,
        act: Act<'_>,
        slot: Slot,
        seat: u8,
        name: &Redacted<String>,
        sender: &Msisdn,
        code: Redacted<String>,
    ) -> Booking {
        Booking {
            date: slot.date,
            start: time_of(slot.start),
            minutes: act.minutes,
            activity: act.name.to_owned(),
            seat,
            name: name.clone(),
            phone: Some(*sender),
            code,
            created_at: self.case.now,
            state: BookingState::Booked,
            cancelled_at: None,
        }
    }

    fn booked(
        &self,
        booking: Booking,
        day: model::booking::SlotDay,
        live: PhoneBookings,
        sender: &Msisdn,
    ) -> Outcome {
        let mut outcome = self.case.reply(sender, "booking.booked", values_of(&booking));
        let service = self.case.service.id;
        if let Some(at) =
            remind::moment(self.settings, booking.date, self.case).filter(|at| *at > self.case.now)
        {
            let subject = TimerSubject::RemindBooking(service, booking.date, booking.code.clone());
            outcome.writes.push((Key::Timer(at, subject.clone()), Some(Record::Timer(at, subject))));
        }
        outcome.writes.extend(forget::timer(&booking, self.case));
        outcome.writes.push((day_key(booking.date, self.case), Some(Record::SlotDay(day))));
        outcome.writes.push((phone_key(sender, self.case), Some(Record::PhoneBookings(live))));
        let key = Key::Booking(service, booking.date, booking.code.clone());
        outcome.writes.push((key, Some(Record::Booking(Box::new(booking)))));
        outcome
    }
}

/// What replies say of a booking.
pub(super) fn values_of(booking: &Booking) -> Values {
    Values::new()
        .text("act", &booking.activity)
        .moment("", booking.date.to_datetime(booking.start))
        .text("cname", &booking.name)
        .text("cc", &booking.code)
}
