//! One slip in a keyword: every wrong letter, missing letter, letter too many and pair swapped.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use std::sync::LazyLock;

use routing::{Rules, json};
use serde_json::Value;

fn meaning(to: &str, text: &str) -> Value {
    let now = if to.starts_with('+') { "2026-08-03T09:00:00+02:00" } else { "2026-08-03T14:00:00+07:00" };
    static RULES: LazyLock<Rules> = LazyLock::new(Rules::builtin);
    json(&RULES.interpret(to, text, now.parse().unwrap()).unwrap())
}

/// All words that lie one edit from `word`.
fn slips(word: &str) -> Vec<String> {
    let mut slips = Vec::new();
    let (head, tail) = (|at: usize| &word[..at], |at: usize| &word[at..]);
    for at in 0..=word.len() {
        for letter in 'A'..='Z' {
            slips.push(format!("{}{letter}{}", head(at), tail(at)));
            if at < word.len() {
                slips.push(format!("{}{letter}{}", head(at), tail(at + 1)));
            }
        }
        if at < word.len() {
            slips.push(format!("{}{}", head(at), tail(at + 1)));
        }
        if at + 1 < word.len() {
            slips.push(format!("{}{}{}{}", head(at), &word[at + 1..at + 2], &word[at..=at], tail(at + 2)));
        }
    }
    slips.retain(|slip| slip != word);
    slips.sort();
    slips.dedup();
    slips
}

/// The slips of `word` before `rest` that do not mean what the right spelling means.
fn misread(to: &str, word: &str, rest: &str) -> Vec<String> {
    let right = meaning(to, &format!("{word}{rest}"));
    assert!(right["command"].is_string(), "{right}");
    slips(word).into_iter().filter(|slip| meaning(to, &format!("{slip}{rest}")) != right).collect()
}

#[test]
fn a_slip_in_a_keyword_that_may_be_corrected_is() {
    let cases = [
        ("8383", "XNC", " 13557009"),
        ("8383", "XNC", " STTXC"),
        ("1414", "TTTB", ""),
        ("1414", "TTTB", " 048090000111"),
        ("8188", "DVC", " 000.00.18.H17-230101-0001"),
        ("8188", "DVC", " 170523-0012"),
        ("+420739547765", "OBJ", " ZOP 10.8. 14:00 NOVAK"),
        ("+420739547765", "OBJ", " ZOP NOVAK"),
        ("+420739547765", "OBJEDNAVKA", " ZOP 10.8. 14:00 NOVAK"),
        ("+420739547765", "TERMIN", " ZOP 10.8."),
        ("+420739547765", "STORNO", " 471108 10.8."),
        ("+420739547765", "HELP", ""),
        ("+420739547765", "POMOC", " ZKR"),
    ];
    for (to, word, rest) in cases {
        let misread = misread(to, word, rest);
        assert!(misread.is_empty(), "{word}{rest}: {misread:?}");
    }
}

#[test]
fn a_slip_that_is_never_corrected_is_no_command() {
    for (to, word, rest) in
        [("8188", "TK", ",Nguyen Van A,201499999,20/12/1990"), ("+420739547765", "STO", " 471108 10.8.")]
    {
        for slip in slips(word) {
            let got = meaning(to, &format!("{slip}{rest}"));
            assert!(got["error"].is_string(), "{slip}{rest}: {got}");
        }
    }
}

#[test]
fn an_abbreviation_is_never_corrected() {
    for word in ["ZOP", "POP", "ZCD", "PCD", "PTP", "RTP"] {
        for slip in slips(word) {
            let known = ["ZOP", "POP", "ZCD", "PCD", "PTP", "RTP"].contains(&slip.as_str());
            let got = meaning("+420739547765", &format!("TERMIN {slip} 10.8."));
            assert!(known || got["error"] == "unknown_activity", "{slip}: {got}");
        }
    }
}
