//! The auditor finds each thing that can be wrong, and nothing in books that are right.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use codec::Sm;
use harness::auditor::{
    Books, Evidence, Finding, Invariant, Part, Readings, Receipt, Resources, Sent, Submit, audit,
};
use jiff::{SignedDuration, Timestamp};
use model::journal::{Entry, Turn};
use model::outbox::{Body, Fingerprint, OutboxEntry, PartState};
use model::outcome::{Class, FinalState};
use model::{Address, EventId, Key, Msisdn, OutboxId, Record, Redacted, ServiceId, Subscriber};

const CITIZEN: &str = "84905100001";
const OTHER: &str = "84905100002";
const TEXT: &str = "XNC 13550001";
const ANSWER: &str = "Ho so 13550001";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_785_740_400 + second).unwrap()
}

fn id() -> OutboxId {
    OutboxId { cause: EventId { sequence: 1, index: 0 }, ordinal: 0 }
}

fn row() -> OutboxEntry {
    OutboxEntry {
        id: id(),
        service: ServiceId::new("hue-xnc"),
        to: Msisdn::new(CITIZEN).unwrap(),
        group: "vn".into(),
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, CITIZEN),
        template: "H".into(),
        class: Class::Answer,
        body: Body::Text(ANSWER.into()),
        not_before: None,
        expires_at: at(86_400),
        subject: None,
        reference: 0,
        parts: [PartState::Unsent].into(),
        attempts: 0,
        resent: 0,
    }
}

fn message(source: &str, text: &str) -> Entry {
    Entry::Message {
        index: 0,
        group: "vn".into(),
        source: Address::new(1, 1, source),
        destination: Address::new(0, 1, "8383"),
        text: text.into(),
        fingerprint: Fingerprint([1; 16]),
        service: Some(ServiceId::new("hue-xnc")),
        rule: None,
        label: "H".into(),
        act: false,
    }
}

fn turn(second: i64, entries: Vec<Entry>, writes: Vec<(Key, Option<Record>)>) -> Turn {
    let writes = writes.into_iter().map(|(key, record)| (key, record.map(Arc::new))).collect();
    Turn { at: at(second), entries, writes }
}

fn submit(to: &str, text: &str) -> Submit {
    let sm = Sm {
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, to),
        short_message: text.as_bytes().to_vec().into(),
        ..Sm::default()
    };
    Submit { at: at(2), group: "vn".into(), sm, taken: true, message_ids: Vec::new() }
}

/// One citizen, one text, one answer, all well.
fn good() -> (Evidence, Books) {
    let sent = Sent {
        group: "vn".into(),
        from: CITIZEN.to_owned(),
        to: "8383".to_owned(),
        text: TEXT.to_owned(),
        parts: vec![Part { octets: TEXT.as_bytes().to_vec(), acknowledged: 1 }],
        times: 1,
        answered: true,
        citizen: true,
        ..Sent::default()
    };
    let words = [(CITIZEN, "13550001"), (OTHER, "13550002")];
    let evidence = Evidence {
        sent: vec![sent],
        submits: vec![submit(CITIZEN, ANSWER)],
        citizens: words.map(|(citizen, word)| (citizen.to_owned(), vec![word.to_owned()])).into(),
        own_numbers: BTreeSet::from(["8383".to_owned()]),
        quiet: Some((at(10), at(1_000))),
        ..Evidence::default()
    };
    let verdict = Entry::Verdict { outbox: id(), part: 0, status: Some(0) };
    let turns = vec![
        (
            1,
            turn(
                1,
                vec![message(CITIZEN, TEXT)],
                vec![(Key::Outbox(id()), Some(Record::Outbox(row().into())))],
            ),
        ),
        (2, turn(3, vec![verdict], vec![(Key::Outbox(id()), None)])),
    ];
    (evidence, Books { turns, ..Books::default() })
}

/// The invariants that do not hold once something was changed.
fn broken(change: impl FnOnce(&mut Evidence, &mut Books)) -> BTreeSet<Invariant> {
    let (mut evidence, mut books) = good();
    change(&mut evidence, &mut books);
    audit(&evidence, &books).into_iter().map(|finding| finding.invariant).collect()
}

fn only(invariant: Invariant) -> BTreeSet<Invariant> {
    BTreeSet::from([invariant])
}

