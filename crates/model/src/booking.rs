//! Bookings of counter slots.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::address::Msisdn;
use crate::redact::Redacted;

/// One booking; its code is unique for its day and service only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Day of the visit, local.
    pub date: Date,
    /// Start of the slot, local.
    pub start: Time,
    /// Length in minutes.
    pub minutes: u16,
    /// Abbreviation of the activity.
    pub activity: String,
    /// Which of the activity's counters, 0-based.
    pub seat: u8,
    /// Folded, upper case.
    pub name: Redacted<String>,
    /// Who booked, where it came by SMS.
    pub phone: Option<Msisdn>,
    /// The access code.
    pub code: Redacted<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: BookingState,
    /// When it was cancelled.
    #[serde(default)]
    pub cancelled_at: Option<Timestamp>,
}

/// Where a booking stands. `no_show` follows from the clock and is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// Live.
    Booked,
    /// At the kiosk.
    CheckedIn,
    /// Done.
    Served,
    /// Cancelled; the seat is free and the code stays taken.
    Cancelled,
}

/// How full one day of one office is. Holds no personal data and is stored unsealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotDay {
    /// Taken seats as a bit mask, by activity and minute of the day at which a grid interval starts.
    pub taken: BTreeMap<String, BTreeMap<u16, u32>>,
}

impl SlotDay {
    /// Seats an activity can have: the bits of the mask.
    pub const SEATS_MAX: u8 = 32;

    /// The lowest seat that is free in every grid interval of `minutes` (its starts), of `counters` seats.
    ///
    /// An interval in which `counters` or more seats are taken is full, whichever seats they are: where the
    /// office took counters away, what was booked on them still needs the people of those that are left.
    pub fn free_seat(
        &self,
        activity: &str,
        minutes: impl IntoIterator<Item = u16>,
        counters: u8,
    ) -> Option<u8> {
        let taken = self.taken.get(activity);
        let mut mask = 0;
        for minute in minutes {
            let seats = taken.and_then(|by_minute| by_minute.get(&minute)).copied().unwrap_or(0);
            if seats.count_ones() >= u32::from(counters) {
                return None;
            }
            mask |= seats;
        }
        (0..counters.min(Self::SEATS_MAX)).find(|seat| mask & (1 << seat) == 0)
    }

    /// Takes `seat` in every interval of `minutes`.
    pub fn take(&mut self, activity: &str, minutes: impl IntoIterator<Item = u16>, seat: u8) {
        let by_minute = self.taken.entry(activity.to_owned()).or_default();
        for minute in minutes {
            *by_minute.entry(minute).or_default() |= 1 << seat;
        }
    }

    /// Frees `seat` in every interval of `minutes`.
    pub fn free(&mut self, activity: &str, minutes: impl IntoIterator<Item = u16>, seat: u8) {
        let Some(by_minute) = self.taken.get_mut(activity) else { return };
        for minute in minutes {
            if let Some(seats) = by_minute.get_mut(&minute) {
                *seats &= !(1 << seat);
            }
        }
        by_minute.retain(|_, seats| *seats != 0);
    }
}

/// The live bookings of one phone at one office.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneBookings {
    /// At most a handful: the services file limits them.
    pub live: Vec<PhoneBooking>,
}

/// What the double-booking rule must know of a live booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneBooking {
    /// Day.
    pub date: Date,
    /// Start.
    pub start: Time,
    /// Activity.
    pub activity: String,
    /// Name, folded.
    pub name: Redacted<String>,
    /// Access code.
    pub code: Redacted<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_was_taken_away_leaves_no_seat_behind() {
        let mut day = SlotDay::default();
        day.take("ZOP", [480], 2);
        assert_eq!(day.free_seat("ZOP", [480], 1), None);
        assert_eq!(day.free_seat("ZOP", [480], 2), Some(0));
    }

    #[test]
    fn seats_are_taken_over_all_intervals_and_freed_again() {
        let mut day = SlotDay::default();
        day.take("ZOP", [480, 495], 0);
        assert_eq!(day.free_seat("ZOP", [495, 510], 1), None);
        assert_eq!(day.free_seat("ZOP", [495, 510], 2), Some(1));
        assert_eq!(day.free_seat("PCD", [495], 1), Some(0));
        day.free("ZOP", [480, 495], 0);
        assert_eq!(day.free_seat("ZOP", [480], 1), Some(0));
        assert!(day.taken["ZOP"].is_empty());
    }
}
