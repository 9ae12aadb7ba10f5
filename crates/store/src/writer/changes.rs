//! What changed of the entries that last, so that a checkpoint need not move their shards.
//!
//! Nearly every citizen of a day has such an entry, and a shard holds those of many: moved whenever one of them
//! changed, all of them would be written again at each checkpoint. So most checkpoints write the changes alone, in
//! order, in chunks behind those of the checkpoints before. A start loads the shards and then the chunks. When there
//! are as many changes as entries, and more than one checkpoint is due after, a whole checkpoint moves the shards, and
//! takes the chunks out of the records.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model::{Key, Record};

use crate::block_queue::BlockQueue;
use crate::key_bytes::Chunk;
use crate::open_entries::lasts;

/// Changes that are kept in memory for a checkpoint; where there are more, it is a whole one.
const KEPT_MAX: usize = 1 << 20;

/// A checkpoint so long after the last whole one is whole: what is forgotten of a citizen goes from the records too.
const BETWEEN_WHOLE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// A change of an entry: what it is now, or that it is over.
pub(crate) type Change = (Key, Option<Arc<Record>>);

/// The changes since the shards were last moved: those in the records, and those that are yet to be written there.
#[derive(Default)]
pub(crate) struct Changes {
    /// Since the last checkpoint began, in order.
    kept: BlockQueue<Change>,
    /// There were more than may be kept.
    overflown: bool,
    /// The chunks in the records, the oldest first; at most as many as entries, for each holds one change at least.
    stored: VecDeque<Chunk>,
    /// How many changes these chunks hold.
    stored_changes: usize,
    /// The entries in the shards, as of the last whole checkpoint.
    entries: usize,
    /// When the last whole checkpoint of this process began. Until there is one nothing is kept.
    whole_at: Option<Timestamp>,
}

impl Changes {
    /// Keeps what a turn changed.
    pub(crate) fn keep(&mut self, writes: &[Change]) {
        if self.whole_at.is_none() || self.overflown {
            return;
        }
        self.kept.extend(writes.iter().filter(|(key, _)| lasts(key)).cloned());
        if self.kept.len() > KEPT_MAX {
            self.kept.clear();
            self.overflown = true;
        }
    }

    /// Begins a checkpoint after a turn of `now`: the changes to write, or none where it is to be a whole one. Up to
    /// `few` changes stay beside shards that hold less: a day begins with citizens that are all new.
    pub(crate) fn begin(&mut self, now: Option<Timestamp>, few: usize) -> Option<BlockQueue<Change>> {
        let kept = mem::take(&mut self.kept);
        let overflown = mem::take(&mut self.overflown);
        let lately =
            |(now, whole_at): (Timestamp, Timestamp)| now.duration_since(whole_at).abs() < BETWEEN_WHOLE_MAX;
        let is_few = self.stored_changes + kept.len() <= self.entries.max(few);
        if is_few && !overflown && now.zip(self.whole_at).is_some_and(lately) {
            self.stored_changes += kept.len();
            return Some(kept);
        }
        self.whole_at = now;
        None
    }

    /// A chunk is in the records, behind all others.
    pub(crate) fn stored(&mut self, chunk: Chunk) {
        self.stored.push_back(chunk);
    }

    /// Whether the records hold any chunk.
    pub(crate) fn are_stored(&self) -> bool {
        !self.stored.is_empty()
    }

    /// The oldest chunk, which nobody needs any more.
    pub(crate) fn take_oldest(&mut self) -> Option<Chunk> {
        self.stored.pop_front()
    }

    /// The shards were moved, and hold so many entries.
    pub(crate) fn moved(&mut self, entries: usize) {
        self.entries = entries;
        self.stored_changes = 0;
    }
}

#[cfg(test)]
mod tests {
    use model::limits::Limits;
    use model::{EventId, Msisdn, OutboxId, ServiceId};

    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Some(Timestamp::from_second(1_800_000_000 + second).unwrap())
    }

    fn begin(changes: &mut Changes, now: Option<Timestamp>, few: usize) -> Option<Vec<Change>> {
        let mut begun = changes.begin(now, few)?;
        Some(std::iter::from_fn(|| begun.pop_front()).collect())
    }

    fn changes(count: u32) -> Vec<Change> {
        let key =
            |number| Key::Limits(ServiceId::new("s"), Msisdn::new(&format!("8490{number:07}")).unwrap());
        (0..count).map(|number| (key(number), Some(Arc::new(Record::Limits(Limits::default()))))).collect()
    }

    /// After a whole checkpoint, with so many entries in the shards.
    fn moved(entries: usize) -> Changes {
        let mut changes = Changes::default();
        assert_eq!(begin(&mut changes, at(0), 0), None, "the first one of a process is whole");
        changes.moved(entries);
        changes
    }

    #[test]
    fn changes_are_written_until_there_are_as_many_as_entries() {
        let mut known = moved(10);
        for turn in [changes(3), changes(7)] {
            known.keep(&turn);
            assert_eq!(begin(&mut known, at(1), 0), Some(turn));
        }
        known.keep(&changes(1));
        assert_eq!(begin(&mut known, at(2), 0), None);
        known.moved(10);
        known.keep(&changes(2));
        assert_eq!(begin(&mut known, at(3), 0), Some(changes(2)), "and what was moved is not written again");
    }

    #[test]
    fn few_changes_are_written_where_there_are_fewer_entries() {
        let mut known = moved(1);
        for (turn, whole) in [(changes(2), false), (changes(3), false), (changes(1), true)] {
            known.keep(&turn);
            assert_eq!(begin(&mut known, at(1), 5), (!whole).then_some(turn));
        }
    }

    #[test]
    fn what_passes_is_not_kept() {
        let id = OutboxId { cause: EventId { sequence: 1, index: 0 }, ordinal: 0 };
        let mut known = moved(10);
        known.keep(&[(Key::Outbox(id), None)]);
        assert_eq!(begin(&mut known, at(1), 0), Some(Vec::new()));
    }

    #[test]
    fn a_checkpoint_is_whole_after_an_hour() {
        assert_eq!(begin(&mut moved(10), at(3_599), 0), Some(Vec::new()));
        assert_eq!(begin(&mut moved(10), at(3_600), 0), None);
        assert_eq!(begin(&mut moved(10), at(-3_600), 0), None, "a clock that was put back says nothing");
    }

    #[test]
    fn where_too_much_changed_the_shards_are_moved() {
        let mut known = moved(usize::MAX);
        known.keep(&vec![changes(1).remove(0); KEPT_MAX + 1]);
        known.keep(&changes(1));
        assert!(known.kept.is_empty());
        assert_eq!(begin(&mut known, at(1), 0), None);
        known.moved(usize::MAX);
        known.keep(&changes(1));
        assert_eq!(begin(&mut known, at(2), 0), Some(changes(1)));
    }
}
