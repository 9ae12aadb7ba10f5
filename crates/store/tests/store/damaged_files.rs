//! F-07: each file of a real store damaged at each kind of place, by a flipped bit, a zeroed page, a cut end. A start
//! refuses, or makes it good, or a read says that it can't; nothing damaged is ever given out as if it were right.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::{master, outbox_id, replay, small, turn};
use model::{Key, Record, Space};
use store::{OpenError, Store};

/// Turns of the store: some segments, some checkpoints, and turns behind the last one.
const TURNS: u64 = 32;
/// A page of the disk.
const PAGE: usize = 4096;

/// What became of a damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The start refused.
    Refused,
    /// The records were rebuilt, and everything is there.
    Rebuilt,
    /// Everything is there.
    Whole,
    /// The store opened, and a read said that something can't be read.
    Told,
}

/// A store of so many turns, stopped by the end of its process.
fn stopped(dir: &Path) {
    let (mut store, _) = Store::open(dir, &master(), small()).unwrap();
    for sequence in 1..=TURNS {
        store.commit(&turn(sequence)).unwrap();
        while store.housekeeping(10).unwrap() {}
    }
    store.secrets().keep(outbox_id(TURNS, 0), "MK: x", crate::common::at(0)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}

/// All files with something in them, below `dir`.
fn files(dir: &Path, below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            files(dir, &name, found);
        } else if entry.metadata().unwrap().len() > 0 {
            found.push(name);
        }
    }
}

/// Leaves the first, a middle and the last two segments of the journal; the last one may be unused.
fn thin_out(names: &mut Vec<PathBuf>) {
    let is_segment = |name: &PathBuf| name.to_str().unwrap().starts_with("journal-");
    let mut segments: Vec<PathBuf> = names.iter().filter(|name| is_segment(name)).cloned().collect();
    segments.sort();
    let kept = [0, segments.len() / 2, segments.len() - 2, segments.len() - 1];
    names.retain(|name| !is_segment(name) || kept.iter().any(|kept| segments[*kept] == *name));
}

/// Where a file is damaged: its first octets, where heads and first records stand, and its middle and end of content.
fn places(octets: &[u8]) -> Vec<usize> {
    let end = octets.iter().rposition(|octet| *octet != 0).unwrap_or(0);
    let mut places = vec![0, 9, 41, 64, 90, 130, end / 2, end - end.min(20), end];
    places.retain(|place| *place <= end);
    places.sort_unstable();
    places.dedup();
    places
}

/// Every damage of a file of these octets, with a name.
fn damages(octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut damages = Vec::new();
    for at in places(octets) {
        let mut flipped = octets.to_vec();
        flipped[at] ^= 1 << (at % 8);
        damages.push((format!("flipped at {at}"), flipped));
        damages.push((format!("cut at {at}"), octets[..at].to_vec()));
        let page = at / PAGE * PAGE;
        let mut zeroed = octets.to_vec();
        zeroed[page..octets.len().min(page + PAGE)].fill(0);
        damages.push((format!("page of {at} zeroed"), zeroed));
    }
    damages
}

/// Opens the damaged store and reads everything in it.
fn fate(dir: &Path, expected: &BTreeMap<Key, Record>) -> Fate {
    let opened = Store::open(dir, &master(), small());
    let (store, recovery) = match opened {
        Ok(opened) => opened,
        Err(OpenError::Damaged(_) | OpenError::Records(_) | OpenError::Io { .. } | OpenError::WrongKey) => {
            return Fate::Refused;
        }
        Err(error) => panic!("{error}"),
    };
    let mut found: BTreeMap<Key, Record> =
        store.open_entries().map(|(key, record)| (key.clone(), record.clone())).collect();
    let mut told = false;
    for key in expected.keys().filter(|key| key.space() == Space::Records) {
        match catch_unwind(AssertUnwindSafe(|| store.get(key))) {
            Ok(Ok(Some(record))) => drop(found.insert(key.clone(), Arc::unwrap_or_clone(record))),
            Ok(Ok(None)) => {}
            // A panic ends the engine's thread, and with it the process, as an error does.
            Ok(Err(_)) | Err(_) => told = true,
        }
    }
    if told {
        return Fate::Told;
    }
    assert_eq!(store.next_sequence(), TURNS + 1, "turns were lost in silence");
    assert!(found == *expected, "a record was lost or changed in silence");
    if recovery.rebuilt { Fate::Rebuilt } else { Fate::Whole }
}

#[test]
fn f_07_damage_in_any_file_is_refused_made_good_or_told_and_never_served() {
    // What a sync costs is not the question here.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let (sound, damaged) = (folder.path().join("sound"), folder.path().join("damaged"));
    stopped(&sound);
    let expected = replay(TURNS);
    let mut names = Vec::new();
    files(&sound, Path::new(""), &mut names);
    thin_out(&mut names);
    let mut fates: BTreeMap<(String, Fate), usize> = BTreeMap::new();
    for name in names {
        let octets = fs::read(sound.join(&name)).unwrap();
        let name = name.to_str().unwrap();
        for (damage, octets) in damages(&octets) {
            copy(&sound, &damaged);
            fs::write(damaged.join(name), octets).unwrap();
            let fate = catch_unwind(|| fate(&damaged, &expected));
            let fate = fate.unwrap_or_else(|_| panic!("{name} {damage}: see above"));
            let kind = if name.starts_with("journal-") { "journal" } else { name };
            *fates.entry((kind.to_owned(), fate)).or_default() += 1;
            fs::remove_dir_all(&damaged).unwrap();
        }
    }
    println!("{fates:#?}");
    let count = |name: &str, fate| fates.get(&(name.to_owned(), fate)).copied().unwrap_or(0);
    assert!(count("journal", Fate::Refused) > 30, "{fates:?}");
    assert!(count("records/db", Fate::Rebuilt) > 5, "{fates:?}");
    assert!(count("sentinel", Fate::Refused) > 5 && count("keys", Fate::Refused) > 5, "{fates:?}");
}
