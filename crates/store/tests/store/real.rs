//! The store on a real disk, with sled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::common::{assert_state, at, master, outbox, outbox_id, phone, service, shared, small, turn};
use model::account::{Account, CreatedVia, Delivery, IdType, PasswordOrigin};
use model::journal::{Entry, Turn};
use model::key::TimerSubject;
use model::outbox::{Body, Fingerprint};
use model::outcome::FinalSubject;
use model::{Address, Dossier, Key, Record, Redacted, ServiceId};
use store::{OpenError, Options, Store, StoreError};
use vault::MasterKey;

fn open(dir: &Path) -> Store {
    Store::open(dir, &master(), small()).unwrap().0
}

/// Every file below `dir` with its octets.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.extend(files(&path).into_iter().map(|(below, octets)| (format!("{name}/{below}"), octets)));
        } else {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_records_have_their_space_before_they_need_it() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let probe = fs::File::create(dir.path().join("probe")).unwrap();
    if rustix::fs::fallocate(&probe, rustix::fs::FallocateFlags::KEEP_SIZE, 0, 4_096).is_err() {
        eprintln!("SKIPPED: this file system reserves nothing");
        return;
    }
    let data = dir.path().join("data");
    let mut store = open(&data);
    for sequence in 1..=20 {
        store.commit(&turn(sequence)).unwrap();
        store.housekeeping(5).unwrap();
        let log = fs::metadata(data.join("records/db")).unwrap();
        // Half of it may be used before more is reserved; what is reserved is not yet part of the file.
        assert!(log.blocks() * 512 >= log.len() + (8 << 20), "{} of {}", log.blocks() * 512, log.len());
    }
}

#[test]
fn a_store_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for end in [1, 30, 31, 70] {
        let mut store = open(dir.path());
        assert_state(&store, last);
        for sequence in last + 1..=end {
            assert_eq!(store.commit(&turn(sequence)).unwrap(), sequence);
            store.housekeeping(5).unwrap();
        }
        last = end;
        assert_state(&store, last);
        let reader = store.reader();
        let (key, _) = crate::common::subscriber(70 % 7, "");
        assert_eq!(reader.get(&key).unwrap().as_ref(), store.get(&key).unwrap().as_deref());
        if end == 31 {
            store.checkpoint().unwrap();
        }
    }
    let store = open(dir.path());
    assert_state(&store, 70);
    assert_eq!(
        store.next_due().unwrap(),
        store.due(at(1000), 1).unwrap().first().map(|(key, _)| due_of(key))
    );
    assert_eq!(store.due(at(-1000), 10).unwrap(), Vec::new());
    let early = store.due(at(10), 10).unwrap();
    assert!(early.iter().all(|(key, _)| due_of(key) <= at(10)));
}

#[test]
fn all_dossiers_of_a_service_are_read_once_and_those_of_others_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &master(), Options::default()).unwrap();
    let mut sequence = 0;
    let mut commit = |store: &mut Store, writes| {
        sequence += 1;
        store.commit(&Turn { writes, ..turn(sequence) }).unwrap();
    };
    let codes = |service: &str, store: &Store| {
        let read = store.reader().dossiers(ServiceId::new(service)).map(|dossier| dossier.unwrap().code);
        let read: Vec<String> = read.collect();
        let distinct: BTreeSet<u32> = read.iter().map(|code| code.parse().unwrap()).collect();
        assert_eq!(distinct.len(), read.len(), "each once");
        distinct
    };
    assert_eq!(codes("hue", &store), BTreeSet::new());
    // More than are read at once, and one page to the last.
    for (service, numbers) in [("hu", 0..7), ("hue", 10..2_010), ("hue-xnc", 5_000..5_003)] {
        commit(&mut store, numbers.map(|number| dossier(service, number)).collect());
    }
    commit(&mut store, vec![(dossier("hue", 11).0, None)]);
    assert_eq!(codes("hu", &store), (0..7).collect());
    assert_eq!(codes("hue", &store), (10..2_010).filter(|number| *number != 11).collect());
    assert_eq!(codes("hue-xnc", &store), (5_000..5_003).collect());
    assert_eq!(codes("hue-", &store), BTreeSet::new());
}

fn dossier(service: &str, number: u32) -> (Key, Option<Arc<Record>>) {
    let code = number.to_string();
    let key = Key::Dossier(ServiceId::new(service), code.as_str().into());
    (key, Some(Arc::new(Record::Dossier(Box::new(Dossier { code, ..Dossier::default() })))))
}

fn due_of(key: &Key) -> jiff::Timestamp {
    let Key::Timer(due, _) = key else { panic!("{key:?} is no timer") };
    *due
}

