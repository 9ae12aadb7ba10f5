//! From a citizen's text to a typed request, over the corpus of real-life spellings; with few rules and with many.

#![allow(missing_docs, reason = "criterion's macros make the entry point")]
#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use routing::Rules;
use serde::Deserialize;

const CORPUS: &str = include_str!("../crates/routing/tests/corpus/citizen-messages.jsonl");

/// A message and the moment at which it is read.
#[derive(Deserialize)]
struct Message {
    to: String,
    text: String,
    now: Timestamp,
}

fn corpus() -> Vec<Message> {
    CORPUS.lines().map(|line| serde_json::from_str(line).expect("a line of the corpus")).collect()
}

/// The packs that come with the program and one more on the same platform, whose rules each have a keyword of
/// their own: the keywords of all numbers are looked at for each message that is no plain command.
fn rules(count: u32) -> Rules {
    let generated = pack(count);
    let mut files: Vec<(&str, &str)> = Rules::builtin_files().to_vec();
    files.push(("generated.toml", &generated));
    Rules::load(&files).unwrap_or_else(|report| unreachable!("the generated pack is sound: {report:?}"))
}

/// The pack of Hue on another number, with so many rules more.
fn pack(count: u32) -> String {
    let (_, hue) = Rules::builtin_files()[0];
    let mut text = hue.replace("\"hue-xnc\"", "\"generated\"").replace("[\"8383\"]", "[\"9999\"]");
    for number in 0..count {
        let keyword = keyword(number);
        let _ = writeln!(text, "[keyword.{keyword}]");
        let _ = writeln!(text, "[[rule]]\nid = \"r{number}\"\nmatch = \"{keyword} {{code}}\"");
        let _ = writeln!(text, "command = \"dossier_status\"\nextra = \"bad_code\"");
    }
    text
}

/// A word of seven letters that is nobody else's.
fn keyword(mut number: u32) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut word = String::from("QZ");
    for _ in 0..5 {
        word.push(char::from(LETTERS[number as usize % LETTERS.len()]));
        number /= 20;
    }
    word
}

fn interpret(criterion: &mut Criterion) {
    let corpus = corpus();
    for count in [10, 100_000] {
        let rules = rules(count);
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
            ("last_keyword", "9999", format!("{} 13557009", keyword(count - 1))),
            ("slip", "9999", format!("{} 13557009", keyword(count - 1).replacen('Q', "K", 1))),
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
