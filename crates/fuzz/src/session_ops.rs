//! Any sequence of what can happen to a session.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use codec::{Bind, BindResp, Body, CommandStatus, Framed, Pdu, Sm, command_id, decode};
use session::{Config, Event, Mode, Output, Role, SEQUENCE_NUMBER_MAX, Session, State, Timeouts, may_send};

use crate::input::Input;

const MODES: [Mode; 3] = [Mode::Transmitter, Mode::Receiver, Mode::Transceiver];
const STATUSES: [u32; 6] = [0, 0, 0x58, 0x14, 0x08, 0x45];
const COMMANDS: [u32; 16] = [
    command_id::SUBMIT_SM_RESP,
    command_id::DELIVER_SM_RESP,
    command_id::DATA_SM_RESP,
    command_id::GENERIC_NACK,
    command_id::DELIVER_SM,
    command_id::SUBMIT_SM,
    command_id::ENQUIRE_LINK,
    command_id::ENQUIRE_LINK_RESP,
    command_id::UNBIND,
    command_id::UNBIND_RESP,
    command_id::BIND_TRANSCEIVER,
    command_id::BIND_TRANSCEIVER_RESP,
    command_id::BIND_RECEIVER_RESP,
    command_id::BIND_TRANSMITTER_RESP,
    command_id::OUTBIND,
    command_id::QUERY_SM,
];

/// Drives a session: role, window and rate, then operations of the application, the peer and the clock.
///
/// - A ticket ends once: answered, timed out, unsent, or handed back by close.
/// - No more requests await their response than the window holds; each has a number of its own.
/// - Each request of the peer is answered at most once, a response never; after the end nothing is sent.
/// - While there is room a submit is taken, and after a timeout the next deadline lies ahead.
pub fn session(octets: &[u8]) {
    let mut input = Input::new(octets);
    let role = if input.octet().is_multiple_of(2) { Role::Esme } else { Role::Smsc };
    let window = u32::from(input.octet() % 5);
    let rate = Some(u32::from(input.octet())).filter(|rate| *rate > 0);
    let config = Config { window, rate, timeouts: Timeouts::default() };
    let mut drive = Drive::new(role, config);
    while !input.is_empty() && drive.step(&mut input) {}
    drive.close();
}

/// A session beside what is known of it.
struct Drive {
    session: Session,
    role: Role,
    window: usize,
    now: Duration,
    next_ticket: u64,
    /// Tickets that have not ended.
    open: BTreeSet<u64>,
    /// Our requests in the window by sequence number.
    in_flight: BTreeMap<u32, u32>,
    /// Requests of the peer that the application owes an answer.
    owed: Vec<Pdu>,
    /// Answers that the peer has not had yet, by sequence number: one for each of its requests.
    unanswered: BTreeMap<u32, u32>,
    closing: bool,
}

impl Drive {
    fn new(role: Role, config: Config) -> Self {
        let window = usize::try_from(config.window.max(1)).unwrap();
        let now = Duration::from_secs(1);
        Self {
            session: Session::new(role, config, now),
            role,
            window,
            now,
            next_ticket: 0,
            open: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            owed: Vec::new(),
            unanswered: BTreeMap::new(),
            closing: false,
        }
    }

    /// One operation; `false` once the session is over.
    fn step(&mut self, input: &mut Input<'_>) -> bool {
        match input.octet() % 16 {
            0 => self.session.bind(*input.pick(&MODES), Bind::default(), self.now),
            1 => self.answer_bind(input),
            2..=4 => self.submit(input),
            5 => self.pass_time(input),
            6 => self.session.unbind(self.now),
            7 => self.respond(input),
            8 => self.receive_octets(input.short()),
            9..=11 => self.receive_response(input),
            _ => self.receive_command(input),
        }
        self.drain();
        self.check();
        !self.closing
    }

    fn answer_bind(&mut self, input: &mut Input<'_>) {
        let status = CommandStatus(*input.pick(&STATUSES));
        self.session.answer_bind(status, BindResp::default(), self.now);
    }

    fn submit(&mut self, input: &mut Input<'_>) {
        let room = self.session.room(self.now);
        let ticket = self.next_ticket;
        let sm = Sm { esm_class: input.octet(), ..Sm::default() };
        let taken = if sm.esm_class == 0xFF {
            self.session.request(Body::DataSm(sm), ticket, self.now)
        } else {
            self.session.submit(sm, ticket, self.now)
        };
        assert!(taken.is_ok() || room == 0, "there was room for {room}");
        if taken.is_ok() {
            self.next_ticket += 1;
            self.open.insert(ticket);
        }
    }

    fn pass_time(&mut self, input: &mut Input<'_>) {
        let wait = match input.octet() {
            0..=99 => Duration::from_millis(u64::from(input.octet()) * 10),
            100..=199 => Duration::from_secs(u64::from(input.octet())),
            _ => {
                self.session.next_deadline(self.now).map_or(Duration::ZERO, |at| at.saturating_sub(self.now))
            }
        };
        self.now += wait;
        self.session.timeout(self.now);
        let next = self.session.next_deadline(self.now);
        assert!(next.is_none_or(|next| next > self.now), "it would be called again at once");
    }

    fn respond(&mut self, input: &mut Input<'_>) {
        if self.owed.is_empty() {
            return;
        }
        let request = self.owed.swap_remove(usize::from(input.octet()) % self.owed.len());
        self.session.respond(request.respond(CommandStatus::ESME_ROK).unwrap());
    }