#[test]
fn books_that_are_right_are_found_right() {
    let (evidence, books) = good();
    assert_eq!(audit(&evidence, &books), Vec::<Finding>::new());
}

#[test]
fn what_was_acknowledged_and_is_not_in_the_journal_is_lost() {
    let lost = broken(|evidence, _| {
        let mut other = evidence.sent[0].clone();
        other.text = "XNC STTXC".to_owned();
        evidence.sent.push(other);
    });
    assert_eq!(lost, only(Invariant::I1));
    assert_eq!(broken(|evidence, _| evidence.commands.push("clerk 1".to_owned())), only(Invariant::I1));
    let half = broken(|evidence, _| {
        let mut other = evidence.sent[0].clone();
        other.text = "XNC 13550001 OK".to_owned();
        other.parts.push(Part { octets: b" OK".to_vec(), acknowledged: 0 });
        evidence.sent.push(other);
    });
    assert_eq!(half, only(Invariant::I1));
}

#[test]
fn what_ran_twice_or_differs_from_the_journal_is_found() {
    let twice = broken(|_, books| books.turns[1].1.entries.push(message(CITIZEN, TEXT)));
    // The second run has no answer of its own either.
    assert_eq!(twice, BTreeSet::from([Invariant::I2, Invariant::I3]));
    let row_left = |_: &mut Evidence, books: &mut Books| {
        books.open.insert(Key::Outbox(id()), Record::Outbox(row().into()));
    };
    assert_eq!(broken(row_left), only(Invariant::I2));
    assert_eq!(broken(|_, books| books.records = 1), only(Invariant::I2));
    let subscriber = || {
        let msisdn = Msisdn::new(CITIZEN).unwrap();
        let key = Key::Subscriber(msisdn);
        let record = Subscriber {
            msisdn,
            operator: None,
            organisation: false,
            full_name: Redacted(None),
            birth_date: Redacted(None),
            doc_type: None,
            doc_number: Redacted(None),
            doc_issued_on: None,
            doc_issued_by: None,
            updated_at: None,
        };
        (key, Record::Subscriber(record.into()))
    };
    let missing = broken(|_, books| {
        let (key, record) = subscriber();
        books.turns[1].1.writes.push((key.clone(), Some(record.into())));
        books.held = BTreeMap::from([(key, None)]);
    });
    assert_eq!(missing, only(Invariant::I2));
}

#[test]
fn a_text_that_was_due_and_never_came_is_found() {
    assert_eq!(broken(|evidence, _| evidence.submits.clear()), only(Invariant::I3));
    let vanished = broken(|_, books| books.turns[1].1.entries.clear());
    assert_eq!(vanished, only(Invariant::I3));
    let stuck = broken(|evidence, books| {
        evidence.submits.clear();
        books.turns.truncate(1);
        books.open.insert(Key::Outbox(id()), Record::Outbox(row().into()));
    });
    assert_eq!(stuck, only(Invariant::I3));
    let dead = broken(|evidence, books| {
        evidence.submits.clear();
        let refusal = Entry::Verdict { outbox: id(), part: 0, status: Some(0x0B) };
        let failed = OutboxEntry { parts: [PartState::Failed].into(), ..row() };
        let write = (Key::Outbox(id()), Some(Record::Outbox(failed.clone().into())));
        books.turns[1].1 = turn(3, vec![refusal], vec![write]);
        books.open.insert(Key::Outbox(id()), Record::Outbox(failed.into()));
    });
    assert_eq!(dead, BTreeSet::new(), "a dead letter is no loss");
}

#[test]
fn a_second_copy_is_found_unless_it_was_counted() {
    let again = |evidence: &mut Evidence| evidence.submits.push(submit(CITIZEN, ANSWER));
    assert_eq!(broken(|evidence, _| again(evidence)), only(Invariant::I4));
    let counted = broken(|evidence, books| {
        again(evidence);
        let resent = OutboxEntry { resent: 1, ..row() };
        books.turns[1].1.writes.insert(0, (Key::Outbox(id()), Some(Record::Outbox(resent.into()).into())));
    });
    assert_eq!(counted, BTreeSet::new());
    let invented = |evidence: &mut Evidence, _: &mut Books| evidence.submits.push(submit(CITIZEN, "Hallo"));
    assert_eq!(broken(invented), only(Invariant::I4));
}

