//! A store whose files were changed behind its back.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use model::journal::{Entry, Turn};
use model::key::TimerSubject;
use model::outbox::{Fingerprint, FingerprintEntry};
use model::{Address, Key, Msisdn, Record, Redacted, ServiceId, Space, Subscriber};
use store::sim::{SimDisk, SimRecords};
use store::{Options, Store};
use vault::MasterKey;

use crate::input::Input;

/// Turns that were acknowledged; they fill several segments and bring checkpoints.
const TURNS: u64 = 12;
/// Octets of a segment's head, and of a record's header.
const HEAD: usize = 64;
const HEADER: usize = 32;
const EDITS_MAX: usize = 12;

/// A store that was stopped after each turn, the newest last: its disk, its records.
static STOPPED: LazyLock<Vec<(SimDisk, SimRecords)>> = LazyLock::new(|| {
    let (disk, records) = (SimDisk::new(), SimRecords::new());
    let mut store = open(&disk, &records).unwrap();
    let mut stopped = vec![(disk.fork(), records.fork())];
    for sequence in 1..=TURNS {
        store.commit(&turn(sequence)).unwrap();
        while store.housekeeping(10).unwrap() {}
        stopped.push((disk.fork(), records.fork()));
    }
    stopped
});

/// Opens a store after edits to its files: which records it finds, then edits of segments, sentinel, keys, secrets.
///
/// - The start refuses, or finds what stood after some turn that was acknowledged, whole: nothing that nobody wrote,
///   nothing mixed.
/// - With the newest records at hand, or a sentinel that nobody touched, no turn that they know of is missing.
/// - A store that opened takes the next turn, and opens again.
pub fn journal(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (disk, newest) = STOPPED.last().unwrap();
    let choice = input.octet() % 4;
    let records = match choice {
        0 => newest.fork(),
        1 => SimRecords::new(),
        // Those of an earlier day.
        _ => STOPPED[usize::from(input.octet()) % STOPPED.len()].1.fork(),
    };
    let disk = disk.fork();
    for _ in 0..EDITS_MAX {
        if input.is_empty() {
            break;
        }
        edit(&disk, &mut input);
    }
    check(&disk, &records, choice == 0);
}

fn open(disk: &SimDisk, records: &SimRecords) -> Result<Store, store::OpenError> {
    // Small bounds, so that a few turns roll segments and bring checkpoints.
    let options = Options {
        segment_octets: 2 << 10,
        checkpoint_octets: 3 << 10,
        checkpoint_writes: 9,
        ..Options::default()
    };
    let key = MasterKey::from_octets(&[42; 32]);
    Store::open_with(Arc::new(disk.clone()), &mut records.clone(), &key, options).map(|(store, _)| store)
}

fn edit(disk: &SimDisk, input: &mut Input<'_>) {
    let names: Vec<String> = store::Disk::list(disk).unwrap();
    let name = input.pick(&names).clone();
    let mut octets = disk.contents(&name).unwrap();
    let at = usize::from(input.u16()) % (octets.len() + 1);
    match input.octet() % 7 {
        0 => octets.iter_mut().skip(at).zip(input.short()).for_each(|(octet, flip)| *octet ^= flip),
        1 => octets.truncate(at),
        2 => octets.iter_mut().skip(at).take(usize::from(input.octet()) * 16).for_each(|octet| *octet = 0),
        3 => octets.extend_from_slice(input.short()),
        4 => move_octets(&mut octets, at, input),
        5 => seal_crcs(&mut octets),
        _ => {
            // Another segment, or an older one, in its place; or none at all.
            let (older, _) = &STOPPED[usize::from(input.octet()) % STOPPED.len()];
            let Some(other) = older.contents(input.pick::<String>(&names)) else {
                return store::Disk::remove(disk, &name).unwrap();
            };
            octets = other;
        }
    }
    disk.put(&name, octets);
}

fn move_octets(octets: &mut [u8], at: usize, input: &mut Input<'_>) {
    let (to, length) = (usize::from(input.u16()) % (octets.len() + 1), usize::from(input.octet()) * 4);
    let length = length.min(octets.len() - at).min(octets.len() - to);
    octets.copy_within(at..at + length, to);
}

/// Makes the CRCs of a segment's head and records right, so that what lies behind them is read.
fn seal_crcs(octets: &mut [u8]) {
    if octets.len() >= HEAD {
        let crc = crc32c::crc32c(&octets[..40]);
        octets[40..44].copy_from_slice(&crc.to_le_bytes());
    }
    let mut at = HEAD;
    while let Some(length) = octets.get(at..at + 4).map(|it| u32::from_le_bytes(it.try_into().unwrap())) {
        let end = at.saturating_add(HEADER).saturating_add(length as usize);
        if length == 0 || end > octets.len() {
            return;
        }
        let checked = crc32c::crc32c(&octets[at..at + HEADER - 4]);
        let crc = crc32c::crc32c_append(checked, &octets[at + HEADER..end]);
        octets[at + HEADER - 4..at + HEADER].copy_from_slice(&crc.to_le_bytes());
        at = end;
    }
}

