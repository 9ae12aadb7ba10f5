//! Reading ahead of the engine: the pages on which records lie are brought into sled's memory before the turn that asks
//! for them.
//!
//! Nothing is handed over, so nothing can be out of date: the engine looks for itself, and finds in memory what it
//! would have waited for. A key that was read ahead lately is not read again, for the engine's own cache has it by now.
//! That is a guess, and a wrong one costs the time of one read, here or there.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use model::{Key, Space};
use rustc_hash::{FxHashSet, FxHasher};

use crate::key_bytes::KeyBytes;
use crate::reader::Reader;
use crate::records::Records;

/// Threads that read beside the one that asks: what lies on a disk comes the sooner the more of it is asked for at
/// once. They sleep while the records are at hand.
const THREADS: usize = 7;
/// So many keys are worth waking another thread for.
const SHARE_MIN: usize = 8;
/// Keys that count as read lately; twice as many at most. About as many records as the engine's cache holds.
const LATELY_MAX: usize = 1 << 17;

/// The octets of keys.
type Share = Vec<Vec<u8>>;

/// Brings into memory what will be read soon. It has threads of its own, which end with it.
pub struct ReadAhead {
    records: Arc<dyn Records>,
    keys: KeyBytes,
    lately: Lately,
    /// Each takes shares until this is dropped, and drops the sender when it has read one.
    threads: Vec<Sender<(Share, Sender<()>)>>,
}

impl ReadAhead {
    /// Starts the threads, which read where `reader` reads.
    pub fn start(reader: &Reader) -> io::Result<Self> {
        let Reader { records, keys, .. } = reader.clone();
        let threads = (0..THREADS).map(|_| spawn(Arc::clone(&records))).collect::<io::Result<_>>()?;
        Ok(Self { records, keys, lately: Lately::default(), threads })
    }

    /// Has the records of `keys` at hand when it returns, as far as they can be read: who reads them is told of an
    /// error. Keys of [`Space::Open`] are at hand always.
    pub fn fetch<'a>(&mut self, keys: impl Iterator<Item = &'a Key>) {
        let unknown = keys.filter(|key| key.space() != Space::Open && self.lately.is_new(key));
        let wanted: Share = unknown.map(|key| self.keys.octets(key)).collect();
        if wanted.len() <= SHARE_MIN {
            read(&*self.records, &wanted);
        } else {
            self.read_together(wanted);
        }
    }

    /// Reads with as many threads as there are shares.
    fn read_together(&self, mut wanted: Share) {
        let (done, all_done) = channel();
        let share = wanted.len().div_ceil(self.threads.len() + 1).max(SHARE_MIN);
        for thread in &self.threads {
            if wanted.len() <= share {
                break;
            }
            let rest = wanted.split_off(wanted.len() - share);
            // A thread that is gone leaves its share to the engine.
            let _ = thread.send((rest, done.clone()));
        }
        read(&*self.records, &wanted);
        drop(done);
        // Nobody sends anything: it returns when the last share has dropped its end.
        let _ = all_done.recv();
    }
}

impl std::fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadAhead(***)")
    }
}

fn spawn(records: Arc<dyn Records>) -> io::Result<Sender<(Share, Sender<()>)>> {
    let (shares, taken): (_, Receiver<(Share, Sender<()>)>) = channel();
    let work = move || {
        for (share, _done) in taken {
            read(&*records, &share);
        }
    };
    thread::Builder::new().name("read-ahead".into()).spawn(work)?;
    Ok(shares)
}

fn read(records: &dyn Records, share: &[Vec<u8>]) {
    for key in share {
        let _ = records.get(key);
    }
}

/// Sums over the keys that were asked for last, in two tables, of which the older is emptied as a whole.
#[derive(Default)]
struct Lately {
    young: FxHashSet<u64>,
    old: FxHashSet<u64>,
}

