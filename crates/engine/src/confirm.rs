//! submit_sm_resp → accepted, retry at, rejected, uncertain. No effect waits for a verdict: it rides in the next
//! turn that is made durable anyway, or in its own soon after.

use std::time::Duration;

use codec::CommandStatus;
use failpoints::{Bug, planted};
use jiff::SignedDuration;
use model::journal::Entry;
use model::outbox::{OutboxEntry, PartState};
use model::outcome::FinalState;
use model::{Key, OutboxId, SmolStr};

use crate::dispatch::{Ticket, may_resend};
use crate::engine::Engine;
use crate::event::{LinkId, SubmitResult};
use crate::fatal::Fatal;
use crate::queue::{CONFIGURATION_PAUSE, Item};
use crate::settle::{after, wants_receipt};
use crate::turn::Turn;
use crate::verdict::Verdict;

/// How long a verdict waits for a turn to ride in.
const WAIT_MAX: Duration = Duration::from_millis(50);
/// Verdicts that wait at most.
const WAITING_MAX: usize = 1_000;
/// Pauses before the next tries; the last one repeats until the message expires.
const RETRIES: [SignedDuration; 4] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_hours(1),
];
/// Tries for a status too vague to hope for long.
const LIMITED_TRIES: u8 = 3;

/// What became of one part and is not durable yet.
#[derive(Debug)]
struct Pending {
    item: Item,
    group: usize,
    simple: bool,
    /// None where no response came.
    status: Option<u32>,
    message_id: SmolStr,
    verdict: Verdict,
}

/// Verdicts that wait for a turn.
#[derive(Default)]
pub(crate) struct Verdicts {
    waiting: Vec<Pending>,
    since: Option<Duration>,
}

impl Verdicts {
    fn push(&mut self, pending: Pending, now: Duration) {
        self.since.get_or_insert(now);
        self.waiting.push(pending);
    }

    /// When they must be made durable.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.since.map(|since| if self.waiting.len() >= WAITING_MAX { since } else { since + WAIT_MAX })
    }
}

impl Engine {
    /// Takes the response to a submit, or its absence.
    pub(crate) fn submitted(
        &mut self,
        link: LinkId,
        copy: u64,
        result: SubmitResult,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let Some(ticket) = self.tickets.take(copy) else { return Ok(()) };
        let (status, message_id) = match result {
            SubmitResult::Response { status, message_id } => {
                self.fingerprints.proofs.answered(link, ticket.at, turn.now.monotonic);
                (status, message_id)
            }
            SubmitResult::TimedOut => {
                self.uncertain(&ticket, turn.now.monotonic);
                return Ok(());
            }
            SubmitResult::Unsent => {
                self.queues.put_back(ticket.group, ticket.item.unsent());
                return Ok(());
            }
        };
        let profile = self.config.links.get(usize::from(link.0)).map(|link| &link.profile);
        let overridden = profile.and_then(|profile| profile.statuses.get(&status.0).copied());
        let verdict = overridden.unwrap_or_else(|| Verdict::of(status));
        self.meters.submit(name(verdict));
        match verdict {
            Verdict::Accepted => return self.accepted(&ticket, copy, message_id, turn),
            Verdict::Throttled if planted(Bug::ThrottledForgotten) => {}
            Verdict::Throttled => self.queues.put_back(ticket.group, ticket.item.refused()),
            Verdict::Configuration => self.stop(link, &ticket, turn.now.monotonic),
            Verdict::Retry | Verdict::RetryLimited | Verdict::Rejected => {
                let Ticket { item, group, simple, .. } = ticket;
                let status = Some(status.0);
                let pending = Pending { item, group, simple, status, message_id, verdict };
                self.verdicts.push(pending, turn.now.monotonic);
            }
        }
        Ok(())
    }

