//! The engine's thread: it takes what is waiting, runs a turn, and hands the effects out after the commit.

use std::collections::{HashMap, VecDeque};

use engine::{Effect, Engine, Event};
use feeds::CommandRequest;
use model::{Answer, CommandError};
use smpp_client::{CommandSender, LinkCommand, LinkEvent, LinkEventKind, LinkId, Undelivered};
use tokio::sync::{mpsc, oneshot, watch};

use crate::daemon::bridge::{self, Outlet};
use crate::daemon::clock::Clock;
use crate::daemon::passwords::Wanted;

/// Events that one turn takes: enough to share a sync among many, few enough that the first of them is
/// answered within milliseconds, and that a turn of the longest messages, some 10 KiB each in the journal, fits
/// into a segment of 16 MiB.
const TURN_EVENTS_MAX: usize = 1_024;

/// Batches of link events that are taken at once.
const BATCHES_MAX: usize = 64;

/// Where a turn's events come from.
pub(crate) struct Intake {
    pub(crate) links: mpsc::Receiver<Vec<LinkEvent>>,
    pub(crate) commands: mpsc::Receiver<CommandRequest>,
    pub(crate) drawn: mpsc::Receiver<Event>,
    /// Ends the thread once it is dropped or fired and nothing waits any more.
    pub(crate) stop: oneshot::Receiver<()>,
}

/// Where a turn's effects go.
pub(crate) struct Outlets {
    pub(crate) links: CommandSender,
    /// How many binds stand, for the status line.
    pub(crate) bound: watch::Sender<usize>,
    pub(crate) passwords: mpsc::Sender<Wanted>,
}

/// Why the thread woke up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// Something happened, or a deadline passed.
    Turn,
    /// The store has work of its own and nobody waits.
    Housekeep,
    /// Asked to stop, or the links are gone.
    Stop,
}

/// Everything that the thread owns.
pub(crate) struct EngineThread {
    engine: Engine,
    clock: Clock,
    intake: Intake,
    outlets: Outlets,
    /// Callers that wait for a command's answer; at most as many as the command channel holds and one turn takes.
    answers: HashMap<u64, oneshot::Sender<Result<Answer, CommandError>>>,
    next_slot: u64,
    batches: Vec<Vec<LinkEvent>>,
    /// Link events that the last turn had no room for; as many as [`BATCHES_MAX`] batches hold.
    arrived: VecDeque<LinkEvent>,
    /// Commands that a link had no room for, by link. Bounded by the links' windows and by the deliveries that
    /// one link leaves unanswered.
    held: Vec<Vec<LinkCommand>>,
    /// The links that stand, by place.
    standing: Vec<bool>,
}

impl EngineThread {
    /// Takes what the thread owns; `effects` are those of the start.
    pub(crate) fn new(
        engine: Engine,
        effects: Vec<Effect>,
        clock: Clock,
        intake: Intake,
        outlets: Outlets,
    ) -> Self {
        let mut thread = Self {
            engine,
            clock,
            intake,
            outlets,
            answers: HashMap::new(),
            next_slot: 0,
            batches: Vec::new(),
            arrived: VecDeque::new(),
            held: Vec::new(),
            standing: Vec::new(),
        };
        thread.release(effects);
        thread
    }

    /// Lets held timers run again.
    pub(crate) fn confirm_clock(&mut self) -> anyhow::Result<()> {
        self.turn(vec![Event::ClockConfirmed])
    }

