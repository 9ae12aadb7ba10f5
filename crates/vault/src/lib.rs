//! Sealing, keyed look-up hashes, password hashing and one-time secrets.
