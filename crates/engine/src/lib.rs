//! The straight line: receive, decide, settle, dispatch, confirm, conclude; one owner, one turn.
//!
//! [`Engine::turn`] takes what happened, decides it in order, and gives what is to be written and the effects, which
//! leave once that is durable. This crate never reads a clock, opens a socket, draws randomness, starts
//! a thread, or acknowledges what is not on the disk.

mod clock;
mod command;
mod conclude;
pub mod config;
mod confirm;
mod decide;
mod dispatch;
mod engine;
pub mod event;
mod fatal;
mod fault;
mod fingerprint;
mod guard;
mod meters;
mod partial;
mod proofs;
mod queue;
pub mod reading;
mod receive;
mod restore;
mod settle;
mod timers;
mod turn;
pub mod verdict;

pub use config::{Config, LinkConfig, Profile};
pub use engine::{Decided, Engine};
pub use event::{Effect, Event, LinkId, SubmitResult};
pub use fatal::Fatal;
pub use reading::{MessageReader, Reading};
pub use verdict::Verdict;
