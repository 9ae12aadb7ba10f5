//! What breaks, and when: processes, power, disks, wires and SMSCs.

use std::io::ErrorKind;
use std::time::Duration;

use engine::Event;
use jiff::SignedDuration;

use super::dice::Dice;
use super::people::whole_ms;
use super::process::Death;
use super::smsc::Mood;
use super::wire::End;
use super::world::{Step, World, note};

/// One thing that breaks, now or at an operation of the disk some way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process ends now.
    Death(Death),
    /// The process ends in the middle of its work, so many operations of the disk from now.
    DeathAt(Death, u64),
    /// The process ends once the next turn is durable and before anything of it has left.
    DeathBeforeEffects(Death),
    /// An operation of the disk fails, so many from now.
    DiskAt(ErrorKind, u64),
    /// A read fails, so many from now.
    ReadAt(u64),
    /// A batch or a sync of the records fails, so many from now.
    RecordsAt(u64),
    /// The disk is full for a while.
    Full,
    /// The disk is slow for a while: milliseconds a turn.
    Slow(u64),
    /// A connection ends somewhere between two octets.
    Cut,
    /// Nothing arrives on a connection any more, in one direction or both, for a while or for ever.
    Stall { to_esme: bool, to_smsc: bool, span: Duration },
    /// The SMSC closes all its connections and takes no bind for a while.
    SmscDown(usize),
    /// The wall clock jumps by so many seconds in which no time goes by; a person confirms it after a while.
    ClockJump(i64),
    /// An SMSC is in another mood for a while.
    Mood(usize, Mood),
    /// The next acknowledgement of a message is lost with its connection.
    AcknowledgementLost(Loss),
    /// The next acknowledgement of a message comes after the SMSC has given that message up, and before the copy that
    /// it hands over by a sister bind then.
    AcknowledgementDelayed,
}

/// How a connection ends with an acknowledgement on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Both ends hear of it.
    Reset,
    /// The SMSC hears of it and hands the message over again; the process hears nothing.
    HalfOpen,
    /// The SMSC closes all that it has.
    Restart,
}

impl Fault {
    fn draw(dice: &mut Dice) -> Self {
        let group = dice.place(2);
        match dice.below(28) {
            0 | 1 => Self::Death(Death::Kill),
            2 => Self::Death(Death::PowerCut),
            3 => Self::Death(Death::Stop),
            4 | 5 => Self::DeathAt(Death::PowerCut, dice.below(24)),
            6 => Self::DeathAt(Death::Kill, dice.below(24)),
            7 => Self::DiskAt(ErrorKind::Other, dice.below(24)),
            8 => Self::DiskAt(ErrorKind::StorageFull, dice.below(40)),
            9 => Self::ReadAt(dice.below(30)),
            10 => Self::RecordsAt(dice.below(16)),
            11 => Self::Full,
            12 | 13 => Self::Slow([150, 800, 4_000][dice.place(3)]),
            14 | 15 => Self::Cut,
            16 | 17 => {
                let way = dice.below(4);
                let span = if dice.percent(40) { Duration::MAX } else { dice.seconds(1, 60) };
                Self::Stall { to_esme: way != 1, to_smsc: way != 2, span }
            }
            24 | 25 => Self::DeathBeforeEffects(Death::PowerCut),
            26 => Self::DeathBeforeEffects(Death::Kill),
            27 => {
                let seconds = [120, 3_000, 14_400, 90_000][dice.place(4)];
                Self::ClockJump(if dice.percent(50) { seconds } else { -seconds })
            }
            18 => Self::SmscDown(group),
            19 => Self::Mood(group, Mood::Throttled),
            20 => Self::Mood(group, [Mood::Full, Mood::Faulty][dice.place(2)]),
            21 => Self::Mood(group, [Mood::Silent, Mood::Late][dice.place(2)]),
            _ => Self::Mood(group, [Mood::Slow, Mood::Twice][dice.place(2)]),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Death(_) => "ends between two turns",
            Self::DeathAt(..) => "ends in the middle of a write",
            Self::DeathBeforeEffects(_) => "ends between commit and effects",
            Self::DiskAt(ErrorKind::StorageFull, _) => "ENOSPC at an operation",
            Self::DiskAt(..) => "EIO at an operation",
            Self::ReadAt(_) => "EIO at a read",
            Self::RecordsAt(_) => "failures of the records",
            Self::Full => "full disks",
            Self::Slow(_) => "slow disks",
            Self::Cut => "connections cut between octets",
            Self::Stall { span: Duration::MAX, .. } => "half-open connections",
            Self::Stall { .. } => "stalled connections",
            Self::SmscDown(_) => "SMSC restarts",
            Self::ClockJump(_) => "clock jumps",
            Self::AcknowledgementDelayed => "acknowledgements that come late",
            Self::AcknowledgementLost(_) => "acknowledgements lost",
            Self::Mood(_, Mood::Throttled) => "SMSC throttles",
            Self::Mood(_, Mood::Full) => "SMSC queues full",
            Self::Mood(_, Mood::Faulty) => "SMSC refuses at random",
            Self::Mood(_, Mood::Silent) => "SMSC takes and is silent",
            Self::Mood(_, Mood::Late) => "SMSC answers too late",
            Self::Mood(_, Mood::Twice) => "SMSC answers twice",
            Self::Mood(..) => "SMSC answers slowly",
        }
    }
}

