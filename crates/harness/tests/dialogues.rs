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

#[test]
fn every_dialogue_goes_as_written() {
    let mut found = Vec::new();
    scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts"), &mut found);
    found.sort();
    assert!(!found.is_empty());
    // One script alone: DIALOGUE=hue/01 cargo test -p tongdai-harness
    let only = std::env::var("DIALOGUE").unwrap_or_default();
    let rules = Arc::new(Rules::builtin());
    let mut failures = Vec::new();
    for path in found.iter().filter(|path| path.to_string_lossy().contains(&only)) {
        let script = std::fs::read_to_string(path).unwrap();
        if let Err(failure) = harness::play(&script, Arc::clone(&rules)) {
            failures.push(format!("{}: {failure}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), found.len(), failures.join("\n"));
}
