//! What the programs of this package share; see benches/README.md for what they measure.

pub mod daemon;
pub mod fill;
pub mod line;
pub mod load;
pub mod messages;
pub mod packs;
pub mod statistics;
pub mod usage;
