//! What a start found, and the last minute of the journal.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use model::journal::{Received, TurnOutline};
use model::outbox::Fingerprint;

/// How far back a message's acknowledgement may not have reached the SMSC: fingerprints are kept as long.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

/// One mark a second for a minute, and some for a clock that jumps.
const MARKS_MAX: usize = 128;

/// What a start found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Turns whose writes were applied again.
    pub replayed_turns: u64,
    /// When the last turn was, before the stop.
    pub last_turn_at: Option<Timestamp>,
    /// The messages of the last 60 s of the journal before the stop. Their acknowledgements may not have reached the
    /// SMSC.
    pub recent: Vec<Recent>,
    /// Whether the records were rebuilt from the journal.
    pub rebuilt: bool,
}

/// A message of the last minute before a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recent {
    /// When it was taken.
    pub at: Timestamp,
    /// What recognises its redelivery.
    pub fingerprint: Fingerprint,
    /// Whether an act stood behind it.
    pub act: bool,
    /// Whether it was run; else it was taken for the redelivery of one that was, or not answered.
    pub ran: bool,
}

impl Recovery {
    /// Remembers the fingerprints of a turn.
    pub(crate) fn note(&mut self, turn: &TurnOutline) {
        let at = turn.at;
        let recent = |Received { fingerprint, act, ran }| Recent { at, fingerprint, act, ran };
        self.last_turn_at = Some(at);
        self.recent.extend(turn.entries.iter().filter_map(|entry| entry.0.map(recent)));
    }

    /// Drops what is older than the last minute before the last turn.
    pub(crate) fn keep_recent(&mut self) {
        let Some(last) = self.last_turn_at else { return };
        self.recent.retain(|recent| last.duration_since(recent.at) <= RECENT);
    }
}

/// The first turn of each second of the last minute, so that a start knows how far back to read.
#[derive(Debug, Default)]
pub(crate) struct Marks(VecDeque<(Timestamp, u64)>);

impl Marks {
    pub(crate) fn add(&mut self, at: Timestamp, sequence: u64) {
        if self.0.back().is_none_or(|(mark, _)| mark.as_second() != at.as_second()) {
            self.0.push_back((at, sequence));
        }
        // A second more than asked for, because a mark stands for a whole second.
        let too_old = |mark: &Timestamp| at.duration_since(*mark) > RECENT + SignedDuration::from_secs(1);
        while self.0.len() > MARKS_MAX || self.0.front().is_some_and(|(mark, _)| too_old(mark)) {
            self.0.pop_front();
        }
    }

    /// The first turn of the last minute; `next` where there was none.
    pub(crate) fn first(&self, next: u64) -> u64 {
        self.0.front().map_or(next, |(_, sequence)| *sequence)
    }
}
