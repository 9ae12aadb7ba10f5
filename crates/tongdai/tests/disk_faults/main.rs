//! `tongdai run` on disks that fail, fill up, turn read-only, go slow or lie, and under clocks that step.
//!
//! What needs root and loop devices, or a C compiler, says SKIPPED where there is none.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test; what it skips it says")]

mod backups;
mod broken;
mod clocks;
mod full;
mod slow;
mod stage;
