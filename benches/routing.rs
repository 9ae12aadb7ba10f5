//! From a citizen's text to a typed request, over the corpus of real-life spellings; with few rules and with many.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]
#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::hint::black_box;

use benches::packs;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn interpret(criterion: &mut Criterion) {
    let corpus = packs::corpus();
    for count in [10, 100_000] {
        let rules = packs::rules(count);
        let mut group = criterion.benchmark_group("routing");
        group.throughput(Throughput::Elements(corpus.len() as u64));
        group.bench_function(format!("corpus/{count}_rules"), |bencher| {
            bencher.iter(|| {
                for message in &corpus {
                    black_box(rules.interpret(&message.to, &message.text, message.now));
                }
            });
        });
        let now = corpus.first().expect("the corpus has messages").now;
        group.throughput(Throughput::Elements(1));
        for (name, to, text) in [
            ("plain", "8383", "XNC 13557009".to_owned()),
            ("accents", "8383", "Mã số truy cập 13557009".to_owned()),
            ("last_keyword", "9999", format!("{} 13557009", packs::keyword(count - 1))),
            ("slip", "9999", format!("{} 13557009", packs::keyword(count - 1).replacen('Q', "K", 1))),
        ] {
            group.bench_function(format!("{name}/{count}_rules"), |bencher| {
                bencher.iter(|| black_box(rules.interpret(to, &text, now)));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(50);
    targets = interpret
}
criterion_main!(benches);
