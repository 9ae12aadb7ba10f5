//! The SMSCs: they hand messages over until these are acknowledged, take submits in one mood or another, and send
//! receipts.

use std::time::Duration;

use bytes::BytesMut;
use codec::{BindResp, Body, CommandStatus, MessageState, Pdu, Sm, SmResp, decode, encode};
use model::Address;
use model::outcome::FinalState;
use session::{Config, Output, Role, Session, Timeouts};

use super::people::whole_ms;
use super::wire::{End, Wire};
use super::world::{Step, World, note};
use crate::auditor::{Invariant, Receipt, Submit};
use crate::world::message;

/// What an SMSC does with submits for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mood {
    /// Takes them and says so.
    Well,
    /// Takes them and says so late, but in time.
    Slow,
    /// Takes them and says nothing.
    Silent,
    /// Takes them and says so after the response timer.
    Late,
    /// Takes them and answers twice, with two ids.
    Twice,
    /// Takes none: too much.
    Throttled,
    /// Takes none: its queue is full.
    Full,
    /// Takes some, refuses others with an error of any kind.
    Faulty,
}

/// One SMSC.
pub(super) struct Smsc {
    pub(super) name: &'static str,
    pub(super) mood: Mood,
    /// Refuses binds.
    pub(super) closed: bool,
    /// Names ids in hexadecimal, and in decimal in receipts.
    hexadecimal: bool,
    last_id: u64,
    /// All messages that it has had to hand over.
    pub(super) messages: Vec<Mobile>,
}

/// A message that the SMSC hands over until it is acknowledged.
pub(super) struct Mobile {
    sm: Sm,
    /// Which message of people, and which part; none for a receipt.
    origin: Option<(usize, usize)>,
    /// On its way over a connection.
    offered: bool,
    acknowledged: bool,
    first_offered_at: Option<Duration>,
    /// The bind by which it was offered last.
    last_bind: usize,
    /// A connection over which no answer came in time, and which stands all the same.
    given_up_on: Option<usize>,
}

/// One connection, with the SMSC's end of it.
pub(super) struct Connection {
    pub(super) bind: usize,
    group: usize,
    pub(super) wire: Wire,
    pub(super) stuck_since: Option<Duration>,
    /// None once the SMSC's end is over.
    session: Option<Session>,
    inbound: BytesMut,
    outbound: BytesMut,
}

impl Smsc {
    pub(super) fn new(name: &'static str, hexadecimal: bool) -> Self {
        Self { name, mood: Mood::Well, closed: false, hexadecimal, last_id: 1_000, messages: Vec::new() }
    }

    /// Whether all was acknowledged.
    pub(super) fn is_done(&self) -> bool {
        self.messages.iter().all(|message| message.acknowledged)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn spelt(&self, id: u64) -> String {
        if self.hexadecimal { format!("{id:X}") } else { id.to_string() }
    }
}

impl Connection {
    pub(super) fn new(bind: usize, group: usize, patience: Duration, idle: Duration, now: Duration) -> Self {
        let timeouts = Timeouts { response: patience, enquire_link_idle: idle, ..Timeouts::default() };
        let config = Config { window: 20, rate: None, timeouts };
        Self {
            bind,
            group,
            wire: Wire::default(),
            stuck_since: None,
            session: Some(Session::new(Role::Smsc, config, now)),
            inbound: BytesMut::new(),
            outbound: BytesMut::new(),
        }
    }

    pub(super) fn next_deadline(&self, now: Duration) -> Option<Duration> {
        self.session.as_ref()?.next_deadline(now)
    }

    /// Whether the SMSC may hand messages over here.
    fn receives(&self, group: usize) -> bool {
        let session = self.session.as_ref().filter(|_| self.group == group);
        session.is_some_and(|session| session.state().bound().is_some_and(session::Mode::receives))
    }
}

impl World {
    /// The SMSC has a message to hand over from now on.
    pub(super) fn give(&mut self, group: usize, sm: Sm, origin: Option<(usize, usize)>, delay: Duration) {
        let message = self.smscs[group].messages.len();
        let acknowledged = false;
        let mobile = Mobile {
            sm,
            origin,
            offered: false,
            acknowledged,
            first_offered_at: None,
            last_bind: 0,
            given_up_on: None,
        };
        self.smscs[group].messages.push(mobile);
        self.after(delay, Step::Offer { group, message });
    }

    /// The wall clock was set while these were on their way: to the engine they are as old as it says.
    pub(super) fn excuse_what_is_on_its_way(&mut self) {
        let messages = self.smscs.iter().flat_map(|smsc| &smsc.messages);
        let on_their_way = messages.filter(|it| it.offered && !it.acknowledged);
        let texts: Vec<usize> = on_their_way.filter_map(|it| it.origin.map(|(text, _)| text)).collect();
        texts.into_iter().for_each(|text| self.proof.look_up_may_run_again(text));
    }

