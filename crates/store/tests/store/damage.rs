//! What was changed behind the store's back is found, or lay behind the last acknowledged turn.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::common::{assert_state, master, open, replay, small, turn};
use jiff::SignedDuration;
use store::sim::{SimDisk, SimRecords};
use store::{Damage, OpenError, Options, RecordsFault, Store};
use vault::MasterKey;

/// A stopped store of so many turns; the last checkpoint lies some turns back.
fn stopped(turns: u64) -> (SimDisk, SimRecords) {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let (mut store, _) = open(&disk, &records).unwrap();
    for sequence in 1..=turns {
        store.commit(&turn(sequence)).unwrap();
        while store.housekeeping(10).unwrap() {}
    }
    (disk, records)
}

fn journals(disk: &SimDisk) -> Vec<(String, Vec<u8>)> {
    (0..1000)
        .map(|number| format!("journal-{number:016x}"))
        .filter_map(|name| disk.contents(&name).map(|octets| (name, octets)))
        .collect()
}

/// Where the first record of a segment ends, and where the last does.
fn ends(segment: &[u8]) -> Vec<usize> {
    let mut ends = vec![64];
    loop {
        let at = *ends.last().unwrap();
        let length =
            segment.get(at..at + 4).map_or(0, |octets| u32::from_le_bytes(octets.try_into().unwrap()));
        if length == 0 {
            return ends;
        }
        ends.push(at + 32 + length as usize);
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_journal_is_found() {
    let (disk, records) = stopped(4);
    let journals = journals(&disk);
    let (name, octets) = &journals[0];
    let ends = ends(octets);
    assert_eq!(ends.len(), 5, "four turns in the first segment");
    for at in 0..ends[4] {
        let (disk, records) = (disk.fork(), records.fork());
        let mut flipped = octets.clone();
        flipped[at] ^= 1 << (at % 8);
        disk.put(name, flipped);
        match open(&disk, &records) {
            // The records know of the last turn, so even the tail is missed here.
            Err(OpenError::Damaged(_)) => (),
            Err(error) => panic!("octet {at}: {error}"),
            Ok((store, _)) => {
                assert!((44..64).contains(&at), "octet {at} went unnoticed: only zeros behind the head may");
                assert_state(&store, 4);
            }
        }
    }
}

#[test]
fn a_tail_that_the_records_know_of_is_no_tail() {
    let (disk, records) = stopped(4);
    let (name, mut octets) = journals(&disk).remove(0);
    let last = ends(&octets)[3];
    octets[last + 40] ^= 1;
    disk.put(&name, octets);
    let error = open(&disk, &records).unwrap_err();
    assert!(matches!(error, OpenError::Damaged(Damage::JournalShort { found: 3, expected: 4 })), "{error}");
}

#[test]
fn a_zeroed_sector_and_a_segment_taken_away_are_found() {
    let (disk, records) = stopped(40);
    let journals = journals(&disk);
    let used: Vec<_> = journals.iter().filter(|(_, octets)| octets[64..96] != [0; 32]).collect();
    let (name, octets) = used[used.len() - 1];
    let mut zeroed = octets.clone();
    zeroed[64..576].fill(0);
    let (damaged, kept) = (disk.fork(), records.fork());
    damaged.put(name, zeroed);
    assert!(matches!(open(&damaged, &kept), Err(OpenError::Damaged(_))));

    let shorter = SimDisk::new();
    for other in ["sentinel", "keys", "secrets"] {
        shorter.put(other, disk.contents(other).unwrap());
    }
    for (other, octets) in used.iter().filter(|(other, _)| other != name) {
        shorter.put(other, octets.clone());
    }
    assert!(matches!(open(&shorter, &records), Err(OpenError::Damaged(Damage::JournalShort { .. }))));
}

#[test]
fn records_that_are_lost_or_broken_or_old_are_rebuilt_from_a_whole_journal() {
    let (disk, records) = stopped(20);
    let old = records.fork();
    let (mut store, _) = open(&disk, &records).unwrap();
    for sequence in 21..=45 {
        store.commit(&turn(sequence)).unwrap();
        while store.housekeeping(10).unwrap() {}
    }
    let lost = records.fork();
    lost.lose_all();
    let broken = records.fork();
    broken.break_all();
    for (what, records) in [("lost", lost), ("broken", broken), ("old", old)] {
        let disk = disk.fork();
        let fixed = records.clone();
        let (store, recovery) = open(&disk, &records).unwrap();
        assert!(recovery.rebuilt, "{what}");
        assert_eq!(fixed.times_set_aside(), 1);
        assert_eq!(recovery.replayed_turns, 45);
        assert_state(&store, 45);
        drop(store);
        let (store, recovery) = open(&disk, &records).unwrap();
        assert!(!recovery.rebuilt);
        assert_state(&store, 45);
    }
}

#[test]
fn records_that_a_full_disk_keeps_shut_are_left_alone() {
    let (disk, records) = stopped(20);
    records.set_full(true);
    let error = open(&disk, &records).unwrap_err();
    assert!(
        matches!(&error, OpenError::Io { source, .. } if source.kind() == ErrorKind::StorageFull),
        "{error}"
    );
    assert_eq!(records.times_set_aside(), 0);
    assert!(error.is_want_of_space());
    records.set_full(false);
    let (store, recovery) = open(&disk, &records).unwrap();
    assert!(!recovery.rebuilt);
    assert_state(&store, 20);
}

#[test]
fn starts_that_wait_for_space_add_no_keys() {
    let (disk, records) = stopped(20);
    let keys = disk.contents("keys").unwrap();
    disk.set_full(true);
    for _ in 0..3 {
        assert!(open(&disk, &records).unwrap_err().is_want_of_space());
        assert_eq!(disk.contents("keys").unwrap(), keys);
    }
    disk.set_full(false);
    let (store, _) = open(&disk, &records).unwrap();
    assert_state(&store, 20);
}

#[test]
fn starts_that_fail_again_and_again_leave_one_copy_of_the_journal_behind() {
    let (disk, records) = stopped(40);
    let mut segments = 0;
    for start in 0..6 {
        let (store, _) = open(&disk, &records).unwrap();
        assert_state(&store, 40);
        if start == 1 {
            segments = journals(&disk).len();
        }
        assert!(start < 1 || journals(&disk).len() == segments, "start {start}");
    }
}

#[test]
fn records_that_are_lost_are_refused_where_the_journal_was_pruned() {
    let options = Options { retention: SignedDuration::from_secs(5), ..small() };
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let open_short = |disk: &SimDisk, records: &SimRecords| {
        Store::open_with(Arc::new(disk.clone()), &mut records.clone(), &master(), options.clone())
    };
    let (mut store, _) = open_short(&disk, &records).unwrap();
    store.hold_retention(true);
    for sequence in 1..=200 {
        store.commit(&turn(sequence)).unwrap();
        while store.housekeeping(10).unwrap() {}
    }
    assert!(disk.contents("journal-0000000000000001").is_some(), "held");
    store.hold_retention(false);
    while store.housekeeping(10).unwrap() {}
    assert!(disk.contents("journal-0000000000000001").is_none(), "pruned");
    assert_state(&store, 200);
    let (store, recovery) = open_short(&disk, &records).unwrap();
    assert_state(&store, 200);
    assert_eq!(recovery.recent, crate::common::expected_recent(200), "the last minute is never pruned");
    drop(store);
    records.lose_all();
    let error = open_short(&disk, &records).unwrap_err();
    assert!(matches!(error, OpenError::Records(RecordsFault::Empty { .. })), "{error}");
}

#[test]
fn records_of_another_day_or_another_store_are_not_served() {
    let (disk, records) = stopped(20);
    let yesterday = disk.fork();
    let (mut store, _) = open(&disk, &records).unwrap();
    for sequence in 21..=30 {
        store.commit(&turn(sequence)).unwrap();
    }
    drop(store);
    // The journal of yesterday with the records of today: acknowledged turns are missing.
    let error = open(&yesterday, &records).unwrap_err();
    assert!(matches!(error, OpenError::Damaged(Damage::JournalShort { .. })), "{error}");
    // The records of another store are put aside, and these rebuilt.
    let (_, foreign) = stopped(20);
    let (store, recovery) = open(&disk, &foreign).unwrap();
    assert!(recovery.rebuilt);
    assert_state(&store, 30);
}

#[test]
fn a_wrong_key_touches_nothing_and_missing_files_are_refused() {
    let (disk, records) = stopped(9);
    let before = disk.operations();
    let wrong = MasterKey::from_octets(&[43; 32]);
    let error = Store::open_with(Arc::new(disk.clone()), &mut records.clone(), &wrong, small()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKey), "{error}");
    assert_eq!(disk.operations(), before);

    for (missing, expected) in [("sentinel", Damage::SentinelMissing), ("keys", Damage::KeysMissing)] {
        let partial = SimDisk::new();
        for name in ["sentinel", "keys", "secrets"].into_iter().filter(|name| *name != missing) {
            partial.put(name, disk.contents(name).unwrap());
        }
        for (name, octets) in journals(&disk) {
            partial.put(&name, octets);
        }
        match open(&partial, &records.fork()) {
            Err(OpenError::Damaged(damage)) => assert_eq!(damage, expected),
            other => panic!("{missing}: {other:?}"),
        }
    }

    // The end of the keys is no tail where something was sealed under it.
    let keys = disk.contents("keys").unwrap();
    for damaged in [keys.len() - 1, keys.len() - 40, keys.len() - 65] {
        let (disk, records) = (disk.fork(), records.fork());
        let mut octets = keys.clone();
        octets.truncate(damaged);
        disk.put("keys", octets.clone());
        let error = open(&disk, &records).unwrap_err();
        let expected = Damage::KeysShort { found: 0, expected: 1 };
        assert!(matches!(&error, OpenError::Damaged(damage) if *damage == expected), "{error}");
        assert_eq!(disk.contents("keys"), Some(octets), "nothing takes the place of the lost key");
        disk.put("keys", keys.clone());
        assert_state(&open(&disk, &records).unwrap().0, 9);
    }

    let sentinel = String::from_utf8(disk.contents("sentinel").unwrap()).unwrap();
    disk.put("sentinel", sentinel.replace("\"recent_from\":1", "\"recent_from\":2").into_bytes());
    assert!(matches!(open(&disk, &records), Err(OpenError::Damaged(Damage::Sentinel))));
    assert!(!replay(9).is_empty());
}

#[test]
fn f_26_a_store_of_another_program_is_refused_and_left_as_it_is() {
    [1, 2, 3, 5].into_iter().for_each(refuses_format);
}

fn refuses_format(other: u32) {
    let (disk, records) = stopped(4);
    let sentinel = String::from_utf8(disk.contents("sentinel").unwrap()).unwrap();
    let (json, _) = sentinel.trim_end().split_once('\n').unwrap();
    let changed = json.replace("\"format\":4", &format!("\"format\":{other}"));
    assert_ne!(changed, json, "the format of this program is another than this test knows");
    let sealed = format!("{changed}\n{:08x}\n", crc32c::crc32c(changed.as_bytes()));
    disk.put("sentinel", sealed.clone().into_bytes());
    let before = disk.operations();
    let error = open(&disk, &records).unwrap_err();
    assert!(matches!(error, OpenError::OtherFormat { found, known: 4 } if found == other), "{error}");
    assert_eq!(disk.operations(), before, "something was written");
    assert_eq!(records.times_set_aside(), 0);
    disk.put("sentinel", sentinel.into_bytes());
    let (store, _) = open(&disk, &records).unwrap();
    assert_state(&store, 4);
}
