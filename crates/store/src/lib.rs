//! The only crate that touches a disk: journal, records, commit, checkpoint, recovery, verifier.
