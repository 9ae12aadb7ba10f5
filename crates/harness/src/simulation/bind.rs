//! One bind of the process: what smpp-client does with a connection, without a socket. It answers in the engine's
//! place after 0.9 s, tells credit as a running sum, hands back what a dead link had, and binds again.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::BytesMut;
use codec::{Bind as BindBody, Body, CommandStatus, Pdu, Sm, SmResp, decode, encode};
use engine::{Engine, Event, LinkId, MessageReader, SubmitResult};
use model::Now;
use session::{Config, Mode, Output, Role, Session, State};

use super::smsc::Connection;
use super::wire::{End, TCP_USER};
use super::world::{Step, World, note};

/// `LinkTimeouts::deliver_sm` of smpp-client.
const DEADLINE: Duration = Duration::from_millis(900);

/// See the module.
pub(super) struct Bind {
    pub(super) id: LinkId,
    pub(super) name: &'static str,
    pub(super) group: usize,
    generation: u32,
    /// Submits that were taken since the process started.
    taken: u64,
    /// The limit that the engine was told last.
    limit: u64,
    failures: u32,
    /// Events that the engine's channel has not taken yet.
    reports: Vec<Event>,
    line: Option<Line>,
}

/// The connection as the process sees it.
struct Line {
    connection: usize,
    session: Session,
    inbound: BytesMut,
    outbound: BytesMut,
    unanswered: BTreeMap<u32, Duration>,
    up_since: Option<Duration>,
    refused: Option<CommandStatus>,
    over: bool,
}

impl Bind {
    pub(super) fn new(id: LinkId, name: &'static str, group: usize) -> Self {
        let reports = Vec::new();
        Self { id, name, group, generation: 0, taken: 0, limit: 0, failures: 0, reports, line: None }
    }

    pub(super) fn is_on(&self, connection: usize) -> bool {
        self.line.as_ref().is_some_and(|line| line.connection == connection)
    }

    pub(super) fn connection(&self) -> Option<usize> {
        self.line.as_ref().map(|line| line.connection)
    }

    pub(super) fn is_up(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.up_since.is_some())
    }

    pub(super) fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let line = self.line.as_ref()?;
        let overdue = line.unanswered.values().min().copied();
        [line.session.next_deadline(now), overdue].into_iter().flatten().min()
    }

    /// The process is gone; its successor knows nothing of this one.
    pub(super) fn forget(&mut self) -> Option<usize> {
        let line = self.line.take();
        *self = Self::new(self.id, self.name, self.group);
        line.map(|line| line.connection)
    }

    fn push(&mut self, event: Event) {
        if let (Event::Credit { limit, .. }, Some(Event::Credit { limit: last, .. })) =
            (&event, self.reports.last_mut())
        {
            *last = *limit;
            return;
        }
        self.reports.push(event);
    }

    /// Hands tickets back that came while there was no session.
    fn hand_back(&mut self, unsent: Vec<u64>) {
        let (link, generation) = (self.id, self.generation);
        self.push(Event::LinkDown { link, generation, unsent, unanswered: Vec::new() });
    }

    /// Answers "later" to what the engine has not answered in time, and tells it, or takes it back where the engine
    /// has not seen it. How many there were.
    fn put_off_overdue(&mut self, line: &mut Line, now: Duration) -> usize {
        let overdue: Vec<u32> =
            line.unanswered.iter().filter(|(_, deadline)| **deadline <= now).map(|(it, _)| *it).collect();
        let (link, generation) = (self.id, self.generation);
        for sequence_number in overdue.iter().copied() {
            line.unanswered.remove(&sequence_number);
            line.answer(sequence_number, CommandStatus::ESME_RX_T_APPN);
            let before = self.reports.len();
            self.reports.retain(|event| {
                !matches!(event, Event::Delivered { sequence_number: of, .. } if *of == sequence_number)
            });
            if self.reports.len() == before {
                self.push(Event::DeadlineAnswered { link, generation, sequence_number });
            }
        }
        overdue.len()
    }

    /// Tells the engine of room that it does not know of: more than it has, or none while it has some.
    fn tell_credit(&mut self, line: &Line, now: Duration) {
        if line.up_since.is_none() || line.over {
            return;
        }
        let room = line.session.room(now) as u64;
        let limit = self.taken + room;
        if limit > self.limit || (room == 0 && self.limit > self.taken) {
            self.limit = limit;
            self.push(Event::Credit { link: self.id, limit });
        }
    }

    fn event_of(&mut self, event: session::Event, line: &mut Line, reader: &MessageReader, moment: Now) {
        let (link, now) = (self.id, moment.monotonic);
        match event {
            session::Event::Bound { mode, .. } => {
                line.up_since = Some(now);
                self.generation += 1;
                self.failures = 0;
                self.limit = self.taken + line.session.room(now) as u64;
                let (generation, limit) = (self.generation, self.limit);
                self.push(Event::LinkUp { link, generation, transmits: mode.transmits(), limit });
            }
            session::Event::BindRefused(status) => line.refused = Some(status),
            session::Event::Request(Pdu { sequence_number, body: Body::DeliverSm(sm), .. }) => {
                line.unanswered.insert(sequence_number, now.saturating_add(DEADLINE));
                let generation = self.generation;
                let reading = reader.read(link, sm, moment.wall);
                self.push(Event::Delivered { link, generation, sequence_number, data_sm: false, reading });
            }
            session::Event::Answered { ticket, response } => {
                let status = response.command_status;
                let result = SubmitResult::Response { status, message_id: message_id(response.body) };
                self.push(Event::Submitted { link, ticket, result });
            }
            session::Event::TimedOut { ticket } => {
                self.push(Event::Submitted { link, ticket, result: SubmitResult::TimedOut });
            }
            session::Event::Unsent { ticket } => {
                self.push(Event::Submitted { link, ticket, result: SubmitResult::Unsent });
            }
            session::Event::Late { ticket, response } => {
                let (status, message_id) = (response.command_status, message_id(response.body));
                if status.is_ok() && !message_id.is_empty() {
                    self.push(Event::Late { ticket, message_id });
                }
            }
            session::Event::Enquired { ticket } => self.push(Event::Enquired { link, ticket }),
            _ => {}
        }
    }
}

