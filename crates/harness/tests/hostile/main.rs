//! Hostile people against the real engine, store and services: texts that are no texts, days that are no days,
//! robots, guessers and hoarders. Each test bears the id of its line in the list of hostile inputs (H-…) and
//! abuses (A-…).

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

mod abuse;
mod accounts;
mod clocks;
mod dates;
mod echoes;
mod floods;
mod stage;
mod texts;
