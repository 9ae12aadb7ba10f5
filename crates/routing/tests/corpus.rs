//! The 120 messages of the corpus, and the further messages in `messages/`, mean what they are said to mean.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use std::fs;
use std::path::Path;

use routing::{Rules, json};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

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

/// One file of `text => meaning` lines as JSON cases.
fn table(file: &Path) -> Vec<(String, String, String, Value)> {
    let (mut to, mut now, mut cases) = (String::new(), String::new(), Vec::new());
    for line in fs::read_to_string(file).unwrap().lines() {
        if let Some(number) = line.strip_prefix("to ") {
            to = number.to_owned();
        } else if let Some(moment) = line.strip_prefix("now ") {
            now = moment.to_owned();
        } else if let Some((text, meaning)) = line.split_once(" => ").filter(|_| !line.starts_with("# ")) {
            let text = unescape(text);
            cases.push((to.clone(), now.clone(), text, expectation(meaning)));
        }
    }
    cases
}

/// `\n`, `\r`, `\t` and `\uXXXX` as what they stand for.
fn unescape(text: &str) -> String {
    let text = text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push(char::from_u32(u32::from_str_radix(&part[..4], 16).unwrap()).unwrap());
        out.push_str(&part[4..]);
    }
    out
}

/// `error kind`, or `command field=value; field=value`.
fn expectation(meaning: &str) -> Value {
    let (head, rest) = meaning.split_once(' ').unwrap_or((meaning, ""));
    if head == "error" {
        return serde_json::json!({ "error": rest });
    }
    let mut out = serde_json::json!({ "command": head });
    for pair in rest.split("; ").filter(|pair| !pair.is_empty()) {
        let (field, value) = pair.split_once('=').unwrap_or_else(|| panic!("{meaning}"));
        out[field] = if value == "true" { true.into() } else { value.into() };
    }
    out
}

#[test]
fn further_messages_follow_the_same_rules() {
    let rules = Rules::builtin();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let (mut differences, mut count) = (Vec::new(), 0);
    for file in fs::read_dir(folder).unwrap() {
        for (to, now, text, mut expect) in table(&file.unwrap().path()) {
            let got = rules.interpret(&to, &text, now.parse().unwrap()).unwrap();
            expect["service"] = got.service.as_str().into();
            count += 1;
            if json(&got) != expect {
                differences.push(format!("{to} {text:?}\n  expected {expect}\n  got      {}", json(&got)));
            }
        }
    }
    assert!(count > 300, "{count} messages");
    assert!(differences.is_empty(), "{} of {count}\n{}", differences.len(), differences.join("\n"));
}

/// The same message as another phone, web page or habit would have sent it.
fn variants(text: &str, thanks: &str) -> Vec<String> {
    vec![
        text.nfd().collect(),
        text.to_lowercase(),
        text.to_uppercase(),
        text.replace(' ', "\u{a0}"),
        text.replace(' ', " \t "),
        format!("\u{feff}{text}\r\n"),
        text.chars().flat_map(|character| [character, '\u{200b}']).collect(),
        format!("“{text}”"),
        format!("[{text}]"),
        format!("\u{1f44b} {text} \u{1f64f}"),
        format!("{thanks} {text}"),
        format!("{thanks}!\n{text}"),
        format!("{text}\n{thanks}"),
        format!("{text} {thanks}."),
    ]
}

#[test]
fn what_stands_around_a_message_does_not_change_it() {
    let rules = Rules::builtin();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let (mut differences, mut count) = (Vec::new(), 0);
    for file in fs::read_dir(folder).unwrap() {
        for (to, now, text, _) in table(&file.unwrap().path()) {
            let read = |text: &str| json(&rules.interpret(&to, text, now.parse().unwrap()).unwrap());
            let (meaning, thanks) = (read(&text), if to.starts_with('+') { "Děkuji" } else { "Cảm ơn" });
            // What begins a line ends the text there only.
            if meaning["error"] == "empty" || text.starts_with("--") {
                continue;
            }
            for variant in variants(&text, thanks) {
                count += 1;
                if read(&variant) != meaning {
                    differences
                        .push(format!("{to} {variant:?}\n  said {meaning}\n  now  {}", read(&variant)));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} of {count}\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_packs_pass_their_check() {
    let report = routing::check(Rules::builtin_files());
    assert!(!report.is_error(), "{}", report.render(false));
    assert_eq!(report.counts.services, 4);
}
