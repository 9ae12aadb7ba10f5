<<<<<<< HEAD
//! What is measured: by the benches in time, by `counts` in instructions; see docs/PERFORMANCE.md.

pub mod messages;
pub mod packs;
=======
//! What the programs of this package share; see benches/README.md for what they measure.

pub mod usage;
>>>>>>> 08fb85e (Measure the limit: an echo that makes each message durable and no more)
