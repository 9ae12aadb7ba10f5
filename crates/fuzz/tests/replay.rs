//! The committed corpora through the targets: what a fuzzer once found interesting or wrong stays right.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, in its helpers as well")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a corpus may hold: enough for its coverage, and nobody minds it in the repository.
const FILES_MAX: usize = 300;
const OCTETS_MAX: usize = 200 << 10;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Runs the target of that name over its corpus; a file that fails is named.
fn replay(name: &str) {
    let (_, target) = fuzz::TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus().join(name)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!((1..=FILES_MAX).contains(&files.len()), "{} files", files.len());
    let mut octets = 0;
    for file in files {
        let input = fs::read(&file).unwrap();
        octets += input.len();
        let done = std::panic::catch_unwind(|| target(&input));
        assert!(done.is_ok(), "{} fails", file.display());
    }
    assert!(octets <= OCTETS_MAX, "{octets} octets");
    target(&[]);
}

macro_rules! replays {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn each_target_has_a_corpus_a_driver_and_a_test() {
            let tested = BTreeSet::from([$(stringify!($name).to_owned()),*]);
            let targets: BTreeSet<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(tested, targets);
            for (folder, extension) in [("corpus", ""), ("libfuzzer/targets", ".rs")] {
                let found = fs::read_dir(corpus().with_file_name("").join(folder)).unwrap();
                let found: BTreeSet<String> =
                    found.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
                assert_eq!(found, targets.iter().map(|name| format!("{name}{extension}")).collect(), "{folder}");
            }
        }
    };
}

replays!(pdu, session, user_data, receipt, data_coding, time, grammar, services_file, journal, api);