    /// The connections of a group by which messages can be handed over.
    pub(super) fn standing(&self, group: usize) -> impl Iterator<Item = usize> {
        self.open.iter().copied().filter(move |at| self.connections[*at].receives(group))
    }

    /// Hands a message over by any connection that stands, but not where it may still be on its way: nobody could tell
    /// that copy from a citizen who writes twice.
    pub(super) fn offer(&mut self, group: usize, message: usize) {
        let it = &self.smscs[group].messages[message];
        if it.offered || it.acknowledged {
            return;
        }
        let standing: Vec<usize> =
            self.standing(group).filter(|connection| it.given_up_on != Some(*connection)).collect();
        let Some(connection) = standing.get(self.chance.smsc.place(standing.len())).copied() else {
            let pause = self.chance.smsc.ms(200, 2_000);
            return self.after(pause, Step::Offer { group, message });
        };
        let again = it.first_offered_at.is_some();
        let bind = self.connections[connection].bind;
        let old = it.first_offered_at.is_some_and(|at| self.now - at >= Duration::from_secs(600));
        let sister = again && it.last_bind != bind;
        if let Some((text, _)) = it.origin.filter(|_| old || sister || (again && self.jumped)) {
            self.proof.look_up_may_run_again(text);
        }
        let (sm, now) = (it.sm.clone(), self.now);
        let session = self.connections[connection].session.as_mut();
        if session.is_none_or(|session| session.submit(sm, message as u64, now).is_err()) {
            return self.after(Duration::from_millis(500), Step::Offer { group, message });
        }
        let it = &mut self.smscs[group].messages[message];
        it.offered = true;
        it.first_offered_at.get_or_insert(now);
        it.last_bind = bind;
        note!(
            self,
            "offer {message} of {} on #{connection}{}",
            self.smscs[group].name,
            if again { " again" } else { "" }
        );
        self.tally.count(if again { "messages handed over again" } else { "messages handed over" });
        self.step_peer(connection);
    }

    /// A receipt is handed over as messages are.
    pub(super) fn hand_over_receipt(&mut self, group: usize, sm: Sm) {
        self.tally.count("receipts");
        self.give(group, sm, None, Duration::ZERO);
    }

    /// All that one wake-up of the SMSC's end does.
    pub(super) fn step_peer(&mut self, connection: usize) {
        let now = self.now;
        let it = &mut self.connections[connection];
        let octets = it.wire.take(End::Smsc, now);
        let over = it.wire.is_over(End::Smsc, now);
        let Some(session) = &mut it.session else { return };
        it.inbound.extend_from_slice(&octets);
        while let Ok(Some(framed)) = decode(&mut it.inbound) {
            session.receive(framed, now);
        }
        session.timeout(now);
        let over = self.drain_peer(connection) || over;
        self.write_peer(connection);
        if over {
            self.end_peer(connection);
        }
    }

    fn write_peer(&mut self, connection: usize) {
        let outbound = &mut self.connections[connection].outbound;
        if !outbound.is_empty() {
            let octets = outbound.split().to_vec();
            self.send(connection, End::Esme, octets);
        }
    }

