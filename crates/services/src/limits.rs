//! Wrong codes of one sender (docs/services/lookup.md): after so many within an hour the next try is told so
//! once, later ones get no reply, right or wrong, until the oldest of them is an hour old.

use jiff::{SignedDuration, Timestamp};
use model::limits::Limits;
use model::{Key, Msisdn, Outcome, Record, Redacted};

use crate::case::{Case, Need, label};
use crate::render::Values;

/// For how long a wrong code counts.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The tries of one sender at one service, as far as they still count.
pub(crate) struct Tries {
    key: Key,
    limits: Limits,
    misses_max: usize,
    now: Timestamp,
}

/// Where the tries of a sender are kept.
pub(crate) fn key(sender: &Msisdn, case: &Case<'_>) -> Key {
    Key::Limits(case.service.id.clone(), *sender)
}

impl Tries {
    pub(crate) fn read(sender: &Msisdn, case: &Case<'_>) -> Result<Self, Need> {
        let key = key(sender, case);
        let mut limits = match case.read(&key)? {
            Some(Record::Limits(limits)) => limits.clone(),
            _ => Limits::default(),
        };
        limits.misses.retain(|miss| case.now.duration_since(*miss) < HOUR);
        let misses_max = usize::try_from(case.service.limits.misses_per_hour).unwrap_or(usize::MAX);
        if limits.misses.len() < misses_max {
            limits.told = false;
        }
        Ok(Self { key, limits, misses_max, now: case.now })
    }

    /// Whether this sender found the code before: such a one is answered always.
    pub(crate) fn knows(&self, code: &str) -> bool {
        self.limits.found.iter().any(|found| found.0 == code)
    }

    /// What a sender over the limit gets: the text of `role` once, then nothing.
    pub(crate) fn refusal(&self, role: &str, sender: &Msisdn, case: &Case<'_>) -> Option<Outcome> {
        let oldest = self.limits.misses.first()?;
        if self.limits.misses.len() < self.misses_max {
            return None;
        }
        if self.limits.told {
            return Some(label("silent_limit"));
        }
        let left = HOUR - self.now.duration_since(*oldest);
        let minutes = u64::try_from((left.as_secs() + 59) / 60).unwrap_or(1).max(1);
        let mut outcome = case.reply(sender, role, Values::new().number("mins", minutes));
        outcome.writes = self.write(Limits { told: true, ..self.limits.clone() });
        Some(outcome)
    }

    /// Counts a wrong code.
    pub(crate) fn miss(&self) -> Vec<(Key, Option<Record>)> {
        if self.limits.misses.len() >= self.misses_max {
            return Vec::new();
        }
        let mut limits = self.limits.clone();
        limits.misses.push(self.now);
        self.write(limits)
    }

    /// Remembers a right code.
    pub(crate) fn found(&self, code: &str) -> Vec<(Key, Option<Record>)> {
        if self.knows(code) {
            return Vec::new();
        }
        let mut limits = self.limits.clone();
        if limits.found.len() >= Limits::FOUND_MAX {
            limits.found.remove(0);
        }
        limits.found.push(Redacted(code.to_owned()));
        self.write(limits)
    }

    fn write(&self, limits: Limits) -> Vec<(Key, Option<Record>)> {
        let limits = Limits { changed_at: Some(self.now), ..limits };
        vec![(self.key.clone(), Some(Record::Limits(limits)))]
    }
}
