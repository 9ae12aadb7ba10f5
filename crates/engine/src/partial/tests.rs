use super::*;

fn id(source: &str, reference: u16) -> PartialMessageId {
    PartialMessageId {
        group: "g".into(),
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

fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}

#[test]
fn a_sender_crowds_out_his_own_oldest_only() {
    let mut partials = Partials::default();
    partials.insert(&id("84905000001", 0), at(600));
    for reference in 0..4 {
        partials.insert(&id("84905000002", reference), at(601 + u64::from(reference)));
    }
    assert_eq!(partials.crowded_out(&id("84905000002", 9)), Some(id("84905000002", 0)));
    assert_eq!(partials.crowded_out(&id("84905000003", 9)), None);
    partials.remove(&id("84905000002", 0));
    assert_eq!(partials.crowded_out(&id("84905000002", 9)), None);
}

#[test]
fn what_waits_for_ten_minutes_is_given_up_those_of_an_earlier_life_included() {
    let mut partials = Partials::default();
    let now = Now { wall: wall(240), monotonic: at(5) };
    partials.restore(&id("84905000001", 0), wall(0), now, true);
    partials.restore(&id("84905000001", 1), wall(300), now, true);
    assert_eq!(partials.next_expiry(), Some(at(365)), "six minutes are left of ten");
    assert!(partials.expired(at(364)).is_empty());
    assert_eq!(partials.expired(at(365)), [id("84905000001", 0)]);
    partials.remove(&id("84905000001", 0));
    assert_eq!(
        partials.next_expiry(),
        Some(at(605)),
        "what comes from the future waits no longer than others"
    );
}

#[test]
fn a_message_is_whole_when_no_part_is_missing() {
    let part = |octets: &[u8]| Some(Redacted(octets.to_vec()));
    let mut message = PartialMessage { parts: vec![part(b"XNC "), None], data_coding: 0, since: wall(0) };
    assert_eq!(whole(&message), None);
    message.parts[1] = part(b"HD");
    assert_eq!(whole(&message).as_deref(), Some(b"XNC HD".as_slice()));
}
