//! Parts of long messages, durable before they are acknowledged, joined before they are decoded.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use codec::{Concat, UserData};
use failpoints::{Bug, planted};
use jiff::Timestamp;
use model::journal::Entry;
use model::outbox::{PartialMessage, PartialMessageId};
use model::plan::Party;
use model::{Address, Key, Msisdn, Name, Now, Outcome, Record, Redacted};
use rustc_hash::FxHashMap;

use crate::engine::Engine;
use crate::fatal::Fatal;
use crate::meters;
use crate::reading::{Content, Meaning, service_place};
use crate::receive::Inbound;
use crate::settle::{Route, reply};
use crate::turn::Turn;

mod finished;

use self::finished::Finished;

/// Parts of one message at most, and octets of a part as it comes (a packed part grows by an eighth): handsets
/// stop at ten parts of 140. Together they keep the record of a half-joined message under the store's 16 KiB.
pub(crate) const PARTS_MAX: u8 = 20;
pub(crate) const PART_OCTETS_MAX: usize = 256;
/// Half-joined messages of one sender: a handset sends one after the other, so four leave room for lost parts.
const PER_SENDER_MAX: usize = 4;
/// Half-joined messages in all; each holds 140 octets a part.
const ALL_MAX: usize = 20_000;
/// How long a message waits for its other parts; the field uses 5 to 60 minutes. On the monotonic clock: a wall clock
/// that is set must not end a message between two of its parts.
const AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// Messages given up in one turn: bounds the turn.
const EXPIRED_PER_TURN: usize = 500;

/// Which half-joined messages there are; their parts stand in the store.
#[derive(Default)]
pub(crate) struct Partials {
    /// When each is given up.
    ends: FxHashMap<PartialMessageId, Duration>,
    by_end: BTreeSet<(Duration, PartialMessageId)>,
    senders: FxHashMap<(Name, Address), VecDeque<PartialMessageId>>,
    finished: Finished,
}

impl Partials {
    /// Remembers a message that waits for parts until `end`.
    pub(crate) fn insert(&mut self, id: &PartialMessageId, end: Duration) {
        self.remove(id);
        self.ends.insert(id.clone(), end);
        self.by_end.insert((end, id.clone()));
        self.senders.entry(sender_of(id)).or_default().push_back(id.clone());
    }

    /// Remembers a message of an earlier life, as old as the wall clock says.
    pub(crate) fn restore(&mut self, id: &PartialMessageId, since: Timestamp, now: Now, believed: bool) {
        let age =
            Duration::try_from(now.wall.duration_since(since)).ok().filter(|_| believed).unwrap_or_default();
        self.insert(id, now.monotonic + AGE_MAX.saturating_sub(age));
    }

    fn remove(&mut self, id: &PartialMessageId) {
        let Some(end) = self.ends.remove(id) else { return };
        self.by_end.remove(&(end, id.clone()));
        let sender = sender_of(id);
        if let Some(own) = self.senders.get_mut(&sender) {
            own.retain(|it| it != id);
            if own.is_empty() {
                self.senders.remove(&sender);
            }
        }
    }

    fn contains(&self, id: &PartialMessageId) -> bool {
        self.ends.contains_key(id)
    }

    /// Which message must be given up so that another may begin.
    fn crowded_out(&self, id: &PartialMessageId) -> Option<PartialMessageId> {
        let own = self.senders.get(&sender_of(id)).filter(|own| own.len() >= PER_SENDER_MAX);
        match own {
            Some(own) => own.front().cloned(),
            None if self.ends.len() >= ALL_MAX => self.by_end.first().map(|(_, id)| id.clone()),
            None => None,
        }
    }

    /// When the oldest is given up, on the monotonic clock.
    pub(crate) fn next_expiry(&self) -> Option<Duration> {
        self.by_end.first().map(|(end, _)| *end)
    }

    fn expired(&self, now: Duration) -> Vec<PartialMessageId> {
        let expired = self.by_end.iter().take_while(|(end, _)| *end <= now).take(EXPIRED_PER_TURN);
        expired.map(|(_, id)| id.clone()).collect()
    }
}

fn sender_of(id: &PartialMessageId) -> (Name, Address) {
    (id.group, id.source.clone())
}

/// A citizen's number as an SMSC takes it: international, E.164.
pub(crate) fn international(citizen: &Msisdn) -> Address {
    Address::new(1, 1, citizen.as_str())
}

