//! Benches; see docs/PERFORMANCE.md.
