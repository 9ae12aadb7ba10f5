//! Octets that stand on disks: turns have no field names, so a field in the wrong place would be read as another.

use model::journal::{Entry, Received, Turn, TurnOutline};

/// A turn with every kind of entry, key and record, each field with a value of its own.
const READABLE: &str = include_str!("golden/turn.json");
/// The same as the journal of format 4 holds it, before it is sealed. Never renewed: what is added to a type has a
/// default, and then this still reads as the text above with that default.
const OCTETS: &str = include_str!("golden/turn.hex");

#[test]
fn a_turn_of_the_first_program_of_this_format_reads_as_it_was_meant() {
    let meant: Turn = serde_json::from_str(READABLE).unwrap();
    let octets: Vec<u8> = (OCTETS.split_whitespace().collect::<String>().as_bytes().chunks(2))
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let read: Turn = rmp_serde::from_slice(&octets).unwrap();
    assert!(read == meant, "the turn is read as another");
    let mut again = Vec::new();
    rmp_serde::encode::write(&mut again, &read).unwrap();
    let reread: Turn = rmp_serde::from_slice(&again).unwrap();
    assert!(reread == meant, "what is written now is read as another");
}

#[test]
fn a_moment_beyond_what_the_journal_can_hold_stands_at_its_end() {
    let written = |at: &str| {
        let turn = Turn { at: at.parse().unwrap(), entries: Vec::new(), writes: Vec::new() };
        let mut octets = Vec::new();
        rmp_serde::encode::write(&mut octets, &turn).unwrap();
        rmp_serde::from_slice::<Turn>(&octets).unwrap().at.to_string()
    };
    assert_eq!(written("9999-12-30T22:00:00.999999999Z"), "2262-04-11T23:47:16.854775807Z");
    assert_eq!(written("-009999-01-02T01:59:59Z"), "1677-09-21T00:12:43.145224192Z");
    assert_eq!(written("1969-12-31T23:59:59.999999999Z"), "1969-12-31T23:59:59.999999999Z");
    assert_eq!(written("2026-08-03T00:00:00.000000001Z"), "2026-08-03T00:00:00.000000001Z");
}

#[test]
fn an_outline_says_what_the_whole_turn_says() {
    let meant: Turn = serde_json::from_str(READABLE).unwrap();
    let mut octets = Vec::new();
    rmp_serde::encode::write(&mut octets, &meant).unwrap();
    let outline: TurnOutline = rmp_serde::from_slice(&octets).unwrap();
    assert_eq!(outline.at, meant.at);
    let received = |entry: &Entry| {
        let (fingerprint, act, ran) = match entry {
            Entry::Message { fingerprint, act, .. } => (*fingerprint, *act, true),
            Entry::Part { fingerprint, .. } => (*fingerprint, true, true),
            Entry::Ignored { fingerprint, .. } => (*fingerprint, true, false),
            Entry::Quarantine { fingerprint, .. } => (*fingerprint, false, true),
            _ => return None,
        };
        Some(Received { fingerprint, act, ran })
    };
    let expected: Vec<_> = meant.entries.iter().map(received).collect();
    assert_eq!(outline.entries.iter().map(|entry| entry.0).collect::<Vec<_>>(), expected);
    assert!(expected.iter().flatten().count() >= 4, "one of each kind at least");
}
