//! Outbox → submit_sm, as far as window and throttle allow.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use codec::segment::segment;
use codec::time::SmppTime;
use codec::{Sm, segment::Segment};
use failpoints::{Bug, planted};
use jiff::{SignedDuration, Timestamp};
use model::outbox::{Body, OutboxEntry, PartState};
use model::outcome::{Class, FinalState};
use model::{Key, Record, SmolStr};
use rustc_hash::FxHashMap;
use store::StoreError;

use crate::config::Profile;
use crate::engine::Engine;
use crate::event::{Effect, LinkId};
use crate::fatal::Fatal;
use crate::queue::Item;
use crate::settle::wants_receipt;
use crate::turn::Turn;

/// A submit without any word from its link for so long was lost between engine and link; far beyond the response
/// timer (30 s) and the wait for a window slot.
const LOST_AFTER: Duration = Duration::from_secs(10 * 60);

/// A validity_period shorter than this is not sent: SMSCs count in minutes.
const VALIDITY_MIN: Duration = Duration::from_secs(60);

/// A part that was handed to a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    pub(crate) item: Item,
    pub(crate) group: usize,
    /// One part and no receipt: accepted is final.
    pub(crate) simple: bool,
    pub(crate) receipt: bool,
    /// When it was handed out.
    pub(crate) at: Duration,
}

/// Ended tickets that are remembered for late and second responses: those of the last second or so at full speed,
/// as the sessions do.
const ENDED_MAX: usize = 4_096;

/// Parts that links have; as many as their windows hold.
#[derive(Default)]
pub(crate) struct Tickets {
    last: u64,
    open: FxHashMap<u64, Ticket>,
    /// The newest that had an end, in the order of their ends. Looked through only where an SMSC answers late.
    ended: VecDeque<(u64, Ticket)>,
}

impl Tickets {
    /// No ticket of this process has this number: it stands for the copy that left in an earlier life.
    pub(crate) const BEFORE: u64 = 0;

    fn issue(&mut self, ticket: Ticket) -> u64 {
        self.last += 1;
        self.open.insert(self.last, ticket);
        self.last
    }

    /// Ends a ticket; `None` for one that was never issued or ended before.
    pub(crate) fn take(&mut self, ticket: u64) -> Option<Ticket> {
        let taken = self.open.remove(&ticket)?;
        if self.ended.len() >= ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back((ticket, taken));
        Some(taken)
    }

    /// A ticket that had its end not long ago.
    pub(crate) fn ended(&self, ticket: u64) -> Option<Ticket> {
        self.ended.iter().rev().find(|(ended, _)| *ended == ticket).map(|(_, taken)| *taken)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Ends the tickets that no link speaks of any more.
    pub(crate) fn take_lost(&mut self, now: Duration) -> Vec<Ticket> {
        let lost = |ticket: &Ticket| now.saturating_sub(ticket.at) > LOST_AFTER;
        let ids: Vec<u64> = self.open.iter().filter(|(_, it)| lost(it)).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.open.remove(&id)).collect()
    }
}

/// Whether a text may be sent once more where nobody knows whether it left. Charged and legal texts never; of bulk
/// the receiver would only see that it came twice.
pub(crate) fn may_resend(class: Class) -> bool {
    match class {
        Class::Answer | Class::Credential | Class::Code | Class::Notice => true,
        Class::Charged | Class::Legal | Class::Bulk => false,
    }
}

impl Engine {
    /// A link stands.
    pub(crate) fn link_up(&mut self, link: LinkId, transmits: bool, limit: u64) {
        if let Some(link) = self.queues.link_mut(link) {
            link.transmits = transmits;
            link.limit = limit;
            link.stopped_until = None;
        }
        self.fingerprints.proofs.link_up(link);
    }

    /// A link says how much it takes.
    pub(crate) fn credit(&mut self, link: LinkId, limit: u64) {
        if let Some(link) = self.queues.link_mut(link) {
            link.limit = limit;
        }
    }

    /// A link is gone: what it had not sent goes back to the head, what it had no answer for is uncertain.
    pub(crate) fn link_down(&mut self, link: LinkId, unsent: &[u64], unanswered: &[u64], turn: &mut Turn) {
        if let Some(link) = self.queues.link_mut(link) {
            link.transmits = false;
        }
        self.fingerprints.link_down(link, turn.now.monotonic, turn.now.wall);
        for ticket in unanswered {
            if let Some(ticket) = self.tickets.take(*ticket) {
                self.died_with(&ticket, turn.now.monotonic);
            }
        }
        for ticket in unsent {
            if let Some(ticket) = self.tickets.take(*ticket) {
                self.queues.put_back(ticket.group, ticket.item.unsent());
            }
        }
    }

    /// Hands out as much as the links take; it leaves after the commit.
    pub(crate) fn dispatch(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        self.queues.wake(turn.now.wall);
        for group in 0..self.queues.groups_len() {
            while let Some((item, link)) = self.queues.pop(group, turn.now.monotonic) {
                if !self.hand_out(group, item, link, turn)? {
                    self.queues.return_credit(link);
                }
            }
        }
        Ok(())
    }

