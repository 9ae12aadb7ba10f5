//! The engine's thread: it takes what is waiting, decides a turn, and has it written: a turn of few messages it writes
//! itself, a larger one it gives to the writer's thread, and then it waits for the disk only where two turns wait already.

use std::collections::VecDeque;

use engine::{Decided, Effect, Engine, Event};
use feeds::CommandRequest;
use store::{StoreError, Work};
use tokio::sync::mpsc;

use crate::daemon::clock::Clock;
use crate::daemon::writer_thread::{Caller, Order, WriterLine};

/// Events that one turn takes. A message is two or three: so many that a busy turn takes all that is waiting and shares
/// a sync and everybody's wake-up among them, and so few that a turn of the longest messages, some 10 KiB each in the
/// journal, fits into a segment of 16 MiB (docs/PERFORMANCE.md, "The eleventh time").
const TURN_EVENTS_MAX: usize = 1_024;

/// Of these, drawn passwords and commands that are taken before what links say.
const BESIDE_MAX: usize = 32;

/// Batches of link events that may wait, their messages read, and that are taken at once. So many small ones come while
/// a turn waits for a slow disk; of large ones a link lets two wait. With the links' own caps this bounds what is in
/// memory.
pub(crate) const BATCHES_MAX: usize = 16;

/// Where a turn's events come from.
pub(crate) struct Intake {
    /// The thread ends once the links are gone and nothing waits any more.
    pub(crate) links: mpsc::Receiver<Vec<Event>>,
    pub(crate) commands: mpsc::Receiver<CommandRequest>,
    pub(crate) drawn: mpsc::Receiver<Event>,
}

/// Why the thread woke up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// Something happened, or a deadline passed.
    Turn,
    /// The writer waits for a step of a checkpoint, or has ended.
    Awaited,
    /// The links are gone.
    Stop,
}

/// Everything that the thread owns.
pub(crate) struct EngineThread {
    engine: Engine,
    clock: Clock,
    intake: Intake,
    writer: WriterLine,
    /// Callers that wait for the answers to the next turn's commands.
    callers: Vec<(u64, Caller)>,
    next_slot: u64,
    batches: Vec<Vec<Event>>,
    /// Link events that the last turn had no room for; as many as [`BATCHES_MAX`] batches hold.
    arrived: VecDeque<Event>,
}

impl EngineThread {
    /// Takes what the thread owns; `effects` are those of the start.
    pub(crate) fn new(
        engine: Engine,
        effects: Vec<Effect>,
        clock: Clock,
        intake: Intake,
        writer: WriterLine,
    ) -> anyhow::Result<Self> {
        let mut thread = Self {
            engine,
            clock,
            intake,
            writer,
            callers: Vec::new(),
            next_slot: 0,
            batches: Vec::new(),
            arrived: VecDeque::new(),
        };
        thread.give(Decided { work: None, effects })?;
        Ok(thread)
    }

    /// Lets held timers run again.
    pub(crate) fn confirm_clock(&mut self) -> anyhow::Result<()> {
        self.turn(vec![Event::ClockConfirmed])
    }

