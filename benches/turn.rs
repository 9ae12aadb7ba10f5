//! A whole turn of the engine over a real store: decoding to decisions, sealing, one record of the journal with its
//! `fdatasync`, and what it changes.
//!
//! As on a busy line, each turn brings so many look-ups and the SMSC's responses to the answers of the turn before;
//! the housekeeping between two turns (segments made ahead, steps of a checkpoint) is timed with it.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]

use std::time::{Duration, Instant};

use benches::line::Line;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Dossiers in the store; all fit the cache.
const DOSSIERS: u32 = 10_000;

#[allow(clippy::disallowed_methods, reason = "a bench is about real time")]
fn instant() -> Instant {
    Instant::now()
}

fn turns(criterion: &mut Criterion) {
    let mut line = Line::start(DOSSIERS);
    let mut group = criterion.benchmark_group("turn");
    for messages in [1, 64, 256] {
        group.throughput(Throughput::Elements(u64::from(messages)));
        group.bench_function(format!("{messages}_look_ups"), |bencher| {
            bencher.iter_custom(|turns| {
                let mut spent = Duration::ZERO;
                for _ in 0..turns {
                    let events = line.events(messages);
                    let began = instant();
                    line.turn(events);
                    spent += began.elapsed();
                }
                assert_eq!(line.unanswered(), messages as usize, "every look-up is answered");
                spent
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(50);
    targets = turns
}
criterion_main!(benches);
