//! The nouns of a citizen SMS service: addresses, ids, records, requests and outcomes; no I/O, no clock.
