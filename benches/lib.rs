//! What is measured: by the benches in time, by `counts` in instructions; see docs/PERFORMANCE.md.

pub mod messages;
pub mod packs;
