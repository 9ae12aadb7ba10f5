//! Nothing: this package is benches and a program that loads a real daemon; see docs/PERFORMANCE.md.