fn check(disk: &SimDisk, records: &SimRecords, are_newest: bool) {
    let untouched = &STOPPED.last().unwrap().0;
    let checkpoint =
        if disk.contents("sentinel") == untouched.contents("sentinel") { checkpoint(disk) } else { 0 };
    let Ok(mut store) = open(disk, records) else { return };
    let last = store.next_sequence() - 1;
    assert!((checkpoint..=TURNS).contains(&last), "turn {last} is the last, {checkpoint} was durable");
    if are_newest && records.times_set_aside() == 0 {
        assert_eq!(last, TURNS, "the records know of the last turn");
    }
    check_state(&store, last);
    store.commit(&turn(last + 1)).unwrap();
    while store.housekeeping(10).unwrap() {}
    drop(store);
    check_state(&open(disk, records).unwrap(), last + 1);
}

/// The turn that the sentinel knows of.
fn checkpoint(disk: &SimDisk) -> u64 {
    let sentinel = disk.contents("sentinel").unwrap();
    let line = sentinel.split(|octet| *octet == b'\n').next().unwrap();
    serde_json::from_slice::<serde_json::Value>(line).unwrap()["sequence"].as_u64().unwrap()
}

/// Compares all that a store holds with the writes of turns 1 to `last`.
fn check_state(store: &Store, last: u64) {
    let mut expected: BTreeMap<Key, Record> = BTreeMap::new();
    for (key, record) in (1..=last).flat_map(|sequence| turn(sequence).writes) {
        match record {
            Some(record) => expected.insert(key, Arc::unwrap_or_clone(record)),
            None => expected.remove(&key),
        };
    }
    for (key, _) in (1..=TURNS + 1).flat_map(|sequence| turn(sequence).writes) {
        assert_eq!(store.get(&key).unwrap().as_deref(), expected.get(&key), "{key:?} after turn {last}");
    }
    let is_open = |key: &&Key| key.space() == Space::Open;
    assert_eq!(store.open_entries().count(), expected.keys().filter(is_open).count());
    let timers: Vec<&Key> = expected.keys().filter(|key| matches!(key, Key::Timer(..))).collect();
    let due = store.due(Timestamp::MAX, usize::MAX).unwrap();
    assert_eq!(due.iter().map(|(key, _)| key).collect::<Vec<_>>(), timers);
}

fn at(sequence: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(sequence).unwrap()).unwrap()
}

/// A turn that takes a message, writes a subscriber, a fingerprint and a timer, and takes older ones back.
fn turn(sequence: u64) -> Turn {
    let phone = Msisdn::new(&format!("84905{:06}", sequence % 4)).unwrap();
    let fingerprint = |number: u64| Fingerprint([u8::try_from(number % 5).unwrap(); 16]);
    let subject =
        TimerSubject::RotatePassword(ServiceId::new("hue-xnc"), format!("code {}", sequence % 3).into());
    let entry = FingerprintEntry { since: at(sequence), act: true, copies: 1 };
    let mut writes = vec![
        subscriber(&phone, sequence),
        (Key::Fingerprint(fingerprint(sequence)), Some(Record::Fingerprint(entry))),
        (Key::Timer(at(sequence % 3), subject.clone()), Some(Record::Timer(at(sequence % 3), subject))),
    ];
    if sequence.is_multiple_of(3) {
        writes.push((Key::Subscriber(phone), None));
        writes.push((Key::Fingerprint(fingerprint(sequence + 1)), None));
    }
    let message = Entry::Message {
        index: 0,
        group: "smsc".into(),
        source: Address::new(1, 1, phone.as_str()),
        destination: Address::new(3, 0, "8383"),
        text: "XNC 13557009".into(),
        fingerprint: fingerprint(sequence),
        service: Some(ServiceId::new("hue-xnc")),
        rule: None,
        label: "H-ST-READY".into(),
        act: true,
    };
    let writes = writes.into_iter().map(|(key, record)| (key, record.map(Arc::new))).collect();
    Turn { at: at(sequence), entries: vec![message], writes }
}

fn subscriber(phone: &Msisdn, sequence: u64) -> (Key, Option<Record>) {
    let record = Subscriber {
        msisdn: *phone,
        operator: None,
        organisation: false,
        full_name: Redacted(Some(format!("NGUYEN VAN {sequence}"))),
        birth_date: Redacted(None),
        doc_type: None,
        doc_number: Redacted(None),
        doc_issued_on: None,
        doc_issued_by: None,
        updated_at: None,
    };
    (Key::Subscriber(*phone), Some(Record::Subscriber(Box::new(record))))
}
