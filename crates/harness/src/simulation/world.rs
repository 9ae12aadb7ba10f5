//! Everything of one run, and the loop that lets time go by.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Event, LinkId};
use jiff::{SignedDuration, Timestamp};
use model::Now;
use routing::Rules;
use store::sim::{SimDisk, SimRecords};

use super::bind::Bind;
use super::dice::Dice;
use super::faults::{Fault, Loss};
use super::people::People;
use super::process::Process;
use super::proof::Proof;
use super::smsc::{Connection, Smsc};
use super::tally::Tally;
use super::trace::Trace;
use super::wire::End;
use crate::auditor::{Finding, Invariant};

/// The binds of a run: two to a Vietnamese SMSC, two to a Czech one.
pub(super) const LINKS: [(&str, &str); 4] = [("a", "vn"), ("b", "vn"), ("c", "cz"), ("d", "cz")];

/// 09:00 in Prague of a Monday in August, and of the Thursdays before the ends of summer time and of winter time; with
/// the days for which people book.
const BEGINNINGS: [(i64, [&str; 3]); 3] = [
    (1_785_740_400, ["5.8.", "6.8.", "10.8."]),
    (1_792_652_400, ["26.10.", "27.10.", "29.10."]),
    (1_805_961_600, ["30.3.", "31.3.", "1.4."]),
];

/// Steps at one moment; more of them are a loop.
const STEPS_MAX: u32 = 5_000;

/// Something that happens at a moment.
#[derive(Debug)]
pub(super) enum Step {
    /// Octets or the end of a connection arrive at an end of it.
    Arrive { connection: usize, end: End },
    /// Sent octets have waited as long as TCP waits.
    Stuck { connection: usize },
    /// The process starts.
    Start,
    /// A turn is decided; the engine may take the next.
    Decided { start: u64 },
    /// What was decided is durable and leaves, if the process still lives.
    Written { start: u64 },
    /// The store has work of its own.
    Housekeep { start: u64 },
    /// A bind tries to connect.
    Connect { bind: usize, start: u64 },
    /// A password was drawn.
    Drawn { start: u64, event: Box<Event> },
    /// A citizen writes.
    Speak { message: usize },
    /// A clerk or a feed asks, once more where he had no answer.
    Ask { command: usize },
    /// The SMSC hands a message over.
    Offer { group: usize, message: usize },
    /// The SMSC answers a submit.
    Respond { connection: usize, sequence_number: u32, status: u32, message_id: String },
    /// The SMSC has a receipt to hand over.
    Receipt { group: usize, sm: Box<codec::Sm> },
    /// Something breaks.
    Break(Fault),
    /// It is whole again.
    Mend(Fault),
}

