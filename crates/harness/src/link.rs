//! One bind: a real ESME session and a real SMSC session with octets between them.

use std::time::Duration;

use bytes::BytesMut;
use codec::{Bind, BindResp, Body, CommandStatus, Pdu, Sm, SmResp, decode, encode};
use engine::{Event, LinkId, MessageReader, SubmitResult};
use jiff::Timestamp;
use model::Now;
use session::{Config, Mode, Output, Role, Session, Timeouts};

use crate::handset::Handsets;
use crate::smsc::{Reply, Smsc};

/// A link of the simulation.
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) group: String,
    id: LinkId,
    generation: u32,
    pair: Option<Pair>,
    /// Messages that the SMSC has delivered and that were not acknowledged with ESME_ROK, oldest first.
    pub(crate) unacknowledged: Vec<Sm>,
    /// Cut the link in the moment in which the next deliver_sm_resp would leave.
    pub(crate) cut_at_response: bool,
    /// Statuses that we answered deliver_sm with, newest last.
    pub(crate) responses: Vec<CommandStatus>,
    held: Vec<(u32, String)>,
    ticket: u64,
    /// Submits that the engine handed over, whatever became of them.
    taken: u64,
    /// submit_sm in flight at most, from the next bind on.
    pub(crate) window: u32,
    /// submit_sm a second, from the next bind on.
    pub(crate) rate: Option<u32>,
}

struct Pair {
    esme: Session,
    smsc: Session,
    to_smsc: BytesMut,
    to_esme: BytesMut,
    /// The limit that the engine was told last.
    limit: u64,
    /// Deliveries on their way: the SMSC's ticket and the message.
    delivering: Vec<(u64, Sm)>,
}