impl Lately {
    /// Notes a key; whether it was not noted lately.
    fn is_new(&mut self, key: &Key) -> bool {
        let sum = BuildHasherDefault::<FxHasher>::default().hash_one(key);
        if !self.young.insert(sum) {
            return false;
        }
        let is_new = !self.old.contains(&sum);
        if self.young.len() >= LATELY_MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use model::{Msisdn, ServiceId};
    use vault::{Keys, MasterKey, Sealer};

    use super::*;
    use crate::records::{Batch, Pair, RecordsError};
    use crate::values::Values;

    /// Counts how often each key is read; reads fail.
    #[derive(Default)]
    struct Counting(Mutex<BTreeMap<Vec<u8>, usize>>);

    impl Counting {
        fn take(&self) -> Vec<usize> {
            std::mem::take(&mut *self.0.lock().unwrap()).into_values().collect()
        }
    }

    impl Records for Counting {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RecordsError> {
            *self.0.lock().unwrap().entry(key.to_vec()).or_default() += 1;
            Err(RecordsError::Refused)
        }

        fn scan(&self, _: &[u8], _: &[u8], _: usize) -> Result<Vec<Pair>, RecordsError> {
            unreachable!()
        }

        fn put(&self, _: &Batch) -> Result<(), RecordsError> {
            unreachable!()
        }

        fn put_whole(&self, _: &Batch) -> Result<(), RecordsError> {
            unreachable!()
        }

        fn sync(&self) -> Result<(), RecordsError> {
            unreachable!()
        }

        fn reserve(&self, _: u64) -> io::Result<()> {
            unreachable!()
        }
    }

    fn ahead() -> (ReadAhead, Arc<Counting>) {
        let master = MasterKey::from_octets(&[5; 32]);
        let (mut keys, _) = Keys::load(&master, b"").unwrap();
        keys.draw(&master).unwrap();
        let records = Arc::new(Counting::default());
        let lookup = KeyBytes(keys.lookup().unwrap());
        let values = Values(Arc::new(Sealer::new(keys)));
        let reader = Reader::new(records.clone(), lookup, values);
        (ReadAhead::start(&reader).unwrap(), records)
    }

    fn dossiers(numbers: std::ops::Range<usize>) -> Vec<Key> {
        numbers.map(|number| Key::Dossier(ServiceId::new("s"), number.to_string().into())).collect()
    }

    #[test]
    fn each_key_is_read_once_before_it_returns_however_many_there_are() {
        let (mut ahead, records) = ahead();
        let mut next = 0;
        for count in [0, 1, SHARE_MIN, SHARE_MIN + 1, 8 * SHARE_MIN, 1_000] {
            let keys = dossiers(next..next + count);
            next += count;
            ahead.fetch(keys.iter().chain(&keys));
            assert_eq!(records.take(), vec![1; count]);
        }
        ahead.fetch(dossiers(0..next).iter());
        assert_eq!(records.take(), [0; 0]);
    }

    #[test]
    fn what_is_open_is_not_read() {
        let (mut ahead, records) = ahead();
        let open = Key::Limits(ServiceId::new("s"), Msisdn::new("84905123456").unwrap());
        ahead.fetch([&open].into_iter());
        assert_eq!(records.take(), [0; 0]);
    }

    #[test]
    fn what_was_asked_for_long_ago_is_new() {
        let mut lately = Lately::default();
        let (key, other) = (&dossiers(0..1)[0], &dossiers(1..2)[0]);
        assert!(lately.is_new(key) && !lately.is_new(key));
        let mut others = dossiers(2..3 * LATELY_MAX);
        let far = others.split_off(LATELY_MAX / 2);
        others.iter().for_each(|other| assert!(lately.is_new(other)));
        assert!(!lately.is_new(key));
        far.iter().for_each(|other| assert!(lately.is_new(other)));
        assert!(lately.young.len() + lately.old.len() <= 2 * LATELY_MAX);
        assert!(lately.is_new(key) && lately.is_new(other));
    }
}
