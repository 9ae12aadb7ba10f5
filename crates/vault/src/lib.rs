//! Sealing, keyed look-up hashes, password hashing and one-time secrets.
//!
//! A [`MasterKey`] comes from a file and wraps the keys of a store ([`Keys`]); a [`Sealer`] seals values
//! under the data key of this start; a [`LookupKey`] hides phone and ID numbers in the names of records.
//! This crate never logs, never touches the store's files, and nothing secret shows under `Debug`. Its only
//! source of entropy is ring's `SystemRandom`.

mod keys;
mod lookup;
mod master;
mod one_time;
mod password;
mod random;
mod sealer;

pub use keys::{Keys, KeysError};
pub use lookup::LookupKey;
pub use master::{KeyFileError, MasterKey};
pub use one_time::OneTimeKey;
pub use password::{PasswordError, draw_password, hash_password, verify_password};
pub use random::{NoEntropy, random};
pub use sealer::{OpenFailed, SealFailed, Sealer};
