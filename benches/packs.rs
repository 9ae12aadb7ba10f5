//! What citizens write, and tables of ten to a hundred thousand rules.

use std::fmt::Write;

use jiff::Timestamp;
use routing::Rules;
use serde::Deserialize;

const CORPUS: &str = include_str!("../crates/routing/tests/corpus/citizen-messages.jsonl");

/// A message and the moment at which it is read.
#[derive(Deserialize)]
pub struct Message {
    /// The number that it was sent to.
    pub to: String,
    /// As the citizen wrote it.
    pub text: String,
    /// When.
    pub now: Timestamp,
}

/// The corpus of citizens' messages.
#[must_use]
pub fn corpus() -> Vec<Message> {
    let message =
        |line| serde_json::from_str(line).unwrap_or_else(|error| unreachable!("the corpus: {error}"));
    CORPUS.lines().map(message).collect()
}

/// The packs that come with the program and one more on the same platform, whose rules each have a keyword of
/// their own: the keywords of all numbers are looked at for each message that is no plain command.
#[must_use]
pub fn rules(count: u32) -> Rules {
    let generated = pack(count);
    let mut files: Vec<(&str, &str)> = Rules::builtin_files().to_vec();
    files.push(("generated.toml", &generated));
    Rules::load(&files).unwrap_or_else(|report| unreachable!("the generated pack is sound: {report:?}"))
}

/// The pack of Hue on another number, with so many rules more.
#[must_use]
pub fn pack(count: u32) -> String {
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
#[must_use]
pub fn keyword(mut number: u32) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut word = String::from("QZ");
    for _ in 0..5 {
        word.push(char::from(LETTERS[number as usize % LETTERS.len()]));
        number /= 20;
    }
    word
}
