//! I2: the state is the replay of the journal, neither more nor less.

use std::collections::BTreeMap;

use model::{Key, Record, Space};

use super::{Books, Finding, Invariant};

/// Replays all writes and compares.
pub(super) fn check(books: &Books, findings: &mut Vec<Finding>) {
    match books.turns.first() {
        // What was pruned can't be replayed.
        Some((first, _)) if *first != 1 => return,
        None if !books.open.is_empty() || books.records > 0 => {
            findings.push(wrong("the store holds records and its journal holds no turn".to_owned()));
        }
        _ => {}
    }
    let mut replayed: BTreeMap<&Key, Option<&Record>> = BTreeMap::new();
    for (key, record) in books.turns.iter().flat_map(|(_, turn)| &turn.writes) {
        replayed.insert(key, record.as_deref());
    }
    for (key, expected) in &replayed {
        let found = match key.space() {
            Space::Records => books.held.get(key).and_then(Option::as_ref),
            Space::Open => books.open.get(key),
        };
        if found != *expected {
            let what = match (found, expected) {
                (None, _) => "the store lacks what the journal wrote last",
                (_, None) => "the store still holds what the journal deleted",
                _ => "the store holds another value than the journal wrote last",
            };
            findings.push(wrong(format!("{what} under {}", shown(key))));
        }
    }
    let written = |key: &&Key| replayed.get(key).is_some_and(Option::is_some);
    for key in books.open.keys().filter(|key| !written(key) && !replayed.contains_key(key)) {
        findings.push(wrong(format!("the store holds {} and no turn wrote it", shown(key))));
    }
    let records = replayed.iter().filter(|(key, record)| key.space() == Space::Records && record.is_some());
    let expected = records.count() as u64;
    if books.records != expected {
        let found = books.records;
        findings.push(wrong(format!("the store holds {found} records and the journal wrote {expected}")));
    }
}

fn wrong(what: String) -> Finding {
    Finding::new(Invariant::I2, what)
}

/// A key without the person in it: its kind, and its id where that is none of a person.
fn shown(key: &Key) -> String {
    match key {
        Key::Outbox(id) => format!("the outbox row {id}"),
        other => {
            let all = format!("{other:?}");
            all.split_once('(').map_or_else(|| all.clone(), |(kind, _)| format!("a key of {kind}"))
        }
    }
}
