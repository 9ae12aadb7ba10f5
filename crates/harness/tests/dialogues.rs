//! Every script below `scripts/` is played against the real engine, store, services and sessions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use routing::Rules;

fn scripts(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the scripts are there") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            found.push(path);
        }
    }
}

/// A town of our own invention beside the four services.
const LIBRARY: &str = include_str!("../../../deploy/services/examples/stadtbuecherei.toml");

fn rules() -> Arc<Rules> {
    let mut files = Rules::builtin_files().to_vec();
    files.push(("stadtbuecherei.toml", LIBRARY));
    Arc::new(Rules::load(&files).expect("the files that ship are sound"))
}

#[test]
fn every_dialogue_goes_as_written() {
    let mut found = Vec::new();
    scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts"), &mut found);
    found.sort();
    // One script alone: DIALOGUE=hue/01 cargo test -p tongdai-harness
    let only = std::env::var("DIALOGUE").unwrap_or_default();
    found.retain(|path| path.to_string_lossy().contains(&only));
    assert!(!found.is_empty(), "no script has `{only}` in its path");
    let rules = rules();
    let mut failures = Vec::new();
    for path in &found {
        let script = std::fs::read_to_string(path).unwrap();
        if let Err(failure) = harness::play(&script, Arc::clone(&rules)) {
            failures.push(format!("{}: {failure}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), found.len(), failures.join("\n"));
}

#[test]
fn a_dialogue_that_goes_otherwise_fails_at_its_line() {
    let rules = Arc::new(Rules::builtin());
    let play = |lines: &str| {
        let script = format!("now 2026-08-03 09:00:00 Asia/Ho_Chi_Minh\n{lines}");
        harness::play(&script, Arc::clone(&rules)).map_err(|failure| failure.line)
    };
    assert_eq!(play("+84905123456 -> 8383: XNC HD\n8383 -> +84905123456 [H-HELP]"), Ok(()));
    assert_eq!(play("+84905123456 -> 8383: XNC HD\n8383 -> +84905123456 [H-SYNTAX]"), Err(3));
    assert_eq!(play("+84905123456 -> 8383: XNC HD\nnothing for +84905123456"), Err(3));
    assert_eq!(play("8383 -> +84905123456 [H-HELP]"), Err(2));
    assert_eq!(play("+84905123456 -> 8383: XNC HD"), Err(0), "a text that nobody expected");
    assert_eq!(play("juggle"), Err(2));
}
