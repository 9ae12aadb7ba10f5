//! Receipt → final state of the message: before its response, twice, late, or on a sister bind.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use codec::receipt::{ReceiptIds, plain};
use codec::{MessageState, Receipt, Sm, SmKind};
use failpoints::{Bug, Point, planted};
use model::journal::Entry;
use model::outbox::{Body, OutboxEntry, PartState};
use model::outcome::FinalState;
use model::request::Request;
use model::{Key, OutboxId};
use rustc_hash::FxHashMap;

use crate::engine::Engine;
use crate::event::LinkId;
use crate::fatal::Fatal;
use crate::meters;
use crate::turn::Turn;

/// How long a receipt waits for its response: the response timer (30 s), a minute for the link to die and hand its
/// work back, and some.
const HELD_AGE: Duration = Duration::from_secs(120);
/// Receipts that wait: a burst of a minute; the oldest is dropped.
const HELD_MAX: usize = 10_000;

/// Ids kept of one part: an SMSC may answer late or twice, and name another each time.
const IDS_MAX: usize = 4;
/// How long a final receipt is remembered, so that its repeat is not taken for another message's.
const HEARD_AGE: Duration = Duration::from_secs(10 * 60);

/// A receipt without its message.
struct Held {
    group: usize,
    message_id: String,
    state: FinalState,
    at: Duration,
}

/// Which ids SMSCs will name, and receipts that came too early.
#[derive(Default)]
pub(crate) struct Receipts {
    /// How the SMSC of each group writes ids.
    forms: Vec<ReceiptIds>,
    /// By group, the plain spellings of the ids that responses gave.
    expected: Vec<FxHashMap<String, (OutboxId, u8)>>,
    /// The ids of each part that is waited for, each with the copy that was answered with it: a part may have left
    /// twice, and one copy may have been answered twice.
    ids: FxHashMap<(OutboxId, u8), Vec<(u64, String)>>,
    held: BTreeMap<u64, Held>,
    /// Serials of held receipts by group and plain spelling.
    held_ids: FxHashMap<(usize, String), u64>,
    serial: u64,
    /// Final receipts by group and id, and when they came.
    heard: FxHashMap<(usize, String), Duration>,
    heard_order: VecDeque<(Duration, (usize, String))>,
}

impl Receipts {
    /// For groups whose SMSCs write ids so.
    pub(crate) fn new(forms: Vec<ReceiptIds>) -> Self {
        Self { forms, ..Self::default() }
    }

    fn form(&self, group: usize) -> ReceiptIds {
        self.forms.get(group).copied().unwrap_or_default()
    }

    /// Expects receipts for a copy of a part. Where two ids share a spelling, the exact one wins.
    pub(crate) fn expect(&mut self, group: usize, message_id: &str, part: (OutboxId, u8), copy: u64) {
        if self.expected.len() <= group {
            self.expected.resize_with(group + 1, FxHashMap::default);
        }
        let Some(expected) = self.expected.get_mut(group) else { return };
        let ids = self.ids.entry(part).or_default();
        if ids.len() >= IDS_MAX || ids.iter().any(|(_, known)| known == message_id) {
            return;
        }
        ids.push((copy, message_id.to_owned()));
        for (place, id) in plain(message_id).into_iter().enumerate() {
            if place == 0 {
                expected.insert(id, part);
            } else {
                expected.entry(id).or_insert(part);
            }
        }
    }

    /// The part that a receipt names. The repeat of a final receipt names none by a guess: its own part is over.
    fn find(&self, group: usize, message_id: &str, now: Duration) -> Option<(OutboxId, u8)> {
        let expected = self.expected.get(group);
        let spellings = self.form(group).of_receipt(message_id);
        let find = |ids: &[String]| match planted(Bug::ReceiptOfAnotherGroup) {
            true => ids.iter().find_map(|id| self.expected.iter().find_map(|any| any.get(id).copied())),
            false => ids.iter().find_map(|id| expected?.get(id).copied()),
        };
        find(&spellings.sure).or_else(|| {
            let guessed = if self.was_heard(group, message_id, now) { &[][..] } else { &spellings.guessed };
            find(guessed)
        })
    }