    /// Runs turns until it is told to stop, or until the store fails: then nothing more is acknowledged.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let mut housekeeping = false;
        loop {
            let mut events = Vec::new();
            let woken = runtime.block_on(self.wait(&mut events, housekeeping));
            self.take_waiting(&mut events);
            match woken {
                Woken::Stop if events.is_empty() => return Ok(self.engine.close(self.clock.now())?),
                Woken::Housekeep if events.is_empty() => {
                    housekeeping = self.engine.housekeep()?;
                    continue;
                }
                _ => {}
            }
            self.turn(events)?;
            housekeeping = self.engine.housekeep()?;
        }
    }

    /// One turn, and its effects once it is durable.
    fn turn(&mut self, events: Vec<Event>) -> anyhow::Result<()> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let effects = self.engine.turn(events, self.clock.now(), seed)?;
        self.release(effects);
        Ok(())
    }

    /// Waits for the first event, the engine's next deadline, or the word to stop; not at all where the store has
    /// work of its own.
    async fn wait(&mut self, events: &mut Vec<Event>, housekeeping: bool) -> Woken {
        if !self.arrived.is_empty() {
            return Woken::Turn;
        }
        let deadline = self.engine.next_deadline().map(|at| at.saturating_sub(self.clock.now().monotonic));
        let intake = &mut self.intake;
        tokio::select! {
            biased;
            taken = intake.links.recv_many(&mut self.batches, BATCHES_MAX) => {
                if taken == 0 { Woken::Stop } else { Woken::Turn }
            }
            Some(drawn) = intake.drawn.recv() => {
                events.push(drawn);
                Woken::Turn
            }
            Some(request) = intake.commands.recv() => {
                let event = self.command(request);
                events.push(event);
                Woken::Turn
            }
            () = tokio::time::sleep(deadline.unwrap_or_default()), if deadline.is_some() => Woken::Turn,
            _ = &mut intake.stop => Woken::Stop,
            () = std::future::ready(()), if housekeeping => Woken::Housekeep,
        }
    }

    /// Fills the turn with what else is waiting.
    fn take_waiting(&mut self, events: &mut Vec<Event>) {
        loop {
            self.arrived.extend(self.batches.drain(..).flatten());
            events.reserve(self.arrived.len().min(TURN_EVENTS_MAX));
            while events.len() < TURN_EVENTS_MAX
                && let Some(event) = self.arrived.pop_front()
            {
                self.note_standing(&event);
                events.extend(bridge::event(event));
            }
            if events.len() >= TURN_EVENTS_MAX {
                return;
            }
            if let Ok(batch) = self.intake.links.try_recv() {
                self.batches.push(batch);
            } else if let Ok(drawn) = self.intake.drawn.try_recv() {
                events.push(drawn);
            } else if let Ok(request) = self.intake.commands.try_recv() {
                let event = self.command(request);
                events.push(event);
            } else {
                return;
            }
        }
    }

    fn command(&mut self, request: CommandRequest) -> Event {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.answers.insert(slot, request.reply);
        Event::Command { slot, actor: request.actor, command: request.command }
    }

    /// Counts the binds that stand.
    fn note_standing(&mut self, event: &LinkEvent) {
        let stands = match event.kind {
            LinkEventKind::Up { .. } => true,
            LinkEventKind::Down { .. } => false,
            _ => return,
        };
        let place = event.link.index();
        if self.standing.len() <= place {
            self.standing.resize(place + 1, false);
        }
        self.standing[place] = stands;
        self.outlets.bound.send_replace(self.standing.iter().filter(|stands| **stands).count());
    }

    /// Hands the effects of a durable turn to links, callers and the password thread.
    fn release(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match bridge::outlet(effect) {
                Outlet::Link(link, command) => {
                    let place = usize::from(link.0);
                    if self.held.len() <= place {
                        self.held.resize_with(place + 1, Vec::new);
                    }
                    self.held[place].push(command);
                }
                Outlet::Password(wanted) => self.want(wanted),
                Outlet::Answer(slot, result) => {
                    if let Some(reply) = self.answers.remove(&slot) {
                        // A caller that gave up has no use for the answer; the journal has it.
                        let _ = reply.send(result);
                    }
                }
            }
        }
        for (place, held) in self.held.iter_mut().enumerate().filter(|(_, held)| !held.is_empty()) {
            let link = LinkId(u16::try_from(place).unwrap_or(u16::MAX));
            match self.outlets.links.send(link, std::mem::take(held)) {
                Ok(()) => {}
                Err(Undelivered::Full(commands)) => *held = commands,
                // The link has left for good, in the drain. Its unsent messages are open in the store.
                Err(Undelivered::Gone(_)) => {}
            }
        }
    }

    fn want(&self, wanted: Wanted) {
        if self.outlets.passwords.try_send(wanted).is_err() {
            tracing::warn!("too many passwords wait to be drawn; this one is asked for again later");
        }
    }
}
