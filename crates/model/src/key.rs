//! Names of records. What a decision reads and what it writes are both named by a [`Key`].

use std::hash::{Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::account::Account;
use crate::address::Msisdn;
use crate::booking::{Booking, PhoneBookings, SlotDay};
use crate::calendar::CalendarEdits;
use crate::dossier::Dossier;
use crate::id::{OutboxId, ServiceId};
use crate::limits::Limits;
use crate::outbox::{Fingerprint, FingerprintEntry, OutboxEntry, PartialMessage, PartialMessageId};
use crate::queue::Queue;
use crate::redact::Redacted;
use crate::subscriber::Subscriber;

/// The name of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// A dossier by [`crate::dossier::code_key`] of its code.
    Dossier(ServiceId, SmolStr),
    /// A waiting line.
    Queue(ServiceId, SmolStr),
    /// The subscriber of a number; shared by all services.
    Subscriber(Msisdn),
    /// An account by ID number.
    Account(ServiceId, Redacted<String>),
    /// The ID number whose account a phone holds.
    AccountPhone(ServiceId, Msisdn),
    /// A booking by day and code.
    Booking(ServiceId, Date, Redacted<String>),
    /// How full a day is.
    SlotDay(ServiceId, Date),
    /// The live bookings of a phone.
    PhoneBookings(ServiceId, Msisdn),
    /// What clerks changed in the calendar.
    CalendarEdits(ServiceId),
    /// Something to do at a moment. Sorted by that moment in the store.
    Timer(#[serde(with = "crate::moment")] Timestamp, TimerSubject),
    /// Wrong codes of a sender.
    Limits(ServiceId, Msisdn),
    /// A message on its way out.
    Outbox(OutboxId),
    /// Parts of a message that is not whole yet.
    PartialMessage(Box<PartialMessageId>),
    /// A message whose acknowledgement may not have reached the SMSC.
    Fingerprint(Fingerprint),
    /// A code that a sender had right, as the key of what it found has it.
    Found(ServiceId, Msisdn, Redacted<SmolStr>),
}

/// What a timer is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TimerSubject {
    /// An issued password dies.
    RotatePassword(ServiceId, Redacted<String>),
    /// Remind of a booking on the day before.
    RemindBooking(ServiceId, Date, Redacted<String>),
    /// A booking was long ago.
    ForgetBooking(ServiceId, Date, Redacted<String>),
    /// A dossier was ended long ago; by [`crate::dossier::code_key`] of its code.
    ForgetDossier(ServiceId, SmolStr),
}

/// Where the store keeps a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// In sled: the citizens' records.
    Records,
    /// In memory and journal; moved into sled at a checkpoint: what is open for a while.
    Open,
}

impl Hash for Key {
    /// What tells keys apart. Services are few, and nearly all keys of one kind are of one service.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Dossier(_, name) | Self::Queue(_, name) => name.hash(state),
            Self::Account(_, secret) | Self::Booking(_, _, secret) => secret.hash(state),
            Self::Subscriber(phone)
            | Self::AccountPhone(_, phone)
            | Self::PhoneBookings(_, phone)
            | Self::Limits(_, phone) => phone.hash(state),
            Self::SlotDay(service, date) => (service, date).hash(state),
            Self::CalendarEdits(service) => service.hash(state),
            Self::Timer(at, subject) => (at, subject).hash(state),
            Self::Outbox(id) => id.hash(state),
            Self::PartialMessage(id) => id.hash(state),
            Self::Fingerprint(fingerprint) => fingerprint.hash(state),
            Self::Found(_, phone, code) => (phone, code).hash(state),
        }
    }
}

impl Key {
    /// Where the store keeps the record of this key.
    pub fn space(&self) -> Space {
        match self {
            Self::Limits(..)
            | Self::Outbox(..)
            | Self::PartialMessage(..)
            | Self::Fingerprint(..)
            | Self::Found(..) => Space::Open,
            _ => Space::Records,
        }
    }
}

/// A record of any kind. Those that are long stand in a block of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Of [`Key::Dossier`].
    Dossier(Box<Dossier>),
    /// Of [`Key::Queue`].
    Queue(Queue),
    /// Of [`Key::Subscriber`].
    Subscriber(Box<Subscriber>),
    /// Of [`Key::Account`].
    Account(Box<Account>),
    /// Of [`Key::AccountPhone`]: the ID number.
    AccountPhone(Redacted<String>),
    /// Of [`Key::Booking`].
    Booking(Box<Booking>),
    /// Of [`Key::SlotDay`]; the only kind that is stored unsealed.
    SlotDay(SlotDay),
    /// Of [`Key::PhoneBookings`].
    PhoneBookings(PhoneBookings),
    /// Of [`Key::CalendarEdits`].
    CalendarEdits(Box<CalendarEdits>),
    /// Of [`Key::Timer`].
    Timer(#[serde(with = "crate::moment")] Timestamp, TimerSubject),
    /// Of [`Key::Limits`].
    Limits(Limits),
    /// Of [`Key::Outbox`].
    Outbox(Box<OutboxEntry>),
    /// Of [`Key::PartialMessage`].
    PartialMessage(PartialMessage),
    /// Of [`Key::Fingerprint`].
    Fingerprint(FingerprintEntry),
    /// Of [`Key::Found`]: when. All that was found in one turn shares one record, as each citizen of a day has one.
    Found(#[serde(with = "crate::moment")] Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_which_there_are_millions_takes_no_room_for_one_of_which_there_are_few() {
        assert!(size_of::<Record>() <= 72, "{} octets", size_of::<Record>());
    }
}
