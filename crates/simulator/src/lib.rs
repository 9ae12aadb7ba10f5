//! An SMSC of our own, with virtual handsets, that misbehaves on demand.
//!
//! ESMEs bind to it over TCP; handsets send texts, receive answers and keep books that an auditor can compare with
//! the daemon's. Its faults are those of real SMSCs: throttling, lost and late responses, receipts early, late and
//! twice, redelivery of what was not acknowledged, links cut at any octet. It never stores anything, never logs a
//! number or a text, and is no part of the daemon: it exists to try one.
//!
//! See [`Simulator`], and docs/SIMULATOR.md for the HTTP API.

mod clock;
mod config;
mod exchange;
mod faults;
mod handset;
mod http;
mod ledger;
mod link;
mod message;
mod send_many;
mod shared;
mod simulator;
mod stats;
pub mod tester;
mod witness;

pub use config::{Config, Credentials, Exchanging, Redelivery};
pub use exchange::{BindId, BindInfo, QUEUE_MAX, SendError};
pub use faults::{Faults, IdBase, IdForm, ReceiptForm, ReceiptState, StrayForm};
pub use handset::{AWAITING_MAX, HANDSETS_MAX, INBOX_MAX, Received};
pub use ledger::{Entry, LEDGER_MAX, MessageRef, Outcome};
pub use message::{Message, PartOrder, SourceStyle, Split};
pub use send_many::{LoadError, LoadReport, Pace};
pub use simulator::{Simulator, StartError};
pub use stats::{Latencies, Latency, Stats};
pub use witness::{Piece, Submitted, Testimony, WITNESSED_MAX};
