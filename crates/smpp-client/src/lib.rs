//! Persistent SMPP binds on tokio: connect, drive a session, back off, bind again.
//!
//! One task a bind. A link reads all that there is, answers what the session answers, and writes once for all
//! that a wake-up produced. It owns the deadline of deliver_sm: what the engine has not answered in time is
//! answered "again later". This crate never acknowledges a message by itself, never stops reading because
//! somebody is slow, never loses a ticket, and never logs a number, a text or a password.

mod backoff;
mod clock;
mod config;
mod connection;
mod deadline;
mod event;
mod link;
mod links;
mod meters;
mod policy;
mod reports;

pub use config::{BindConfig, LinkTimeouts, Reconnect};
pub use event::{DownReason, LinkCommand, LinkEvent, LinkEventKind, LinkId, Submission};
pub use links::{CommandSender, Links, Undelivered};
pub use reports::Listener;
pub use session::{Mode as BindMode, Timeouts};
