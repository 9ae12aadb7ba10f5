//! Whatever fails, and whenever the power goes: an acknowledged turn is there, and the state is the replay.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::common::{
    assert_state, at, expected_recent, limits, long_partial, master, open, outbox, outbox_id, shared, turn,
};
use model::Record;
use model::journal::Turn;
use model::outbox::{Body, PartialMessage};
use store::sim::{SimDisk, SimRecords};
use store::{OpenError, Options, Store, StoreError};

const TURNS: u64 = 45;

/// Open entries of a step: some shards, so that a checkpoint takes some turns and ends before the next is due.
const STEP: usize = 200;

/// Commits turns until one fails; returns the last that was acknowledged.
fn live(disk: &SimDisk, records: &SimRecords, turns: u64) -> u64 {
    let Ok((mut store, _)) = open(disk, records) else { return 0 };
    let mut acknowledged = 0;
    for sequence in store.next_sequence()..=turns {
        match store.commit(&turn(sequence)) {
            Ok(committed) => assert_eq!(committed, sequence),
            Err(StoreError::NoRoom) => break,
            Err(_) => {
                let again = store.commit(&turn(sequence));
                assert!(matches!(again, Err(StoreError::Poisoned)), "nothing follows a failure: {again:?}");
                break;
            }
        }
        acknowledged = sequence;
        if store.housekeeping(STEP).is_err() {
            assert!(store.commit(&turn(sequence + 1)).is_err());
            break;
        }
    }
    acknowledged
}

/// Opens after a power cut, and checks that what was acknowledged is there.
fn check(disk: &SimDisk, records: &SimRecords, acknowledged: u64, what: &str) -> u64 {
    let (store, recovery) = open(disk, records).unwrap_or_else(|error| panic!("{what}: {error}"));
    let last = store.next_sequence() - 1;
    assert!(last == acknowledged || last == acknowledged + 1, "{what}: {last} for {acknowledged}");
    assert_state(&store, last);
    if last > 0 {
        assert_eq!(recovery.recent, expected_recent(last), "{what}");
        assert_eq!(recovery.last_turn_at, Some(turn(last).at));
    }
    last
}

#[test]
fn a_life_without_faults_rolls_segments_and_makes_checkpoints() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    assert_eq!(live(&disk, &records, TURNS), TURNS);
    let sentinel = String::from_utf8(disk.contents("sentinel").unwrap()).unwrap();
    let generation = sentinel.split_once("\"generation\":").unwrap().1;
    let generation: u32 = generation.split_once(',').unwrap().0.parse().unwrap();
    assert!(generation > 2, "{sentinel}");
    assert!(disk.contents("journal-0000000000000005").is_some(), "several segments");
    assert_eq!(check(&disk, &records, TURNS, "after an orderly stop"), TURNS);
}

#[test]
fn checkpoints_write_changes_until_they_move_the_shards_and_remove_them() {
    let changes = |turns| {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        live(&disk, &records, turns);
        let report = store::verify_with(&disk, &records, &master()).unwrap();
        assert!(report.faults.is_empty(), "{report}");
        report.changes
    };
    // Octets that are drawn at random are of different lengths once they are written, and checkpoints come by length: the
    // last of TURNS may come a turn later.
    let changes: Vec<u64> = (1..=TURNS + 8).map(changes).collect();
    let pairs = || changes.iter().zip(&changes[1..]);
    assert!(pairs().filter(|(before, after)| after > before).count() > 2, "{changes:?}");
    // The first changes of the next checkpoint may be there by then.
    assert!(pairs().filter(|(before, after)| after < before).count() > 1, "{changes:?}");
}

#[test]
fn a_power_cut_at_any_operation_of_the_disk_loses_nothing_acknowledged() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    live(&disk, &records, TURNS);
    for operation in 0..disk.operations() {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        disk.power_off_at(operation);
        let acknowledged = live(&disk, &records, TURNS);
        disk.power_cut(operation);
        records.power_cut(operation);
        let what = format!("power off at {operation}");
        let last = check(&disk, &records, acknowledged, &what);
        // And on from there, with another cut at once after it.
        let more = live(&disk, &records, last + 5);
        assert!(more == last + 5, "{what}: {more} for {}", last + 5);
        disk.power_cut(operation + 7);
        records.power_cut(operation + 7);
        check(&disk, &records, last + 5, &what);
    }
}

#[test]
fn a_power_cut_while_the_records_are_written_loses_nothing_acknowledged() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    live(&disk, &records, TURNS);
    for operation in 0..records.operations() {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        records.fail_at(operation);
        let acknowledged = live(&disk, &records, TURNS);
        disk.power_cut(operation);
        records.power_cut(operation);
        check(&disk, &records, acknowledged, &format!("records fail at {operation}"));
    }
}