#[test]
fn a_second_process_is_kept_out_and_a_wrong_key_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&turn(1)).unwrap();
    assert!(matches!(Store::open(dir.path(), &master(), small()), Err(OpenError::Locked)));
    assert!(matches!(store::verify(dir.path(), &master()), Err(OpenError::Locked)));
    drop(store);
    let before = files(dir.path());
    let wrong = MasterKey::from_octets(&[1; 32]);
    assert!(matches!(Store::open(dir.path(), &wrong, small()), Err(OpenError::WrongKey)));
    assert!(matches!(store::verify(dir.path(), &wrong), Err(OpenError::WrongKey)));
    assert_eq!(files(dir.path()), before);
    assert_state(&open(dir.path()), 1);
}

#[test]
fn an_empty_snapshot_of_a_full_disk_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).commit(&turn(1)).unwrap();
    let leftover = dir.path().join("records/snap.0000000000000000.generating");
    fs::write(&leftover, b"").unwrap();
    assert_state(&open(dir.path()), 1);
    assert!(!leftover.exists());
}

#[test]
fn records_whose_files_are_damaged_are_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for sequence in 1..=30 {
        store.commit(&turn(sequence)).unwrap();
        store.housekeeping(100).unwrap();
    }
    store.checkpoint().unwrap();
    drop(store);
    let db = dir.path().join("records/db");
    let length = usize::try_from(fs::metadata(&db).unwrap().len()).unwrap();
    fs::write(&db, vec![0xa5; length]).unwrap();
    let (store, recovery) = Store::open(dir.path(), &master(), small()).unwrap();
    assert!(recovery.rebuilt);
    assert!(dir.path().join("records.broken-1").is_dir(), "kept for a person to look at");
    assert_state(&store, 30);
    drop(store);
    assert_state(&open(dir.path()), 30);
}

#[test]
fn verifying_reports_turns_that_only_the_records_know() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &master(), Options::default()).unwrap().0;
    store.commit(&turn(1)).unwrap();
    drop(store);
    assert!(store::verify(dir.path(), &master()).unwrap().faults.is_empty());
    let segment = dir.path().join("journal-0000000000000001");
    let mut octets = fs::read(&segment).unwrap();
    let last = octets.iter().rposition(|octet| *octet != 0).unwrap();
    octets[last] ^= 1;
    fs::write(&segment, octets).unwrap();
    let report = store::verify(dir.path(), &master()).unwrap();
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert!(faults.len() == 1 && faults[0].contains("turn 1 had been made durable"), "{report}");
    assert!(matches!(Store::open(dir.path(), &master(), small()), Err(OpenError::Damaged(_))));
}

#[test]
fn records_that_lost_the_end_of_a_checkpoint_are_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for sequence in 1..=60 {
        store.commit(&turn(sequence)).unwrap();
        store.housekeeping(100).unwrap();
    }
    store.checkpoint().unwrap();
    drop(store);
    let db = dir.path().join("records/db");
    let whole = fs::read(&db).unwrap();
    let end = whole.iter().rposition(|octet| *octet != 0).unwrap();
    let sound = files(dir.path());
    for back in (0..1500).step_by(150) {
        for (name, octets) in &sound {
            fs::write(dir.path().join(name), octets).unwrap();
        }
        let mut damaged = whole.clone();
        damaged[end - back] ^= 1;
        fs::write(&db, damaged).unwrap();
        // sled drops the end of its log from a bad octet on, and says nothing.
        assert_state(&open(dir.path()), 60);
    }
}

#[test]
fn verifying_reports_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for sequence in 1..=40 {
        store.commit(&turn(sequence)).unwrap();
        store.housekeeping(100).unwrap();
    }
    store.secrets().keep(outbox_id(40, 0), "MK: x", at(0)).unwrap();
    drop(store);
    // The first checkpoint of a process is whole, and the next one writes what changed.
    let mut store = open(dir.path());
    store.checkpoint().unwrap();
    store.commit(&turn(41)).unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let before = files(dir.path());
    let report = store::verify(dir.path(), &master()).unwrap();
    assert!(report.faults.is_empty(), "{report}");
    assert_eq!((report.turns, report.checkpoint, report.secrets), (Some((1, 41)), 41, 1));
    let lasts = |key: &&Key| matches!(key, Key::Limits(..) | Key::Fingerprint(_) | Key::Found(..));
    let (whole, state) = (crate::common::replay(40), crate::common::replay(41));
    let open_entries = state.keys().filter(|key| key.space() == model::Space::Open);
    let in_shards =
        open_entries.clone().filter(|key| !lasts(key)).count() + whole.keys().filter(lasts).count();
    let changes = turn(41).writes.iter().filter(|(key, _)| lasts(&key)).count();
    assert_eq!((report.open_entries, report.changes), (in_shards as u64, changes as u64), "{report}");
    assert_eq!(report.records, (state.len() - open_entries.count()) as u64);
    assert_eq!(files(dir.path()), before);

    let segment = dir.path().join("journal-0000000000000001");
    let mut octets = fs::read(&segment).unwrap();
    octets[200] ^= 1;
    fs::write(&segment, octets).unwrap();
    let report = store::verify(dir.path(), &master()).unwrap();
    assert!(!report.faults.is_empty());
    assert!(report.to_string().ends_with("NOT SOUND"), "{report}");
    // All turns lie in the last minute, which a start reads again.
    assert!(matches!(Store::open(dir.path(), &master(), small()), Err(OpenError::Damaged(_))));

    for (name, octets) in &before {
        fs::write(dir.path().join(name), octets).unwrap();
    }
    fs::remove_file(dir.path().join("secrets")).unwrap();
    let report = store::verify(dir.path(), &master()).unwrap();
    assert!(matches!(report.faults[..], [store::Fault::SecretsLost]), "{report}");
}

