//! A ledger ahead of its writer: it knows what was taken, the disk only what was written.

use std::collections::VecDeque;

use jiff::Timestamp;
use model::journal::Turn;
use model::outbox::Body;
use model::{Key, Space};
use proptest::prelude::*;
use store::sim::{SimDisk, SimRecords};
use store::{Ledger, StoreError, Work, Writer};

use crate::common::{assert_state, at, open, outbox, outbox_id, replay, shared, timer, turn};

/// Work that the writer has still to do.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Work>,
    written: u64,
}

impl Line {
    fn take(&mut self, ledger: &mut Ledger, sequence: u64) {
        let turn = turn(sequence);
        assert_eq!(ledger.take(&turn).unwrap(), sequence);
        self.waiting.push_back(Work::Turn(sequence, turn));
        self.waiting.extend(ledger.housekeeping(3).unwrap());
    }

    /// Writes until so many pieces of work wait.
    fn write(&mut self, writer: &mut Writer, waiting: usize) {
        while self.waiting.len() > waiting {
            let Some(work) = self.waiting.pop_front() else { return };
            if let Work::Turn(sequence, _) = work {
                self.written = sequence;
            }
            writer.write(work).unwrap();
            writer.housekeeping().unwrap();
        }
    }
}

/// Compares what a ledger tells with the plain replay of all turns that it took.
fn assert_ledger(ledger: &Ledger, last: u64) {
    let expected = replay(last);
    let written: Vec<_> = (1..=last.max(12)).flat_map(|sequence| turn(sequence).writes).collect();
    // Every other time, so that others are found where the last time has left them.
    if last.is_multiple_of(2) {
        ledger.have_at_hand(written.iter().map(|(key, _)| key));
    }
    for (key, _) in written {
        assert_eq!(ledger.get(&key).unwrap().as_deref(), expected.get(&key), "{key:?} after turn {last}");
    }
    assert_eq!(
        ledger.open_entries().count(),
        expected.keys().filter(|key| key.space() == Space::Open).count()
    );
    let timers: Vec<Key> = expected.keys().filter(|key| matches!(key, Key::Timer(..))).cloned().collect();
    for limit in [1, 2, usize::MAX] {
        let due = ledger.due(Timestamp::MAX, limit).unwrap().into_iter().map(|(key, _)| key);
        assert_eq!(due.collect::<Vec<_>>(), timers[..limit.min(timers.len())]);
    }
    let first = timers.first().map(|key| match key {
        Key::Timer(due, _) => *due,
        _ => unreachable!(),
    });
    assert_eq!(ledger.next_due().unwrap(), first);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_ledger_tells_what_was_taken_and_a_start_finds_what_was_written(
        lags in prop::collection::vec(0_usize..4, 1..70),
        seed in any::<u64>(),
    ) {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let (mut ledger, mut writer) = open(&disk, &records).unwrap().0.part();
        ledger.start_readers().unwrap();
        let mut line = Line::default();
        for (sequence, lag) in (1..).zip(&lags) {
            line.take(&mut ledger, sequence);
            assert_ledger(&ledger, sequence);
            line.write(&mut writer, *lag);
            assert_ledger(&ledger, sequence);
            prop_assert_eq!(ledger.written(), line.written);
        }
        drop((ledger, writer));
        disk.power_cut(seed);
        records.power_cut(seed);
        assert_state(&open(&disk, &records).unwrap().0, line.written);
    }
}

#[test]
fn an_orderly_stop_in_the_middle_of_a_checkpoint_ends_it() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let (mut ledger, mut writer) = open(&disk, &records).unwrap().0.part();
    let mut line = Line::default();
    let mut sequence = 0;
    while !writer.is_awaited() {
        sequence += 1;
        line.take(&mut ledger, sequence);
        line.write(&mut writer, 0);
    }
    line.waiting.extend(ledger.housekeeping(1).unwrap());
    line.write(&mut writer, 0);
    assert!(writer.is_awaited(), "one step does not end it");
    writer.close(ledger).unwrap();
    let (store, recovery) = open(&disk, &records).unwrap();
    assert_eq!(recovery.replayed_turns, 0);
    assert_state(&store, sequence);
}

#[test]
fn an_unwritten_timer_is_found_in_its_place_and_an_unwritten_deletion_hides_one() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let (mut store, _) = open(&disk, &records).unwrap();
    let with = |writes| Turn { writes: shared(writes), ..turn(1) };
    store.commit(&with(vec![timer(10, "a"), timer(30, "c")])).unwrap();
    let (mut ledger, _writer) = store.part();
    ledger.take(&with(vec![(timer(10, "a").0, None), timer(20, "b")])).unwrap();
    let due: Vec<Key> = ledger.due(Timestamp::MAX, 2).unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(due, [timer(20, "b").0, timer(30, "c").0]);
    assert_eq!(ledger.next_due().unwrap(), Some(at(20)));
}

#[test]
fn a_ledger_without_its_writer_promises_nothing() {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let (mut ledger, writer) = open(&disk, &records).unwrap().0.part();
    drop(writer);
    assert!(matches!(ledger.take(&turn(1)), Err(StoreError::Poisoned)));
    assert!(matches!(ledger.housekeeping(1), Err(StoreError::Poisoned)));
}

#[test]
fn a_final_text_is_zeroed_once_its_end_is_written_and_in_an_orderly_stop_on_a_full_disk() {
    for stops in [false, true] {
        let (disk, records) = (SimDisk::new(), SimRecords::new());
        let (mut store, _) = open(&disk, &records).unwrap();
        let id = outbox_id(1, 0);
        let sealed = store.secrets().keep(id, "MK: Xy7kPq2mNw", at(0)).unwrap();
        let (key, record) = outbox(id, 1, Body::Secret { sealed });
        let with = |record| Turn { writes: shared(vec![(key.clone(), record)]), ..turn(1) };
        store.commit(&with(record)).unwrap();
        while store.housekeeping(10).unwrap() {}
        let (mut ledger, mut writer) = store.part();

        let end = with(None);
        let sequence = ledger.take(&end).unwrap();
        ledger.forget(id);
        ledger.housekeeping(10).unwrap();
        assert_eq!(ledger.secrets().len(), 1, "its end may still be lost");
        writer.write(Work::Turn(sequence, end)).unwrap();
        assert!(writer.is_awaited());
        if stops {
            disk.set_full(true);
            writer.housekeeping().unwrap();
            assert!(!ledger.has_room());
            writer.close(ledger).unwrap();
        } else {
            ledger.housekeeping(10).unwrap();
            assert!(ledger.secrets().is_empty() && !writer.is_awaited());
        }
        assert!(disk.contents("secrets").unwrap().iter().all(|octet| *octet == 0));
    }
}
