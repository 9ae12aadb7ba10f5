//! Tests of the store through its public door, on a simulated disk and on a real one.
#![allow(clippy::unwrap_used, reason = "these are tests, though partly outside of test functions")]

mod ahead;
mod common;
mod damage;
mod damaged_files;
mod golden;
mod power;
mod real;
