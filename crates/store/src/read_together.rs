//! Many records read at once: what lies on a disk comes the sooner the more of it is asked for together, and to open and
//! decode a record takes a processor's time, of which there is more than the engine's.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use model::Record;

use crate::error::StoreError;
use crate::records::Records;
use crate::values::Values;

/// Threads that read beside the one that asks. They sleep while nobody does.
const THREADS: usize = 7;
/// So many records are worth waking another thread for.
pub(crate) const SHARE_MIN: usize = 8;

/// The octets of keys, each with its place in the question.
type Share = Vec<(usize, Vec<u8>)>;

/// A share, and where to say what was found of it.
struct Question {
    share: Share,
    answer: Sender<Vec<Found>>,
}

/// What a key was found to hold.
pub(crate) struct Found {
    /// The key's place in the question.
    pub(crate) place: usize,
    /// None where there is none.
    pub(crate) record: Option<Arc<Record>>,
    /// Octets of the record's value.
    pub(crate) length: usize,
}

/// Reads records with threads of its own, which end with it.
pub(crate) struct ReadTogether {
    source: Source,
    /// Each answers questions until this is dropped.
    threads: Vec<Sender<Question>>,
}

/// Where records are read from.
#[derive(Clone)]
struct Source {
    records: Arc<dyn Records>,
    values: Values,
}

impl ReadTogether {
    /// Starts the threads.
    pub(crate) fn start(records: &Arc<dyn Records>, values: &Values) -> io::Result<Self> {
        let source = Source { records: Arc::clone(records), values: values.clone() };
        let threads = (0..THREADS).map(|_| spawn(source.clone())).collect::<io::Result<_>>()?;
        Ok(Self { source, threads })
    }

    /// Reads what `keys` hold, as far as it can be read, in no order.
    pub(crate) fn read(&self, keys: Vec<Vec<u8>>) -> Vec<Found> {
        let mut wanted: Share = keys.into_iter().enumerate().collect();
        let (answer, answers) = channel();
        let share = wanted.len().div_ceil(self.threads.len() + 1).max(SHARE_MIN);
        for thread in &self.threads {
            if wanted.len() <= share {
                break;
            }
            let share = wanted.split_off(wanted.len() - share);
            // A thread that is gone leaves its share unread.
            let _ = thread.send(Question { share, answer: answer.clone() });
        }
        drop(answer);
        let mut found = self.source.read(&wanted);
        // It ends when the last question is answered and dropped.
        found.extend(answers.into_iter().flatten());
        found
    }
}

impl Source {
    fn read(&self, share: &Share) -> Vec<Found> {
        share.iter().filter_map(|(place, key)| self.find(*place, key).ok()).collect()
    }

    fn find(&self, place: usize, key: &[u8]) -> Result<Found, StoreError> {
        let Some(value) = self.records.get(key)? else { return Ok(Found { place, record: None, length: 0 }) };
        let length = value.len();
        Ok(Found { place, record: Some(Arc::new(self.values.get(key, value)?)), length })
    }
}

fn spawn(source: Source) -> io::Result<Sender<Question>> {
    let (questions, asked): (_, Receiver<Question>) = channel();
    let work = move || {
        for Question { share, answer } in asked {
            // Who asked waits for this.
            let _ = answer.send(source.read(&share));
        }
    };
    thread::Builder::new().name("read-together".into()).spawn(work)?;
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use vault::{Keys, MasterKey, Sealer};

    use super::*;
    use crate::records::{Batch, Pair, RecordsError};

    /// Counts how often each key is read. It knows none, and keys that end in 7 can't be read.
    #[derive(Default)]
    struct Counting(Mutex<BTreeMap<Vec<u8>, usize>>);

    impl Records for Counting {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RecordsError> {
            *self.0.lock().unwrap().entry(key.to_vec()).or_default() += 1;
            if key.ends_with(b"7") { Err(RecordsError::Refused) } else { Ok(None) }
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

    #[test]
    fn each_key_is_read_once_before_it_returns_however_many_there_are() {
        let counting = Arc::new(Counting::default());
        let records: Arc<dyn Records> = counting.clone();
        let (mut keys, _) = Keys::load(&MasterKey::from_octets(&[5; 32]), b"").unwrap();
        keys.draw(&MasterKey::from_octets(&[5; 32])).unwrap();
        let together = ReadTogether::start(&records, &Values(Arc::new(Sealer::new(keys)))).unwrap();
        for count in [0, 1, SHARE_MIN, SHARE_MIN + 1, 8 * SHARE_MIN, 1_000] {
            let keys: Vec<Vec<u8>> = (0..count).map(|number| number.to_string().into()).collect();
            let mut found: Vec<usize> = together.read(keys.clone()).iter().map(|found| found.place).collect();
            found.sort_unstable();
            let readable: Vec<usize> = (0..count).filter(|number| number % 10 != 7).collect();
            assert_eq!(found, readable);
            let read = std::mem::take(&mut *counting.0.lock().unwrap());
            assert_eq!(read, keys.into_iter().map(|key| (key, 1)).collect());
        }
    }
}
