//! The owner of everything: takes events, commits once, releases effects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use codec::CommandStatus;
use failpoints::Point;
use jiff::{SignedDuration, Timestamp};
use model::journal::Entry;
use model::outcome::FinalSubject;
use model::{CommandError, Now, OutboxId};
use routing::Rules;
use rustc_hash::FxHashMap;
use store::{Reader, Recovery, Store};

use crate::clock::Clock;
use crate::conclude::Receipts;
use crate::config::Config;
use crate::confirm::Verdicts;
use crate::dispatch::Tickets;
use crate::event::{Effect, Event};
use crate::fatal::Fatal;
use crate::fingerprint::Fingerprints;
use crate::guard::LoopGuard;
use crate::meters::Meters;
use crate::partial::Partials;
use crate::queue::Queues;
use crate::timers::Deadlines;
use crate::turn::{Buffers, Delivery, Turn};

/// The straight line, over its store. There is one in a process; it is driven by one thread.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) rules: Arc<Rules>,
    pub(crate) config: Arc<Config>,
    pub(crate) queues: Queues,
    pub(crate) tickets: Tickets,
    pub(crate) verdicts: Verdicts,
    pub(crate) receipts: Receipts,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) partials: Partials,
    pub(crate) guard: LoopGuard,
    pub(crate) deadlines: Deadlines,
    pub(crate) clock: Clock,
    pub(crate) meters: Meters,
    /// Messages whose password is being drawn, by what it is for; drawn again should there be no slot for the text.
    pub(crate) awaited: FxHashMap<OutboxId, FinalSubject>,
    /// Passwords and responses that came while the disk was full; as many as were asked for and as links have.
    waiting: VecDeque<Event>,
    /// When the store's earliest timer is due.
    pub(crate) next_timer: Option<Timestamp>,
    /// The moment of the last turn.
    now: Now,
    buffers: Buffers,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("queued", &self.queues.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes a store as it was recovered, and puts what is open back in order: queues, receipts that are waited
    /// for, half-joined messages, fingerprints. The effects ask for passwords that were never drawn.
    pub fn start(
        store: Store,
        recovery: &Recovery,
        rules: Arc<Rules>,
        config: Config,
        now: Now,
    ) -> Result<(Self, Vec<Effect>), Fatal> {
        let queues = Queues::new(&config);
        let mut engine = Self {
            store,
            rules,
            receipts: Receipts::new(queues.receipt_ids(&config)),
            queues,
            config: Arc::new(config),
            tickets: Tickets::default(),
            verdicts: Verdicts::default(),
            fingerprints: Fingerprints::default(),
            partials: Partials::default(),
            guard: LoopGuard::default(),
            deadlines: Deadlines::default(),
            clock: Clock::start(now, recovery.last_turn_at),
            meters: Meters::default(),
            awaited: FxHashMap::default(),
            waiting: VecDeque::new(),
            next_timer: None,
            now,
            buffers: Buffers::default(),
        };
        engine.store.hold_retention(!engine.clock.is_trusted());
        engine.restore(recovery, now);
        engine.next_timer = engine.store.next_due()?;
        let effects = engine.draw_awaited();
        Ok((engine, effects))
    }

    /// Takes what happened, in order; decides it, commits once, and returns what to do now.
    ///
    /// After an error nothing of the turn may be told to anybody: end the process.
    pub fn turn(&mut self, events: Vec<Event>, now: Now, seed: [u8; 32]) -> Result<Vec<Effect>, Fatal> {
        self.now = now;
        if self.clock.check(now) {
            self.fingerprints.clock_stepped(now);
        }
        self.store.hold_retention(!self.clock.is_trusted());
        let mut turn = Turn::new(self.store.next_sequence(), now, seed, std::mem::take(&mut self.buffers));
        if self.store.has_room() {
            for event in std::mem::take(&mut self.waiting).into_iter().chain(events) {
                self.event(event, &mut turn)?;
                turn.next_event();
            }
            self.run_due(&mut turn)?;
            self.dispatch(&mut turn)?;
        } else {
            for event in events {
                self.event_without_room(event, &mut turn)?;
            }
        }
        self.commit(turn)
    }

    /// Lets the store make segments ahead and take a step of a checkpoint; call it after the effects of a turn were
    /// handed out, and when idle. Returns whether there is more to do.
    pub fn housekeep(&mut self) -> Result<bool, Fatal> {
        /// About so many open entries are moved in one step, which then takes about a millisecond beside a turn.
        const STEP: usize = 250;
        Ok(self.store.housekeeping(STEP)?)
    }

    /// Makes durable what waits for a later turn; the last call before the process ends in good order. Nothing is
    /// handed out any more: what did not leave is open in the store and leaves after the next start.
    pub fn close(mut self, now: Now) -> Result<(), Fatal> {
        self.now = now;
        let mut turn = Turn::new(self.store.next_sequence(), now, [0; 32], Buffers::default());
        self.flush_verdicts(&mut turn)?;
        self.commit(turn)?;
        // A checkpoint writes; without space the journal carries it all to the next start.
        if self.store.has_room() { Ok(self.store.checkpoint()?) } else { Ok(()) }
    }

    /// A view of the records for pages.
    pub fn reader(&self) -> Reader {
        self.store.reader()
    }

    /// The rules in force.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// When [`Self::turn`] must be called at the latest, events or not, on the monotonic clock.
    pub fn next_deadline(&self) -> Option<Duration> {
        /// While the disk is full nothing that is due can be made durable; room is looked for this often.
        const ROOM_PAUSE: Duration = Duration::from_secs(1);
        if !self.store.has_room() {
            return Some(self.now.monotonic + ROOM_PAUSE);
        }
        let monotonic = |wall: Timestamp| {
            let left = wall.duration_since(self.now.wall).max(SignedDuration::ZERO);
            self.now.monotonic.saturating_add(left.unsigned_abs())
        };
        let held = [self.deadlines.next(), self.next_timer].into_iter().filter(|_| self.clock.is_trusted());
        let moments = std::iter::once(self.queues.next_wake()).chain(held);
        let walls = moments.flatten().map(monotonic);
        let pending = self.fingerprints.has_changes().then_some(self.now.monotonic);
        let monotonics =
            [self.verdicts.deadline(), pending, self.sweep_deadline(), self.partials.next_expiry()];
        walls.chain(monotonics.into_iter().flatten()).min()
    }

    fn event(&mut self, event: Event, turn: &mut Turn) -> Result<(), Fatal> {
        match event {
            Event::LinkUp { link, transmits, limit, .. } => self.link_up(link, transmits, limit),
            Event::LinkDown { link, unsent, unanswered, .. } => {
                self.link_down(link, &unsent, &unanswered, turn)
            }
            Event::Credit { link, limit } => self.credit(link, limit),
            Event::Delivered { link, generation, sequence_number, data_sm, sm } => {
                self.receive(Delivery { link, generation, sequence_number, data_sm }, &sm, turn)?;
            }
            Event::Unreadable { link, body } => self.keep_unreadable(link, body, turn),
            Event::DeadlineAnswered { link, generation, sequence_number } => {
                self.fingerprints.deadline_answered(link, generation, sequence_number, turn.now.wall);
            }
            Event::Proved { link, generation, sequence_number } => {
                self.fingerprints.acknowledgement_proved(link, generation, sequence_number);
            }
            Event::Submitted { link, ticket, result } => self.submitted(link, ticket, result, turn)?,
            Event::Late { ticket, message_id } => self.late(ticket, message_id, turn)?,
            Event::Command { slot, actor, command } => self.command(slot, actor, command, turn)?,
            Event::Drawn { outbox, subject, password, hash } => {
                self.drawn(outbox, subject, password, hash, turn)?;
            }
            Event::Rules(rules) => {
                self.rules = rules;
                self.meters.clear();
            }
            Event::ClockConfirmed => self.clock.confirm(turn.now),
        }
        Ok(())
    }

    /// The disk is full: nothing new is taken, what is in hand stays in memory.
    fn event_without_room(&mut self, event: Event, turn: &mut Turn) -> Result<(), Fatal> {
        match event {
            Event::Delivered { link, generation, sequence_number, data_sm, .. } => {
                let delivery = Delivery { link, generation, sequence_number, data_sm };
                turn.respond(delivery, CommandStatus::ESME_RX_T_APPN);
            }
            Event::Command { slot, .. } => {
                let reason = "the store has no room; try again later".to_owned();
                turn.effect(Effect::Answer { slot, result: Err(CommandError::Conflict { reason }) });
            }
            Event::Drawn { .. } | Event::Submitted { .. } | Event::Late { .. } => {
                self.waiting.push_back(event)
            }
            // It was refused; the SMSC knows that nobody has it.
            Event::Unreadable { .. } => {}
            event => self.event(event, turn)?,
        }
        Ok(())
    }

    /// Makes the turn durable and gives its effects away; nothing before this has left the engine.
    fn commit(&mut self, turn: Turn) -> Result<Vec<Effect>, Fatal> {
        let (is_empty, timers_changed) = (turn.is_empty(), turn.timers_changed());
        let mut ended = turn.finish();
        if !is_empty {
            failpoints::reached(Point::Decided);
            self.store.commit(&ended.record)?;
            reach_recorded(&ended.record.entries);
        }
        if timers_changed {
            self.next_timer = self.store.next_due()?;
        }
        for id in &ended.forgotten {
            self.store.secrets().forget(*id)?;
        }
        let effects = std::mem::take(&mut ended.effects);
        self.buffers = ended.into_buffers();
        Ok(effects)
    }
}

/// Where a test kills the process once a turn with such entries is durable.
fn reach_recorded(entries: &[Entry]) {
    for entry in entries {
        match entry {
            Entry::Verdict { .. } => failpoints::reached(Point::VerdictRecorded),
            Entry::Receipt { .. } => failpoints::reached(Point::ReceiptRecorded),
            _ => {}
        }
    }
}
