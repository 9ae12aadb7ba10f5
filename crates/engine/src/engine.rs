//! The owner of everything: takes events, decides them, gives what is to be written and what to do then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use codec::CommandStatus;
use failpoints::Point;
use jiff::{SignedDuration, Timestamp};
use model::outcome::FinalSubject;
use model::{CommandError, Now, OutboxId};
use routing::Rules;
use rustc_hash::FxHashMap;
use store::{Ledger, Reader, Recovery, Work};

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
use crate::proofs::Proofs;
use crate::queue::Queues;
use crate::reading::{Edition, MessageReader};
use crate::timers::Deadlines;
use crate::turn::{Buffers, Delivery, EndedTurn, Turn};

/// What a turn has come to.
#[derive(Debug, Default)]
#[must_use = "what was decided must be written, and its effects released"]
pub struct Decided {
    /// For the writer: nothing where nothing happened.
    pub work: Option<Work>,
    /// To be done once this work and all work before it is written.
    pub effects: Vec<Effect>,
}

/// The straight line, over the ledger of its store. There is one in a process; it is driven by one thread.
pub struct Engine {
    pub(crate) ledger: Ledger,
    pub(crate) rules: Arc<Rules>,
    pub(crate) edition: Edition,
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
    /// Takes a ledger as it was recovered, and puts what is open back in order: queues, receipts that are waited
    /// for, half-joined messages, fingerprints. The effects ask for passwords that were never drawn.
    pub fn start(
        ledger: Ledger,
        recovery: &Recovery,
        rules: Arc<Rules>,
        config: Config,
        now: Now,
    ) -> Result<(Self, Vec<Effect>), Fatal> {
        let queues = Queues::new(&config);
        let fingerprints = Fingerprints::new(Proofs::new(&config));
        let mut engine = Self {
            ledger,
            rules,
            edition: 0,
            receipts: Receipts::new(queues.receipt_ids(&config)),
            queues,
            config: Arc::new(config),
            tickets: Tickets::default(),
            verdicts: Verdicts::default(),
            fingerprints,
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
        engine.ledger.hold_retention(!engine.clock.is_trusted());
        engine.restore(recovery, now);
        engine.next_timer = engine.ledger.next_due()?;
        let effects = engine.draw_awaited();
        Ok((engine, effects))
    }

    /// Takes what happened, in order, and decides it: what is to be written, and what to do then. The next turn may
    /// be decided before this one is written; [`store::Writer::write`] takes them in order.
    ///
    /// After an error, here or there, nothing that is not written may be told to anybody: end the process.
    pub fn turn(&mut self, events: Vec<Event>, now: Now, seed: [u8; 32]) -> Result<Decided, Fatal> {
        self.now = now;
        if self.clock.check(now) {
            self.fingerprints.clock_stepped(now);
        }
        self.ledger.hold_retention(!self.clock.is_trusted());
        let mut turn = Turn::new(self.ledger.next_sequence(), now, seed, &mut self.buffers);
        if self.ledger.has_room() {
            self.ledger.have_at_hand(events.iter().flat_map(Event::first_reads));
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
        let questions = self.fingerprints.proofs.ask(now.monotonic);
        questions.for_each(|(link, ticket)| turn.effect(Effect::Enquire { link, ticket }));
        self.finish_turn(turn)
    }

    /// Forgets secrets whose turns are written, and gives the writer the next step of a checkpoint that it has begun,
    /// if any. Call it after each turn, and whenever [`store::Writer::is_awaited`].
    pub fn housekeep(&mut self) -> Result<Option<Work>, Fatal> {
        /// About so many open entries are moved in one step, which then takes about a millisecond beside a turn.
        const STEP: usize = 250;
        Ok(self.ledger.housekeeping(STEP)?)
    }

    /// Whether the disk has space for new messages.
    pub fn has_room(&self) -> bool {
        self.ledger.has_room()
    }

    /// Takes back a turn that was written, for its room.
    pub fn give_back(&mut self, turn: model::journal::Turn) {
        self.buffers.give_back(turn);
    }

    /// Ends in good order: what waits for a later turn is to be written, and then a checkpoint made of the ledger.
    /// Nothing is handed out any more: what did not leave is open in the store and leaves after the next start.
    pub fn close(mut self, now: Now) -> Result<(Option<Work>, Ledger), Fatal> {
        self.now = now;
        let mut turn = Turn::new(self.ledger.next_sequence(), now, [0; 32], &mut self.buffers);
        self.flush_verdicts(&mut turn)?;
        let decided = self.finish_turn(turn)?;
        Ok((decided.work, self.ledger))
    }

    /// A view of the records for pages.
    pub fn reader(&self) -> Reader {
        self.ledger.reader()
    }

    /// Reads messages by the rules in force. A message that was read by others is read again when it is decided.
    pub fn message_reader(&self) -> MessageReader {
        MessageReader::new(Arc::clone(&self.rules), self.edition, Arc::clone(&self.config))
    }

    /// The rules in force.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// When [`Self::turn`] must be called at the latest, events or not, on the monotonic clock.
    pub fn next_deadline(&self) -> Option<Duration> {
        /// While the disk is full nothing that is due can be made durable; room is looked for this often.
        const ROOM_PAUSE: Duration = Duration::from_secs(1);
        if !self.ledger.has_room() {
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
        let monotonics = [
            self.verdicts.deadline(),
            pending,
            self.sweep_deadline(),
            self.partials.next_expiry(),
            self.fingerprints.proofs.next_deadline(),
        ];
        walls.chain(monotonics.into_iter().flatten()).min()
    }

    fn event(&mut self, event: Event, turn: &mut Turn) -> Result<(), Fatal> {
        match event {
            Event::LinkUp { link, transmits, limit, .. } => self.link_up(link, transmits, limit),
            Event::LinkDown { link, unsent, unanswered, .. } => {
                self.link_down(link, &unsent, &unanswered, turn)
            }
            Event::Credit { link, limit } => self.credit(link, limit),
            Event::Delivered { link, generation, sequence_number, data_sm, reading } => {
                self.receive(Delivery { link, generation, sequence_number, data_sm }, reading, turn)?;
            }
            Event::Unreadable { link, body } => self.keep_unreadable(link, body, turn),
            Event::DeadlineAnswered { link, generation, sequence_number } => {
                self.fingerprints.deadline_answered(link, generation, sequence_number, turn.now.wall);
            }
            Event::Enquired { link, ticket } => {
                self.fingerprints.proofs.enquired(link, ticket, turn.now.monotonic);
            }
            Event::Submitted { link, ticket, result } => self.submitted(link, ticket, result, turn)?,
            Event::Late { ticket, message_id } => self.late(ticket, message_id, turn)?,
            Event::Command { slot, actor, command } => self.command(slot, actor, *command, turn)?,
            Event::Drawn { outbox, subject, password, hash } => {
                self.drawn(outbox, *subject, password, hash, turn)?;
            }
            Event::Rules(rules) => {
                self.rules = rules;
                self.edition = self.edition.wrapping_add(1);
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

    /// Ends a turn: from now on what it decided is so, here; nobody is told before it is written.
    fn finish_turn(&mut self, turn: Turn) -> Result<Decided, Fatal> {
        let (is_empty, timers_changed) = (turn.is_empty(), turn.timers_changed());
        let EndedTurn { record, effects, forgotten } = turn.finish(&mut self.buffers);
        if is_empty {
            self.buffers.give_back(record);
            return Ok(Decided { work: None, effects });
        }
        failpoints::reached(Point::Decided);
        let sequence = self.ledger.take(&record)?;
        if timers_changed {
            self.next_timer = self.ledger.next_due()?;
        }
        forgotten.into_iter().for_each(|id| self.ledger.forget(id));
        Ok(Decided { work: Some(Work::Turn(sequence, record)), effects })
    }
}
