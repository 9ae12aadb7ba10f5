//! Messages that became whole a moment ago, so that a part which an SMSC hands over again is known for what it is.
//!
//! On a living link a repeated text is a text of its own, but a repeated part alone is none: it would wait for
//! sisters that nobody sends, be joined to parts of the next message under its reference, and in the end ask the
//! citizen to send again what was answered.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use model::outbox::{PartialMessage, PartialMessageId};
use rustc_hash::{FxHashMap, FxHasher};

/// How long they are remembered: as long as a half message that begins at the latest moment at which a repeat is
/// likely (10 minutes) may wait (10 minutes).
const FINISHED_AGE: Duration = Duration::from_secs(20 * 60);
/// Remembered in all, some 200 octets each.
const FINISHED_MAX: usize = 20_000;

/// What their parts were: a hash each, for a sender who finds a collision only silences himself.
type Parts = Vec<u64>;

/// See the module.
#[derive(Default)]
pub(crate) struct Finished {
    parts: FxHashMap<PartialMessageId, (Duration, Parts)>,
    order: VecDeque<(Duration, PartialMessageId)>,
}

impl Finished {
    /// Remembers a message that is whole.
    pub(crate) fn remember(&mut self, id: &PartialMessageId, message: &PartialMessage, now: Duration) {
        while let Some((at, oldest)) = self.order.front() {
            if now.saturating_sub(*at) <= FINISHED_AGE && self.order.len() < FINISHED_MAX {
                break;
            }
            if self.parts.get(oldest).is_some_and(|(noted, _)| noted == at) {
                self.parts.remove(oldest);
            }
            self.order.pop_front();
        }
        let parts = message.parts.iter().flatten().map(|octets| hash(octets.as_slice())).collect();
        self.parts.insert(id.clone(), (now, parts));
        self.order.push_back((now, id.clone()));
    }

    /// Whether these octets were the part of this place (number minus one) in the message under this id.
    pub(crate) fn had(&self, id: &PartialMessageId, place: usize, octets: &[u8], now: Duration) -> bool {
        let known = self.parts.get(id).filter(|(at, _)| now.saturating_sub(*at) <= FINISHED_AGE);
        let known = known.and_then(|(_, parts)| parts.get(place));
        known.is_some_and(|known| *known == hash(octets))
    }

    /// Whether a half message holds nothing but repeats.
    pub(crate) fn had_all(&self, id: &PartialMessageId, message: &PartialMessage, now: Duration) -> bool {
        message
            .parts
            .iter()
            .enumerate()
            .all(|(place, part)| part.as_ref().is_none_or(|octets| self.had(id, place, octets, now)))
    }
}

fn hash(octets: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    octets.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use model::{Address, Redacted};

    use super::*;

    fn id(reference: u16) -> PartialMessageId {
        PartialMessageId {
            group: "g".into(),
            source: Address::new(1, 1, "84905000001"),
            destination: Address::new(0, 1, "8383"),
            wide: false,
            reference,
            total: 2,
        }
    }

    fn message(parts: [Option<&[u8]>; 2]) -> PartialMessage {
        let parts = parts.map(|part| part.map(|octets| Redacted(octets.to_vec()))).to_vec();
        PartialMessage { parts, data_coding: 0, since: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_repeat_is_known_by_its_id_its_place_and_its_octets() {
        let mut finished = Finished::default();
        finished.remember(&id(1), &message([Some(b"a"), Some(b"b")]), Duration::ZERO);
        let had = |id, parts, at| finished.had_all(&id, &message(parts), Duration::from_secs(at));
        assert!(had(id(1), [None, Some(b"b")], 1_200));
        assert!(
            !had(id(1), [None, Some(b"b")], 1_201),
            "too long ago, though nothing else was finished since"
        );
        assert!(!had(id(1), [Some(b"b"), None], 1), "another place");
        assert!(!had(id(1), [Some(b"a"), Some(b"c")], 1), "one is new");
        assert!(!had(id(2), [None, Some(b"b")], 1), "another message");
    }

    #[test]
    fn they_are_forgotten_by_age_and_number() {
        let mut finished = Finished::default();
        let whole = message([Some(b"a"), Some(b"b")]);
        finished.remember(&id(1), &whole, Duration::ZERO);
        finished.remember(&id(1), &whole, Duration::from_secs(1_000));
        finished.remember(&id(2), &whole, Duration::from_secs(1_300));
        assert!(finished.had(&id(1), 0, b"a", Duration::from_secs(1_300)), "the newer one");
        finished.remember(&id(3), &whole, Duration::from_secs(2_300));
        assert_eq!(finished.parts.len(), 2);
        for reference in 0..=u16::MAX {
            finished.remember(&id(reference), &whole, Duration::from_secs(2_300));
        }
        assert_eq!((finished.parts.len(), finished.order.len()), (FINISHED_MAX, FINISHED_MAX));
    }
}
