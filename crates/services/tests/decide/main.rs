//! The deciders as citizens and clerks meet them: a loop around `decide` with records in memory, and the
//! scenarios of the specification with their boundaries.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic as tests do")]

mod calendars;
mod clerks;
mod danang;
mod danang_lookup;
mod fixed;
mod hue;
mod hue_queues;
mod lengths;
mod offices;
mod said;
mod trutnov;
mod trutnov_rules;
mod tttb;
mod world;