#[test]
fn an_open_entry_of_several_pieces_grows_and_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let (key, Some(Record::PartialMessage(long))) = crate::common::long_partial(1) else { unreachable!() };
    let mut short = long.clone();
    short.parts.truncate(2);
    let writes = [Some(short.clone()), Some(long), Some(short), None];
    for (second, message) in (0..).zip(writes) {
        let mut store = Store::open(dir.path(), &master(), Options::default()).unwrap().0;
        let record = message.map(Record::PartialMessage);
        let turn =
            Turn { at: at(second), entries: Vec::new(), writes: shared(vec![(key.clone(), record.clone())]) };
        store.commit(&turn).unwrap();
        store.checkpoint().unwrap();
        drop(store);
        let (store, recovery) = Store::open(dir.path(), &master(), Options::default()).unwrap();
        assert_eq!(recovery.replayed_turns, 0);
        assert_eq!(store.get(&key).unwrap().as_deref(), record.as_ref());
    }
    assert_eq!(store::verify(dir.path(), &master()).unwrap().open_entries, 0);
}

#[test]
fn a_record_that_is_too_long_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let long = Turn { writes: shared(vec![crate::common::subscriber(1, &"N".repeat(20_000))]), ..turn(1) };
    assert!(matches!(store.commit(&long), Err(StoreError::RecordTooLarge { .. })));
    let long = Turn { writes: shared(vec![crate::common::long_partial(1)]), ..turn(1) };
    assert!(matches!(store.commit(&long), Err(StoreError::TurnTooLarge { .. })));
    store.commit(&turn(1)).unwrap();
    drop(store);
    assert_state(&open(dir.path()), 1);
}

#[test]
fn secrets_are_opened_until_they_are_forgotten_and_then_they_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let id = outbox_id(1, 0);
    let sealed = store.secrets().keep(id, "MK: Xy7kPq2mNw", at(0)).unwrap();
    let turn = |body| Turn { at: at(1), entries: Vec::new(), writes: shared(vec![outbox(id, 1, body)]) };
    store.commit(&turn(Body::Secret { sealed: sealed.clone() })).unwrap();
    // A key that no turn speaks of is zeroed at the next start.
    store.secrets().keep(outbox_id(9, 9), "MK: never sent", at(0)).unwrap();
    drop(store);

    let mut store = open(dir.path());
    assert_eq!(store.secrets().len(), 1);
    assert_eq!(store.secrets().open(id, &sealed).unwrap().as_str(), "MK: Xy7kPq2mNw");
    assert!(matches!(store.secrets().open(outbox_id(2, 0), &sealed), Err(StoreError::SecretGone)));
    assert!(fs::read(dir.path().join("secrets")).unwrap().iter().any(|octet| *octet != 0));
    store.secrets().forget(id).unwrap();
    assert!(matches!(store.secrets().open(id, &sealed), Err(StoreError::SecretGone)));
    assert!(fs::read(dir.path().join("secrets")).unwrap().iter().all(|octet| *octet == 0), "zeroed");

    store.secrets().keep(id, "MK: again", at(100)).unwrap();
    assert_eq!(store.secrets().sweep(at(100 + 72 * 3600 - 1)).unwrap(), 0);
    assert_eq!(store.secrets().sweep(at(100 + 72 * 3600)).unwrap(), 1);
    assert!(fs::read(dir.path().join("secrets")).unwrap().iter().all(|octet| *octet == 0));
    for number in 0..8192 {
        store.secrets().keep(outbox_id(number, 1), "x", at(0)).unwrap();
    }
    assert!(matches!(store.secrets().keep(outbox_id(9999, 1), "x", at(0)), Err(StoreError::SecretsFull)));
}

const CANARIES: [&str; 6] =
    ["84905777888", "201234567890", "NGUYEN THI CANARY", "TK,Canary text", "Pw7CanarySecret", "4711CODE4711"];