impl World {
    /// Draws what breaks in this run: in some nothing, in some everything.
    pub(super) fn plan_faults(&mut self) {
        let count = [0, 2, 5, 9, 14, 20][self.chance.faults.place(6)];
        for _ in 0..count {
            let at = self.chance.faults.ms(500, whole_ms(self.plan.busy));
            let mut fault = Fault::draw(&mut self.chance.faults);
            if let (true, Fault::Stall { span, .. }) = (self.plan.long, &mut fault) {
                // Without keep-alives nobody would notice.
                *span = (*span).min(Duration::from_secs(60));
            }
            self.after(at, Step::Break(fault));
        }
        self.plan_losses();
    }

    /// What the dice above draw too seldom for the mistakes that it shows.
    fn plan_losses(&mut self) {
        let dice = &mut self.chance.losses;
        let losses = match self.plan.long {
            false => &[Loss::Reset, Loss::Restart, Loss::HalfOpen][..],
            // Without keep-alives nobody would notice.
            true => &[Loss::Reset, Loss::Restart],
        };
        let mut faults: Vec<Fault> = (0..dice.below(4))
            .map(|_| Fault::AcknowledgementLost(losses[dice.place(losses.len())]))
            .collect();
        if dice.percent(25) {
            faults.push(Fault::Mood(dice.place(2), Mood::Faulty));
        }
        for fault in faults {
            let at = self.chance.losses.ms(500, whole_ms(self.plan.busy));
            self.after(at, Step::Break(fault));
        }
        for _ in 0..if self.plan.keeps { self.chance.late.below(12) } else { 0 } {
            let at = self.chance.late.ms(500, whole_ms(self.plan.busy));
            self.after(at, Step::Break(Fault::AcknowledgementDelayed));
        }
    }

    pub(super) fn break_it(&mut self, fault: &Fault) {
        note!(self, "BREAKS: {fault:?}");
        self.tally.count(fault.name());
        let while_ms = self.chance.faults.ms(1_000, 45_000);
        match *fault {
            Fault::Death(death) => {
                if self.process.engine.is_some() {
                    self.die(death);
                }
            }
            Fault::DeathAt(death, operations) => {
                self.disk.power_off_at(self.disk.operations() + operations);
                (self.process.armed, self.process.armed_death) = (true, Some(death));
            }
            Fault::DeathBeforeEffects(death) => self.process.death_before_effects = Some(death),
            Fault::DiskAt(kind, operations) => {
                self.disk.fail_at(self.disk.operations() + operations, kind);
                self.process.armed = true;
            }
            Fault::ReadAt(reads) => {
                self.disk.fail_read_at(self.disk.reads() + reads, ErrorKind::Other);
                self.process.armed = true;
            }
            Fault::RecordsAt(operations) => {
                self.records.fail_at(self.records.operations() + operations);
                self.process.armed = true;
            }
            Fault::Full => {
                self.disk.set_full(true);
                self.process.full = true;
                self.after(while_ms, Step::Mend(*fault));
            }
            Fault::Slow(ms) => {
                self.process.slow_ms = ms;
                self.after(while_ms, Step::Mend(*fault));
            }
            Fault::Cut => self.cut_any(),
            Fault::Stall { to_esme, to_smsc, span } => self.stall_any(to_esme, to_smsc, span),
            Fault::SmscDown(group) => {
                self.smscs[group].closed = true;
                self.close_all(group);
                self.after(while_ms, Step::Mend(*fault));
            }
            Fault::ClockJump(seconds) => {
                let span = SignedDuration::from_secs(seconds);
                self.wall_at_zero = self.wall_at_zero.checked_add(span).unwrap_or(self.wall_at_zero);
                self.jumped = true;
                self.excuse_what_is_on_its_way();
                self.after(while_ms, Step::Mend(*fault));
            }
            Fault::AcknowledgementLost(loss) => self.losing = Some(loss),
            Fault::AcknowledgementDelayed => self.delaying = true,
            Fault::Mood(group, mood) => {
                self.smscs[group].mood = mood;
                self.after(while_ms, Step::Mend(*fault));
            }
        }
    }