#[test]
fn a_power_cut_while_a_shard_of_several_pieces_moves_tears_it_never() {
    let (key, Some(Record::PartialMessage(long))) = long_partial(1) else { unreachable!() };
    let short = PartialMessage { parts: long.parts[..2].to_vec(), ..long.clone() };
    for (before, after) in [(&short, &long), (&long, &short)] {
        for (failing, seed) in (0..12).flat_map(|failing| (0..8).map(move |seed| (failing, seed))) {
            let (disk, records) = (SimDisk::new(), SimRecords::new());
            let open = || open_wide(&disk, &records);
            let record = |message: &PartialMessage| Some(Record::PartialMessage(message.clone()));
            let turn = |second, message| {
                let writes = shared(vec![(key.clone(), record(message))]);
                Turn { at: at(second), entries: Vec::new(), writes }
            };
            let mut store = open().unwrap();
            store.commit(&turn(1, before)).unwrap();
            store.checkpoint().unwrap();
            store.commit(&turn(2, after)).unwrap();
            records.fail_at(records.operations() + failing);
            let moved = store.checkpoint().is_ok();
            drop(store);
            disk.power_cut(seed);
            records.power_cut(seed);
            let what = format!("operation {failing}, {seed}");
            let store = open().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(store.get(&key).unwrap().as_deref(), record(after).as_ref(), "{what}");
            assert!(failing < 11 || moved, "each operation of a checkpoint has failed once");
        }
    }
}

/// A store that makes checkpoints when it is told to.
fn open_wide(disk: &SimDisk, records: &SimRecords) -> Result<Store, OpenError> {
    let options = Options { segment_octets: 1 << 20, ..Options::default() };
    let (store, _) = Store::open_with(Arc::new(disk.clone()), &mut records.clone(), &master(), options)?;
    Ok(store)
}

/// Commits what is counted of senders as of `second`.
fn count(store: &mut Store, senders: std::ops::Range<u64>, second: u64) {
    let writes = shared(senders.map(|sender| limits(sender, second)).collect());
    store.commit(&Turn { at: at(0), entries: Vec::new(), writes }).unwrap();
}

/// Makes a checkpoint whose `failing`th operation on the records fails, then cuts the power.
fn cut_in_checkpoint(
    mut store: Store,
    disk: &SimDisk,
    records: &SimRecords,
    failing: u64,
    seed: u64,
) -> bool {
    records.fail_at(records.operations() + failing);
    let made = store.checkpoint().is_ok();
    drop(store);
    disk.power_cut(seed);
    records.power_cut(seed);
    made
}

#[test]
fn changes_of_a_checkpoint_that_was_not_finished_are_never_taken_for_those_of_the_next() {
    for (failing, seed) in (0..8).flat_map(|failing| (0..8).map(move |seed| (failing, seed))) {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let mut store = open_wide(&disk, &records).unwrap();
        count(&mut store, 0..40, 1);
        store.checkpoint().unwrap();
        count(&mut store, 0..2, 2);
        cut_in_checkpoint(store, &disk, &records, failing, seed);
        let mut store = open_wide(&disk, &records).unwrap();
        count(&mut store, 0..1, 3);
        store.checkpoint().unwrap();
        drop(store);
        let store = open_wide(&disk, &records).unwrap();
        for (sender, second) in [(0, 3), (1, 2), (2, 1)] {
            let (key, record) = limits(sender, second);
            assert_eq!(store.get(&key).unwrap().as_deref(), record.as_ref(), "operation {failing}, {seed}");
        }
    }
}

#[test]
fn a_power_cut_while_changes_are_removed_brings_none_of_them_back() {
    let mut made = false;
    for (failing, seed) in (0..40).flat_map(|failing| (0..4).map(move |seed| (failing, seed))) {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let mut store = open_wide(&disk, &records).unwrap();
        count(&mut store, 0..40, 1);
        store.checkpoint().unwrap();
        for second in 2..8 {
            count(&mut store, 0..second, second);
            store.checkpoint().unwrap();
        }
        drop(store);
        // The first one of a process moves the shards and removes the changes of six, in two steps.
        if cut_in_checkpoint(open_wide(&disk, &records).unwrap(), &disk, &records, failing, seed) {
            made = true;
            assert_eq!(store::verify_with(&disk, &records, &master()).unwrap().changes, 0);
        }
        let store = open_wide(&disk, &records).unwrap();
        for (sender, second) in [(0, 7), (6, 7), (7, 1)] {
            let (key, record) = limits(sender, second);
            assert_eq!(store.get(&key).unwrap().as_deref(), record.as_ref(), "operation {failing}, {seed}");
        }
    }
    assert!(made, "each operation of a checkpoint has failed once");
}

