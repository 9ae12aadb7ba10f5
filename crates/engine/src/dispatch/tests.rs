use jiff::Timestamp;
use model::outbox::Parts;
use model::{Address, EventId, Msisdn, OutboxId, ServiceId};

use super::*;

fn entry(class: Class, parts: usize) -> OutboxEntry {
    OutboxEntry {
        id: OutboxId { cause: EventId { sequence: 1, index: 0 }, ordinal: 0 },
        service: ServiceId::new("s"),
        to: Msisdn::new("84905123456").unwrap(),
        group: "g".into(),
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, "84905123456"),
        template: "T".into(),
        class,
        body: Body::Text("text".into()),
        not_before: None,
        expires_at: Timestamp::from_second(3_600).unwrap(),
        subject: None,
        reference: 0,
        parts: Parts::from_elem(PartState::Unsent, parts),
        attempts: 0,
        resent: 0,
    }
}

fn item(entry: &OutboxEntry, again: bool) -> Item {
    Item { outbox: entry.id, part: 0, class: entry.class, again, silent: false }
}

#[test]
fn what_must_not_come_twice_is_marked_before_it_leaves() {
    for class in [Class::Charged, Class::Legal, Class::Bulk] {
        let entry = entry(class, 1);
        let item = item(&entry, false);
        let marked = mark(&entry, item).expect("a mark");
        assert_eq!(marked.parts[..], [PartState::Sending], "{class:?}");
        assert_eq!(mark(&marked, item), None, "marked already");
        assert!(!may_resend(class));
    }
}

#[test]
fn an_answer_leaves_unmarked_and_says_so_when_it_leaves_again() {
    for class in [Class::Answer, Class::Credential, Class::Code, Class::Notice] {
        let entry = entry(class, 2);
        let (first, second) = (item(&entry, false), item(&entry, true));
        assert_eq!(mark(&entry, first), None, "{class:?}");
        let marked = mark(&entry, second).expect("a mark");
        assert_eq!(marked.resent, 1);
        let marked = mark(&marked, Item { part: 1, ..second }).expect("a mark");
        assert_eq!(marked.resent, 2, "each part that leaves again counts");
    }
}

#[test]
fn a_receipt_is_asked_for_where_somebody_waits_and_validity_follows_expiry() {
    let validity = validity_period(SignedDuration::from_hours(1));
    let sm = submit_sm(&entry(Class::Answer, 1), Segment::default(), validity);
    assert_eq!((sm.registered_delivery, sm.validity_period.as_str()), (0, "000000010000000R"));
    let sm = submit_sm(&entry(Class::Legal, 1), Segment::default(), SmolStr::default());
    assert_eq!(sm.registered_delivery, 1);
    for left in [-1, 0, 59] {
        assert_eq!(validity_period(SignedDuration::from_secs(left)), "", "{left} s");
    }
}

#[test]
fn a_ticket_ends_once_and_a_lost_one_is_found() {
    let mut tickets = Tickets::default();
    let ticket = Ticket {
        item: item(&entry(Class::Answer, 1), false),
        group: 0,
        simple: true,
        receipt: false,
        at: Duration::ZERO,
    };
    let (first, second) = (tickets.issue(ticket), tickets.issue(ticket));
    assert!(tickets.take(first).is_some());
    assert!(tickets.take(first).is_none());
    assert!(tickets.take_lost(LOST_AFTER).is_empty());
    assert_eq!(tickets.take_lost(LOST_AFTER + Duration::from_secs(1)).len(), 1);
    assert!(tickets.take(second).is_none());
}