    /// The SMSC has a part; a receipt that came before this response is taken now.
    fn accepted(
        &mut self,
        ticket: &Ticket,
        copy: u64,
        message_id: SmolStr,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let Ticket { item, group, simple, receipt, .. } = *ticket;
        let mut held = None;
        if receipt && !message_id.is_empty() {
            self.receipts.expect(group, &message_id, (item.outbox, item.part), copy);
            held = self.receipts.take_held(group, &message_id, turn.now.monotonic);
        }
        let (status, verdict) = (Some(CommandStatus::ESME_ROK.0), Verdict::Accepted);
        self.verdicts.push(Pending { item, group, simple, status, message_id, verdict }, turn.now.monotonic);
        match held {
            Some(state) => self.conclude(item.outbox, item.part, state, turn),
            None => Ok(()),
        }
    }

    /// The SMSC answered after the response timer, or twice with two ids: it has the part, which leaves no more
    /// where it still waited to be sent again, and receipts find it by this id too.
    pub(crate) fn late(&mut self, copy: u64, message_id: SmolStr, turn: &mut Turn) -> Result<(), Fatal> {
        let Some(ticket) = self.tickets.ended(copy) else { return Ok(()) };
        // What waits for a turn is written first, for it may be the last word on this message.
        self.flush_verdicts(turn)?;
        if turn.outbox(&self.ledger, ticket.item.outbox)?.is_none() {
            return Ok(());
        }
        self.meters.submit("late");
        self.accepted(&ticket, copy, message_id, turn)?;
        // Before a copy that waits can leave.
        self.flush_verdicts(turn)
    }

    /// A configuration error: the bind sends nothing for a while instead of failing every message.
    fn stop(&mut self, link: LinkId, ticket: &Ticket, now: Duration) {
        self.queues.put_back(ticket.group, ticket.item.refused());
        let Some(state) = self.queues.link_mut(link) else { return };
        let last = state.stopped_until.replace(now + CONFIGURATION_PAUSE);
        if last.is_none_or(|until| until <= now) {
            let name = self.config.links.get(usize::from(link.0)).map_or("", |link| &link.name);
            tracing::error!(
                link = name,
                "the SMSC refuses all that this bind sends; it is stopped for a while"
            );
        }
    }

    /// The link died with a part: it may never have reached the SMSC, so it leaves again where that does no harm,
    /// as often as links die, up to the bound that dispatch keeps.
    pub(crate) fn died_with(&mut self, ticket: &Ticket, now: Duration) {
        self.meters.submit("uncertain");
        let Ticket { item, group, simple, .. } = *ticket;
        if planted(Bug::UnansweredForgotten) {
            return;
        }
        if may_resend(item.class) {
            self.queues.put_back(group, Item { again: true, ..item });
        } else {
            self.lose(item, group, simple, now);
        }
    }

    /// No response came on a living link: once more where that does no harm, else it waits for a receipt or a
    /// person. An SMSC that stays silent twice is not asked a third time.
    pub(crate) fn uncertain(&mut self, ticket: &Ticket, now: Duration) {
        self.meters.submit("uncertain");
        let Ticket { item, group, simple, .. } = *ticket;
        if may_resend(item.class) && !item.silent {
            self.queues.put_back(group, Item { again: true, silent: true, ..item });
            return;
        }
        self.lose(item, group, simple, now);
    }

    /// Gives a part up whose fate nobody knows.
    pub(crate) fn lose(&mut self, item: Item, group: usize, simple: bool, now: Duration) {
        let message_id = SmolStr::default();
        // The verdict is not looked at where there is no status.
        let verdict = Verdict::Rejected;
        self.verdicts.push(Pending { item, group, simple, status: None, message_id, verdict }, now);
    }

    /// Makes waiting verdicts durable where the turn is so anyway, or where they waited long enough.
    pub(crate) fn ride_verdicts(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        let due = self.verdicts.deadline().is_some_and(|deadline| deadline <= turn.now.monotonic);
        if due || !turn.is_empty() { self.flush_verdicts(turn) } else { Ok(()) }
    }

