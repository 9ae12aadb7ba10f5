//! The books: what became of each message that a handset sent. An auditor compares them with the daemon's.

use std::{collections::VecDeque, time::Duration};

use codec::CommandStatus;
use serde::Serialize;

use crate::{exchange::BindId, handset::HandsetId};

/// Messages in the books: over an hour at 1,000 a second and more than a minute at full load, at some 150 octets
/// each. Beyond that the oldest settled ones are forgotten.
pub const LEDGER_MAX: usize = 4_000_000;

/// Which message; counts up from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MessageRef(pub u64);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not every part has its final answer yet.
    Waiting,
    /// Every part was acknowledged with ESME_ROK: the peer has taken responsibility.
    Acknowledged,
    /// The peer refused a part for good (0x65 or 0x66), or everything for its number (0x65).
    Refused(CommandStatus),
    /// The attempts ran out.
    GivenUp,
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Which message.
    pub message: MessageRef,
    /// The handset's E.164 digits.
    pub from: model::Redacted<String>,
    /// The number that it was sent to.
    pub to: String,
    /// deliver_sm that carry it once.
    pub parts: u16,
    /// deliver_sm written for it so far.
    pub deliveries: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// When the outcome was known, since the simulator's start.
    pub settled_at: Option<Duration>,
    /// Whole texts that came in answer to it: one at most, for a reply counts for the handset's oldest message to
    /// that number that has none. A second one is in [`crate::Stats::unmatched`], or taken for the answer to the
    /// handset's next message: give each message a handset of its own where that matters.
    pub replies: u32,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) from: HandsetId,
    pub(crate) to: Box<str>,
    pub(crate) parts: u16,
    /// Parts without a final answer.
    pub(crate) open: u16,
    pub(crate) deliveries: u32,
    pub(crate) outcome: Outcome,
    /// When it was due to leave the handset; latencies count from here.
    pub(crate) due_at: Duration,
    pub(crate) settled_at: Option<Duration>,
    pub(crate) replies: u32,
    /// The link that carried its last part; the others follow there.
    pub(crate) last_link: Option<BindId>,
}

/// All messages still in the books.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    records: VecDeque<Record>,
    /// Messages forgotten at the front.
    forgotten: u64,
}

impl Ledger {
    /// Enters a message. `None` where the books are full of unsettled ones.
    pub(crate) fn enter(&mut self, record: Record) -> Option<MessageRef> {
        if self.records.len() >= LEDGER_MAX {
            self.records.front().filter(|oldest| oldest.outcome != Outcome::Waiting)?;
            self.records.pop_front();
            self.forgotten += 1;
        }
        self.records.push_back(record);
        Some(MessageRef(self.forgotten + u64::try_from(self.records.len()).ok()?))
    }

    pub(crate) fn get_mut(&mut self, message: MessageRef) -> Option<&mut Record> {
        let index = message.0.checked_sub(self.forgotten + 1)?;
        self.records.get_mut(usize::try_from(index).ok()?)
    }

    pub(crate) fn get(&self, message: MessageRef) -> Option<&Record> {
        let index = message.0.checked_sub(self.forgotten + 1)?;
        self.records.get(usize::try_from(index).ok()?)
    }

    /// What was sent after a message, in order; `MessageRef(0)` for all.
    pub(crate) fn after(&self, message: MessageRef) -> impl Iterator<Item = (MessageRef, &Record)> {
        let newest = self.forgotten.saturating_add(u64::try_from(self.records.len()).unwrap_or(u64::MAX));
        let skipped = message.0.clamp(self.forgotten, newest) - self.forgotten;
        let records = self.records.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX));
        (self.forgotten + skipped + 1..).map(MessageRef).zip(records)
    }
}

impl Record {
    /// Notes the final answer to one part. A refusal outweighs acknowledgements.
    pub(crate) fn settle_part(&mut self, outcome: Outcome, now: Duration) {
        self.open = self.open.saturating_sub(1);
        if outcome != Outcome::Acknowledged {
            self.outcome = outcome;
        }
        if self.open == 0 {
            if self.outcome == Outcome::Waiting {
                self.outcome = Outcome::Acknowledged;
            }
            self.settled_at = Some(now);
        }
    }
}
