//! Turns to commit, and the plain replay that a store is compared with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model::id::EventId;
use model::journal::{Entry, Turn};
use model::key::TimerSubject;
use model::limits::Limits;
use model::outbox::{Body, Fingerprint, FingerprintEntry, OutboxEntry, PartialMessage, PartialMessageId};
use model::outcome::Class;
use model::{Address, Key, Msisdn, OutboxId, Record, Redacted, ServiceId, Space, Subscriber};
use store::sim::{SimDisk, SimRecords};
use store::{OpenError, Options, Recent, Recovery, Store};
use vault::MasterKey;

pub(crate) fn master() -> MasterKey {
    MasterKey::from_octets(&[42; 32])
}

/// Small bounds, so that a few turns roll segments and bring checkpoints.
pub(crate) fn small() -> Options {
    Options {
        segment_octets: 8 << 10,
        checkpoint_octets: 6 << 10,
        checkpoint_writes: 40,
        ..Options::default()
    }
}

pub(crate) fn open(disk: &SimDisk, records: &SimRecords) -> Result<(Store, Recovery), OpenError> {
    Store::open_with(Arc::new(disk.clone()), &mut records.clone(), &master(), small())
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn service() -> ServiceId {
    ServiceId::new("hue-xnc")
}

pub(crate) fn phone(number: u64) -> Msisdn {
    Msisdn::new(&format!("84905{number:06}")).unwrap()
}

pub(crate) fn outbox_id(sequence: u64, ordinal: u16) -> OutboxId {
    OutboxId { cause: EventId { sequence, index: 0 }, ordinal }
}

pub(crate) fn fingerprint(number: u64) -> Fingerprint {
    let mut octets = [0; 16];
    octets[..8].copy_from_slice(&number.to_be_bytes());
    Fingerprint(octets)
}

pub(crate) fn subscriber(number: u64, name: &str) -> (Key, Option<Record>) {
    let record = Subscriber {
        msisdn: phone(number),
        operator: None,
        organisation: false,
        full_name: Redacted(Some(name.to_owned())),
        birth_date: Redacted(None),
        doc_type: None,
        doc_number: Redacted(None),
        doc_issued_on: None,
        doc_issued_by: None,
        updated_at: None,
    };
    (Key::Subscriber(phone(number)), Some(Record::Subscriber(Box::new(record))))
}

pub(crate) fn outbox(id: OutboxId, number: u64, body: Body) -> (Key, Option<Record>) {
    let entry = OutboxEntry {
        id,
        service: service(),
        to: phone(number),
        group: "smsc".into(),
        source: Address::new(3, 0, "8383"),
        destination: Address::new(1, 1, phone(number).as_str()),
        template: "H-ST-READY".into(),
        class: Class::Answer,
        body,
        not_before: None,
        expires_at: at(3600),
        subject: None,
        reference: 0,
        parts: Default::default(),
        attempts: 0,
        resent: 0,
    };
    (Key::Outbox(id), Some(Record::Outbox(Box::new(entry))))
}

pub(crate) fn timer(second: i64, code: &str) -> (Key, Option<Record>) {
    let subject = TimerSubject::RotatePassword(service(), code.into());
    (Key::Timer(at(second), subject.clone()), Some(Record::Timer(at(second), subject)))
}

/// What is counted of a sender at a moment.
pub(crate) fn limits(number: u64, second: u64) -> (Key, Option<Record>) {
    let misses = vec![at(i64::try_from(second).unwrap())];
    (Key::Limits(service(), phone(number)), Some(Record::Limits(Limits { misses, ..Limits::default() })))
}

/// A message of parts that outgrows one piece of an open entry.
pub(crate) fn long_partial(number: u64) -> (Key, Option<Record>) {
    let id = PartialMessageId {
        group: "smsc".into(),
        source: Address::new(1, 1, phone(number).as_str()),
        destination: Address::new(3, 0, "8383"),
        wide: true,
        reference: 7,
        total: 40,
    };
    let part = Some(Redacted(vec![0xd0; 140]));
    let message = PartialMessage { parts: vec![part; 120], data_coding: 8, since: at(0) };
    (Key::PartialMessage(Box::new(id)), Some(Record::PartialMessage(message)))
}

pub(crate) fn message(number: u64) -> Entry {
    Entry::Message {
        index: 0,
        group: "smsc".into(),
        source: Address::new(1, 1, phone(number).as_str()),
        destination: Address::new(3, 0, "8383"),
        text: "XNC 13557009".into(),
        fingerprint: fingerprint(number),
        service: Some(service()),
        rule: None,
        label: "H-ST-READY".into(),
        act: number % 2 == 1,
    }
}

/// Turn `sequence` of a life in which citizens come, are changed, are answered, and go.
pub(crate) fn turn(sequence: u64) -> Turn {
    let n = sequence;
    let mut writes = vec![
        subscriber(n % 7, &format!("NGUYEN VAN {n}")),
        outbox(outbox_id(n, 0), n, Body::Text(format!("Ho so {n}").into())),
        outbox(outbox_id(n, 1), n, Body::Text(format!("Den han {n}").into())),
        (
            Key::Fingerprint(fingerprint(n % 5)),
            Some(Record::Fingerprint(FingerprintEntry { since: at(0), act: true, copies: 1 })),
        ),
    ];
    // What lasts: ever more of them, each changed now and then, some gone.
    writes.push(limits(100 + n % 29, n));
    if n.is_multiple_of(5) {
        writes.push((limits(100 + (n + 7) % 29, n).0, None));
    }
    // Two of one turn, which lie together, end in different turns.
    writes.extend((n > 1).then(|| (Key::Outbox(outbox_id(n - 1, 1)), None)));
    writes.extend((n > 2).then(|| (Key::Outbox(outbox_id(n - 2, 0)), None)));
    if n.is_multiple_of(3) {
        writes.push((Key::Subscriber(phone((n + 1) % 7)), None));
        writes.push((Key::Fingerprint(fingerprint((n + 1) % 5)), None));
        writes.push(timer(i64::try_from(n).unwrap(), &format!("code {n}")));
    }
    if n.is_multiple_of(6) {
        writes.push((timer(i64::try_from(n - 3).unwrap(), &format!("code {}", n - 3)).0, None));
    }
    if n.is_multiple_of(11) {
        let (key, record) = long_partial(1);
        writes.push((key, record.map(|record| shorten(record, n))));
    }
    Turn { at: at(i64::try_from(n).unwrap()), entries: vec![message(n)], writes: shared(writes) }
}

/// Writes as a turn holds them.
pub(crate) fn shared(writes: Vec<(Key, Option<Record>)>) -> Vec<(Key, Option<Arc<Record>>)> {
    writes.into_iter().map(|(key, record)| (key, record.map(Arc::new))).collect()
}

fn shorten(record: Record, n: u64) -> Record {
    let Record::PartialMessage(mut message) = record else { return record };
    message.parts.truncate(usize::try_from(2 + n % 3).unwrap());
    Record::PartialMessage(message)
}

/// The records after turns 1 to `last`, by plain replay.
pub(crate) fn replay(last: u64) -> BTreeMap<Key, Record> {
    let mut state: BTreeMap<Key, Record> = BTreeMap::new();
    for (key, record) in (1..=last).flat_map(|sequence| turn(sequence).writes) {
        match record {
            Some(record) => state.insert(key, Arc::unwrap_or_clone(record)),
            None => state.remove(&key),
        };
    }
    state
}

/// Compares all that a store holds with the plain replay.
pub(crate) fn assert_state(store: &Store, last: u64) {
    assert_eq!(store.next_sequence(), last + 1);
    let expected = replay(last);
    for (key, _) in (1..=last.max(12)).flat_map(|sequence| turn(sequence).writes) {
        assert_eq!(store.get(&key).unwrap().as_deref(), expected.get(&key), "{key:?} after turn {last}");
    }
    let open = expected.keys().filter(|key| key.space() == Space::Open).count();
    assert_eq!(store.open_entries().count(), open);
    let timers: Vec<Key> = expected.keys().filter(|key| matches!(key, Key::Timer(..))).cloned().collect();
    let due = store.due(Timestamp::MAX, usize::MAX).unwrap();
    assert_eq!(due.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), timers);
}

/// The fingerprints of the last minute before turn `last`.
pub(crate) fn expected_recent(last: u64) -> Vec<Recent> {
    let minute = SignedDuration::from_secs(60);
    (1..=last)
        .map(turn)
        .filter(|found| turn(last).at.duration_since(found.at) <= minute)
        .map(|found| {
            let Entry::Message { fingerprint, act, .. } = found.entries[0] else { unreachable!() };
            Recent { at: found.at, fingerprint, act, ran: true }
        })
        .collect()
}
