//! What the drills with real processes share: the load, the randomness of a seed, and the audit of what is left.

mod audit;
mod dice;
mod load;

pub use audit::{Case, audit};
pub use dice::Dice;
pub(crate) use load::today;
pub use load::{Citizen, Load, Wish};
