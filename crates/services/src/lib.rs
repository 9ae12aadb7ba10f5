//! One pure decider for each kind of citizen service, and the rendering of every text.
//!
//! [`decide`] takes what is asked, the service's settings and the records read so far, and either names more
//! records or gives the outcome: what to write, what to send, what to answer. This crate never reads a clock,
//! a socket, a store or a source of entropy, and knows neither keywords nor SMPP. A citizen's mistake is a
//! reply, never an error.

mod account;
mod booking;
mod calendar;
mod case;
mod clerk;
mod fixed;
mod fold;
mod limits;
mod lookup;
mod moment;
mod queue;
mod render;
mod subscriber;

use std::time::Duration;

use jiff::Timestamp;
use model::key::TimerSubject;
use model::request::Request;
use model::{Command, Interpretation, Key, Msisdn, Now, Seed, Service, Snapshot, Step};

pub use crate::calendar::held_until;
use crate::case::{Case, Decision, Need};
pub use crate::render::{Rendered, notice};

/// Decides a request: names the records that are missing, or says what to write, send and answer.
///
/// At most three rounds of [`Step::Need`] come before [`Step::Done`], as long as `now` and `seed` stay the
/// same between the rounds and every named key is put into the snapshot. For a message, the loop guard and the
/// kind of sender were checked before.
///
/// A due timer's own record is the caller's to delete, before it applies the outcome: the outcome may set it
/// anew.
pub fn decide(request: &Request, service: &Service, snapshot: &Snapshot, now: Now, seed: Seed) -> Step {
    let case = Case::new(service, snapshot, now, seed);
    match answer(request, &case) {
        Ok(outcome) => Step::Done(outcome),
        Err(Need(keys)) => Step::Need(keys),
    }
}

/// The records that [`decide`] asks for first about a message, so that they can be at hand when it is decided. They
/// are those of `wall`; what a later moment or another record asks for is named by [`decide`] itself.
pub fn first_reads(
    sender: &Msisdn,
    interpretation: &Interpretation,
    service: &Service,
    wall: Timestamp,
) -> Vec<Key> {
    if matches!(interpretation.result, Err(_) | Ok(Command::Text { .. })) {
        return Vec::new();
    }
    let nothing = Snapshot::default();
    let (now, seed) = (Now { wall, monotonic: Duration::ZERO }, Seed::new([0; 32], 0));
    match message(sender, interpretation, &Case::new(service, &nothing, now, seed)) {
        Ok(_) => Vec::new(),
        Err(Need(keys)) => keys,
    }
}

fn answer(request: &Request, case: &Case<'_>) -> Decision {
    match request {
        Request::Message { sender, interpretation } => message(sender, interpretation, case),
        Request::Command(command) => clerk::carry_out(command, case),
        Request::Timer(TimerSubject::RotatePassword(_, id_number)) => account::rotate::due(id_number, case),
        Request::Timer(TimerSubject::RemindBooking(_, date, code)) => booking::remind::due(*date, code, case),
        Request::Timer(TimerSubject::ForgetBooking(_, date, code)) => booking::forget::due(*date, code, case),
        Request::Timer(TimerSubject::ForgetDossier(_, code_key)) => lookup::forget::due(code_key, case),
        Request::Drawn { subject, outbox, password, hash } => {
            account::issue::drawn(subject, *outbox, password, hash, case)
        }
        Request::Final { subject, outbox, state } => {
            account::issue::concluded(subject, *outbox, *state, case)
        }
    }
}

fn message(sender: &Msisdn, interpretation: &Interpretation, case: &Case<'_>) -> Decision {
    let command = match &interpretation.result {
        Ok(command) => command,
        Err(rejection) => return Ok(fixed::reject(rejection, sender, case)),
    };
    match command {
        Command::DossierStatus { code } => lookup::status(code, sender, case),
        Command::QueueStatus { queue } => queue::status(queue, sender, case),
        Command::SubscriberInfo { id_number } => subscriber::info(id_number.as_ref(), sender, case),
        Command::Register { name, id_number, id_type, dob } => {
            account::register::register(name, id_number, *id_type, dob, sender, case)
        }
        Command::Book { activity, date, time, name } => {
            booking::book::book(activity, date.to_datetime(*time), name, sender, case)
        }
        Command::BookNearest { activity, name } => {
            booking::nearest::book_nearest(activity, name, sender, case)
        }
        Command::FreeSlots { activity, date, date_defaulted } => {
            booking::free::free_slots(activity, *date, *date_defaulted, sender, case)
        }
        Command::Cancel { code, date } => booking::cancel::cancel(code, *date, sender, case),
        Command::Text { command } => Ok(fixed::tell(command, sender, case)),
    }
}