/// How a run is set up: drawn once from its seed.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Days go by, for timers, rotations and what is too old; the links are quiet and need no keep-alive.
    pub(super) long: bool,
    /// Simulated time in which people write and things break.
    pub(super) busy: Duration,
    /// When it begins, in seconds of the Unix epoch, and the days for which people book, as they write them.
    pub(super) begin: (i64, [&'static str; 3]),
    /// Octets on a wire take so long, in milliseconds.
    pub(super) latency: (u64, u64),
    /// Events that the engine's channel holds.
    pub(super) channel: usize,
    /// How long an SMSC waits for a deliver_sm_resp.
    pub(super) patience: Duration,
    /// An SMSC that had no deliver_sm_resp in time keeps the connection, and hands the message over by a sister bind.
    pub(super) keeps: bool,
    /// How long an SMSC waits at most before it hands over again what a dead link took along, in milliseconds.
    pub(super) again: u64,
    pub(super) segment_octets: u64,
    pub(super) checkpoint_octets: u64,
    pub(super) checkpoint_writes: u64,
}

impl Plan {
    fn draw(dice: &mut Dice) -> Self {
        let (slow, long) = (dice.percent(20), dice.percent(6));
        Self {
            long,
            busy: if long { dice.seconds(20 * 3_600, 110 * 3_600) } else { dice.seconds(120, 900) },
            begin: if long { BEGINNINGS[dice.place(BEGINNINGS.len())] } else { BEGINNINGS[0] },
            latency: if slow { (50, 700) } else { (1, 40) },
            channel: 1 + dice.place(64),
            patience: dice.seconds(5, 30),
            again: [500, 2_000, 15_000][dice.place(3)],
            segment_octets: (14 << 10) << dice.below(3),
            checkpoint_octets: (4 << 10) << dice.below(5),
            checkpoint_writes: 10 + dice.below(200),
            keeps: false,
        }
    }

    /// Some SMSCs wait for a few seconds only, and do not doubt the connection then.
    fn draw_hasty(&mut self, dice: &mut Dice) {
        if dice.percent(30) {
            (self.keeps, self.patience) = (true, dice.seconds(1, 5));
        }
    }
}

/// One generator for each kind of chance, so that one thing more of a kind changes little of the others.
pub(super) struct Chance {
    pub(super) net: Dice,
    pub(super) smsc: Dice,
    pub(super) people: Dice,
    pub(super) faults: Dice,
    pub(super) process: Dice,
    pub(super) losses: Dice,
    pub(super) strays: Dice,
    pub(super) late: Dice,
}

/// See the module.
pub(super) struct World {
    pub(super) now: Duration,
    /// The wall clock at the beginning, clock jumps included.
    pub(super) wall_at_zero: Timestamp,
    agenda: BTreeMap<(Duration, u64), Step>,
    steps: u64,
    pub(super) trace: Trace,
    pub(super) tally: Tally,
    pub(super) plan: Plan,
    pub(super) chance: Chance,
    pub(super) rules: Arc<Rules>,
    pub(super) disk: SimDisk,
    pub(super) records: SimRecords,
    pub(super) process: Process,
    pub(super) binds: Vec<Bind>,
    pub(super) connections: Vec<Connection>,
    /// Connections of which one end lives.
    pub(super) open: Vec<usize>,
    pub(super) smscs: Vec<Smsc>,
    pub(super) people: People,
    pub(super) proof: Proof,
    pub(super) findings: Vec<Finding>,
    /// The wall clock jumped in this run.
    pub(super) jumped: bool,
    /// The next acknowledgement is lost in this way.
    pub(super) losing: Option<Loss>,
    /// The next acknowledgement of a message is late.
    pub(super) delaying: bool,
}

macro_rules! note {
    ($world:expr, $($what:tt)+) => {
        $world.trace.note($world.now, format_args!($($what)+))
    };
}
pub(super) use note;

impl World {
    pub(super) fn new(seed: u64, rules: Arc<Rules>, keep_trace: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut plan = Plan::draw(&mut dice);
        // Chances that were added since: the others draw as they did before.
        let mut later = Dice::new(!seed);
        let chance = Chance {
            net: dice.fork(),
            smsc: dice.fork(),
            people: dice.fork(),
            faults: dice.fork(),
            process: dice.fork(),
            losses: later.fork(),
            strays: later.fork(),
            late: later.fork(),
        };
        plan.draw_hasty(&mut later);
        let wall_at_zero = Timestamp::from_second(plan.begin.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut smscs: Vec<Smsc> = Vec::new();
        for (_, group) in LINKS {
            if smscs.iter().all(|smsc| smsc.name != group) {
                smscs.push(Smsc::new(group, dice.percent(30)));
            }
        }
        let bind = |(place, (name, group)): (u16, (&'static str, &str))| {
            let group = smscs.iter().position(|smsc| smsc.name == group).unwrap_or(0);
            Bind::new(LinkId(place), name, group)
        };
        let binds = (0..).zip(LINKS).map(bind).collect();
        Self {
            now: Duration::from_secs(1_000),
            wall_at_zero,
            agenda: BTreeMap::new(),
            steps: 0,
            trace: Trace::new(keep_trace),
            tally: Tally::default(),
            plan,
            chance,
            rules,
            disk: SimDisk::new(),
            records: SimRecords::new(),
            process: Process::default(),
            binds,
            connections: Vec::new(),
            open: Vec::new(),
            smscs,
            people: People::default(),
            proof: Proof::default(),
            findings: Vec::new(),
            jumped: false,
            losing: None,
            delaying: false,
        }
    }

    pub(super) fn into_parts(mut self) -> (Vec<Finding>, Trace, Tally) {
        self.tally.time = self.now - Duration::from_secs(1_000);
        (self.findings, self.trace, self.tally)
    }

    /// The moment.
    pub(super) fn wall(&self) -> Timestamp {
        let span = SignedDuration::try_from(self.now - Duration::from_secs(1_000)).unwrap_or_default();
        self.wall_at_zero.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn moment(&self) -> Now {
        Now { wall: self.wall(), monotonic: self.now }
    }

    /// Lets something happen after a span.
    pub(super) fn after(&mut self, span: Duration, step: Step) {
        self.at(self.now.saturating_add(span), step);
    }

    /// Lets something happen at a moment; never, where that is the end of time.
    pub(super) fn at(&mut self, at: Duration, step: Step) {
        if at < Duration::MAX {
            self.steps += 1;
            self.agenda.insert((at.max(self.now), self.steps), step);
        }
    }

    /// Takes back everything that was still to break or to be mended.
    pub(super) fn drop_faults(&mut self) {
        self.agenda.retain(|_, step| !matches!(step, Step::Break(_) | Step::Mend(_)));
    }

    /// Something is wrong that the simulation itself sees.
    pub(super) fn find(&mut self, invariant: Invariant, what: String) {
        note!(self, "FINDING {invariant} {what}");
        self.findings.push(Finding::new(invariant, what));
    }

    /// Lets everything happen that is due until `end`. Stops at the first finding: what follows says nothing.
    pub(super) fn run_until(&mut self, end: Duration) {
        let mut at_once = 0;
        while self.findings.is_empty() {
            let next = self.next_moment();
            if next > end {
                self.now = end;
                return;
            }
            at_once = if next > self.now { 0 } else { at_once + 1 };
            if at_once > STEPS_MAX {
                self.find(Invariant::I6, "nothing comes to rest any more".to_owned());
            }
            let due = self.due_by(next);
            self.now = next.max(self.now);
            while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let step = entry.remove();
                self.step(step);
            }
            self.serve_timers(due);
            self.turn_if_due();
        }
    }

    fn next_moment(&self) -> Duration {
        let agenda = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let binds = self.binds.iter().filter_map(|bind| bind.next_deadline(self.now));
        let peers = self.open.iter().filter_map(|at| self.connections[*at].next_deadline(self.now));
        let engine = self.next_turn();
        agenda.into_iter().chain(binds).chain(peers).chain(engine).min().unwrap_or(Duration::MAX)
    }

    /// The binds and connections that asked to be woken by then. Told before time moves: some deadlines are none once
    /// they are reached.
    fn due_by(&self, moment: Duration) -> (Vec<usize>, Vec<usize>) {
        let due = |deadline: Option<Duration>| deadline.is_some_and(|at| at <= moment);
        let binds = (0..self.binds.len()).filter(|at| due(self.binds[*at].next_deadline(self.now)));
        let peers = self.open.iter().copied().filter(|at| due(self.connections[*at].next_deadline(self.now)));
        (binds.collect(), peers.collect())
    }

    fn serve_timers(&mut self, (binds, peers): (Vec<usize>, Vec<usize>)) {
        binds.into_iter().for_each(|bind| self.step_bind(bind));
        peers.into_iter().for_each(|connection| self.step_peer(connection));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Arrive { connection, end: End::Esme } => {
                let bind = self.connections[connection].bind;
                if self.binds[bind].is_on(connection) {
                    self.step_bind(bind);
                }
            }
            Step::Arrive { connection, end: End::Smsc } => self.step_peer(connection),
            Step::Stuck { connection } => self.give_up_if_stuck(connection),
            Step::Start => self.start(),
            Step::Decided { start } if start == self.process.starts => self.decided(),
            Step::Written { start } if start == self.process.starts => self.written(),
            Step::Housekeep { start } if start == self.process.starts => self.housekeep(),
            Step::Connect { bind, start } if start == self.process.starts => self.connect(bind),
            Step::Drawn { start, event } if start == self.process.starts => self.tell_engine(*event),
            Step::Decided { .. }
            | Step::Written { .. }
            | Step::Housekeep { .. }
            | Step::Connect { .. }
            | Step::Drawn { .. } => {}
            Step::Speak { message } => self.speak(message),
            Step::Ask { command } => self.ask(command),
            Step::Offer { group, message } => self.offer(group, message),
            Step::Respond { connection, sequence_number, status, message_id } => {
                self.respond(connection, sequence_number, status, message_id);
            }
            Step::Receipt { group, sm } => self.hand_over_receipt(group, *sm),
            Step::Break(fault) => self.break_it(&fault),
            Step::Mend(fault) => self.mend(&fault),
        }
    }
}
