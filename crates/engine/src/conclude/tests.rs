use model::EventId;

use super::*;

fn outbox(sequence: u64) -> OutboxId {
    OutboxId { cause: EventId { sequence, index: 0 }, ordinal: 0 }
}

#[test]
fn a_receipt_finds_its_message_under_any_spelling_within_its_group_only() {
    let mut receipts = Receipts::default();
    receipts.expect(1, "0000004D2", (outbox(1), 0));
    assert_eq!(receipts.find(1, "1234"), Some((outbox(1), 0)));
    assert_eq!(receipts.find(1, "4d2"), Some((outbox(1), 0)));
    assert_eq!(receipts.find(0, "1234"), None);
    receipts.forget(1, (outbox(1), 0));
    assert_eq!(receipts.find(1, "1234"), None);
}

#[test]
fn where_two_ids_share_a_spelling_the_exact_one_wins() {
    let mut receipts = Receipts::default();
    // Hexadecimal 10 is decimal 16.
    receipts.expect(0, "10", (outbox(1), 0));
    receipts.expect(0, "16", (outbox(2), 0));
    assert_eq!(receipts.find(0, "16"), Some((outbox(2), 0)));
    assert_eq!(receipts.find(0, "10"), Some((outbox(1), 0)));
}

#[test]
fn early_receipts_wait_for_their_response_and_not_for_ever() {
    let mut receipts = Receipts::default();
    receipts.hold(0, "77", FinalState::Delivered, Duration::ZERO);
    receipts.expire_held(Duration::from_secs(90));
    assert_eq!(receipts.take_held(1, "77"), None, "another group");
    assert_eq!(receipts.take_held(0, "4D"), Some(FinalState::Delivered));
    assert_eq!(receipts.take_held(0, "4D"), None);
    receipts.hold(0, "77", FinalState::Delivered, Duration::ZERO);
    receipts.expire_held(Duration::from_secs(121));
    assert!(!receipts.holds_any());
    assert!(receipts.held_ids.is_empty());
}

#[test]
fn held_receipts_are_bounded() {
    let mut receipts = Receipts::default();
    for id in 0..=HELD_MAX {
        receipts.hold(0, &format!("x{id}y"), FinalState::Failed, Duration::ZERO);
    }
    assert_eq!(receipts.held.len(), HELD_MAX);
    assert_eq!(receipts.take_held(0, "x0y"), None, "the oldest went");
}

#[test]
fn a_message_is_delivered_when_all_parts_are_and_failed_when_one_is() {
    use PartState::{Accepted, Delivered, Failed, Uncertain};
    let accepted = || Accepted { message_id: "1".to_owned() };
    assert_eq!(whole_state(&[Delivered, accepted()]), None);
    assert_eq!(whole_state(&[Delivered, Delivered]), Some(FinalState::Delivered));
    assert_eq!(whole_state(&[accepted(), Failed]), Some(FinalState::Failed));
    assert_eq!(whole_state(&[Delivered, Uncertain]), Some(FinalState::Unknown));
}

#[test]
fn a_part_that_left_twice_fails_with_its_last_copy_and_is_forgotten_whole() {
    let mut receipts = Receipts::default();
    let part = (outbox(1), 0);
    for id in ["0A", "77", "77"] {
        receipts.expect(0, id, part);
    }
    assert!(receipts.fail_copy(0, "a", part), "the other may still arrive");
    assert_eq!(receipts.find(0, "0A"), None);
    assert_eq!(receipts.find(0, "77"), Some(part));
    assert!(!receipts.fail_copy(0, "77", part), "that was the last");
    receipts.expect(0, "78", part);
    receipts.forget(0, part);
    assert!(receipts.ids.is_empty() && receipts.expected[0].is_empty());
}
