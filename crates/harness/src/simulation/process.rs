//! The process: the real engine over the real store. It starts, takes turns, and dies in one way or another.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use engine::{Config, Decided, Effect, Engine, Event, LinkConfig, Profile};
use model::plan::{CZECHIA, VIET_NAM};
use model::{OutboxId, Redacted, Seed};
use store::{Options, Store, StoreError, Work, Writer};
use vault::{LookupKey, MasterKey};

use super::wire::End;
use super::world::{LINKS, Step, World, note};
use crate::auditor::Invariant;
use crate::world::hash;

/// Events that one turn takes; the daemon takes 256, its segments are larger as well.
const TURN_EVENTS_MAX: usize = 16;

/// Turns that may wait for the writer, as in the daemon.
const UNWRITTEN_MAX: usize = 1;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Death {
    /// From outside, at once; what it wrote is in the page cache.
    Kill,
    /// The whole machine; what was not synced is lost or torn.
    PowerCut,
    /// By itself, after a failed write or sync.
    Fatal,
    /// In good order.
    Stop,
}

/// See the module.
#[derive(Default)]
pub(super) struct Process {
    pub(super) engine: Option<Engine>,
    writer: Option<Writer>,
    /// Counts the starts: what an earlier process had planned does not happen.
    pub(super) starts: u64,
    /// A turn is being decided.
    deciding: bool,
    /// Decided and not durable, with what leaves once it is.
    unwritten: VecDeque<(Option<Work>, Vec<Effect>)>,
    /// What leaves at the end of the write that is under way; it is durable.
    writing: Option<Vec<Effect>>,
    /// The engine's channel.
    pub(super) inbox: VecDeque<Event>,
    /// Commands and passwords that wait beside the links' events.
    beside: VecDeque<Event>,
    /// A fault waits for an operation of the disk.
    pub(super) armed: bool,
    /// How the process ends once an armed end comes; the process ends itself otherwise.
    pub(super) armed_death: Option<Death>,
    /// How the process ends once its next turn with effects is durable.
    pub(super) death_before_effects: Option<Death>,
    /// The disk is full.
    pub(super) full: bool,
    /// Each turn takes up to so many milliseconds more.
    pub(super) slow_ms: u64,
    /// The end of a start that is due.
    pub(super) starting: bool,
}

pub(super) fn master() -> MasterKey {
    MasterKey::from_octets(&[7; 32])
}

impl Process {
    fn waiting_turns(&self) -> usize {
        self.unwritten.iter().filter(|(work, _)| !matches!(work, Some(Work::Move(_)))).count()
    }
}

impl World {
    pub(super) fn options(&self) -> Options {
        Options {
            segment_octets: self.plan.segment_octets,
            checkpoint_octets: self.plan.checkpoint_octets,
            checkpoint_writes: self.plan.checkpoint_writes,
            lookup_key: Some(LookupKey::from_octets(&[7; 32])),
            ..Options::default()
        }
    }