    fn receive_octets(&mut self, octets: &[u8]) {
        let mut wire = BytesMut::from(octets);
        while let Ok(Some(framed)) = decode(&mut wire) {
            self.receive(framed);
        }
    }

    /// The response to one of our requests, or to none.
    fn receive_response(&mut self, input: &mut Input<'_>) {
        let at = usize::from(input.octet());
        let status = CommandStatus(*input.pick(&STATUSES));
        let Some((number, id)) = self.in_flight.iter().nth(at % (self.in_flight.len() + 1)) else { return };
        let request = Pdu::request(*number, body_of(*id));
        self.receive(Framed::Pdu(request.respond(status).unwrap()));
    }

    fn receive_command(&mut self, input: &mut Input<'_>) {
        let (id, number, status) = (*input.pick(&COMMANDS), input.octet(), *input.pick(&STATUSES));
        let mut wire = BytesMut::new();
        for word in [16, id, status, u32::from(number)] {
            wire.put_u32(word);
        }
        let body: &[u8] = match id {
            command_id::DELIVER_SM | command_id::SUBMIT_SM => &[0; 17],
            command_id::BIND_TRANSCEIVER => &[0; 7],
            command_id::QUERY_SM => &[0; 4],
            _ => &[],
        };
        wire.put_slice(body);
        wire[3] += u8::try_from(body.len()).unwrap();
        self.receive_octets(&wire);
    }

    fn receive(&mut self, framed: Framed) {
        let (number, is_response) = match &framed {
            Framed::Pdu(pdu) => (pdu.sequence_number, pdu.body.is_response()),
            Framed::Answerable(error) => (error.sequence_number, false),
        };
        if !is_response && self.session.state() != State::Closed {
            *self.unanswered.entry(number).or_default() += 1;
        }
        self.session.receive(framed, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            assert!(!self.closing, "{output:?} after the end");
            match output {
                Output::Send(pdu) => self.sent(&pdu),
                Output::Event(event) => self.told(event),
                Output::Close(_) => self.closing = true,
            }
        }
    }

    fn sent(&mut self, pdu: &Pdu) {
        let (id, number) = (pdu.body.command_id(), pdu.sequence_number);
        if pdu.body.is_response() {
            let owed = self.unanswered.get_mut(&number).filter(|owed| **owed > 0);
            *owed.unwrap_or_else(|| panic!("{pdu:?} answers nothing")) -= 1;
            return;
        }
        assert!((1..=SEQUENCE_NUMBER_MAX).contains(&number) && pdu.command_status.is_ok());
        assert!(!self.in_flight.contains_key(&number), "{number} is in use");
        if matches!(id, command_id::SUBMIT_SM | command_id::DELIVER_SM | command_id::DATA_SM) {
            self.in_flight.insert(number, id);
        }
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Answered { ticket, response } => {
                assert!(self.in_flight.remove(&response.sequence_number).is_some());
                self.end(ticket);
            }
            Event::TimedOut { ticket } => {
                // The oldest: numbers are given in order and none of a run wraps.
                self.in_flight.pop_first().unwrap();
                self.end(ticket);
            }
            Event::Unsent { ticket } => {
                assert_eq!(self.role, Role::Esme);
                self.end(ticket);
            }
            Event::Late { ticket, .. } => assert!(ticket < self.next_ticket && !self.open.contains(&ticket)),
            Event::Request(pdu) => {
                assert!(
                    may_send(self.role.peer(), State::Bound(Mode::Transceiver), pdu.body.command_id())
                        || matches!(pdu.body, Body::Outbind(_))
                );
                self.owed.extend(pdu.respond(CommandStatus::ESME_ROK).is_some().then_some(pdu));
            }
            Event::Bound { .. } | Event::BindRefused(_) => assert_eq!(self.role, Role::Esme),
            Event::BindRequested { .. } => assert_eq!(self.role, Role::Smsc),
            // This target never asks.
            Event::Enquired { .. } => panic!("nobody asked whether the peer reads"),
            Event::Unmatched(_) | Event::Unreadable(_) | Event::Refused(_) => {}
        }
    }

    fn end(&mut self, ticket: u64) {
        assert!(self.open.remove(&ticket), "ticket {ticket} ends twice");
    }

    fn check(&self) {
        let (in_flight, waiting) = (self.session.in_flight(), self.session.waiting());
        assert!(in_flight <= self.window && waiting <= 3 * self.window);
        if !self.closing {
            assert_eq!(in_flight, self.in_flight.len());
            assert_eq!(in_flight + waiting, self.open.len());
        }
    }

    fn close(mut self) {
        let (in_flight, waiting) = (self.session.in_flight(), self.session.waiting());
        let lost = self.session.close();
        assert_eq!((lost.unanswered.len(), lost.unsent.len()), (in_flight, waiting));
        for ticket in lost.unanswered.into_iter().chain(lost.unsent) {
            self.end(ticket);
        }
        assert!(self.open.is_empty(), "{:?} have no end", self.open);
        for request in std::mem::take(&mut self.owed) {
            self.session.respond(request.respond(CommandStatus::ESME_ROK).unwrap());
        }
        self.session.timeout(self.now + Duration::from_secs(1_000));
        assert_eq!(self.session.poll_output(), None, "nothing comes after the end");
        assert_eq!(self.session.next_deadline(self.now), None);
    }
}

fn body_of(id: u32) -> Body {
    match id {
        command_id::SUBMIT_SM => Body::SubmitSm(Sm::default()),
        command_id::DELIVER_SM => Body::DeliverSm(Sm::default()),
        _ => Body::DataSm(Sm::default()),
    }
}
