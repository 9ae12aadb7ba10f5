use super::*;

fn id(source: &str, reference: u16) -> PartialMessageId {
    PartialMessageId {
        group: "g".to_owned(),
        source: Address::new(1, 1, source),
        destination: Address::new(0, 1, "8383"),
        wide: false,
        reference,
        total: 2,
    }
}

fn wall(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_sender_crowds_out_his_own_oldest_only() {
    let mut partials = Partials::default();
    partials.insert(&id("84905000001", 0), wall(0));
    for reference in 0..4 {
        partials.insert(&id("84905000002", reference), wall(1 + i64::from(reference)));
    }
    assert_eq!(partials.crowded_out(&id("84905000002", 9)), Some(id("84905000002", 0)));
    assert_eq!(partials.crowded_out(&id("84905000003", 9)), None);
    partials.remove(&id("84905000002", 0));
    assert_eq!(partials.crowded_out(&id("84905000002", 9)), None);
}

#[test]
fn what_waits_for_ten_minutes_is_given_up() {
    let mut partials = Partials::default();
    partials.insert(&id("84905000001", 0), wall(0));
    partials.insert(&id("84905000001", 1), wall(60));
    assert_eq!(partials.next_expiry(), Some(wall(600)));
    assert!(partials.expired(wall(599)).is_empty());
    assert_eq!(partials.expired(wall(600)), [id("84905000001", 0)]);
}

#[test]
fn a_message_is_whole_when_no_part_is_missing() {
    let part = |octets: &[u8]| Some(Redacted(octets.to_vec()));
    let mut message = PartialMessage { parts: vec![part(b"XNC "), None], data_coding: 0, since: wall(0) };
    assert_eq!(whole(&message), None);
    message.parts[1] = part(b"HD");
    assert_eq!(whole(&message).as_deref(), Some(b"XNC HD".as_slice()));
}
