//! The load tester: an SMSC that does nothing but send messages, take replies and measure, at a small part of the cost
//! of what it measures. Beside [`crate::Simulator`], whose handsets, books and faults would be most of that cost.
//!
//! See [`Tester`], and docs/LOAD.md.

mod books;
mod fail_if;
mod html;
mod link;
mod meter;
mod mix;
mod plot;
mod report;
mod run;
mod template;
mod value;
mod wire;

use std::{io, net::SocketAddr, time::Duration};

pub use fail_if::{FailIf, FailIfError};
pub use meter::{Percentiles, Second};
pub use mix::{Mix, MixError};
pub use report::Report;
pub use run::Tester;

use crate::Pace;

/// How to test.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the ESME binds; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Receiving binds that are waited for.
    pub binds: usize,
    /// deliver_sm in flight on each at most.
    pub window: usize,
    /// How fast.
    pub pace: Pace,
    /// How much.
    pub extent: Extent,
    /// Messages of the mix that are left out at its beginning.
    pub skip: u64,
    /// Messages that are sent, and waited for, before those that count.
    pub warm_up: u64,
    /// Any text is a right reply.
    pub any_reply: bool,
    /// How long nothing may come before what is missing is missing.
    pub patience: Duration,
    /// How long the binds may take.
    pub bind_patience: Duration,
}

/// How much is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many messages, follow-ups included.
    Messages(u64),
    /// What goes out in so long.
    Time(Duration),
}

/// A test that came to nothing. Returned by [`Tester::listen`] and [`Tester::run`].
#[derive(Debug, thiserror::Error)]
pub enum TesterError {
    /// Choose another address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The ESME did not come; look at its log.
    #[error("{bound} of {wanted} receiving binds came in time")]
    NoBinds {
        /// So many came.
        bound: usize,
        /// So many were waited for.
        wanted: usize,
    },
    /// The system can't wait for sockets.
    #[error("cannot wait for sockets: {0}")]
    Wait(io::Error),
    /// No memory for the measured times.
    #[error("no histogram: {0}")]
    Histogram(String),
}