    /// Runs turns until the links are gone, or until the store fails: then nothing more is acknowledged.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let turned = self.turn_while_linked();
        let Self { engine, clock, writer, .. } = self;
        let closed = turned.and_then(|()| {
            let (work, ledger) = engine.close(clock.now())?;
            writer.close(work, ledger)
        });
        let written = writer.join();
        // Where the writer failed, the engine says no more than that; where the ledger did, it is the other way round.
        match written {
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::Poisoned)) => {
                closed.and(Err(error))
            }
            written => written.and(closed),
        }
    }

    fn turn_while_linked(&mut self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        loop {
            let mut events = Vec::new();
            let woken = runtime.block_on(self.wait(&mut events));
            self.take_waiting(&mut events);
            match woken {
                Woken::Stop if events.is_empty() => return Ok(()),
                Woken::Awaited if events.is_empty() => self.give_step()?,
                _ => self.turn(events)?,
            }
        }
    }

    /// One turn; its effects leave once it is durable.
    fn turn(&mut self, events: Vec<Event>) -> anyhow::Result<()> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        while let Some(turn) = self.writer.spent() {
            self.engine.give_back(turn);
        }
        let decided = self.engine.turn(events, self.clock.now(), seed)?;
        self.give(decided)
    }

    /// Gives the writer what was decided, and with it the next step of a checkpoint, if there is one.
    fn give(&mut self, decided: Decided) -> anyhow::Result<()> {
        let moved = self.engine.housekeep()?;
        self.send(decided, moved)
    }

    /// Gives the writer the next step of a checkpoint, if there is one.
    fn give_step(&mut self) -> anyhow::Result<()> {
        match self.engine.housekeep()? {
            Some(moved) => self.send(Decided::default(), Some(moved)),
            None => Ok(()),
        }
    }

    /// Waits where the writer is behind.
    fn send(&mut self, decided: Decided, moved: Option<Work>) -> anyhow::Result<()> {
        let order = Order { decided, moved, callers: std::mem::take(&mut self.callers) };
        // Without room the writer looks for it each time.
        if order.is_empty() && self.engine.has_room() {
            return Ok(());
        }
        if let Some(turn) = self.writer.write(order)? {
            self.engine.give_back(turn);
        }
        Ok(())
    }

    /// Waits for the first event, the engine's next deadline, the writer, or the end of the links.
    async fn wait(&mut self, events: &mut Vec<Event>) -> Woken {
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
            () = self.writer.awaited.notified() => Woken::Awaited,
        }
    }

    /// Fills the turn with what else is waiting.
    fn take_waiting(&mut self, events: &mut Vec<Event>) {
        // First a share of these: links that always have more must not keep clerks and passwords waiting.
        events.extend(std::iter::from_fn(|| self.take_beside()).take(BESIDE_MAX));
        loop {
            self.arrived.extend(self.batches.drain(..).flatten());
            let room = TURN_EVENTS_MAX.saturating_sub(events.len());
            events.extend(self.arrived.drain(..room.min(self.arrived.len())));
            if events.len() >= TURN_EVENTS_MAX {
                return;
            }
            if let Ok(batch) = self.intake.links.try_recv() {
                self.batches.push(batch);
            } else if let Some(event) = self.take_beside() {
                events.push(event);
            } else {
                return;
            }
        }
    }

    /// A drawn password, or else a command, that waits.
    fn take_beside(&mut self) -> Option<Event> {
        let drawn = self.intake.drawn.try_recv().ok();
        drawn.or_else(|| self.intake.commands.try_recv().ok().map(|request| self.command(request)))
    }

    fn command(&mut self, request: CommandRequest) -> Event {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.callers.push((slot, request.reply));
        Event::Command { slot, actor: request.actor, command: Box::new(request.command) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use codec::{Sm, Tlvs, tlv::tag};
    use engine::{Config, LinkConfig, LinkId, Profile};
    use jiff::Timestamp;
    use model::journal::Entry;
    use model::{Address, Now};
    use routing::Rules;
    use store::{Options, Store};
    use vault::MasterKey;

    use super::*;

    /// Octets of Latin-1 in the longest text that is read; each takes two in the journal.
    const LONGEST: usize = 4 * 1024;

    /// One that does not fit would end the process, and the SMSC would hand the same messages over again.
    #[test]
    fn a_turn_of_the_longest_messages_fits_into_a_segment() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::from_octets(&[7; 32]);
        let wall = Timestamp::from_second(1_785_000_000).unwrap();
        let now = Now { wall, monotonic: Duration::ZERO };
        let (store, recovery) = Store::open(&folder.path().join("data"), &key, Options::default()).unwrap();
        let (ledger, mut writer) = store.part();
        let (name, group, plan) = ("a".to_owned(), "a".into(), &model::plan::VIET_NAM);
        let config = Config {
            links: vec![LinkConfig { name, group, receives: true, plan, profile: Profile::default() }],
        };
        let (mut engine, _) =
            Engine::start(ledger, &recovery, Arc::new(Rules::builtin()), config, now).unwrap();
        let reader = engine.message_reader();
        let delivered = |number: usize, octets: usize| {
            let sm = Sm {
                source: Address::new(1, 1, format!("84905{number:06}")),
                destination: Address::new(0, 1, "8383"),
                data_coding: 3,
                tlvs: Tlvs::new().with(tag::MESSAGE_PAYLOAD, vec![0xE9; octets]),
                ..Sm::default()
            };
            let sequence_number = u32::try_from(number).unwrap() + 1;
            let reading = reader.read(LinkId(0), sm, wall);
            Event::Delivered { link: LinkId(0), generation: 1, sequence_number, data_sm: false, reading }
        };
        let longest = (0..TURN_EVENTS_MAX).map(|number| delivered(number, LONGEST));
        let longer = delivered(TURN_EVENTS_MAX, LONGEST + 1);
        let events = longest.chain([longer]).collect();
        let Some(Work::Turn(sequence, turn)) = engine.turn(events, now, [9; 32]).unwrap().work else {
            panic!("a turn that is to be written")
        };
        let texts = turn.entries.iter().filter(|entry| match entry {
            Entry::Message { text, .. } => text.len() == 2 * LONGEST,
            _ => false,
        });
        assert_eq!(texts.count(), TURN_EVENTS_MAX);
        assert!(matches!(turn.entries.last(), Some(Entry::Quarantine { .. })), "nothing longer is a text");
        writer.write(Work::Turn(sequence, turn)).unwrap();
    }
}
