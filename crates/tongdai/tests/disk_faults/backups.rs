//! F-08 and F-09: yesterday's backup, whole or in part, and two daemons on one store.

use std::fs;

use harness::citizens::Citizens;

use crate::stage::{PATIENCE, SOME, Stage, copy};

/// A store that served, was copied ("yesterday"), and served on, over a restart that drew a new key.
async fn with_backup() -> Stage {
    let mut stage = Stage::new().await;
    let daemon = stage.start();
    stage.serve_some().await;
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    copy(&stage.data, &stage.home.path().join("yesterday"));
    let daemon = stage.start();
    stage.serve_some().await;
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    stage
}

/// Puts the files of yesterday that `is_old` names into the place of today's.
fn restore(stage: &Stage, is_old: impl Fn(&str) -> bool) {
    let names = |folder: &std::path::Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| is_old(name))
            .collect()
    };
    let yesterday = stage.home.path().join("yesterday");
    for name in names(&stage.data) {
        let path = stage.data.join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
    for name in names(&yesterday) {
        copy(&yesterday.join(&name), &stage.data.join(&name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_parts_of_yesterdays_backup_are_refused_or_made_good() {
    // Made good: the journal holds everything, and the sentinel of yesterday only makes the start read more of it.
    for part in ["records", "sentinel", "secrets"] {
        let mut stage = with_backup().await;
        restore(&stage, |name| name == part);
        let daemon = stage.start();
        stage.serve_some().await;
        stage.stop_and_audit(daemon);
        let rebuilt = stage.data.join("records.broken-1").is_dir();
        assert_eq!(rebuilt, part == "records", "{part}: records that are behind are rebuilt, no others");
    }
    // Refused: what was acknowledged since can't be read any more.
    for (part, reason) in [("journal-", "the journal"), ("keys", "wrapped data keys")] {
        let stage = with_backup().await;
        restore(&stage, |name| name.starts_with(part));
        let (code, said) = stage.refuse();
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(reason) && said.contains("docs/STORE.md"), "{part}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_the_whole_of_yesterday_serves_as_of_yesterday() {
    let stage = with_backup().await;
    restore(&stage, |_| true);
    // Those of today are unknown to it, as docs/STORE.md says; a new SMSC and new citizens find it sound.
    let mut served = Stage::new().await;
    fs::copy(stage.home.key(), served.home.key()).unwrap();
    served.data = stage.data.clone();
    served.citizens = Citizens::numbered_from(1_000);
    let daemon = served.start();
    served.citizens.send(&served.simulator, &SOME).unwrap();
    served.wait_answers().await;
    assert!(daemon.terminate(PATIENCE).unwrap().success());
    let report = store::verify(&served.data, &served.key()).unwrap();
    assert!(report.faults.is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_09_a_second_daemon_on_a_store_says_why_it_can_not_and_harms_nothing() {
    let mut stage = Stage::new().await;
    let daemon = stage.start();
    stage.serve_some().await;
    let (code, said) = stage.refuse();
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("another process has this store open"), "{said}");
    stage.serve_some().await;
    stage.stop_and_audit(daemon);
}
