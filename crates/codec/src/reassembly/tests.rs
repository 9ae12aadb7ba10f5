use super::*;
use proptest::prelude::*;

const START: Duration = Duration::from_secs(1_000);

fn key(source: &str, reference: u16, total: u8) -> JoinKey {
    let concat = Concat { reference, wide: false, total, number: 1 };
    JoinKey::new("smsc@1", &Address::new(1, 1, source), &Address::new(6, 0, "8383"), concat)
}

fn part(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn complete(text: &'static str) -> Inserted {
    Inserted::Complete(part(text))
}

#[test]
fn two_citizens_with_one_reference_stay_apart() {
    let mut all = Reassembly::default();
    let (one, two) = (key("84905000001", 7, 2), key("84905000002", 7, 2));
    assert_eq!(all.insert(&one, 1, part("DK "), START), (Inserted::Stored, vec![]));
    assert_eq!(all.insert(&two, 2, part("222"), START), (Inserted::Stored, vec![]));
    assert_eq!(all.insert(&one, 2, part("111"), START), (complete("DK 111"), vec![]));
    assert_eq!(all.insert(&two, 1, part("XNC "), START), (complete("XNC 222"), vec![]));
    assert!(all.is_empty());
}

#[test]
fn widths_groups_and_destinations_stay_apart() {
    let mut all = Reassembly::default();
    let narrow = key("84905000001", 7, 2);
    all.insert(&narrow, 1, part("a"), START);
    for other in [
        JoinKey { wide: true, ..narrow.clone() },
        JoinKey { group: "other".to_owned(), ..narrow.clone() },
        JoinKey { destination: Address::new(6, 0, "1414"), ..narrow.clone() },
        JoinKey { total: 3, ..narrow.clone() },
    ] {
        assert_eq!(all.insert(&other, 2, part("b"), START), (Inserted::Stored, vec![]), "{other:?}");
    }
}

#[test]
fn duplicates_are_dropped_and_a_reused_reference_begins_anew() {
    let mut all = Reassembly::default();
    let key = key("84905000001", 7, 2);
    all.insert(&key, 1, part("old"), START);
    assert_eq!(all.insert(&key, 1, part("old"), START), (Inserted::Duplicate, vec![]));
    let (inserted, given_up) = all.insert(&key, 1, part("new "), START);
    assert_eq!(inserted, Inserted::Stored);
    assert_eq!(given_up[0].join.octets(), part("old"));
    assert_eq!(all.insert(&key, 2, part("text"), START), (complete("new text"), vec![]));
}

#[test]
fn a_sender_holds_four_and_the_oldest_goes() {
    let mut all = Reassembly::default();
    for reference in 0..4 {
        assert_eq!(all.insert(&key("84905000001", reference, 2), 1, part("x"), START).1, vec![]);
    }
    let (_, given_up) = all.insert(&key("84905000001", 4, 2), 1, part("x"), START);
    assert_eq!((given_up[0].key.reference, given_up[0].join.missing()), (0, 1));
    assert_eq!(all.insert(&key("84905000002", 0, 2), 1, part("x"), START).1, vec![]);
    assert_eq!(all.len(), 5);
}

#[test]
fn all_together_are_bounded() {
    let mut all = Reassembly::default();
    for sender in 0..=JOINS_MAX {
        let (_, given_up) = all.insert(&key(&sender.to_string(), 0, 2), 1, part("x"), START);
        assert_eq!(!given_up.is_empty(), sender == JOINS_MAX);
    }
    assert_eq!(all.len(), JOINS_MAX);
}

#[test]
fn their_octets_are_bounded() {
    let mut all = Reassembly::default();
    let large = Bytes::from(vec![b'x'; OCTETS_MAX / 4]);
    for sender in 0..4 {
        assert_eq!(all.insert(&key(&sender.to_string(), 0, 3), 1, large.clone(), START).1, vec![]);
    }
    let (inserted, given_up) = all.insert(&key("3", 0, 3), 2, large.clone(), START);
    assert_eq!((inserted, given_up[0].key.source.digits.as_str()), (Inserted::Stored, "0"));
    assert!(matches!(all.insert(&key("3", 0, 3), 3, large.clone(), START).0, Inserted::Complete(_)));
    assert_eq!(all.len(), 2);
    assert_eq!(all.insert(&key("4", 0, 3), 1, large, START).1, vec![], "what was completed counts no more");
}

#[test]
fn old_joins_expire_in_order() {
    let mut all = Reassembly::default();
    all.insert(&key("84905000001", 1, 2), 1, part("x"), START);
    all.insert(&key("84905000002", 1, 2), 1, part("x"), START + Duration::from_secs(1));
    let due = all.next_expiry().unwrap();
    assert_eq!(due, START + JOIN_AGE_MAX);
    assert!(all.expire(due - Duration::from_millis(1)).is_empty());
    let given_up = all.expire(due);
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].key.source.digits, "84905000001");
    assert_eq!(all.len(), 1);
}

#[test]
fn a_join_survives_a_restart() {
    let mut join = Join::new(3);
    assert_eq!(join.insert(3, part("c")), Inserted::Stored);
    assert_eq!(join.insert(0, part("x")), Inserted::Conflict);
    assert_eq!(join.insert(4, part("x")), Inserted::Conflict);
    let stored = serde_json::to_string(&join).unwrap();
    let mut join: Join = serde_json::from_str(&stored).unwrap();
    assert_eq!(join.insert(1, part("a")), Inserted::Stored);
    assert_eq!(join.insert(2, part("b")), complete("abc"));
    assert_eq!(Join::new(1).insert(1, part("")), complete(""));
}

proptest! {
    #[test]
    fn every_order_of_five_gives_the_text(order in Just(vec![1u8, 2, 3, 4, 5]).prop_shuffle(), repeat in 0usize..5) {
        let texts = ["XN", "C ", "13", "55", "7009"];
        let mut join = Join::new(5);
        let mut last = Inserted::Stored;
        for (index, number) in order.iter().enumerate() {
            last = join.insert(*number, part(texts[usize::from(*number) - 1]));
            if index == repeat && index < 4 {
                prop_assert_eq!(join.insert(*number, part(texts[usize::from(*number) - 1])), Inserted::Duplicate);
            }
        }
        prop_assert_eq!(last, complete("XNC 13557009"));
    }
}
