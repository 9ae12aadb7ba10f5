//! Octets of a deliver_sm to the text that a rule looks at, and an answer to the octets of a submit_sm.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]

use std::hint::black_box;

use benches::messages;
use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(u64::from(messages::PDUS)));
    let cases = [
        ("deliver_sm_to_text/gsm7", messages::gsm7()),
        ("deliver_sm_to_text/ucs2", messages::ucs2()),
        ("deliver_sm_to_text/part_with_tlvs", messages::part()),
        ("submit_sm_resp", messages::submit_sm_resp()),
    ];
    for (name, body) in cases {
        let mut octets = BytesMut::new();
        messages::write_all(&messages::pdus(&body), &mut octets);
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || octets.clone(),
                |octets| black_box(messages::read_all(octets)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(u64::from(messages::PDUS)));
    let pdus = messages::pdus(&messages::submit_sm());
    let mut octets = BytesMut::with_capacity(1 << 20);
    group.bench_function("submit_sm_to_octets", |bencher| {
        bencher.iter(|| {
            octets.clear();
            messages::write_all(black_box(&pdus), &mut octets);
            octets.len()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = decode, encode
}
criterion_main!(benches);