    /// Remembers a receipt that was the last word on its part.
    fn hear(&mut self, group: usize, message_id: &str, now: Duration) {
        while let Some((at, _)) = self.heard_order.front() {
            if now.saturating_sub(*at) <= HEARD_AGE && self.heard_order.len() < HELD_MAX {
                break;
            }
            let Some((at, oldest)) = self.heard_order.pop_front() else { break };
            if self.heard.get(&oldest) == Some(&at) {
                self.heard.remove(&oldest);
            }
        }
        let key = (group, bare(message_id));
        self.heard.insert(key.clone(), now);
        self.heard_order.push_back((now, key));
    }

    fn was_heard(&self, group: usize, message_id: &str, now: Duration) -> bool {
        let at = self.heard.get(&(group, bare(message_id)));
        at.is_some_and(|at| now.saturating_sub(*at) <= HEARD_AGE)
    }

    /// A part is final: no id of it is expected any more.
    fn forget(&mut self, group: usize, part: (OutboxId, u8)) {
        for (_, message_id) in self.ids.remove(&part).unwrap_or_default() {
            self.forget_id(group, &message_id, part);
        }
    }

    fn forget_id(&mut self, group: usize, message_id: &str, part: (OutboxId, u8)) {
        let Some(expected) = self.expected.get_mut(group) else { return };
        for id in plain(message_id) {
            if expected.get(&id) == Some(&part) {
                expected.remove(&id);
            }
        }
    }

    /// One copy of a part failed; whether another may still arrive.
    fn fail_copy(&mut self, group: usize, message_id: &str, part: (OutboxId, u8)) -> bool {
        let spellings = self.form(group).of_receipt(message_id);
        let Some(ids) = self.ids.get_mut(&part) else { return false };
        let named =
            |(_, id): &&(u64, String)| plain(id).iter().any(|known| spellings.iter().any(|id| id == known));
        let Some((copy, _)) = ids.iter().find(named) else { return false };
        let copy = *copy;
        if ids.iter().all(|(other, _)| *other == copy) {
            return false;
        }
        let failed: Vec<_> = ids.extract_if(.., |(other, _)| *other == copy).collect();
        for (_, id) in failed {
            self.forget_id(group, &id, part);
        }
        true
    }

    /// Keeps a receipt whose response may still come; the repeat of a final one waits for none.
    fn hold(&mut self, group: usize, message_id: &str, state: FinalState, at: Duration) {
        if self.was_heard(group, message_id, at) {
            return;
        }
        if self.held.len() >= HELD_MAX {
            self.drop_oldest();
        }
        self.serial += 1;
        for id in plain(message_id) {
            self.held_ids.insert((group, id), self.serial);
        }
        self.held.insert(self.serial, Held { group, message_id: message_id.to_owned(), state, at });
    }

    /// The receipt that came before this response.
    pub(crate) fn take_held(&mut self, group: usize, message_id: &str, now: Duration) -> Option<FinalState> {
        if self.held.is_empty() {
            return None;
        }
        let spellings = self.form(group).of_response(message_id);
        let serial = spellings.iter().find_map(|id| self.held_ids.get(&(group, id.clone())).copied())?;
        let held = self.remove(serial)?;
        self.hear(group, &held.message_id, now);
        Some(held.state)
    }

    fn remove(&mut self, serial: u64) -> Option<Held> {
        let held = self.held.remove(&serial)?;
        for id in plain(&held.message_id) {
            let key = (held.group, id);
            if self.held_ids.get(&key) == Some(&serial) {
                self.held_ids.remove(&key);
            }
        }
        Some(held)
    }

    fn drop_oldest(&mut self) {
        if let Some(serial) = self.held.first_key_value().map(|(serial, _)| *serial) {
            self.remove(serial);
        }
    }

    /// Drops receipts whose response never came.
    pub(crate) fn expire_held(&mut self, now: Duration) {
        let old = |held: &Held| now.saturating_sub(held.at) > HELD_AGE;
        while self.held.first_key_value().is_some_and(|(_, held)| old(held)) {
            self.drop_oldest();
        }
    }

    pub(crate) fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }
}

/// An id without case and leading zeros.
fn bare(message_id: &str) -> String {
    plain(message_id).pop().unwrap_or_default()
}

