//! The 120 messages of the corpus, and the further messages in `messages/`, mean what they are said to mean.

use std::fs;
use std::path::Path;

use routing::{Rules, json};
use serde_json::Value;

/// Runs one file of JSON Lines with `to`, `now`, `text` and `expect`; returns what differs.
fn differences(rules: &Rules, file: &Path, count: &mut usize) -> Vec<String> {
    let mut differences = Vec::new();
    for line in fs::read_to_string(file).unwrap().lines().filter(|line| line.starts_with('{')) {
        let case: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let field = |name: &str| case[name].as_str().unwrap_or_else(|| panic!("{name} in {line}"));
        let now = field("now").parse().unwrap();
        let got = rules.interpret(field("to"), field("text"), now).map(|it| json(&it));
        *count += 1;
        if got.as_ref() != Some(&case["expect"]) {
            let got = got.unwrap_or_default();
            differences.push(format!("{}\n  expected {}\n  got      {got}", case["text"], case["expect"]));
        }
    }
    differences
}

#[test]
fn the_corpus_is_read_as_it_is_meant() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/citizen-messages.jsonl");
    let mut count = 0;
    let differences = differences(&Rules::builtin(), &file, &mut count);
    assert_eq!(count, 120);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