impl Link {
    pub(crate) fn new(id: LinkId, name: &str, group: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: group.to_owned(),
            id,
            generation: 0,
            pair: None,
            unacknowledged: Vec::new(),
            cut_at_response: false,
            responses: Vec::new(),
            held: Vec::new(),
            ticket: 0,
            taken: 0,
            window: Config::default().window,
            rate: None,
        }
    }

    /// Asks what the SMSC has read.
    pub(crate) fn enquire(&mut self, ticket: u64) {
        if let Some(pair) = &mut self.pair {
            pair.esme.enquire(ticket);
        }
    }

    /// Connects and binds as a transceiver.
    pub(crate) fn connect(&mut self, now: Duration) {
        // Silence is no fault in a simulation: keep-alives are off.
        let timeouts = Timeouts { enquire_link_idle: Duration::MAX, ..Timeouts::default() };
        let config = Config { timeouts, ..Config::default() };
        let pace = Config { window: self.window, rate: self.rate, ..config.clone() };
        let mut esme = Session::new(Role::Esme, pace, now);
        let smsc = Session::new(Role::Smsc, config, now);
        esme.bind(Mode::Transceiver, Bind { interface_version: 0x34, ..Bind::default() }, now);
        self.generation += 1;
        self.held.clear();
        let (to_smsc, to_esme) = (BytesMut::new(), BytesMut::new());
        self.pair = Some(Pair { esme, smsc, to_smsc, to_esme, limit: 0, delivering: Vec::new() });
    }

    /// Cuts the connection: both sides lose what is in flight.
    pub(crate) fn cut(&mut self) -> Option<Event> {
        let mut pair = self.pair.take()?;
        self.cut_at_response = false;
        self.unacknowledged.extend(pair.delivering.drain(..).map(|(_, sm)| sm));
        let lost = pair.esme.close();
        Some(Event::LinkDown {
            link: self.id,
            generation: self.generation,
            unsent: lost.unsent,
            unanswered: lost.unanswered,
        })
    }

    /// Cuts the connection of an engine that is dead and hears no more; its successor counts from 0.
    pub(crate) fn cut_dead(&mut self) {
        let _ = self.cut();
        self.taken = 0;
    }

    /// The SMSC hands a message over.
    pub(crate) fn deliver(&mut self, sm: Sm, now: Duration) {
        self.ticket += 1;
        let Some(pair) = &mut self.pair else {
            self.unacknowledged.push(sm);
            return;
        };
        // Where the SMSC's window is full it hands the message over later.
        match pair.smsc.submit(sm.clone(), self.ticket, now) {
            Ok(()) => pair.delivering.push((self.ticket, sm)),
            Err(_) => self.unacknowledged.push(sm),
        }
    }

    /// The engine answers a delivery.
    pub(crate) fn respond(
        &mut self,
        generation: u32,
        sequence_number: u32,
        data_sm: bool,
        status: CommandStatus,
    ) {
        if generation != self.generation {
            return;
        }
        self.responses.push(status);
        let Some(pair) = &mut self.pair else { return };
        let resp = SmResp::default();
        let body = if data_sm { Body::DataSmResp(resp) } else { Body::DeliverSmResp(resp) };
        pair.esme.respond(Pdu { command_status: status, sequence_number, body });
    }

    /// The engine submits; what the link can't take comes back as unsent.
    pub(crate) fn submit(&mut self, ticket: u64, sm: Sm, now: Duration) -> Option<Event> {
        let (link, generation) = (self.id, self.generation);
        self.taken += 1;
        let Some(pair) = &mut self.pair else {
            return Some(Event::LinkDown { link, generation, unsent: vec![ticket], unanswered: Vec::new() });
        };
        if pair.esme.submit(sm, ticket, now).is_ok() {
            return None;
        }
        Some(Event::Submitted { link, ticket, result: SubmitResult::Unsent })
    }

    /// The SMSC sends the responses that it held back.
    pub(crate) fn release(&mut self) {
        let Some(pair) = &mut self.pair else { return };
        for (sequence_number, message_id) in self.held.drain(..) {
            let body = Body::SubmitSmResp(SmResp { message_id: message_id.into(), ..SmResp::default() });
            pair.smsc.respond(Pdu { command_status: CommandStatus::ESME_ROK, sequence_number, body });
        }
    }

    /// When a timer of either side is due.
    pub(crate) fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let pair = self.pair.as_ref()?;
        pair.esme.next_deadline(now).into_iter().chain(pair.smsc.next_deadline(now)).min()
    }

    /// Moves octets both ways until nothing moves any more; what the engine must hear.
    pub(crate) fn pump(
        &mut self,
        smsc: &mut Smsc,
        handsets: &mut Handsets,
        reader: &MessageReader,
        moment: Now,
    ) -> Vec<Event> {
        let now = moment.monotonic;
        let mut events = Vec::new();
        loop {
            let before = events.len();
            let Some(pair) = &mut self.pair else { break };
            pair.esme.timeout(now);
            pair.smsc.timeout(now);
            let moved =
                self.drain_esme(&mut events, reader, moment.wall) | self.drain_smsc(smsc, handsets, now);
            self.read(now);
            if !moved && events.len() == before {
                break;
            }
        }
        self.tell_room(&mut events, now);
        events
    }

    fn tell_room(&mut self, events: &mut Vec<Event>, now: Duration) {
        let Some(pair) = &mut self.pair else { return };
        let room = pair.esme.room(now) as u64;
        let limit = self.taken + room;
        if limit > pair.limit || (room == 0 && pair.limit > self.taken) {
            pair.limit = limit;
            events.push(Event::Credit { link: self.id, limit });
        }
    }

    /// Both sides read what the other wrote.
    fn read(&mut self, now: Duration) {
        let Some(pair) = &mut self.pair else { return };
        while let Ok(Some(framed)) = decode(&mut pair.to_smsc) {
            pair.smsc.receive(framed, now);
        }
        while let Ok(Some(framed)) = decode(&mut pair.to_esme) {
            pair.esme.receive(framed, now);
        }
    }

    fn drain_esme(&mut self, events: &mut Vec<Event>, reader: &MessageReader, wall: Timestamp) -> bool {
        let mut moved = false;
        while let Some(output) = self.pair.as_mut().and_then(|pair| pair.esme.poll_output()) {
            moved = true;
            match output {
                Output::Send(pdu) => {
                    let is_response = matches!(pdu.body, Body::DeliverSmResp(_) | Body::DataSmResp(_));
                    if is_response && self.cut_at_response {
                        events.extend(self.cut());
                        return true;
                    }
                    if let Some(pair) = &mut self.pair {
                        // What our own types hold can be written.
                        let _ = encode(&pdu, &mut pair.to_smsc);
                    }
                }
                Output::Event(event) => events.extend(self.event_of(event, reader, wall)),
                Output::Close(_) => events.extend(self.cut()),
            }
        }
        moved
    }

    fn event_of(&mut self, event: session::Event, reader: &MessageReader, wall: Timestamp) -> Option<Event> {
        let (link, generation) = (self.id, self.generation);
        match event {
            session::Event::Bound { mode, .. } => {
                Some(Event::LinkUp { link, generation, transmits: mode.transmits(), limit: 0 })
            }
            session::Event::Request(Pdu { sequence_number, body, .. }) => {
                let data_sm = matches!(body, Body::DataSm(_));
                let (Body::DeliverSm(sm) | Body::DataSm(sm)) = body else { return None };
                let reading = reader.read(link, sm, wall);
                Some(Event::Delivered { link, generation, sequence_number, data_sm, reading })
            }
            session::Event::Answered { ticket, response } => {
                let message_id = match response.body {
                    Body::SubmitSmResp(resp) => resp.message_id,
                    _ => model::SmolStr::default(),
                };
                let result = SubmitResult::Response { status: response.command_status, message_id };
                Some(Event::Submitted { link, ticket, result })
            }
            session::Event::Enquired { ticket } => Some(Event::Enquired { link, ticket }),
            session::Event::TimedOut { ticket } => {
                Some(Event::Submitted { link, ticket, result: SubmitResult::TimedOut })
            }
            session::Event::Unsent { ticket } => {
                Some(Event::Submitted { link, ticket, result: SubmitResult::Unsent })
            }
            session::Event::Late { ticket, response } => match response.body {
                Body::SubmitSmResp(resp) if response.command_status.is_ok() => {
                    Some(Event::Late { ticket, message_id: resp.message_id })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn drain_smsc(&mut self, smsc: &mut Smsc, handsets: &mut Handsets, now: Duration) -> bool {
        let mut moved = false;
        while let Some(output) = self.pair.as_mut().and_then(|pair| pair.smsc.poll_output()) {
            moved = true;
            let Some(pair) = &mut self.pair else { break };
            match output {
                Output::Send(pdu) => {
                    let _ = encode(&pdu, &mut pair.to_esme);
                }
                Output::Event(session::Event::BindRequested { .. }) => {
                    pair.smsc.answer_bind(CommandStatus::ESME_ROK, BindResp::default(), now);
                }
                Output::Event(session::Event::Request(Pdu {
                    sequence_number,
                    body: Body::SubmitSm(sm),
                    ..
                })) => {
                    let (command_status, message_id) = match smsc.submit(&sm, handsets) {
                        Reply::Now(status, message_id) => (status, message_id),
                        Reply::Never => continue,
                        Reply::Later(message_id) => {
                            self.held.push((sequence_number, message_id));
                            continue;
                        }
                    };
                    let body =
                        Body::SubmitSmResp(SmResp { message_id: message_id.into(), ..SmResp::default() });
                    pair.smsc.respond(Pdu { command_status, sequence_number, body });
                }
                Output::Event(session::Event::Answered { ticket, response }) => {
                    let place = pair.delivering.iter().position(|(known, _)| *known == ticket);
                    let delivered = place.map(|place| pair.delivering.remove(place));
                    if !response.command_status.is_ok() {
                        self.unacknowledged.extend(delivered.map(|(_, sm)| sm));
                    }
                }
                Output::Event(_) | Output::Close(_) => {}
            }
        }
        moved
    }
}