/// What a receipt says of its message, where that is the last word.
fn final_state(sm: &Sm, receipt: &Receipt) -> Option<FinalState> {
    if sm.kind() != SmKind::Receipt {
        return None;
    }
    match receipt.state? {
        MessageState::Delivered => Some(FinalState::Delivered),
        MessageState::Unknown => Some(FinalState::Unknown),
        state if state.is_final() => Some(FinalState::Failed),
        _ => None,
    }
}

impl Engine {
    /// Takes a receipt; it is acknowledged whether or not its message is found, and never starts a service.
    pub(crate) fn receipt(&mut self, link: LinkId, sm: &Sm, turn: &mut Turn) -> Result<(), Fatal> {
        failpoints::reached(Point::ReceiptRead);
        let Some(receipt) = Receipt::parse(sm) else { return Ok(()) };
        let Some(group) = self.queues.group_of(link) else { return Ok(()) };
        let state = final_state(sm, &receipt);
        let message_id = receipt.message_id.unwrap_or_default();
        let now = turn.now.monotonic;
        let found = self.receipts.find(group, &message_id, now);
        meters::receipt(if found.is_some() { "matched" } else { "unmatched" });
        match (found, state) {
            (Some(part), Some(FinalState::Failed)) if self.receipts.fail_copy(group, &message_id, part) => {}
            (Some((outbox, part)), Some(state)) => {
                self.receipts.hear(group, &message_id, now);
                self.conclude(outbox, part, state, turn)?;
            }
            (None, Some(state)) if !message_id.is_empty() => {
                self.receipts.hold(group, &message_id, state, now);
            }
            _ => {}
        }
        let outbox = found.map(|(outbox, _)| outbox);
        turn.entries.push(Entry::Receipt { outbox, message_id, state });
        Ok(())
    }

    /// One part is final; the message is so once all its parts are, or one has failed.
    pub(crate) fn conclude(
        &mut self,
        outbox: OutboxId,
        part: u8,
        state: FinalState,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        // The verdict of this part may still wait for a turn, and must not overwrite what is written here.
        self.flush_verdicts(turn)?;
        let Some(mut entry) = turn.outbox(&self.ledger, outbox)? else { return Ok(()) };
        let Some(slot) = entry.parts.get_mut(usize::from(part)) else { return Ok(()) };
        *slot = match state {
            FinalState::Delivered => PartState::Delivered,
            FinalState::Failed => PartState::Failed,
            FinalState::Unknown => PartState::Uncertain,
        };
        let group = self.queues.group(&entry.group);
        self.receipts.forget(group, (outbox, part));
        match whole_state(&entry.parts) {
            Some(state) => self.finish(entry, state, turn),
            None => {
                turn.write_outbox(entry);
                Ok(())
            }
        }
    }

    /// The last word on a message: its service is told, its secret zeroed, its record dropped.
    pub(crate) fn finish(
        &mut self,
        entry: OutboxEntry,
        state: FinalState,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let group = self.queues.group(&entry.group);
        for (part, _) in (0..).zip(&entry.parts) {
            self.receipts.forget(group, (entry.id, part));
        }
        if matches!(entry.body, Body::Secret { .. }) {
            turn.forget(entry.id);
        }
        self.awaited.remove(&entry.id);
        turn.write(Key::Outbox(entry.id), None);
        let Some(subject) = entry.subject else { return Ok(()) };
        let Some(service) = self.rules.service(subject.service().as_str()).cloned() else { return Ok(()) };
        let request = Request::Final { subject, outbox: entry.id, state };
        let outcome = self.decide(&request, &service, turn)?;
        self.settle(outcome, &service, None, turn);
        Ok(())
    }
}

/// The state of a message by its parts; none while one is open.
fn whole_state(parts: &[PartState]) -> Option<FinalState> {
    if parts.contains(&PartState::Failed) {
        return Some(FinalState::Failed);
    }
    if parts.iter().all(|part| *part == PartState::Delivered) {
        return Some(FinalState::Delivered);
    }
    let over = |part: &PartState| matches!(part, PartState::Delivered | PartState::Uncertain);
    parts.iter().all(over).then_some(FinalState::Unknown)
}

#[cfg(test)]
mod tests;
