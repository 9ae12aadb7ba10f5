//! A full disk is no failure: intake says "later" until there is room, and then every message is answered once.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::CommandStatus;
use harness::World;
use jiff::{SignedDuration, Timestamp};
use model::Address;
use routing::Rules;

/// Far more messages than the journal's segments at hand have room for.
const MESSAGES_MAX: u64 = 5_000;
/// Rounds of redeliveries until all are taken: one, and what a full window leaves for the next.
const ROUNDS_MAX: usize = 20;

#[test]
fn intake_says_later_while_the_disk_is_full_and_goes_on_by_itself() {
    let wall: Timestamp = "2026-08-03T02:00:00Z".parse().unwrap();
    let mut world = World::start(Arc::new(Rules::builtin()), wall).unwrap();
    world.set_disk_full(true);
    let mut citizens = 0;
    while world.last_response("a") != Some(CommandStatus::ESME_RX_T_APPN) {
        assert!(citizens < MESSAGES_MAX, "the journal found room on a full disk");
        let from = Address::new(1, 1, format!("849050{citizens:05}"));
        world.text("a", from, Address::new(0, 1, "8383"), "XNC HD").unwrap();
        citizens += 1;
    }
    assert!(citizens > 1, "there was room to begin with");

    // Time alone makes no room: an hour later it is still "later".
    let later = world.wall().checked_add(SignedDuration::from_hours(1)).unwrap();
    world.advance_to(later).unwrap();
    world.redeliver_all().unwrap();
    assert_eq!(world.last_response("a"), Some(CommandStatus::ESME_RX_T_APPN));

    world.set_disk_full(false);
    let later = world.wall().checked_add(SignedDuration::from_hours(1)).unwrap();
    world.advance_to(later).unwrap();
    let handed_over = (0..ROUNDS_MAX).position(|_| world.redeliver_all().unwrap() == 0);
    assert!(handed_over.is_some(), "after {ROUNDS_MAX} rounds some are still put off");
    let later = world.wall().checked_add(SignedDuration::from_mins(1)).unwrap();
    world.advance_to(later).unwrap();
    assert_eq!(world.last_response("a"), Some(CommandStatus::ESME_ROK));
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for (to, _) in world.handsets.unread() {
        *answers.entry(to).or_default() += 1;
    }
    assert_eq!(answers.len() as u64, citizens);
    assert!(answers.values().all(|count| *count == 1));
}