    /// Writes all waiting verdicts.
    pub(crate) fn flush_verdicts(&mut self, turn: &mut Turn) -> Result<(), Fatal> {
        self.verdicts.since = None;
        for pending in std::mem::take(&mut self.verdicts.waiting) {
            let Item { outbox, part, .. } = pending.item;
            turn.entries.push(Entry::Verdict { outbox, part, status: pending.status });
            match (pending.status, pending.verdict) {
                // Accepted, or lost and nobody asks further.
                (Some(_), Verdict::Accepted) | (None, _) if pending.simple => {
                    turn.write(Key::Outbox(outbox), None);
                }
                (Some(_), Verdict::Accepted) => {
                    self.set_part(
                        outbox,
                        part,
                        PartState::Accepted { message_id: pending.message_id },
                        turn,
                    )?;
                }
                (None, _) => self.set_part(outbox, part, PartState::Uncertain, turn)?,
                _ => self.refused(&pending, turn)?,
            }
            turn.next_event();
        }
        Ok(())
    }

    /// Writes the state of one part; a message without receipts is over once no part can change any more.
    fn set_part(
        &mut self,
        outbox: OutboxId,
        part: u8,
        state: PartState,
        turn: &mut Turn,
    ) -> Result<(), Fatal> {
        let Some(mut entry) = turn.outbox(&self.ledger, outbox)? else { return Ok(()) };
        match entry.parts.get_mut(usize::from(part)) {
            Some(slot) if matches!(slot, PartState::Unsent | PartState::Sending) => *slot = state,
            // A late response: it did arrive.
            Some(slot @ PartState::Uncertain) if matches!(state, PartState::Accepted { .. }) => *slot = state,
            _ => return Ok(()),
        }
        let open = |state: &PartState| matches!(state, PartState::Unsent | PartState::Sending);
        if wants_receipt(&entry) || entry.parts.iter().any(open) {
            turn.write_outbox(entry);
        } else {
            turn.write(Key::Outbox(outbox), None);
        }
        Ok(())
    }

    /// A part was refused: later again, or to the dead letters.
    fn refused(&mut self, pending: &Pending, turn: &mut Turn) -> Result<(), Fatal> {
        let Some(mut entry) = turn.outbox(&self.ledger, pending.item.outbox)? else { return Ok(()) };
        let pause = RETRIES.get(usize::from(entry.attempts)).or(RETRIES.last());
        entry.attempts = entry.attempts.saturating_add(1);
        let next = after(turn.now.wall, pause.copied().unwrap_or_default());
        let again = match pending.verdict {
            Verdict::Retry => true,
            Verdict::RetryLimited => entry.attempts < LIMITED_TRIES,
            _ => false,
        };
        if again && (next < entry.expires_at || !self.clock.is_trusted()) {
            let item = pending.item.refused();
            if let Some(state) = entry.parts.get_mut(usize::from(item.part)) {
                *state = PartState::Unsent;
            }
            if !planted(Bug::RefusedForgotten) {
                self.queues.delay(pending.group, item, next);
            }
            turn.write_outbox(entry);
            return Ok(());
        }
        self.bury(entry, pending.item.part, turn)
    }

    /// Puts a refused message to the dead letters, where a person can see it for some days.
    fn bury(&mut self, mut entry: OutboxEntry, part: u8, turn: &mut Turn) -> Result<(), Fatal> {
        if let Some(state) = entry.parts.get_mut(usize::from(part)) {
            *state = PartState::Failed;
        }
        metrics::counter!("tongdai_dead_letters_total", "service" => entry.service.as_str().to_owned())
            .increment(1);
        let dead = entry.clone();
        self.finish(entry, FinalState::Failed, turn)?;
        if let Some(oldest) = self.deadlines.bury(dead.id, turn.now.wall) {
            turn.write(Key::Outbox(oldest), None);
        }
        turn.write_outbox(dead);
        Ok(())
    }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Throttled => "throttled",
        Verdict::Retry | Verdict::RetryLimited => "retry",
        Verdict::Rejected => "rejected",
        Verdict::Configuration => "configuration",
    }
}
