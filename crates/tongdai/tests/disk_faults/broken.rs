//! F-07: damaged, emptied and missing files under the real daemon. Each octet of each file is damaged in
//! `crates/store/tests/store/damaged_files.rs`.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::stage::{PATIENCE, Stage};

/// A store that served and was stopped.
async fn stopped() -> Stage {
    let mut stage = Stage::new().await;
    let daemon = stage.start();
    stage.serve_some().await;
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    stage
}

fn flip(file: &Path, at: u64) {
    let file = File::options().read(true).write(true).open(file).unwrap();
    let mut octet = [0];
    file.read_exact_at(&mut octet, at).unwrap();
    file.write_all_at(&[octet[0] ^ 0x10], at).unwrap();
}

/// What is done to the files of a store.
type Damage = fn(&Path);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_07_records_that_open_empty_or_not_at_all_are_rebuilt_before_anybody_is_served() {
    let emptied = |data: &Path| {
        fs::remove_dir_all(data.join("records")).unwrap();
        fs::create_dir(data.join("records")).unwrap();
    };
    let removed = |data: &Path| fs::remove_dir_all(data.join("records")).unwrap();
    let truncated = |data: &Path| drop(File::create(data.join("records/db")).unwrap());
    let flipped = |data: &Path| {
        let db = data.join("records/db");
        let length = fs::metadata(&db).unwrap().len();
        (0..length).step_by(512).for_each(|at| flip(&db, at));
    };
    let damages: [(&str, Damage); 4] =
        [("emptied", emptied), ("removed", removed), ("truncated", truncated), ("flipped", flipped)];
    for (what, damage) in damages {
        let mut stage = stopped().await;
        damage(&stage.data);
        let daemon = stage.start();
        assert!(stage.log().contains("the records are rebuilt from the journal"), "{what}");
        stage.serve_some().await;
        stage.stop_and_audit(daemon);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_07_a_damaged_journal_sentinel_or_keys_file_is_refused_with_the_way_out() {
    let stage = stopped().await;
    let journal =
        fs::read_dir(&stage.data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut journal: Vec<String> = journal.filter(|name| name.starts_with("journal-")).collect();
    journal.sort();
    // The head of the first segment, the header of its first record, that record's payload.
    let places =
        [(journal[0].as_str(), 3), (&journal[0], 70), (&journal[0], 120), ("sentinel", 20), ("keys", 30)];
    for (name, at) in places {
        let file = stage.data.join(name);
        flip(&file, at);
        let (code, said) = stage.refuse();
        assert_eq!(code, 1, "{name}, octet {at}: {said}");
        assert!(said.contains("docs/STORE.md"), "{name}, octet {at}: {said}");
        flip(&file, at);
    }
    let daemon = stage.start();
    stage.stop_and_audit(daemon);
}