#[test]
fn a_power_cut_during_recovery_is_recovered_from() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    assert_eq!(live(&disk, &records, 33), 33);
    disk.power_cut(1);
    records.power_cut(1);
    let before = disk.operations();
    let (whole_disk, whole_records) = (disk.fork(), records.fork());
    open(&whole_disk, &whole_records).unwrap();
    for operation in 0..whole_disk.operations() {
        for seed in 0..4 {
            let (disk, records) = (disk.fork(), records.fork());
            disk.power_off_at(operation);
            assert!(open(&disk, &records).is_err() || operation >= disk.operations());
            disk.power_cut(seed);
            records.power_cut(seed);
            let last = check(&disk, &records, 33, &format!("power off at {operation} of recovery"));
            assert_eq!(last, 33);
        }
    }
    assert_eq!(disk.operations(), before, "the forks share nothing");
}

#[test]
fn one_failed_operation_ends_it_and_loses_nothing_acknowledged() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    live(&disk, &records, 30);
    for operation in 0..disk.operations() {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        disk.fail_at(operation, ErrorKind::Other);
        let acknowledged = live(&disk, &records, 30);
        disk.power_cut(operation);
        records.power_cut(operation);
        check(&disk, &records, acknowledged, &format!("EIO at {operation}"));
    }
}

#[test]
fn the_key_of_a_text_is_durable_before_the_turn_that_holds_it_and_zeroed_after() {
    for seed in 0..8 {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let (mut store, _) = open(&disk, &records).unwrap();
        let id = outbox_id(1, 0);
        let sealed = store.secrets().keep(id, "MK: Xy7kPq2mNw", at(0)).unwrap();
        let (key, record) = outbox(id, 1, Body::Secret { sealed: sealed.clone() });
        let turn =
            |record| Turn { at: at(0), entries: Vec::new(), writes: shared(vec![(key.clone(), record)]) };
        store.commit(&turn(record)).unwrap();
        drop(store);
        disk.power_cut(seed);
        records.power_cut(seed);
        let (mut store, _) = open(&disk, &records).unwrap();
        assert_eq!(store.secrets().open(id, &sealed).unwrap().as_str(), "MK: Xy7kPq2mNw");
        store.commit(&turn(None)).unwrap();
        store.secrets().forget(id).unwrap();
        drop(store);
        disk.power_cut(seed);
        records.power_cut(seed);
        open(&disk, &records).unwrap();
        assert!(disk.contents("secrets").unwrap().iter().all(|octet| *octet == 0), "zeroed at the start");
    }
}

#[test]
fn a_segment_that_finds_no_space_is_no_failure() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let (mut store, _) = open(&disk, &records).unwrap();
    assert!(store.has_room());
    while store.housekeeping(10).unwrap() {}
    disk.set_full(true);
    store.housekeeping(10).unwrap();
    assert!(!store.has_room(), "the records need space though the next segment is made: intake says later");
    // What is under way is still made durable, until even the segment at hand runs out.
    let mut sequence = 1;
    while store.commit(&turn(sequence)).is_ok() {
        store.housekeeping(10).unwrap();
        sequence += 1;
        assert!(sequence < 100, "the segment never ran out");
    }
    assert!(sequence > 3);
    let before = disk.operations();
    assert!(matches!(store.commit(&turn(sequence)), Err(StoreError::NoRoom)));
    assert_eq!(disk.operations(), before + 1, "one more attempt to reserve, and no write");
    assert_eq!(store.next_sequence(), sequence);
    disk.set_full(false);
    while store.housekeeping(10).unwrap() {}
    assert!(store.has_room());
    assert_eq!(store.commit(&turn(sequence)).unwrap(), sequence);
    assert_state(&store, sequence);
}

#[test]
fn a_store_behind_its_inner_doors_is_read_back_and_verified() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    assert_eq!(live(&disk, &records, TURNS), TURNS);
    let mut read = Vec::new();
    store::read_journal_with(&disk, &master(), |sequence, turn| read.push((sequence, turn))).unwrap();
    assert_eq!(read, (1..=TURNS).map(|sequence| (sequence, turn(sequence))).collect::<Vec<_>>());
    let report = store::verify_with(&disk, &records, &master()).unwrap();
    assert!(report.faults.is_empty(), "{report}");
    assert_eq!(report.turns, Some((1, TURNS)));
    records.lose_all();
    assert!(!store::verify_with(&disk, &records, &master()).unwrap().faults.is_empty());
}
