//! What hurts the users of other gateways, each pain as a test that is named after it. Those that need processes or
//! sockets stand in the tests of `tongdai`, `smpp-client` and `codec`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod cast;
mod inbound;
mod receipts;
mod replies;
mod submits;
mod upkeep;
