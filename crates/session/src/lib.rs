//! SMPP sessions in both roles as values: bind state, window, sequence numbers, timers, throttle, unbind handshake.
//!
//! PDUs and time go in, PDUs and events come out. This crate never opens a socket, reads a clock, draws a random
//! number or decides what a message means; it never answers a response, and it never forgets a request: each
//! ticket ends exactly once, answered, timed out or handed back by [`Session::close`].
//!
//! Time is a [`std::time::Duration`] since any fixed point of a monotonic clock. The shell feeds all whole PDUs
//! that it has read, then calls [`Session::timeout`], then drains [`Session::poll_output`], writes, and comes
//! back at [`Session::next_deadline`].

mod in_flight;
mod inbound;
mod refusal;
mod sequence;
mod session;
mod state;
mod throttle;
mod timers;

pub use in_flight::Lost;
pub use sequence::SEQUENCE_NUMBER_MAX;
pub use session::{CloseReason, Config, Event, Output, Session};
pub use state::{Mode, Role, State, may_send};
pub use timers::Timeouts;
