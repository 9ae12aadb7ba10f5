//! F-04 and F-05: syncs that fail, and syncs that take their time.

use std::time::Duration;

use harness::faulty::Switch;
use simulator::Config;

use crate::stage::{PATIENCE, SOME, Stage, shim};

/// How long the SMSC waits for an answer to what is acknowledged late, at most (spec: 1.5 s).
const DEADLINE: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_04_a_failed_sync_ends_the_process_without_another_acknowledgement() {
    let Some(shim) = shim() else { return };
    for kind in ["fdatasync", "write"] {
        let mut stage = Stage::new().await;
        let mut command = stage.command();
        shim.watch(&mut command, &stage.data);
        let switch = Switch::install(&mut command, &stage.home.path().join("switch"));
        let mut daemon = stage.start_as(command);
        stage.serve_some().await;
        let acknowledged = stage.simulator.stats().acknowledged;
        switch.throw(&format!("{kind} eio")).unwrap();
        stage.citizens.send(&stage.simulator, &SOME).unwrap();
        let (code, said) = stage.ended(&mut daemon);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("nothing more is acknowledged") && said.contains("os error 5"), "{said}");
        assert_eq!(stage.simulator.stats().acknowledged, acknowledged, "{kind}");
        let daemon = stage.start();
        stage.wait_answers().await;
        stage.stop_and_audit(daemon);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_04_a_checkpoint_that_fails_ends_the_process_and_the_one_before_holds() {
    let Some(shim) = shim() else { return };
    // sled's own sync, the sync behind it, and the sentinel's.
    for fault in ["sync-range eio", "fsync eio", "rename enospc"] {
        let mut stage = Stage::new().await;
        let mut command = stage.command();
        shim.watch(&mut command, &stage.data);
        let switch = Switch::install(&mut command, &stage.home.path().join("switch"));
        let daemon = stage.start_as(command);
        stage.serve_some().await;
        switch.throw(fault).unwrap();
        // An orderly stop takes a checkpoint.
        let status = daemon.terminate(PATIENCE).unwrap();
        assert_eq!(status.code(), Some(1), "{fault}: {}", stage.log());
        let daemon = stage.start();
        stage.serve_some().await;
        stage.stop_and_audit(daemon);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_05_a_sync_of_five_seconds_means_later_in_time_and_the_link_lives_on() {
    let Some(shim) = shim() else { return };
    // A link whose enquire_link stays unanswered is given up long before the sync returns.
    let config = Config {
        enquire_link_idle: Duration::from_millis(300),
        response_timeout: Duration::from_secs(3),
        ..Config::default()
    };
    let mut stage = Stage::with(config).await;
    let mut command = stage.command();
    shim.watch(&mut command, &stage.data);
    let switch = Switch::install(&mut command, &stage.home.path().join("switch"));
    let mut daemon = stage.start_as(command);
    stage.serve_some().await;
    switch.throw("fdatasync delay 5000").unwrap();
    stage.citizens.send(&stage.simulator, &SOME).unwrap();
    let later = stage.simulator.wait_until(PATIENCE, |stats| stats.retry_later >= 5).await;
    assert!(later, "{:?}", stage.simulator.stats());
    switch.off().unwrap();
    stage.wait_answers().await;
    let stats = stage.simulator.stats();
    assert_eq!((stats.binds, stats.unanswered, stats.refused), (1, 0, 0), "{stats:?}");
    let slowest = Duration::from_micros(stage.simulator.latencies().response.max_us);
    assert!(slowest < DEADLINE, "an answer took {slowest:?}");
    assert!(daemon.wait(Duration::ZERO).unwrap().is_none(), "a slow disk is no reason to end");
    stage.stop_and_audit(daemon);
}