#[test]
fn machines_receipts_and_strangers_are_not_answered() {
    let stranger = broken(|evidence, _| {
        evidence.citizens.remove(CITIZEN);
    });
    assert_eq!(stranger, only(Invariant::I5));
    assert_eq!(
        broken(|evidence, _| evidence.sent[0].citizen = false),
        BTreeSet::from([Invariant::I1, Invariant::I5])
    );
    let receipt = broken(|evidence, books| {
        let text = "id:1 stat:DELIVRD".to_owned();
        books.turns[1].1.entries.push(message(OTHER, &text));
        let (group, message_id, state) = ("vn".to_owned(), "1".to_owned(), Some(FinalState::Delivered));
        evidence.receipts.push(Receipt { group, message_id, state, text });
    });
    assert_eq!(receipt, only(Invariant::I5));
}

#[test]
fn one_citizens_words_on_anothers_handset_are_found() {
    let read = broken(|evidence, books| {
        evidence.submits.push(submit(OTHER, ANSWER));
        let to = OutboxEntry { destination: Address::new(1, 1, OTHER), ..row() };
        let ordinal = OutboxId { ordinal: 1, ..id() };
        let write =
            (Key::Outbox(ordinal), Some(Record::Outbox(OutboxEntry { id: ordinal, ..to }.into()).into()));
        books.turns[0].1.writes.push(write);
        books.turns[1].1.writes.push((Key::Outbox(ordinal), None));
        books.turns[1].1.entries.push(Entry::Verdict { outbox: ordinal, part: 0, status: Some(0) });
    });
    assert_eq!(read, only(Invariant::Mixed));
    let glued = broken(|_, books| books.turns[1].1.entries.push(message(OTHER, TEXT)));
    assert_eq!(glued, only(Invariant::Mixed));
    for text in ["Ho so (13550002):", "x13550002x", "13550002"] {
        let told = broken(|evidence, _| evidence.submits.push(submit(CITIZEN, text)));
        assert!(told.contains(&Invariant::Mixed), "{text}");
    }
    let receipt = broken(|evidence, books| {
        evidence.submits[0].message_ids.push("7".to_owned());
        let (outbox, message_id) = (Some(id()), "8".to_owned());
        let state = Some(FinalState::Delivered);
        books.turns[1].1.entries.push(Entry::Receipt { outbox, message_id, state });
    });
    assert_eq!(receipt, only(Invariant::Mixed));
}

#[test]
fn faults_of_the_store_words_in_the_log_and_leaks_are_found() {
    assert_eq!(broken(|_, books| books.faults.push("damaged".to_owned())), only(Invariant::I6));
    let logged = broken(|evidence, _| {
        evidence.canaries.push(CITIZEN.to_owned());
        evidence.log.push(format!("a message of {CITIZEN}"));
    });
    assert_eq!(logged, only(Invariant::I7));
    let in_capitals = broken(|evidence, _| {
        evidence.canaries.push("KANAREKAB".to_owned());
        evidence.log.push(r#"{"name":"KanarekAB"}"#.to_owned());
    });
    assert_eq!(in_capitals, only(Invariant::I7));
    let leak = |descriptors| {
        let before = Readings { descriptors: 20, tasks: 4, resident_kib: 10_000 };
        let after = Readings { descriptors, ..before };
        let slack = Readings { descriptors: 2, ..Readings::default() };
        broken(|evidence, _| evidence.resources = Some(Resources { before, after, slack }))
    };
    assert_eq!((leak(22), leak(23)), (BTreeSet::new(), only(Invariant::I8)));
}

#[test]
fn before_a_quiet_time_nothing_is_demanded_of_what_is_open() {
    let young = broken(|evidence, books| {
        evidence.submits.clear();
        evidence.quiet = None;
        books.turns.truncate(1);
        books.open.insert(Key::Outbox(id()), Record::Outbox(row().into()));
    });
    assert_eq!(young, BTreeSet::new());
    let later = row().expires_at.checked_sub(SignedDuration::from_hours(1)).unwrap();
    let delayed = broken(|evidence, books| {
        evidence.submits.clear();
        let row = OutboxEntry { not_before: Some(later), ..row() };
        books.turns.truncate(1);
        books.turns[0].1.writes[0].1 = Some(Record::Outbox(row.clone().into()).into());
        books.open.insert(Key::Outbox(id()), Record::Outbox(row.into()));
    });
    assert_eq!(delayed, BTreeSet::new());
}