fn canary_turn(sealed: Vec<u8>) -> Turn {
    let [number, id_number, name, text, _, code] = CANARIES;
    let phone = model::Msisdn::new(number).unwrap();
    let account = Account {
        id_number: id_number.into(),
        id_type: IdType::Cccd12,
        full_name: name.into(),
        birth_date: Redacted(jiff::civil::date(1990, 1, 2)),
        phone: Some(phone),
        password_hash: Redacted(None),
        password_origin: PasswordOrigin::Issuing,
        password_set_at: None,
        password_expires_at: None,
        rotation_count: 0,
        credentials: None,
        delivery: Delivery::Pending,
        created_via: CreatedVia::Sms,
        created_at: at(0),
        last_login_at: None,
        failed_logins: 0,
        locked_until: None,
        version: 0,
    };
    let (key, Some(Record::Outbox(mut entry))) = outbox(outbox_id(1, 0), 1, Body::Secret { sealed }) else {
        unreachable!()
    };
    entry.to = phone;
    entry.subject = Some(FinalSubject::Credentials(service(), id_number.into()));
    let day = jiff::civil::date(2027, 1, 2);
    let timer = TimerSubject::RemindBooking(service(), day, code.into());
    let message = Entry::Message {
        index: 0,
        group: "smsc".into(),
        source: Address::new(1, 1, number),
        destination: Address::new(3, 0, "8188"),
        text: text.into(),
        fingerprint: Fingerprint([7; 16]),
        service: Some(service()),
        rule: None,
        label: "D-OK".into(),
        act: true,
    };
    Turn {
        at: at(0),
        entries: vec![message],
        writes: shared(vec![
            (Key::Account(service(), id_number.into()), Some(Record::Account(Box::new(account)))),
            (Key::AccountPhone(service(), phone), Some(Record::AccountPhone(id_number.into()))),
            (key, Some(Record::Outbox(entry))),
            (Key::Timer(at(60), timer.clone()), Some(Record::Timer(at(60), timer))),
            (Key::Found(service(), phone, code.into()), Some(Record::Found(at(0)))),
            crate::common::subscriber(5, name),
        ]),
    }
}

#[test]
fn nothing_personal_stands_in_clear_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &master(), Options::default()).unwrap().0;
    let secret = format!("TK: {}, MK: {}", CANARIES[1], CANARIES[4]);
    let sealed = store.secrets().keep(outbox_id(1, 0), &secret, at(0)).unwrap();
    store.commit(&canary_turn(sealed.clone())).unwrap();
    store.checkpoint().unwrap();
    assert!(store.get(&Key::AccountPhone(service(), phone(0))).unwrap().is_none());
    assert_eq!(store.secrets().open(outbox_id(1, 0), &sealed).unwrap().as_str(), secret);
    assert!(!format!("{store:?}").contains("8490"));
    drop(store);
    // The search itself can find: the name of the service stands in the keys.
    assert!(files(dir.path()).values().any(|octets| holds(octets, b"hue-xnc")));
    for (name, octets) in files(dir.path()) {
        for canary in CANARIES {
            for needle in spellings(canary) {
                assert!(!holds(&octets, &needle), "{canary} stands in {name}");
            }
        }
    }
}

fn holds(octets: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|octet| octet == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// As octets, in hexadecimal of both cases, as UTF-16 of both orders, and as swapped half-octets.
fn spellings(canary: &str) -> Vec<Vec<u8>> {
    let hex: String = canary.bytes().map(|octet| format!("{octet:02x}")).collect();
    let mut spellings = vec![
        canary.as_bytes().to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        canary.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        canary.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    if canary.bytes().all(|octet| octet.is_ascii_digit()) {
        let digits: Vec<u8> = canary.bytes().map(|octet| octet - b'0').collect();
        spellings.push(digits.chunks_exact(2).map(|pair| pair[1] << 4 | pair[0]).collect());
    }
    spellings
}

#[test]
fn the_whole_journal_is_read_back_oldest_first_and_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for sequence in 1..=30 {
        store.commit(&turn(sequence)).unwrap();
        store.housekeeping(100).unwrap();
    }
    assert!(matches!(store::read_journal(dir.path(), &master(), |_, _| {}), Err(OpenError::Locked)));
    drop(store);
    // A start copies what follows the checkpoint: those turns stand twice and are read once.
    drop(open(dir.path()));
    let before = files(dir.path());
    let mut read = Vec::new();
    store::read_journal(dir.path(), &master(), |sequence, turn| read.push((sequence, turn))).unwrap();
    let written: Vec<_> = (1..=30).map(|sequence| (sequence, turn(sequence))).collect();
    assert_eq!(read, written);
    assert_eq!(files(dir.path()), before);
}
