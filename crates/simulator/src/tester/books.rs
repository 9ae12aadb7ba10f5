//! The books: each message that is under way, and what became of those before.

use std::collections::{BTreeMap, HashMap};

use rustc_hash::FxBuildHasher;

use super::{
    meter::Meter,
    mix::{FollowUp, Mix},
    wire::{self, Part, Submit},
};

/// Messages under way at most, acknowledged or not. An ESME that takes messages faster than it answers them is slowed
/// down to its answers here, by an open loop too; a load that grew without end would only measure our memory.
pub(super) const UNDER_WAY_MAX: usize = 100_000;

/// Refused messages that are remembered: an ESME that says "later" may have understood all the same, and reply.
const REFUSED_MAX: usize = 100_000;

/// Different statuses that are told apart.
const STATUSES_MAX: usize = 100;

/// No entry.
const NONE: u32 = u32::MAX;

/// What came of the messages that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) messages: u64,
    pub(super) acknowledged: u64,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) refused_answered: u64,
    pub(super) double: u64,
    pub(super) wrong: u64,
    /// PDUs that nobody asked for or that can't be read.
    pub(super) odd: u64,
    pub(super) statuses: BTreeMap<u32, u64>,
}

/// A message under way.
#[derive(Debug)]
struct Entry {
    citizen: u64,
    /// In nanoseconds of the tester's clock.
    due_at: u64,
    index: u64,
    /// The next message of the same citizen; in a free entry the next free one.
    next: u32,
    kind: u16,
    acknowledged: bool,
    answered: bool,
    /// Answered with a status; no longer under way, but a reply to it is not one too many.
    refused: bool,
    counts: bool,
    /// Of a reply in several parts.
    parts: Option<Box<Parts>>,
}

/// The parts of a reply that have come.
#[derive(Debug)]
struct Parts {
    reference: u16,
    missing: usize,
    texts: Vec<Option<Vec<u8>>>,
}

impl Parts {
    fn new(part: Part) -> Self {
        let total = usize::from(part.total);
        Self { reference: part.reference, missing: total, texts: vec![None; total] }
    }

    /// Whether this part belongs here and is not there yet.
    fn lacks(&self, part: Part) -> bool {
        let text = self.texts.get(usize::from(part.number).wrapping_sub(1));
        self.reference == part.reference
            && self.texts.len() == usize::from(part.total)
            && text.is_some_and(Option::is_none)
    }

    /// Takes a part that is lacking; the whole text if it is the last one.
    fn take(&mut self, part: Part, octets: &[u8]) -> Option<Vec<u8>> {
        if let Some(text) = self.texts.get_mut(usize::from(part.number).wrapping_sub(1)) {
            *text = Some(octets.to_vec());
            self.missing -= 1;
        }
        (self.missing == 0).then(|| self.texts.drain(..).flatten().flatten().collect())
    }
}

#[derive(Debug)]
pub(super) struct Books {
    any_reply: bool,
    entries: Vec<Entry>,
    free: u32,
    under_way: usize,
    /// Entries that were refused.
    refused: usize,
    /// The oldest message under way of each citizen.
    citizens: HashMap<u64, u32, FxBuildHasher>,
    scratch: Vec<u8>,
    /// Whether what is entered and what comes counts.
    pub(super) counting: bool,
    pub(super) counts: Counts,
    pub(super) meter: Meter,
    /// When the last response or awaited reply came.
    pub(super) heard_at: u64,
}

impl Books {
    pub(super) fn new(any_reply: bool, meter: Meter) -> Self {
        Self {
            any_reply,
            entries: Vec::new(),
            free: NONE,
            under_way: 0,
            refused: 0,
            citizens: HashMap::default(),
            scratch: Vec::new(),
            counting: false,
            counts: Counts::default(),
            meter,
            heard_at: 0,
        }
    }

    /// Messages that lack their response or their reply.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Of these, those that count.
    pub(super) fn missing(&self) -> u64 {
        // Free entries count for nothing.
        self.entries.iter().map(|entry| u64::from(entry.counts && !entry.refused)).sum()
    }

    /// Enters a message; its number, for [`Self::respond`].
    pub(super) fn enter(&mut self, citizen: u64, kind: u16, index: u64, due_at: u64) -> u32 {
        let counts = self.counting;
        if counts {
            self.counts.messages += 1;
            self.meter.sent();
        }
        let entry = Entry {
            citizen,
            due_at,
            index,
            next: NONE,
            kind,
            acknowledged: false,
            answered: false,
            refused: false,
            counts,
            parts: None,
        };
        self.under_way += 1;
        let number = self.put(entry);
        let mut last = *self.citizens.entry(citizen).or_insert(number);
        while last != number {
            let Some(entry) = self.entries.get_mut(last as usize) else { break };
            if entry.next == NONE {
                entry.next = number;
            }
            last = entry.next;
        }
        number
    }

