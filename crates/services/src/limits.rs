//! Wrong codes of one sender (docs/services/lookup.md): after so many within an hour the next try is told so
//! once, later ones get no reply, right or wrong, until the oldest of them is an hour old; but codes that he had right
//! before are answered always.

use jiff::{SignedDuration, Timestamp};
use model::limits::Limits;
use model::{Key, Msisdn, Outcome, Record};

use crate::case::{Case, Need, label};
use crate::render::Values;

/// For how long a wrong code counts.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The tries of one sender at one service, as far as they still count.
pub(crate) struct Tries {
    key: Key,
    misses: Vec<Timestamp>,
    told: bool,
    misses_max: usize,
    now: Timestamp,
}

/// Where the tries of a sender are kept.
pub(crate) fn key(sender: &Msisdn, case: &Case<'_>) -> Key {
    Key::Limits(case.service.id, *sender)
}

/// Where it is kept that a sender had this code right.
pub(crate) fn found_key(sender: &Msisdn, code: &str, case: &Case<'_>) -> Key {
    Key::Found(case.service.id, *sender, code.into())
}

impl Tries {
    /// The tries under [`key`].
    pub(crate) fn read(key: Key, case: &Case<'_>) -> Result<Self, Need> {
        let known = match case.read(&key)? {
            Some(Record::Limits(limits)) => Some(limits),
            _ => None,
        };
        let counts = |miss: &&Timestamp| case.now.duration_since(**miss) < HOUR;
        let misses: Vec<_> = known.iter().flat_map(|known| &known.misses).filter(counts).copied().collect();
        let misses_max = usize::try_from(case.service.limits.misses_per_hour).unwrap_or(usize::MAX);
        let told = misses.len() >= misses_max && known.is_some_and(|known| known.told);
        Ok(Self { key, misses, told, misses_max, now: case.now })
    }

    /// Whether this sender is over the limit.
    pub(crate) fn are_over(&self) -> bool {
        !self.misses.is_empty() && self.misses.len() >= self.misses_max
    }

    /// What a sender over the limit gets: the text of `role` once, then nothing.
    pub(crate) fn refusal(self, role: &str, sender: &Msisdn, case: &Case<'_>) -> Outcome {
        if self.told {
            return label("silent_limit");
        }
        let left = self.misses.first().map_or(HOUR, |oldest| HOUR - self.now.duration_since(*oldest));
        let minutes = u64::try_from((left.as_secs() + 59) / 60).unwrap_or(1).max(1);
        let mut outcome = case.reply(sender, role, Values::new().number("mins", minutes));
        outcome.writes = Self { told: true, ..self }.write();
        outcome
    }

    /// Counts a wrong code.
    pub(crate) fn miss(mut self) -> Vec<(Key, Option<Record>)> {
        if self.misses.len() >= self.misses_max {
            return Vec::new();
        }
        self.misses.push(self.now);
        self.write()
    }

    fn write(self) -> Vec<(Key, Option<Record>)> {
        let Self { key, misses, told, now, .. } = self;
        vec![(key, Some(Record::Limits(Limits { misses, told, changed_at: Some(now) })))]
    }
}
