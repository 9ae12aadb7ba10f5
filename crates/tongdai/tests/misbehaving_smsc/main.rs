//! `tongdai run` as a real process against an SMSC that misbehaves: each fault by its number (F-12 to F-21, F-27,
//! F-28, F-31), through the simulator's switches and, for half-open links, loss and partitions, through nftables in a
//! network namespace of the test's own.
//!
//! What must hold after every fault is asserted by [`citizens`]: all that was acknowledged is answered, each booking
//! stands once, nobody has another's text, and no text came twice beyond what `tongdai_resent_total` owns up to.
//!
//! The short form runs in `cargo test`. Longer ones:
//!
//! | variable | short | meaning |
//! |---|---|---|
//! | `TONGDAI_BIND_CYCLES` | 500 | binds and drops of F-20 (the full form has 10,000) |
//! | `TONGDAI_REFUSED_BINDS` | 100 | refused binds whose CPU is measured |
//! | `TONGDAI_BURST_MESSAGES` | 4,000 | messages of F-18's burst |
//! | `TONGDAI_THROTTLE_S` | 4 | seconds of nothing but ESME_RTHROTTLED in F-21 |
//! | `TONGDAI_STOPPED_S` | 4 | seconds that F-31 stops the process for |
//!
//! The tests of [`network`] need root and `nft`; where those are missing they say `SKIPPED`.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "real processes run on the machine's clock")]
#![allow(clippy::print_stdout, reason = "figures, and what was skipped")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod citizens;
mod cut;
mod flapping;
mod hand;
mod namespace;
mod network;
mod parts;
mod receipts;
mod silent;
mod slow;
mod stage;
mod throttled;