    /// Hands one part to a link; whether it took a credit.
    fn hand_out(&mut self, group: usize, item: Item, link: LinkId, turn: &mut Turn) -> Result<bool, Fatal> {
        let record = turn.read(&self.ledger, &Key::Outbox(item.outbox))?;
        let Some(Record::Outbox(entry)) = record.as_deref() else { return Ok(false) };
        let part = usize::from(item.part);
        if !matches!(entry.parts.get(part), Some(PartState::Unsent | PartState::Sending)) {
            return Ok(false);
        }
        if self.is_expired(entry, turn.now.wall) {
            self.finish((**entry).clone(), FinalState::Failed, turn)?;
            turn.next_event();
            return Ok(false);
        }
        if let Some(morning) = self.quiet_until(entry, turn.now.wall) {
            self.queues.delay(group, item, morning);
            return Ok(false);
        }
        if item.again && entry.resent >= RESENDS_MAX {
            let simple = entry.parts.len() == 1 && !wants_receipt(entry);
            self.lose(item, group, simple, turn.now.monotonic);
            return Ok(false);
        }
        let config = Arc::clone(&self.config);
        let Some(config) = config.links.get(usize::from(link.0)) else { return Ok(false) };
        let Some(piece) = self.piece(entry, part, &config.profile)? else {
            self.finish((**entry).clone(), FinalState::Failed, turn)?;
            return Ok(false);
        };
        let left = entry.expires_at.duration_since(turn.now.wall);
        let left = Some(left).filter(|_| config.profile.validity && self.clock.is_trusted());
        let sm = submit_sm(entry, piece, left.map(validity_period).unwrap_or_default());
        let receipt = wants_receipt(entry);
        let simple = entry.parts.len() == 1 && !receipt;
        if let Some(marked) = mark(entry, item) {
            turn.write_outbox(marked);
        }
        let ticket = Ticket { item, group, simple, receipt, at: turn.now.monotonic };
        let ticket = self.tickets.issue(ticket);
        turn.effect(Effect::Submit { link, ticket, sm });
        Ok(true)
    }

    /// Whether a message is worth nothing any more. Nothing is dropped by a clock that nobody believes.
    fn is_expired(&self, entry: &OutboxEntry, wall: Timestamp) -> bool {
        entry.expires_at <= wall && self.clock.is_trusted()
    }

    /// When a message may leave that waited for a link into the night; none for one that may leave now.
    fn quiet_until(&self, entry: &OutboxEntry, wall: Timestamp) -> Option<Timestamp> {
        let service = entry.is_unasked().then(|| self.rules.service(entry.service.as_str())).flatten()?;
        services::held_until(service, wall)
    }

    /// One part of a message's text; none where its secret is gone, or where the bind's profile was changed and
    /// the text now takes another number of parts: it fails visibly rather than leaving cut.
    fn piece(
        &mut self,
        entry: &OutboxEntry,
        part: usize,
        profile: &Profile,
    ) -> Result<Option<Segment>, Fatal> {
        let cut = |text: &str| segment(text, u16::from(entry.reference), profile.segments);
        let pieces = match &entry.body {
            Body::Text(text) => cut(text),
            Body::Awaited => return Ok(None),
            Body::Secret { sealed } => match self.ledger.secrets().open(entry.id, sealed) {
                Ok(text) => cut(&text),
                Err(StoreError::SecretGone) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        };
        let whole = pieces.len() == entry.parts.len();
        Ok(pieces.into_iter().nth(part).filter(|_| whole))
    }

    /// Drops what expired while no link took it. The queues are in order of age, so the heads are the oldest.
    pub(crate) fn expire_heads(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        /// Bounds the turn.
        const STEP: usize = 500;
        for _ in 0..STEP {
            let heads: Vec<(usize, Item)> = self.queues.fronts().collect();
            let mut dropped = false;
            for (group, item) in heads {
                let entry = turn.outbox(&self.ledger, item.outbox)?;
                if entry.as_ref().is_some_and(|entry| !self.is_expired(entry, turn.now.wall)) {
                    continue;
                }
                self.queues.drop_front(group, item);
                dropped = true;
                if let Some(entry) = entry {
                    self.finish(entry, FinalState::Failed, turn)?;
                    turn.next_event();
                }
            }
            if !dropped {
                break;
            }
        }
        Ok(())
    }

    /// Whether nothing is in a link's hands or waits to be.
    pub(crate) fn is_idle(&self) -> bool {
        self.tickets.is_empty() && self.queues.len() == 0
    }

    /// Messages that are on their way out, for pages and metrics.
    pub fn queued(&self) -> usize {
        self.queues.len()
    }
}

/// Parts of one message that are sent again because a process or a link died before their response was recorded.
/// An answer must reach the SMSC at least once, so a death alone never gives it up; one that dies with every link
/// that takes it is what kills them.
const RESENDS_MAX: u8 = 20;

/// Writes down that a part is about to leave, where that must be durable before it does; nothing where nothing
/// changes.
fn mark(entry: &OutboxEntry, item: Item) -> Option<OutboxEntry> {
    if item.again && !planted(Bug::UnansweredUncounted) {
        metrics::counter!("tongdai_resent_total").increment(1);
        return Some(OutboxEntry { resent: entry.resent.saturating_add(1), ..entry.clone() });
    }
    let part = usize::from(item.part);
    if may_resend(entry.class) || entry.parts.get(part) != Some(&PartState::Unsent) {
        return None;
    }
    let mut marked = entry.clone();
    marked.parts.get_mut(part).map(|state| *state = PartState::Sending)?;
    Some(marked)
}

/// For how long the SMSC may keep a message; empty for as long as it does by itself.
fn validity_period(left: SignedDuration) -> SmolStr {
    let left = Duration::try_from(left).unwrap_or_default();
    if left >= VALIDITY_MIN { SmppTime::relative(left).into() } else { SmolStr::default() }
}

fn submit_sm(entry: &OutboxEntry, piece: Segment, validity_period: SmolStr) -> Sm {
    let mut sm = Sm {
        source: entry.source.clone(),
        destination: entry.destination.clone(),
        registered_delivery: u8::from(wants_receipt(entry)),
        validity_period,
        ..Sm::default()
    };
    piece.fill(&mut sm);
    sm
}

#[cfg(test)]
mod tests;
