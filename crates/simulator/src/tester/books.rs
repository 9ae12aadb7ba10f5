//! The books: each message that is under way, and what became of those before.

use std::collections::{BTreeMap, HashMap, VecDeque, hash_map};

use rustc_hash::FxBuildHasher;

use super::{
    meter::Meter,
    mix::{FollowUp, Mix},
    wire::{self, Part, Submit},
};

/// Messages under way at most, acknowledged or not. An ESME that takes messages faster than it answers them is slowed
/// down to its answers here, by an open loop too; a load that grew without end would only measure our memory.
pub(super) const UNDER_WAY_MAX: usize = 100_000;

/// Refused messages that are remembered: an ESME that says "later" may have understood all the same, and reply. The
/// oldest goes when another comes, and each when it is as old as our patience: then a reply is one too many.
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
    /// Its neighbours in its chain; in a free entry the next is the next free one.
    previous: u32,
    next: u32,
    kind: u16,
    acknowledged: bool,
    answered: bool,
    /// Answered, but not rightly.
    wrong: bool,
    /// Answered with a status; no longer under way, but a reply to it is not one too many.
    refused: bool,
    counts: bool,
    /// Of a reply in several parts.
    parts: Option<Box<Parts>>,
}

/// The ends of a list of entries.
#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    last: u32,
}

impl Chain {
    const EMPTY: Self = Self { first: NONE, last: NONE };
}

/// The messages of a citizen to which nothing has come, oldest first. What some parts have come for is in
/// [`Books::in_parts`], and what was answered is in neither.
#[derive(Debug)]
struct Citizen {
    waiting: Chain,
    refused: Chain,
}

impl Citizen {
    fn chain(&mut self, refused: bool) -> &mut Chain {
        if refused { &mut self.refused } else { &mut self.waiting }
    }
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
    /// How long a refused message is remembered, in nanoseconds.
    patience: u64,
    /// What was refused, replied to since or not, and when: the oldest in front. Each keeps its entry until it leaves.
    refused: VecDeque<(u32, u64)>,
    /// Of each citizen for whom there is any.
    citizens: HashMap<u64, Citizen, FxBuildHasher>,
    /// The message that a citizen's parts with this reference are the reply to.
    in_parts: HashMap<(u64, u16), u32, FxBuildHasher>,
    scratch: Vec<u8>,
    /// Whether what is entered and what comes counts.
    pub(super) counting: bool,
    pub(super) counts: Counts,
    pub(super) meter: Meter,
    /// When the last response or awaited reply came.
    pub(super) heard_at: u64,
}