    pub(super) fn mend(&mut self, fault: &Fault) {
        note!(self, "mended: {fault:?}");
        match *fault {
            Fault::Full => {
                self.disk.set_full(false);
                self.process.full = false;
            }
            Fault::Slow(_) => self.process.slow_ms = 0,
            Fault::SmscDown(group) => self.smscs[group].closed = false,
            Fault::Mood(group, _) => self.smscs[group].mood = Mood::Well,
            Fault::ClockJump(_) => self.tell_engine(Event::ClockConfirmed),
            _ => {}
        }
    }

    /// Everything is whole from now on, and what was still to break does not.
    pub(super) fn mend_all(&mut self) {
        self.confirm_clock();
        note!(self, "everything is mended");
        self.drop_faults();
        self.disk.heal();
        self.records.heal();
        (self.process.armed, self.process.armed_death) = (false, None);
        self.process.death_before_effects = None;
        (self.losing, self.delaying) = (None, false);
        (self.process.slow_ms, self.process.full) = (0, false);
        for smsc in &mut self.smscs {
            (smsc.closed, smsc.mood) = (false, Mood::Well);
        }
    }

    /// A person looks at a clock that jumped, and at each start after that.
    pub(super) fn confirm_clock(&mut self) {
        if self.jumped {
            self.tell_engine(Event::ClockConfirmed);
        }
    }

    /// A connection between two living ends.
    fn any_connection(&mut self) -> Option<usize> {
        let standing: Vec<usize> = self.binds.iter().filter_map(super::bind::Bind::connection).collect();
        standing.get(self.chance.faults.place(standing.len())).copied()
    }

    /// A router forgets a connection: what is on its way arrives in part, and both ends hear of it.
    fn cut_any(&mut self) {
        let Some(connection) = self.any_connection() else { return };
        for end in [End::Esme, End::Smsc] {
            let in_flight = self.connections[connection].wire.in_flight(end);
            let kept = self.chance.faults.place(in_flight + 1);
            self.close_end(connection, end, Some(kept));
        }
    }

    /// An acknowledgement has just left: where one is to be lost, it does not arrive.
    pub(super) fn lose_acknowledgement(&mut self, connection: usize) {
        let Some(loss) = self.losing.take() else { return };
        note!(self, "the acknowledgement is lost: {loss:?} of #{connection}");
        self.close_end(connection, End::Smsc, Some(0));
        match loss {
            Loss::Reset => self.close_end(connection, End::Esme, None),
            Loss::HalfOpen => self.connections[connection].wire.stall(End::Esme, Duration::MAX),
            Loss::Restart => {
                let group = self.binds[self.connections[connection].bind].group;
                self.close_all(group);
            }
        }
    }

    /// An acknowledgement has just left: where one is to be late, the SMSC has it when its patience has just ended, and
    /// what it hands over by a sister bind then takes longer.
    pub(super) fn delay_acknowledgement(&mut self, connection: usize) {
        let bind = self.connections[connection].bind;
        let sisters = self.standing(self.binds[bind].group).filter(|it| self.connections[*it].bind != bind);
        let sisters: Vec<usize> = sisters.collect();
        if !self.delaying || sisters.is_empty() {
            return;
        }
        self.delaying = false;
        note!(self, "the acknowledgement is late on #{connection}");
        let until = self.now + self.plan.patience + self.chance.late.ms(100, 3_000);
        self.stall(connection, End::Smsc, until);
        for sister in sisters {
            let until = until + self.chance.late.ms(100, 5_000);
            self.stall(sister, End::Esme, until);
        }
    }

    fn stall_any(&mut self, to_esme: bool, to_smsc: bool, span: Duration) {
        let Some(connection) = self.any_connection() else { return };
        let until = self.now.saturating_add(span);
        for end in [End::Esme, End::Smsc] {
            if (end == End::Esme && to_esme) || (end == End::Smsc && to_smsc) {
                self.stall(connection, end, until);
            }
        }
    }

    /// Nothing arrives at this end before a moment.
    fn stall(&mut self, connection: usize, end: End, until: Duration) {
        self.connections[connection].wire.stall(end, until);
        self.at(until, Step::Arrive { connection, end });
        if self.connections[connection].wire.is_stuck(End::Smsc, self.now) {
            self.note_stuck(connection);
        }
    }

    fn close_all(&mut self, group: usize) {
        for connection in self.open.clone() {
            let bind = self.connections[connection].bind;
            if self.binds[bind].group == group {
                self.end_peer(connection);
            }
        }
    }
}
