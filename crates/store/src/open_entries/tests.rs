use model::Msisdn;
use model::limits::Limits;

use super::*;

fn key(last: u8) -> Key {
    Key::Limits(model::ServiceId::new("s"), Msisdn::new(&format!("8490500000{last}")).unwrap())
}

fn record() -> Arc<Record> {
    Arc::new(Record::Limits(Limits::default()))
}

/// The keys that a checkpoint begun now has something to do for; they are moved as one piece each.
fn checkpoint(open: &mut OpenEntries) -> Vec<Key> {
    let keys = open.take_changed();
    keys.into_iter()
        .filter(|key| {
            let Some((now, _)) = open.moving(key) else { return false };
            let pieces = u8::from(now.is_some());
            open.set_pieces(key, pieces);
            true
        })
        .collect()
}

#[test]
fn what_comes_and_goes_between_two_checkpoints_is_never_moved() {
    let mut open = OpenEntries::default();
    open.write(&key(1), Some(&record()));
    open.write(&key(1), None);
    open.write(&key(2), Some(&record()));
    assert_eq!(checkpoint(&mut open), [key(2)]);
    assert_eq!(checkpoint(&mut open), []);
    assert_eq!(open.iter().count(), 1);
}

#[test]
fn what_is_over_is_moved_once_more_where_the_records_hold_it() {
    let mut open = OpenEntries::default();
    open.write(&key(1), Some(&record()));
    assert_eq!(checkpoint(&mut open), [key(1)]);
    open.write(&key(1), None);
    assert!(!open.contains(&key(1)) && open.iter().count() == 0);
    assert_eq!(checkpoint(&mut open), [key(1)]);
    assert_eq!(checkpoint(&mut open), []);
    assert!(open.slots.is_empty(), "nothing is left of it");
}

#[test]
fn what_changes_while_a_checkpoint_runs_is_moved_as_it_is_at_its_step() {
    let mut open = OpenEntries::default();
    open.write(&key(1), Some(&record()));
    open.write(&key(2), Some(&record()));
    let moving = open.take_changed();
    open.write(&key(1), None);
    open.write(&key(1), Some(&record()));
    open.write(&key(2), Some(&record()));
    let moved: Vec<bool> = moving.iter().map(|key| open.moving(key).is_some()).collect();
    assert_eq!(moved, [true, true]);
    moving.iter().for_each(|key| open.set_pieces(key, 1));
    assert_eq!(checkpoint(&mut open), [], "what was written again meanwhile is not moved twice");
    open.write(&key(2), Some(&record()));
    assert_eq!(checkpoint(&mut open), [key(2)]);
}
