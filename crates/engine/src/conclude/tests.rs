use model::EventId;

use super::*;

const NOW: Duration = Duration::ZERO;

fn outbox(sequence: u64) -> OutboxId {
    OutboxId { cause: EventId { sequence, index: 0 }, ordinal: 0 }
}

#[test]
fn a_receipt_finds_its_message_under_any_spelling_within_its_group_only() {
    let mut receipts = Receipts::default();
    receipts.expect(1, "0000004D2", (outbox(1), 0), 1);
    assert_eq!(receipts.find(1, "1234", NOW), Some((outbox(1), 0)));
    assert_eq!(receipts.find(1, "4d2", NOW), Some((outbox(1), 0)));
    assert_eq!(receipts.find(0, "1234", NOW), None);
    receipts.forget(1, (outbox(1), 0));
    assert_eq!(receipts.find(1, "1234", NOW), None);
}

#[test]
fn where_two_ids_share_a_spelling_the_exact_one_wins() {
    let mut receipts = Receipts::default();
    // Hexadecimal 10 is decimal 16.
    receipts.expect(0, "10", (outbox(1), 0), 1);
    receipts.expect(0, "16", (outbox(2), 0), 1);
    assert_eq!(receipts.find(0, "16", NOW), Some((outbox(2), 0)));
    assert_eq!(receipts.find(0, "10", NOW), Some((outbox(1), 0)));
}

#[test]
fn the_repeat_of_a_final_receipt_is_no_other_messages() {
    let mut receipts = Receipts::default();
    receipts.expect(0, "10", (outbox(1), 0), 1);
    receipts.expect(0, "16", (outbox(2), 0), 1);
    receipts.hear(0, "10", NOW);
    receipts.forget(0, (outbox(1), 0));
    assert_eq!(receipts.find(0, "10", NOW), None, "not 16, though that is hexadecimal 10");
    receipts.hold(0, "0010", FinalState::Failed, NOW);
    assert!(!receipts.holds_any(), "and no response is waited for");
    assert_eq!(receipts.find(0, "16", NOW), Some((outbox(2), 0)));
    let later = HEARD_AGE + Duration::from_secs(1);
    receipts.hear(0, "99", later);
    assert_eq!((receipts.heard.len(), receipts.heard_order.len()), (1, 1), "and not for ever");
}

#[test]
fn the_repeat_of_a_receipt_that_came_early_is_known_too() {
    let mut receipts = Receipts::default();
    receipts.hold(0, "10", FinalState::Failed, NOW);
    assert_eq!(receipts.take_held(0, "10", NOW), Some(FinalState::Failed));
    receipts.expect(0, "16", (outbox(2), 0), 1);
    assert_eq!(receipts.find(0, "10", NOW), None);
}

#[test]
fn the_profile_decides_the_base_where_it_is_known() {
    let mut receipts = Receipts::new(vec![ReceiptIds::Same, ReceiptIds::Decimal]);
    for (group, message_id, sequence) in [(0, "10", 1), (0, "16", 2), (1, "10", 3), (1, "16", 4)] {
        receipts.expect(group, message_id, (outbox(sequence), 0), sequence);
    }
    assert_eq!(receipts.find(0, "16", NOW), Some((outbox(2), 0)));
    assert_eq!(receipts.find(0, "22", NOW), None);
    assert_eq!(receipts.find(1, "16", NOW), Some((outbox(3), 0)));
    assert_eq!(receipts.find(1, "22", NOW), Some((outbox(4), 0)));
    receipts.hold(0, "33", FinalState::Failed, NOW);
    assert_eq!(receipts.take_held(0, "21", NOW), None, "33 is hexadecimal 21");
}

#[test]
fn early_receipts_wait_for_their_response_and_not_for_ever() {
    let mut receipts = Receipts::default();
    receipts.hold(0, "77", FinalState::Delivered, Duration::ZERO);
    receipts.expire_held(Duration::from_secs(90));
    assert_eq!(receipts.take_held(1, "77", NOW), None, "another group");
    assert_eq!(receipts.take_held(0, "4D", NOW), Some(FinalState::Delivered));
    assert_eq!(receipts.take_held(0, "4D", NOW), None);
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
    assert_eq!(receipts.take_held(0, "x0y", NOW), None, "the oldest went");
}

#[test]
fn a_message_is_delivered_when_all_parts_are_and_failed_when_one_is() {
    use PartState::{Accepted, Delivered, Failed, Uncertain};
    let accepted = || Accepted { message_id: "1".into() };
    assert_eq!(whole_state(&[Delivered, accepted()]), None);
    assert_eq!(whole_state(&[Delivered, Delivered]), Some(FinalState::Delivered));
    assert_eq!(whole_state(&[accepted(), Failed]), Some(FinalState::Failed));
    assert_eq!(whole_state(&[Delivered, Uncertain]), Some(FinalState::Unknown));
}

#[test]
fn a_part_that_left_twice_fails_with_its_last_copy_and_is_forgotten_whole() {
    let mut receipts = Receipts::default();
    let part = (outbox(1), 0);
    for (copy, id) in [(1, "0A"), (2, "77"), (2, "77")] {
        receipts.expect(0, id, part, copy);
    }
    assert!(receipts.fail_copy(0, "a", part), "the other may still arrive");
    assert_eq!(receipts.find(0, "0A", NOW), None);
    assert_eq!(receipts.find(0, "77", NOW), Some(part));
    assert!(!receipts.fail_copy(0, "77", part), "that was the last");
    receipts.expect(0, "78", part, 3);
    receipts.forget(0, part);
    assert!(receipts.ids.is_empty() && receipts.expected[0].is_empty());
}

#[test]
fn two_ids_of_one_copy_fail_together() {
    let mut receipts = Receipts::default();
    let part = (outbox(1), 0);
    receipts.expect(0, "A1", part, 1);
    receipts.expect(0, "A2", part, 1);
    assert!(!receipts.fail_copy(0, "A2", part), "there was one copy");
    receipts.expect(0, "B1", part, 2);
    assert!(receipts.fail_copy(0, "A2", part), "the other copy may still arrive");
    assert_eq!((receipts.find(0, "A1", NOW), receipts.find(0, "A2", NOW)), (None, None));
    assert!(!receipts.fail_copy(0, "B1", part), "that was the last");
}