impl Engine {
    /// Takes one part; the last one makes the message whole.
    pub(crate) fn take_part(
        &mut self,
        inbound: Inbound,
        data: &UserData,
        concat: Concat,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let id = PartialMessageId {
            group: self.queues.group_name(inbound.route.group),
            // Normalised: a sister bind may write the sender otherwise.
            source: if planted(Bug::ReassemblyWithoutSender) {
                Address::default()
            } else {
                international(&inbound.route.citizen)
            },
            destination: inbound.route.source.clone(),
            wide: concat.wide,
            reference: concat.reference,
            total: concat.total,
        };
        let (message, begun) = self.with_part(&id, concat.number, data, inbound.data_coding, turn)?;
        if let Some(payload) = whole(&message) {
            self.partials.remove(&id);
            self.partials.finished.remember(&id, &message, turn.now.monotonic);
            turn.write(Key::PartialMessage(Box::new(id)), None);
            let Some(link) = self.config.links.get(usize::from(inbound.link().0)) else { return Ok(()) };
            let data = UserData { payload: payload.into(), ..data.clone() };
            let content = Content::whole(link, &data, message.data_coding);
            let (citizen, destination) = (Some(&inbound.route.citizen), &inbound.route.source);
            let meaning =
                Meaning::find(&self.rules, link, citizen, destination, content.text(), turn.now.wall);
            return self.take_content(inbound, content, meaning, turn);
        }
        // One that begins anew under its reference gets its time anew.
        let known = self.partials.ends.get(&id).copied().filter(|_| !begun);
        self.partials.insert(&id, known.unwrap_or(turn.now.monotonic + AGE_MAX));
        let (group, fingerprint) = (id.group, inbound.arrival.fingerprint);
        turn.write(Key::PartialMessage(Box::new(id)), Some(Record::PartialMessage(message)));
        turn.entries.push(Entry::Part { group, fingerprint });
        // A part always counts as an act: taken twice it would begin a message that never becomes whole.
        self.acknowledged(inbound.arrival, true, turn);
        Ok(())
    }

    /// The message with one part more, and whether it begins with it. Other octets under a known number mean that the sender has used the
    /// reference again: the old parts are let go. So are repeats of parts of a finished message, by a part that is
    /// none.
    fn with_part(
        &mut self,
        id: &PartialMessageId,
        number: u8,
        data: &UserData,
        data_coding: u8,
        turn: &mut Turn,
    ) -> Result<(PartialMessage, bool), Fatal> {
        let fresh =
            PartialMessage { parts: vec![None; usize::from(id.total)], data_coding, since: turn.now.wall };
        let known = turn.read(&self.ledger, &Key::PartialMessage(Box::new(id.clone())))?;
        let mut message = match known.as_deref() {
            Some(Record::PartialMessage(message)) if message.parts.len() == usize::from(id.total) => {
                message.clone()
            }
            _ => fresh.clone(),
        };
        let begins = !self.partials.contains(id);
        if let Some(oldest) = self.partials.crowded_out(id).filter(|_| begins) {
            self.give_up(&oldest, turn)?;
        }
        let place = usize::from(number.saturating_sub(1));
        let octets = Redacted(data.payload.to_vec());
        let reused = message.parts.get(place).is_some_and(|it| it.as_ref().is_some_and(|it| *it != octets));
        let finished = &self.partials.finished;
        let now = turn.now.monotonic;
        if reused || (finished.had_all(id, &message, now) && !finished.had(id, place, &octets, now)) {
            message = fresh;
        }
        let begun = message.parts.iter().all(Option::is_none);
        if let Some(slot) = message.parts.get_mut(place) {
            *slot = Some(octets);
        }
        Ok((message, begun))
    }

    /// Gives up what has waited too long.
    pub(crate) fn expire_partials(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        for id in self.partials.expired(turn.now.monotonic) {
            self.give_up(&id, turn)?;
            turn.next_event();
        }
        Ok(())
    }

    /// Drops a half-joined message and asks its sender once to send it again; not where it is made of parts that
    /// came again after their message was whole.
    fn give_up(&mut self, id: &PartialMessageId, turn: &mut Turn) -> Result<(), Fatal> {
        let key = Key::PartialMessage(Box::new(id.clone()));
        let repeated = match turn.read(&self.ledger, &key)?.as_deref() {
            Some(Record::PartialMessage(message)) => {
                self.partials.finished.had_all(id, message, turn.now.monotonic)
            }
            _ => false,
        };
        let label = if repeated { "repeated_parts" } else { "missing_parts" };
        self.partials.remove(id);
        turn.write(key, None);
        meters::ignored(label);
        turn.entries.push(Entry::Timer { label: label.into() });
        if !repeated {
            self.ask_again(id, turn);
        }
        Ok(())
    }

    fn ask_again(&mut self, id: &PartialMessageId, turn: &mut Turn) {
        let plan = self.config.links.iter().find(|link| link.group == id.group).map(|link| link.plan);
        let Some(plan) = plan else { return };
        let place = service_place(&self.rules, &id.group, plan, &id.destination);
        let Some(service) = self.service_at(place) else { return };
        let Party::Citizen(citizen) = plan.party(&id.source) else { return };
        if !self.guard.admit(&citizen, service.limits.messages_per_minute, turn.now.monotonic) {
            return;
        }
        let Some(rendered) = services::notice(&service, "parts", &[]) else { return };
        let label = rendered.template;
        let messages = vec![reply(&citizen, rendered)];
        let outcome = Outcome { messages, label, ..Outcome::default() };
        let group = self.queues.group(&id.group);
        let (source, destination) = (id.destination.clone(), id.source.clone());
        self.settle(outcome, &service, Some(&Route { group, citizen, source, destination }), turn);
    }
}

/// The octets of all parts in order, where none is missing.
fn whole(message: &PartialMessage) -> Option<Vec<u8>> {
    if planted(Bug::ReassemblyByLastPart) && message.parts.last().is_some_and(Option::is_some) {
        return Some(message.parts.iter().flatten().flat_map(|part| part.0.clone()).collect());
    }
    let parts: Option<Vec<&[u8]>> =
        message.parts.iter().map(|part| part.as_ref().map(|octets| octets.as_slice())).collect();
    Some(parts?.concat())
}

#[cfg(test)]
mod tests;