    fn put(&mut self, entry: Entry) -> u32 {
        let number = self.free;
        if let Some(free) = self.entries.get_mut(number as usize) {
            self.free = free.next;
            *free = entry;
            return number;
        }
        // Never more than `UNDER_WAY_MAX` and `REFUSED_MAX`, which fits.
        let number = u32::try_from(self.entries.len()).unwrap_or(NONE);
        self.entries.push(entry);
        number
    }

    /// The message with this number was answered with a response.
    pub(super) fn respond(&mut self, number: u32, status: u32, now: u64) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        self.heard_at = now;
        entry.acknowledged = true;
        let (counts, due_at) = (entry.counts, entry.due_at);
        if entry.answered || (status != 0 && self.refused >= REFUSED_MAX) {
            self.remove(number);
        } else if status != 0 {
            entry.refused = true;
            self.refused += 1;
            self.under_way -= 1;
        }
        if !counts {
            return;
        }
        self.meter.response(now.saturating_sub(due_at));
        if status == 0 {
            self.counts.acknowledged += 1;
            return;
        }
        self.counts.refused += 1;
        if self.counts.statuses.len() < STATUSES_MAX || self.counts.statuses.contains_key(&status) {
            *self.counts.statuses.entry(status).or_default() += 1;
        }
    }

    /// A text for a citizen has come; what follows from it.
    pub(super) fn reply(&mut self, submit: &Submit<'_>, mix: &Mix, now: u64) -> Option<FollowUp> {
        let Some(citizen) = wire::number(submit.destination) else {
            self.counts.wrong += u64::from(self.counting);
            return None;
        };
        let Some(number) = self.awaiting(citizen, submit.part) else {
            self.counts.double += u64::from(self.counting);
            return None;
        };
        let entry = self.entries.get_mut(number as usize)?;
        self.heard_at = now;
        let joined;
        let text = if submit.part.total == 1 {
            submit.text
        } else {
            let parts = entry.parts.get_or_insert_with(|| Box::new(Parts::new(submit.part)));
            joined = parts.take(submit.part, submit.text)?;
            joined.as_slice()
        };
        entry.answered = true;
        entry.parts = None;
        let Entry { kind, index, counts, due_at, refused, .. } = *entry;
        if entry.acknowledged {
            self.remove(number);
        }
        let right = self.any_reply || mix.is_right(kind, index, submit.data_coding, text, &mut self.scratch);
        if counts && refused {
            self.counts.refused_answered += 1;
        } else if counts {
            self.counts.answered += 1;
            self.counts.wrong += u64::from(!right);
            self.meter.reply(now.saturating_sub(due_at));
        }
        mix.follow_up(kind, index, submit.data_coding, text)
    }

    /// The oldest message of a citizen that this part may belong to: one that some of its parts have come for, else
    /// one that has none, else one that was refused.
    fn awaiting(&self, citizen: u64, part: Part) -> Option<u32> {
        let mut number = *self.citizens.get(&citizen)?;
        let (mut untouched, mut refused) = (None, None);
        while let Some(entry) = self.entries.get(number as usize) {
            match &entry.parts {
                Some(parts) if part.total > 1 && parts.lacks(part) => return Some(number),
                // The same part once more is no reply to the next message.
                Some(parts) if part.total > 1 && parts.reference == part.reference => return None,
                None if entry.refused => refused = refused.or(Some(number)),
                None if !entry.answered => untouched = untouched.or(Some(number)),
                _ => {}
            }
            number = entry.next;
        }
        untouched.or(refused)
    }

    /// Takes an entry out of its citizen's list and frees it.
    fn remove(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        let (citizen, next) = (entry.citizen, entry.next);
        let refused = std::mem::take(&mut entry.refused);
        entry.counts = false;
        entry.parts = None;
        entry.next = self.free;
        self.free = number;
        if refused {
            self.refused -= 1;
        } else {
            self.under_way -= 1;
        }
        let Some(first) = self.citizens.get_mut(&citizen) else { return };
        if *first == number {
            if next == NONE {
                self.citizens.remove(&citizen);
            } else {
                *first = next;
            }
            return;
        }
        let mut at = *first;
        while let Some(entry) = self.entries.get_mut(at as usize) {
            if entry.next == number {
                entry.next = next;
                return;
            }
            at = entry.next;
        }
    }
}

#[cfg(test)]
mod tests;
