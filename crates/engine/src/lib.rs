//! The straight line: receive, decide, settle, dispatch, confirm, conclude; one owner, one turn.
//!
//! [`Engine::turn`] takes what happened, decides it in order, commits once and returns the effects, which did not
//! exist before the commit was durable. This crate never reads a clock, opens a socket, draws randomness, starts
//! a thread, or acknowledges what is not on the disk.

pub mod config;
pub mod event;
pub mod verdict;

pub use config::{Config, LinkConfig, Profile};
pub use event::{Effect, Event, LinkId, SubmitResult};
pub use verdict::Verdict;