impl Books {
    /// `patience` in nanoseconds.
    pub(super) fn new(any_reply: bool, patience: u64, meter: Meter) -> Self {
        Self {
            any_reply,
            entries: Vec::new(),
            free: NONE,
            under_way: 0,
            patience,
            refused: VecDeque::new(),
            citizens: HashMap::default(),
            in_parts: HashMap::default(),
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
            previous: NONE,
            next: NONE,
            kind,
            acknowledged: false,
            answered: false,
            wrong: false,
            refused: false,
            counts,
            parts: None,
        };
        self.under_way += 1;
        let number = self.put(entry);
        self.link(number);
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
        let Entry { counts, due_at, answered, wrong, .. } = *entry;
        if answered {
            self.under_way -= 1;
            self.free(number);
        } else if status != 0 {
            self.under_way -= 1;
            self.remember_refused(number, now);
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
        if answered {
            // The reply came first and was taken for that to a message that is not refused.
            self.counts.answered -= 1;
            self.counts.wrong -= u64::from(wrong);
            self.counts.refused_answered += 1;
        }
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
        self.forget_refused(now);
        let Some(number) = self.awaiting(citizen, submit.part) else {
            self.counts.double += u64::from(self.counting);
            return None;
        };
        self.heard_at = now;
        let joined;
        let text = if submit.part.total == 1 {
            self.unlink(number);
            submit.text
        } else {
            joined = self.take_part(number, citizen, submit)?;
            joined.as_slice()
        };
        let entry = self.entries.get_mut(number as usize)?;
        let Entry { kind, index, counts, due_at, refused, acknowledged, .. } = *entry;
        let right = self.any_reply || mix.is_right(kind, index, submit.data_coding, text, &mut self.scratch);
        (entry.answered, entry.wrong) = (true, !right);
        if acknowledged && !refused {
            self.under_way -= 1;
            self.free(number);
        }
        if counts && refused {
            self.counts.refused_answered += 1;
        } else if counts {
            self.counts.answered += 1;
            self.counts.wrong += u64::from(!right);
            self.meter.reply(now.saturating_sub(due_at));
        }
        mix.follow_up(kind, index, submit.data_coding, text)
    }

    /// The oldest message of a citizen that this part may belong to: the one that parts of the same reply have come
    /// for, else one that nothing has come for, else one of these that was refused.
    fn awaiting(&self, citizen: u64, part: Part) -> Option<u32> {
        if part.total > 1
            && let Some(number) = self.in_parts.get(&(citizen, part.reference))
        {
            let parts = self.entries.get(*number as usize)?.parts.as_ref()?;
            // The same part once more is no reply to the next message.
            return parts.lacks(part).then_some(*number);
        }
        let citizen = self.citizens.get(&citizen)?;
        [citizen.waiting.first, citizen.refused.first].into_iter().find(|number| *number != NONE)
    }

    /// Takes a part of the reply to this message; the whole text if it is the last one.
    fn take_part(&mut self, number: u32, citizen: u64, submit: &Submit<'_>) -> Option<Vec<u8>> {
        let entry = self.entries.get_mut(number as usize)?;
        if entry.parts.is_none() {
            entry.parts = Some(Box::new(Parts::new(submit.part)));
            self.unlink(number);
            self.in_parts.insert((citizen, submit.part.reference), number);
        }
        let entry = self.entries.get_mut(number as usize)?;
        let whole = entry.parts.as_mut()?.take(submit.part, submit.text)?;
        entry.parts = None;
        self.in_parts.remove(&(citizen, submit.part.reference));
        Some(whole)
    }

    /// A message to which no reply has come, or none of all its parts, was refused.
    fn remember_refused(&mut self, number: u32, now: u64) {
        self.forget_refused(now);
        if self.refused.len() >= REFUSED_MAX {
            self.forget_oldest_refused();
        }
        self.refused.push_back((number, now));
        let Some(entry) = self.entries.get(number as usize) else { return };
        let chained = entry.parts.is_none();
        if chained {
            self.unlink(number);
        }
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.refused = true;
        }
        if chained {
            self.link(number);
        }
    }

    /// Forgets what was refused too long ago.
    fn forget_refused(&mut self, now: u64) {
        while self.refused.front().is_some_and(|(_, at)| now.saturating_sub(*at) >= self.patience) {
            self.forget_oldest_refused();
        }
    }

    fn forget_oldest_refused(&mut self) {
        let Some((number, _)) = self.refused.pop_front() else { return };
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        let (citizen, answered) = (entry.citizen, entry.answered);
        match entry.parts.take() {
            Some(parts) => drop(self.in_parts.remove(&(citizen, parts.reference))),
            None if !answered => self.unlink(number),
            None => {}
        }
        self.free(number);
    }

    /// Appends an entry to the chain where it belongs.
    fn link(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        let empty = || Citizen { waiting: Chain::EMPTY, refused: Chain::EMPTY };
        let chain = self.citizens.entry(entry.citizen).or_insert_with(empty).chain(entry.refused);
        entry.previous = chain.last;
        let previous = std::mem::replace(&mut chain.last, number);
        match self.entries.get_mut(previous as usize) {
            Some(previous) => previous.next = number,
            None => chain.first = number,
        }
    }

    /// Takes an entry out of the chain that it stands in.
    fn unlink(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        let Entry { citizen, refused, .. } = *entry;
        let previous = std::mem::replace(&mut entry.previous, NONE);
        let next = std::mem::replace(&mut entry.next, NONE);
        let hash_map::Entry::Occupied(mut citizen) = self.citizens.entry(citizen) else { return };
        let chain = citizen.get_mut().chain(refused);
        match self.entries.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => chain.first = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => chain.last = previous,
        }
        let Citizen { waiting, refused } = citizen.get();
        if waiting.first == NONE && refused.first == NONE {
            citizen.remove();
        }
    }

    /// Frees an entry that stands in no chain.
    fn free(&mut self, number: u32) {
        let Some(entry) = self.entries.get_mut(number as usize) else { return };
        (entry.counts, entry.refused) = (false, false);
        entry.next = self.free;
        self.free = number;
    }
}

#[cfg(test)]
mod tests;
