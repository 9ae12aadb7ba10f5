//! The nouns of a citizen SMS service: addresses and numbering plans, ids, records, requests, outcomes.
//!
//! Everything here is a plain value. This crate never reads a clock, a socket, a file or a source of
//! entropy, and knows neither SMPP octets nor the store's key bytes. Personal data (numbers, names, texts)
//! prints redacted under `Debug`.

pub mod account;
pub mod address;
pub mod booking;
pub mod calendar;
pub mod command;
pub mod dossier;
mod from_text;
pub mod id;
pub mod journal;
pub mod key;
pub mod limits;
mod moment;
pub mod name;
pub mod now;
pub mod outbox;
pub mod outcome;
pub mod plan;
pub mod queue;
pub mod redact;
pub mod request;
pub mod service;
pub mod subscriber;
pub mod template;

pub use account::Account;
pub use address::{Address, Msisdn};
pub use booking::Booking;
pub use calendar::{Calendar, Span};
pub use command::{Answer, ClerkCommand, CommandError, ImportEffect};
pub use dossier::Dossier;
pub use id::{EventId, OutboxId, ServiceId};
pub use key::{Key, Record, Space};
pub use name::Name;
pub use now::{Now, Seed};
pub use outcome::{Outcome, Outgoing, Snapshot, Step};
pub use queue::Queue;
pub use redact::Redacted;
pub use request::{Command, ErrorKind, Interpretation, Rejection, Request};
pub use service::Service;
pub use smol_str::SmolStr;
pub use subscriber::Subscriber;
pub use template::Template;