impl Line {
    fn answer(&mut self, sequence_number: u32, command_status: CommandStatus) {
        let body = Body::DeliverSmResp(SmResp::default());
        self.session.respond(Pdu { command_status, sequence_number, body });
    }
}

fn message_id(body: Body) -> model::SmolStr {
    match body {
        Body::SubmitSmResp(resp) | Body::DataSmResp(resp) => resp.message_id,
        _ => model::SmolStr::default(),
    }
}

impl World {
    /// A bind connects and asks to be bound.
    pub(super) fn connect(&mut self, bind: usize) {
        if self.process.engine.is_none() || self.binds[bind].line.is_some() {
            return;
        }
        let group = self.binds[bind].group;
        let mut config = Config::default();
        if self.plan.long {
            config.timeouts.enquire_link_idle = Duration::MAX;
        }
        let mut session = Session::new(Role::Esme, config, self.now);
        session.bind(
            Mode::Transceiver,
            BindBody { interface_version: 0x34, ..BindBody::default() },
            self.now,
        );
        let connection = self.connections.len();
        let patience = self.plan.patience;
        let idle = if self.plan.long { Duration::MAX } else { self.chance.smsc.seconds(15, 60) };
        self.connections.push(Connection::new(bind, group, patience, idle, self.now));
        self.open.push(connection);
        note!(self, "connect {} #{connection}", self.binds[bind].name);
        self.binds[bind].line = Some(Line {
            connection,
            session,
            inbound: BytesMut::new(),
            outbound: BytesMut::new(),
            unanswered: BTreeMap::new(),
            up_since: None,
            refused: None,
            over: false,
        });
        self.step_bind(bind);
    }

    /// All that one wake-up does, in the order of smpp-client: what the peer said comes before what has timed out.
    pub(super) fn step_bind(&mut self, bind: usize) {
        let Some(mut line) = self.binds[bind].line.take() else { return };
        let wire = &mut self.connections[line.connection].wire;
        line.inbound.extend_from_slice(&wire.take(End::Esme, self.now));
        line.over = wire.is_over(End::Esme, self.now);
        while let Ok(Some(framed)) = decode(&mut line.inbound) {
            line.session.receive(framed, self.now);
        }
        if !line.over {
            line.session.timeout(self.now);
            let late = self.binds[bind].put_off_overdue(&mut line, self.now);
            (0..late).for_each(|_| self.tally.count("deadlines answered by the link"));
        }
        self.drain_bind(bind, &mut line);
        self.binds[bind].tell_credit(&line, self.now);
        if line.over {
            self.end_line(bind, line);
        } else {
            self.flush(bind);
            self.write_line(&mut line);
            self.binds[bind].line = Some(line);
        }
    }

    fn drain_bind(&mut self, bind: usize, line: &mut Line) {
        let Some(reader) = self.process.engine.as_ref().map(Engine::message_reader) else { return };
        while let Some(output) = line.session.poll_output() {
            match output {
                Output::Send(pdu) => {
                    // What our own types hold can be written.
                    let _ = encode(&pdu, &mut line.outbound);
                }
                Output::Event(event) => {
                    let moment = self.moment();
                    self.binds[bind].event_of(event, line, &reader, moment);
                }
                Output::Close(reason) => {
                    note!(self, "{} closes: {reason}", self.binds[bind].name);
                    line.over = true;
                    // Last words leave.
                    self.write_line(line);
                }
            }
        }
    }

