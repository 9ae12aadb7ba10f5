use model::Msisdn;
use model::limits::Limits;

use super::*;

fn key(last: u16) -> Key {
    Key::Limits(model::ServiceId::new("s"), Msisdn::new(&format!("849050{last:05}")).unwrap())
}

fn record() -> Arc<Record> {
    Arc::new(Record::Limits(Limits::default()))
}

/// The keys that a checkpoint begun now moves.
fn checkpoint(open: &mut OpenEntries) -> Vec<Key> {
    let mut moved = Vec::new();
    for number in open.take_changed(true) {
        let Some(entries) = open.begin_move(number) else { continue };
        moved.extend(entries.into_iter().map(|(key, _)| key));
    }
    moved
}

#[test]
fn a_table_is_not_kept_as_large_as_it_once_was() {
    let mut open = OpenEntries::new(7);
    let id = |index| model::OutboxId { cause: model::EventId { sequence: 1, index }, ordinal: 0 };
    for index in 0..120 {
        open.write(&Key::Outbox(id(index)), Some(&record()));
    }
    let [number] = open.take_changed(true)[..] else { unreachable!() };
    assert_eq!(open.begin_move(number).unwrap().len(), 120);
    for index in 0..120 {
        open.write(&Key::Outbox(id(index)), None);
    }
    assert_eq!(open.take_changed(true), [number]);
    assert_eq!(open.begin_move(number).unwrap(), []);
    assert_eq!(open.shards[usize::from(number)].entries.capacity(), 0);
}

#[test]
fn what_is_over_is_taken_out_of_the_records() {
    let mut open = OpenEntries::new(7);
    open.write(&key(1), Some(&record()));
    assert_eq!(checkpoint(&mut open), [key(1)]);
    open.write(&key(1), None);
    assert!(!open.contains(&key(1)) && open.iter().count() == 0);
    let [number] = open.take_changed(true)[..] else { unreachable!() };
    assert_eq!(open.begin_move(number), Some(Vec::new()), "the records are to forget what is over");
    open.write(&key(1), None);
    assert!(open.take_changed(true).is_empty(), "what is not there does not change by being deleted");
}

#[test]
fn what_changes_while_a_checkpoint_runs_is_moved_as_it_is_at_its_step() {
    let mut open = OpenEntries::new(7);
    open.write(&key(1), Some(&record()));
    let [moving] = open.take_changed(true)[..] else { unreachable!() };
    open.write(&key(1), None);
    open.write(&key(1), Some(&record()));
    assert!(open.begin_move(moving).is_some());
    assert_eq!(checkpoint(&mut open), [], "what was written again meanwhile is not moved twice");
    open.write(&key(1), Some(&record()));
    assert_eq!(checkpoint(&mut open), [key(1)]);
}

#[test]
fn what_lasts_is_left_out_of_a_checkpoint_that_is_not_whole() {
    let mut open = OpenEntries::new(7);
    let id = model::OutboxId { cause: model::EventId { sequence: 1, index: 0 }, ordinal: 0 };
    open.write(&Key::Outbox(id), Some(&record()));
    open.write(&key(1), Some(&record()));
    assert_eq!((open.iter().count(), open.lasting()), (2, 1));
    let [passing] = open.take_changed(false)[..] else { unreachable!() };
    assert_eq!(open.begin_move(passing), Some(vec![(Key::Outbox(id), record())]));
    assert_eq!(checkpoint(&mut open), [key(1)]);
}

#[test]
fn a_shard_comes_back_whole_and_nothing_else_with_it() {
    let mut open = OpenEntries::new(7);
    let entry = |number| (key(number), Record::Limits(Limits::default()));
    let sharing = &mut Sharing::default();
    assert_eq!(open.load(vec![entry(1)], sharing), Some(open.number_of(&key(1))));
    assert!(open.contains(&key(1)));
    let elsewhere = (2..).find(|number| open.number_of(&key(*number)) != open.number_of(&key(1))).unwrap();
    assert_eq!(
        open.load(vec![entry(1), entry(elsewhere)], sharing),
        None,
        "a value of two shards is none of ours"
    );
    assert_eq!(open.load(Vec::new(), sharing), None);
}

#[test]
fn numbers_in_a_row_spread_over_the_shards() {
    let open = OpenEntries::new(7);
    let phone = |number| Msisdn::new(&format!("849050{number:05}")).unwrap();
    let found = |number| Key::Found(model::ServiceId::new("s"), phone(number), "13557009".into());
    let shards_of = |key: &dyn Fn(u16) -> Key| {
        let mut entries = vec![0_u32; SHARDS];
        (0..40_960).for_each(|number| entries[usize::from(open.number_of(&key(number)))] += 1);
        entries
    };
    let wrong_codes = PASSING_SHARDS as usize..(PASSING_SHARDS + WRONG_CODES_SHARDS) as usize;
    let spread = shards_of(&found);
    assert!(spread[..wrong_codes.end].iter().all(|entries| *entries == 0));
    assert!(
        spread[wrong_codes.end..].iter().all(|entries| *entries < 25),
        "five in each, and nowhere a crowd"
    );
    let spread = shards_of(&key);
    assert_eq!(spread[wrong_codes.clone()].iter().sum::<u32>(), 40_960);
    assert!(spread[wrong_codes].iter().all(|entries| *entries < 250), "160 in each");
}
