//! The vectors in `tests/vectors/*.txt`; the format is told in `tests/vectors/README.md`.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a helper of tests: each uses its part and fails by panicking"
)]

use std::{fs, path::Path};

/// One block of a file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) octets: Vec<u8>,
    pub(crate) expect: String,
    pub(crate) answer: Option<Vec<u8>>,
}

/// Groups of hexadecimal digits and quoted ASCII.
fn octets(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, piece) in line.split('"').enumerate() {
        if index % 2 == 1 {
            out.extend(piece.as_bytes());
            continue;
        }
        for group in piece.split_whitespace() {
            out.extend(hex::decode(group).unwrap_or_else(|error| panic!("{group}: {error}")));
        }
    }
    out
}

fn cases(file: &str) -> Vec<Case> {
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let mut joined: Vec<String> = Vec::new();
    for line in lines {
        match (line.strip_prefix("   "), joined.last_mut()) {
            (Some(more), Some(last)) => *last = format!("{last} {}", more.trim()),
            _ => joined.push(line.trim().to_owned()),
        }
    }
    assert_eq!(joined.len() % 4, 0, "a case has four parts");
    let part = |line: &String, key: &str| {
        let rest = line.strip_prefix(key).unwrap_or_else(|| panic!("{key} expected: {line}"));
        rest.trim().to_owned()
    };
    joined
        .chunks(4)
        .map(|lines| Case {
            name: part(&lines[0], "=="),
            octets: octets(&part(&lines[1], "hex")),
            expect: part(&lines[2], "expect"),
            answer: Some(part(&lines[3], "answer")).filter(|it| it != "none").map(|it| octets(&it)),
        })
        .collect()
}

/// The cases of all files, in the order of their names.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "txt"));
    paths.sort();
    paths.iter().flat_map(|path| cases(&fs::read_to_string(path).unwrap())).collect()
}