    /// The process starts, or fails to.
    pub(super) fn start(&mut self) {
        self.process.starting = false;
        if self.process.engine.is_some() {
            return;
        }
        self.process.starts += 1;
        self.tally.count("starts");
        let links = LINKS.iter().map(|(name, group)| LinkConfig {
            name: (*name).to_owned(),
            group: (*group).into(),
            receives: true,
            plan: if *group == "cz" { &CZECHIA } else { &VIET_NAM },
            profile: Profile::default(),
        });
        let config = Config { links: links.collect() };
        let disk = Arc::new(self.disk.clone());
        let opened = Store::open_with(disk, &mut self.records.clone(), &master(), self.options());
        let (store, recovery) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                note!(self, "the store does not open: {error}");
                self.tally.count("starts that failed");
                if !self.process.armed && !self.process.full {
                    return self.find(Invariant::I6, format!("the store does not open: {error}"));
                }
                let death = self.process.armed_death.unwrap_or(Death::Fatal);
                return self.die(death);
            }
        };
        if recovery.rebuilt {
            self.tally.count("records rebuilt");
        }
        note!(self, "start {}: {} turns again", self.process.starts, recovery.replayed_turns);
        let (ledger, writer) = store.part();
        match Engine::start(ledger, &recovery, Arc::clone(&self.rules), config, self.moment()) {
            Ok((engine, effects)) => {
                (self.process.engine, self.process.writer) = (Some(engine), Some(writer));
                if recovery.rebuilt {
                    self.find(
                        Invariant::I6,
                        "the records had to be rebuilt though none were damaged".to_owned(),
                    );
                }
                self.perform(effects);
                self.confirm_clock();
                let start = self.process.starts;
                for bind in 0..self.binds.len() {
                    let pause = self.chance.net.ms(0, 800);
                    self.after(pause, Step::Connect { bind, start });
                }
            }
            Err(error) if self.process.armed => {
                note!(self, "the engine does not start: {error}");
                let death = self.process.armed_death.unwrap_or(Death::Fatal);
                self.die(death);
            }
            Err(error) => self.find(Invariant::I6, format!("the engine does not start: {error}")),
        }
    }

    /// Something for the engine that no link says.
    pub(super) fn tell_engine(&mut self, event: Event) {
        if self.process.engine.is_some() {
            self.process.beside.push_back(event);
        }
    }

    /// When the engine takes its next turn.
    pub(super) fn next_turn(&self) -> Option<Duration> {
        let waits = self.process.deciding || self.process.waiting_turns() > UNWRITTEN_MAX;
        let engine = self.process.engine.as_ref().filter(|_| !waits)?;
        if self.process.inbox.is_empty() && self.process.beside.is_empty() {
            engine.next_deadline()
        } else {
            Some(self.now)
        }
    }

    pub(super) fn turn_if_due(&mut self) {
        if self.next_turn().is_some_and(|at| at <= self.now) {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let process = &mut self.process;
        let mut events = Vec::new();
        while let Some(event) = process.inbox.pop_front().or_else(|| process.beside.pop_front()) {
            events.push(event);
            if events.len() >= TURN_EVENTS_MAX {
                break;
            }
        }
        for bind in 0..self.binds.len() {
            self.flush(bind);
        }
        let (seed, now) = (self.chance.process.octets(), self.moment());
        let Some(engine) = &mut self.process.engine else { return };
        let count = events.len();
        match engine.turn(events, now, seed) {
            Ok(Decided { work, effects }) => {
                if count > 0 || !effects.is_empty() {
                    note!(self, "turn of {count}, {} effects", effects.len());
                }
                self.tally.count("turns");
                self.process.unwritten.push_back((work, effects));
                if self.process.unwritten.len() > 1 {
                    self.tally.count("turns decided before the last was written");
                }
                self.process.deciding = true;
                let (cost, start) = (self.chance.process.ms(1, 3), self.process.starts);
                self.after(cost, Step::Decided { start });
                self.write_next();
            }
            Err(error) => self.failed(&error.to_string()),
        }
    }

    /// The store refused: nothing more is promised, and the process ends.
    fn failed(&mut self, error: &str) {
        note!(self, "the store fails: {error}");
        if !self.process.armed {
            return self.find(Invariant::I6, format!("the store failed and nothing had broken: {error}"));
        }
        let death = self.process.armed_death.unwrap_or(Death::Fatal);
        self.die(death);
    }

    /// The engine may take its next turn.
    pub(super) fn decided(&mut self) {
        self.process.deciding = false;
        self.move_entries();
    }

    /// The writer writes what waits longest, if it has nothing under way. What a checkpoint moves takes no time.
    fn write_next(&mut self) {
        if self.process.writing.is_some() {
            return;
        }
        let Some((work, effects)) = self.process.unwritten.pop_front() else { return };
        let is_move = matches!(work, Some(Work::Move(_)));
        if let Err(error) = self.write(work) {
            return self.failed(&error.to_string());
        }
        if is_move {
            return self.write_next();
        }
        self.process.writing = Some(effects);
        let slow = self.process.slow_ms;
        let cost = self.chance.process.ms(1, 4) + self.chance.process.ms(slow / 4, slow);
        let start = self.process.starts;
        self.after(cost, Step::Written { start });
    }

    fn write(&mut self, work: Option<Work>) -> Result<(), StoreError> {
        let (Some(writer), Some(work)) = (&mut self.process.writer, work) else { return Ok(()) };
        if let (Some(turn), Some(engine)) = (writer.write(work)?, &mut self.process.engine) {
            engine.give_back(turn);
        }
        Ok(())
    }

    /// What was written was made durable: its effects leave.
    pub(super) fn written(&mut self) {
        let effects = self.process.writing.take().unwrap_or_default();
        if let Some(death) = self.process.death_before_effects.filter(|_| !effects.is_empty()) {
            return self.die(death);
        }
        self.perform(effects);
        self.housekeep();
        self.write_next();
    }

    /// What writer and engine do between two turns.
    pub(super) fn housekeep(&mut self) {
        if self.process.writing.is_some() {
            return;
        }
        match self.process.writer.as_mut().map(Writer::housekeeping) {
            Some(Ok(true)) => self.housekeep_again(),
            Some(Ok(false)) => self.move_entries(),
            Some(Err(error)) => self.failed(&error.to_string()),
            None => {}
        }
    }

    fn housekeep_again(&mut self) {
        let start = self.process.starts;
        self.after(Duration::from_millis(1), Step::Housekeep { start });
    }

    /// A step of a checkpoint, if one has begun.
    fn move_entries(&mut self) {
        let Some(engine) = self.process.engine.as_mut().filter(|_| !self.process.deciding) else { return };
        match engine.housekeep() {
            Ok(Some(work)) => {
                self.process.unwritten.push_back((Some(work), Vec::new()));
                self.write_next();
                self.housekeep_again();
            }
            Ok(None) => {}
            Err(error) => self.failed(&error.to_string()),
        }
    }

    /// Writes all that is decided and makes a checkpoint.
    fn close(&mut self) -> anyhow::Result<()> {
        while let Some((work, _)) = self.process.unwritten.pop_front() {
            self.write(work)?;
        }
        let now = self.moment();
        let (Some(engine), Some(mut writer)) = (self.process.engine.take(), self.process.writer.take())
        else {
            return Ok(());
        };
        let (work, ledger) = engine.close(now)?;
        if let Some(work) = work {
            writer.write(work)?;
        }
        Ok(writer.close(ledger)?)
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Respond { link, generation, sequence_number, status, .. } => {
                    self.answer_delivery(link, generation, sequence_number, status);
                }
                Effect::Submit { link, ticket, sm } => self.submit(link, ticket, sm),
                Effect::Enquire { link, ticket } => self.enquire(link, ticket),
                Effect::Answer { slot, result } => self.answered(slot, &result),
                Effect::DrawPassword { outbox, subject, length } => {
                    let password = self.draw(outbox, length);
                    let hash = Redacted(hash(&password));
                    let subject = Box::new(subject);
                    let event = Event::Drawn { outbox, subject, password: Redacted(password), hash };
                    let delay = self.chance.process.ms(20, 2_000);
                    let start = self.process.starts;
                    self.after(delay, Step::Drawn { start, event: Box::new(event) });
                }
            }
        }
    }

    fn draw(&mut self, outbox: OutboxId, length: u32) -> String {
        self.tally.count("passwords drawn");
        let seed = Seed::new(self.chance.process.octets(), outbox.cause.sequence);
        let mut password = format!("Pw{}x", seed.draw().code(9));
        password.truncate(usize::try_from(length).unwrap_or(password.len()));
        password
    }

    /// The process ends, and comes again after a while.
    pub(super) fn die(&mut self, death: Death) {
        note!(self, "the process ends: {death:?}");
        self.tally.count(match death {
            Death::Kill => "kills",
            Death::PowerCut => "power cuts",
            Death::Fatal => "ends after a failed write",
            Death::Stop => "orderly stops",
        });
        if death == Death::Stop
            && let Err(error) = self.close()
            && !self.process.armed
            && !self.process.full
        {
            self.find(Invariant::I6, format!("an orderly stop fails: {error}"));
        }
        let Process { starts, slow_ms, full, .. } = std::mem::take(&mut self.process);
        self.process = Process { starts: starts + 1, slow_ms, full, ..Process::default() };
        let left = self.chance.faults.roll();
        match death {
            Death::PowerCut => {
                self.disk.power_cut(left);
                self.records.power_cut(left);
            }
            Death::Kill | Death::Fatal => {
                self.disk.kill();
                // What sled had buffered is gone with the process.
                self.records.power_cut(left);
            }
            Death::Stop => {
                self.disk.kill();
                self.records.heal();
            }
        }
        for bind in 0..self.binds.len() {
            if let Some(connection) = self.binds[bind].forget() {
                self.abandon(connection, death);
            }
        }
        let pause = if self.chance.faults.percent(80) { (200, 3_000) } else { (5_000, 60_000) };
        let pause = self.chance.faults.ms(pause.0, pause.1);
        self.process.starting = true;
        self.after(pause, Step::Start);
    }

    /// The kernel closes what a dead process had open; after a power cut nobody does, until the machine is back.
    fn abandon(&mut self, connection: usize, death: Death) {
        let in_flight = self.connections[connection].wire.in_flight(End::Smsc);
        let kept =
            if self.chance.net.percent(50) { None } else { Some(self.chance.net.place(in_flight + 1)) };
        if death == Death::PowerCut {
            let silence = self.chance.net.seconds(1, 50);
            self.connections[connection].wire.stall(End::Smsc, self.now + silence);
        }
        self.close_end(connection, End::Smsc, kept);
    }
}
