//! One record for all entries that say the same.
//!
//! Each citizen of a day has entries that hold a moment and little else; those of one turn share one record while the
//! daemon runs, and so they do after a start.

use std::sync::Arc;

use jiff::Timestamp;
use model::Record;
use rustc_hash::FxHashMap;

/// Records of which a start loads many alike.
#[derive(Default)]
pub(crate) struct Sharing(FxHashMap<Same, Arc<Record>>);

/// What makes two records one.
#[derive(PartialEq, Eq, Hash)]
enum Same {
    Found(Timestamp),
    Fingerprint { since: Timestamp, act: bool, copies: u16 },
}

impl Sharing {
    /// The record, or an equal one that was here before.
    pub(crate) fn share(&mut self, record: Record) -> Arc<Record> {
        let same = match &record {
            Record::Found(at) => Same::Found(*at),
            Record::Fingerprint(entry) => {
                Same::Fingerprint { since: entry.since, act: entry.act, copies: entry.copies }
            }
            _ => return Arc::new(record),
        };
        Arc::clone(self.0.entry(same).or_insert_with(|| Arc::new(record)))
    }
}

#[cfg(test)]
mod tests {
    use model::limits::Limits;
    use model::outbox::FingerprintEntry;

    use super::*;

    #[test]
    fn equal_moments_are_one_record_and_others_are_not() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let fingerprint =
            |second, act, copies| Record::Fingerprint(FingerprintEntry { since: at(second), act, copies });
        let records = [
            Record::Found(at(1)),
            Record::Found(at(2)),
            fingerprint(1, true, 1),
            fingerprint(1, false, 1),
            fingerprint(1, true, 2),
            fingerprint(2, true, 1),
        ];
        let mut sharing = Sharing::default();
        let first = records.clone().map(|record| sharing.share(record));
        assert_eq!(first.clone().map(|record| (*record).clone()), records);
        for (first, record) in first.iter().zip(records) {
            assert!(Arc::ptr_eq(first, &sharing.share(record)));
        }
        let limits = || Record::Limits(Limits::default());
        assert!(!Arc::ptr_eq(&sharing.share(limits()), &sharing.share(limits())), "it changes for itself");
    }
}
