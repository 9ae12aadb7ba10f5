//! Development only: a simulated clock, simulated links and handsets around the real engine, and the dialogue
//! scripts that a person who knows no Rust can read.
//!
//! The store, the engine, the services, both ends of every SMPP session and every octet between them are real;
//! the clock, the sockets and the Argon2 worker are not. Only [`process`] has real ones of all of these. Nothing
//! here is part of the daemon, or waits by sleeping.

pub mod auditor;
pub mod citizens;
pub mod drill;
pub mod faulty;
pub mod handset;
mod link;
mod pattern;
mod probe;
pub mod process;
pub mod script;
pub mod simulation;
mod smsc;
mod splitmix;
mod stage;
mod steps;
mod text_fields;
mod world;

pub use splitmix::splitmix64;
pub use stage::{Failure, play};
pub use world::World;