    /// Does what the session says; whether the connection is to end.
    fn drain_peer(&mut self, connection: usize) -> bool {
        let mut over = false;
        loop {
            let it = &mut self.connections[connection];
            let Some(output) = it.session.as_mut().and_then(Session::poll_output) else { return over };
            let group = it.group;
            match output {
                Output::Send(pdu) => {
                    let _ = encode(&pdu, &mut it.outbound);
                }
                Output::Close(_) => over = true,
                Output::Event(session::Event::BindRequested { .. }) => {
                    let closed = self.smscs[group].closed;
                    let status = if closed { CommandStatus::ESME_RSYSERR } else { CommandStatus::ESME_ROK };
                    if let Some(session) = &mut it.session {
                        session.answer_bind(status, BindResp::default(), self.now);
                    }
                }
                Output::Event(session::Event::Request(Pdu { sequence_number, body, .. })) => {
                    if let Body::SubmitSm(sm) = body {
                        self.take_submit(connection, sequence_number, sm);
                    }
                }
                Output::Event(session::Event::Answered { ticket, response }) => {
                    self.delivery_answered(group, ticket, response.command_status);
                }
                Output::Event(session::Event::TimedOut { ticket }) => {
                    note!(self, "no answer for {ticket} on #{connection}");
                    self.tally.count("deliveries without an answer");
                    // Its patience is at an end: the other side must be dead.
                    over |= !self.gives_up(group, ticket, connection);
                    self.free(group, ticket);
                }
                Output::Event(session::Event::Late { ticket, response }) => {
                    self.delivery_answered_late(group, ticket, response.command_status);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn delivery_answered(&mut self, group: usize, ticket: u64, status: CommandStatus) {
        let Ok(message) = usize::try_from(ticket) else { return };
        note!(self, "{} {message} answered {:#x}", self.smscs[group].name, status.0);
        let Some(it) = self.smscs[group].messages.get_mut(message) else { return };
        it.offered = false;
        if status.is_ok() {
            it.acknowledged = true;
            if let Some((text, part)) = it.origin {
                self.proof.acknowledged(text, part);
            }
            return;
        }
        if status != CommandStatus::ESME_RX_T_APPN {
            self.find(
                Invariant::I1,
                format!("a message was refused with {:#x}: the SMSC drops it", status.0),
            );
        }
        self.tally.count("messages put off");
        let pause = self.chance.smsc.ms(500, 5_000);
        self.after(pause, Step::Offer { group, message });
    }

    /// Whether the SMSC hands this message over by a sister bind and keeps the connection on which no answer came.
    fn gives_up(&mut self, group: usize, ticket: u64, connection: usize) -> bool {
        let bind = self.connections[connection].bind;
        let has_sister = self.standing(group).any(|other| self.connections[other].bind != bind);
        let Some(it) = usize::try_from(ticket).ok().and_then(|at| self.smscs[group].messages.get_mut(at))
        else {
            return false;
        };
        if !self.plan.keeps || !has_sister || it.given_up_on.is_some() {
            return false;
        }
        it.given_up_on = Some(connection);
        self.tally.count("messages given up on a connection that stands");
        true
    }

    /// The answer to a message that was given up: it is not handed over again, but may be on its way already.
    fn delivery_answered_late(&mut self, group: usize, ticket: u64, status: CommandStatus) {
        if status.is_ok() {
            self.delivery_answered(group, ticket, status);
        }
    }

    /// A message that was on its way over a connection comes again.
    fn free(&mut self, group: usize, ticket: u64) {
        let Ok(message) = usize::try_from(ticket) else { return };
        if let Some(it) = self.smscs[group].messages.get_mut(message).filter(|it| !it.acknowledged) {
            it.offered = false;
            let pause = self.chance.smsc.ms(0, self.plan.again);
            self.after(pause, Step::Offer { group, message });
        }
    }

    /// The SMSC's end of a connection is over.
    pub(super) fn end_peer(&mut self, connection: usize) {
        let Some(mut session) = self.connections[connection].session.take() else { return };
        let group = self.connections[connection].group;
        let lost = session.close();
        for ticket in lost.unsent.into_iter().chain(lost.unanswered) {
            self.free(group, ticket);
        }
        note!(self, "#{connection} is over for {}", self.smscs[group].name);
        self.close_end(connection, End::Esme, None);
        self.open.retain(|open| *open != connection);
    }

    /// One end closes: the other, `to`, hears of it in time; `kept` octets of what is on its way still arrive.
    pub(super) fn close_end(&mut self, connection: usize, to: End, kept: Option<usize>) {
        let (from, until) = self.plan.latency;
        let latency = self.chance.net.ms(from, until);
        let at = self.connections[connection].wire.close(to, kept, self.now, latency);
        self.at(at, Step::Arrive { connection, end: to });
    }

    /// A submit_sm, in the mood of the moment.
    fn take_submit(&mut self, connection: usize, sequence_number: u32, sm: Sm) {
        let group = self.connections[connection].group;
        let mood = self.smscs[group].mood;
        let (status, delays) = self.verdict(mood);
        let taken = status.is_ok();
        note!(self, "{} {} {mood:?} {:#x}", self.smscs[group].name, sm.destination.digits, status.0);
        let at = self.wall();
        self.tally.count(if taken { "submits taken" } else { "submits refused" });
        let mut ids = Vec::new();
        for delay in delays {
            let id = if taken { self.smscs[group].next_id() } else { 0 };
            let message_id = if taken { self.smscs[group].spelt(id) } else { String::new() };
            ids.push(id);
            self.after(delay, Step::Respond { connection, sequence_number, status: status.0, message_id });
        }
        if taken && ids.is_empty() {
            ids.push(self.smscs[group].next_id());
        }
        let message_ids = ids.iter().filter(|_| taken).map(u64::to_string).collect();
        let group_name = self.smscs[group].name.to_owned();
        self.proof.evidence.submits.push(Submit {
            at,
            group: group_name,
            sm: sm.clone(),
            taken,
            message_ids,
        });
        if let Some(id) = ids.first().copied().filter(|_| taken) {
            self.show(&sm);
            if sm.registered_delivery & 0x03 != 0 {
                self.plan_receipts(group, id, &sm);
                self.plan_stray_receipt(1 - group, id, &sm);
            }
        }
    }

    /// The status, and after which times it is said.
    fn verdict(&mut self, mood: Mood) -> (CommandStatus, Vec<Duration>) {
        let dice = &mut self.chance.smsc;
        let soon = dice.ms(1, 150);
        match mood {
            Mood::Well => (CommandStatus::ESME_ROK, vec![soon]),
            Mood::Slow => (CommandStatus::ESME_ROK, vec![dice.seconds(1, 25)]),
            Mood::Silent => (CommandStatus::ESME_ROK, Vec::new()),
            Mood::Late => (CommandStatus::ESME_ROK, vec![dice.seconds(31, 50)]),
            Mood::Twice => (CommandStatus::ESME_ROK, vec![soon, soon + dice.seconds(0, 20)]),
            Mood::Throttled => (CommandStatus::ESME_RTHROTTLED, vec![soon]),
            Mood::Full => (CommandStatus::ESME_RMSGQFUL, vec![soon]),
            Mood::Faulty => {
                let statuses = [
                    CommandStatus::ESME_ROK,
                    CommandStatus::ESME_RSYSERR,
                    CommandStatus::ESME_ROK,
                    CommandStatus::ESME_RSUBMITFAIL,
                    CommandStatus::ESME_RINVDSTADR,
                    CommandStatus::ESME_RX_T_APPN,
                ];
                (statuses[dice.place(statuses.len())], vec![soon])
            }
        }
    }

    /// The SMSC answers a submit, if its end still lives.
    pub(super) fn respond(
        &mut self,
        connection: usize,
        sequence_number: u32,
        status: u32,
        message_id: String,
    ) {
        let body = Body::SubmitSmResp(SmResp { message_id: message_id.into(), ..SmResp::default() });
        let Some(session) = &mut self.connections[connection].session else { return };
        session.respond(Pdu { command_status: CommandStatus(status), sequence_number, body });
        self.step_peer(connection);
    }

    /// Receipts for a message: soon or late, now and then before the response, twice, or after a step on the way.
    fn plan_receipts(&mut self, group: usize, id: u64, sm: &Sm) {
        let dice = &mut self.chance.smsc;
        let state = if dice.percent(85) { MessageState::Delivered } else { MessageState::Undeliverable };
        let at = dice.ms(0, [20, 2_000, 60_000][dice.clone().place(3)]);
        // Some receipts never come, and a run of days sees what becomes of that.
        let never = self.plan.long && dice.percent(30);
        let mut plan = if never { Vec::new() } else { vec![(at, state)] };
        if dice.percent(15) {
            plan.push((at / 2, MessageState::Accepted));
        }
        if dice.percent(15) {
            plan.push((at + dice.seconds(0, 30), state));
        }
        for (at, state) in plan {
            self.plan_receipt(group, id, state, sm, at);
        }
    }

    fn plan_receipt(&mut self, group: usize, id: u64, state: MessageState, sm: &Sm, at: Duration) {
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2608031000 done date:2608031001 stat:{} err:000 text:",
            state.stat()
        );
        let mut receipt = message(sm.destination.clone(), sm.source.clone(), &text);
        receipt.esm_class = codec::esm_class::SMSC_RECEIPT;
        let state = match state {
            MessageState::Delivered => Some(FinalState::Delivered),
            state if state.is_final() => Some(FinalState::Failed),
            _ => None,
        };
        let (name, message_id) = (self.smscs[group].name.to_owned(), id.to_string());
        self.proof.evidence.receipts.push(Receipt { group: name, message_id, state, text });
        self.after(at, Step::Receipt { group, sm: Box::new(receipt) });
    }

    /// Now and then the SMSC of the other group tells at once of a failure under the id that was just given.
    fn plan_stray_receipt(&mut self, group: usize, id: u64, sm: &Sm) {
        if self.chance.strays.percent(3) {
            let at = self.chance.strays.ms(0, 1_000);
            self.plan_receipt(group, id, MessageState::Undeliverable, sm, at);
        }
    }

    /// Receipts that nobody waits for: ids that the SMSC of the other group may have given.
    pub(super) fn plan_stray_receipts(&mut self) {
        let group = self.smscs.len() - 1;
        for _ in 0..self.chance.smsc.below(8) {
            let id = 1_001 + self.chance.smsc.below(12);
            let at = self.chance.smsc.ms(1_000, whole_ms(self.plan.busy));
            let sm = message(Address::new(1, 1, "420739547765"), Address::new(1, 1, "420602999999"), "");
            self.plan_receipt(group, id, MessageState::Undeliverable, &sm, at);
        }
    }
}
