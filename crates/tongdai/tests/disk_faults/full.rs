//! F-03 and F-06: no space, and a disk that turns read-only.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use harness::faulty::LoopDisk;
use simulator::Stats;

use crate::stage::{PATIENCE, SOME, Stage};

/// Room for two segments of 16 MiB, the secrets, the records, and more than a segment that is left over.
const DISK_OCTETS: u64 = 96 << 20;

/// Writes until nothing more fits.
fn fill(file: &Path) {
    let mut ballast = File::create(file).unwrap();
    for size in [1 << 20, 4096, 1] {
        let octets = vec![0xa5; size];
        loop {
            match ballast.write_all(&octets).and_then(|()| ballast.sync_data()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_03_a_full_disk_means_later_and_intake_goes_on_by_itself_once_there_is_space() {
    let mut stage = Stage::new().await;
    let Some(disk) = stage.on_loop_disk(DISK_OCTETS) else { return };
    let daemon = stage.start();
    stage.serve_some().await;
    let ballast = disk.path().join("ballast");
    fill(&ballast);
    // Whoever was in the turn that found the disk full is acknowledged and safe; all after it hear "later".
    while stage.simulator.stats().retry_later == 0 {
        let count = stage.simulator.stats();
        stage.citizens.send(&stage.simulator, &SOME).unwrap();
        let heard =
            |stats: &Stats| stats.acknowledged + stats.retry_later > count.acknowledged + count.retry_later;
        assert!(stage.simulator.wait_until(PATIENCE, heard).await, "{}", stage.log());
    }
    let before = stage.simulator.stats();
    let again =
        stage.simulator.wait_until(PATIENCE, |stats| stats.retry_later >= before.retry_later + 20).await;
    assert!(again, "{:?}\n{}", stage.simulator.stats(), stage.log());
    assert_eq!(stage.simulator.stats().acknowledged, before.acknowledged, "time alone makes no room");
    std::fs::remove_file(ballast).unwrap();
    stage.wait_answers().await;
    let stats = stage.simulator.stats();
    assert_eq!((stats.refused, stats.binds, stats.duplicates), (0, 1, 0), "{stats:?}");
    stage.stop_and_audit(daemon);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_06_a_disk_that_turns_read_only_ends_the_process_and_each_start_names_it() {
    let mut stage = Stage::new().await;
    let Some(disk) = stage.on_loop_disk(DISK_OCTETS) else { return };
    let mut daemon = stage.start();
    stage.serve_some().await;
    disk.turn_read_only().unwrap();
    let acknowledged = stage.simulator.stats().acknowledged;
    stage.citizens.send(&stage.simulator, &SOME).unwrap();
    let (code, said) = stage.ended(&mut daemon);
    assert_eq!(code, 1, "{said}");
    // A write says that the file system is read-only; a sync, that it failed.
    let named = ["Read-only file system", "Input/output error"].iter().any(|error| said.contains(error));
    assert!(said.contains("nothing more is acknowledged") && named, "{said}");
    assert_eq!(stage.simulator.stats().acknowledged, acknowledged);
    for _ in 0..3 {
        let (code, said) = stage.refuse();
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("Read-only file system"), "{said}");
    }
    disk.unmount().unwrap();
    // Its journal must be replayed before it can be mounted to be read only.
    LoopDisk::mount(&stage.image(), &stage.home.path().join("disk")).unwrap().unmount().unwrap();
    let disk = LoopDisk::mount_read_only(&stage.image(), &stage.home.path().join("disk")).unwrap();
    let (code, said) = stage.refuse();
    assert!(code == 1 && said.contains("Read-only file system"), "{code}: {said}");
    disk.unmount().unwrap();

    let _disk = LoopDisk::mount(&stage.image(), &stage.home.path().join("disk")).unwrap();
    let daemon = stage.start();
    stage.wait_answers().await;
    stage.stop_and_audit(daemon);
}