    fn write_line(&mut self, line: &mut Line) {
        if line.outbound.is_empty() {
            return;
        }
        let octets = line.outbound.split().to_vec();
        self.send(line.connection, End::Smsc, octets);
    }

    /// Sends octets to an end.
    pub(super) fn send(&mut self, connection: usize, end: End, octets: Vec<u8>) {
        let (from, to) = self.plan.latency;
        let latency = self.chance.net.ms(from, to);
        let wire = &mut self.connections[connection].wire;
        let arrival = wire.send(end, octets, self.now, latency);
        let stuck = end == End::Smsc && wire.is_stuck(End::Smsc, self.now);
        self.at(arrival, Step::Arrive { connection, end });
        if stuck {
            self.note_stuck(connection);
        }
    }

    /// The sender's patience with a dead path begins.
    pub(super) fn note_stuck(&mut self, connection: usize) {
        if self.connections[connection].stuck_since.is_none() {
            self.connections[connection].stuck_since = Some(self.now);
            self.after(TCP_USER, Step::Stuck { connection });
        }
    }

    pub(super) fn give_up_if_stuck(&mut self, connection: usize) {
        self.connections[connection].stuck_since = None;
        let bind = self.connections[connection].bind;
        if !self.connections[connection].wire.is_stuck(End::Smsc, self.now) {
            return;
        }
        if let Some(line) = self.binds[bind].line.take_if(|line| line.connection == connection) {
            note!(self, "{} gives up a dead path", self.binds[bind].name);
            self.tally.count("half-open links found by TCP");
            self.end_line(bind, line);
        }
    }

    /// Last words were said; tickets go back, and the bind comes again.
    fn end_line(&mut self, bind: usize, mut line: Line) {
        let mut lost = line.session.close();
        let was_up = line.up_since.is_some();
        let it = &mut self.binds[bind];
        // Unseen messages stay the SMSC's: it was not told that we have them.
        it.reports.retain(|event| !matches!(event, Event::Delivered { .. }));
        if was_up || !lost.unsent.is_empty() {
            let (link, generation) = (it.id, it.generation);
            let (unsent, unanswered) = (std::mem::take(&mut lost.unsent), lost.unanswered);
            it.push(Event::LinkDown { link, generation, unsent, unanswered });
        }
        it.failures = it.failures.saturating_add(1).min(6);
        let longest = 1 << (it.failures - 1);
        self.tally.count("link deaths");
        note!(self, "{} is down", self.binds[bind].name);
        self.close_end(line.connection, End::Smsc, None);
        let pause = self.chance.net.seconds(0, longest);
        let start = self.process.starts;
        self.after(pause, Step::Connect { bind, start });
        self.flush(bind);
    }

    /// Hands the engine what there is, if its channel has room.
    pub(super) fn flush(&mut self, bind: usize) {
        if self.process.engine.is_some() && self.process.inbox.len() < self.plan.channel {
            let reports = std::mem::take(&mut self.binds[bind].reports);
            self.process.inbox.extend(reports);
        }
    }

    /// The engine answers a delivery.
    pub(super) fn answer_delivery(
        &mut self,
        link: LinkId,
        generation: u32,
        sequence_number: u32,
        status: CommandStatus,
    ) {
        let place = usize::from(link.0);
        let it = &mut self.binds[place];
        let same = it.generation == generation;
        if let Some(line) = it.line.as_mut().filter(|_| same)
            && line.unanswered.remove(&sequence_number).is_some()
        {
            line.answer(sequence_number, status);
            let connection = line.connection;
            self.step_bind(place);
            if status.is_ok() {
                self.lose_acknowledgement(connection);
                self.delay_acknowledgement(connection);
            }
        }
    }

    /// The engine wants to know what the SMSC has read.
    pub(super) fn enquire(&mut self, link: LinkId, ticket: u64) {
        let place = usize::from(link.0);
        if let Some(line) = &mut self.binds[place].line {
            line.session.enquire(ticket);
            self.step_bind(place);
        }
    }

    /// The engine submits.
    pub(super) fn submit(&mut self, link: LinkId, ticket: u64, sm: Sm) {
        let place = usize::from(link.0);
        let it = &mut self.binds[place];
        it.taken += 1;
        let bound = |line: &&mut Line| matches!(line.session.state(), State::Bound(_));
        match it.line.as_mut().filter(bound).map(|line| line.session.submit(sm, ticket, self.now)) {
            Some(Ok(())) => {}
            Some(Err(_)) => it.push(Event::Submitted { link, ticket, result: SubmitResult::Unsent }),
            None => it.hand_back(vec![ticket]),
        }
        self.step_bind(place);
        self.flush(place);
    }
}
