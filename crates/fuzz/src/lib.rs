//! Development only: what must hold for any octets, one function a target.
//!
//! Each function takes the octets that a fuzzer made up, does something with them, and panics where a property
//! does not hold; docs/FUZZING.md says which. The same functions run under libFuzzer (`cargo xtask fuzz`) and over
//! the committed corpora in `cargo test`. Nothing here opens a socket, touches a disk or reads a clock.
#![allow(clippy::unwrap_used, reason = "a target fails by panicking")]

mod api;
mod data_coding;
mod grammar;
mod input;
mod journal;
mod pdu;
mod receipt;
mod services_file;
mod session_ops;
mod time;
mod user_data;

pub use api::api;
pub use data_coding::data_coding;
pub use grammar::grammar;
pub use journal::journal;
pub use pdu::pdu;
pub use receipt::receipt;
pub use services_file::services_file;
pub use session_ops::session;
pub use time::time;
pub use user_data::user_data;

/// What a fuzzer calls.
pub type Target = fn(&[u8]);

/// All targets by name; a target's corpus is `corpus/NAME`, its driver `libfuzzer/targets/NAME.rs`.
pub const TARGETS: [(&str, Target); 10] = [
    ("pdu", pdu),
    ("session", session),
    ("user_data", user_data),
    ("receipt", receipt),
    ("data_coding", data_coding),
    ("time", time),
    ("grammar", grammar),
    ("services_file", services_file),
    ("journal", journal),
    ("api", api),
];
