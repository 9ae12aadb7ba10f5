//! The machine: inputs of the application, timers, and what comes out. What the peer sends is in `inbound`.

use std::{collections::VecDeque, time::Duration};

use codec::{AnswerableError, Bind, BindResp, Body, CommandStatus, Pdu, Sm};

use crate::{
    Lost, Mode, Role, State, Timeouts,
    in_flight::InFlight,
    may_send,
    sequence::SequenceNumbers,
    throttle::Throttle,
    timers::{ENQUIRE_LINK_MISSES_MAX, Timer, Timers},
};

/// Requests that may wait for a free slot or a token, as a multiple of the window: enough that the wire never
/// idles while the application learns of free room, and one more for what it sent on older news.
const WAITING_WINDOWS_MAX: usize = 2;

/// Settings of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests that may await their response at once; 0 counts as 1. Only [`Session::submit`] and
    /// [`Session::request`] count: enquire_link, unbind and responses bypass the window.
    pub window: u32,
    /// Requests a second; `None` for as fast as the window allows.
    pub rate: Option<u32>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl Default for Config {
    /// A window of 10, which every SMSC seen allows, and no rate.
    fn default() -> Self {
        Self { window: 10, rate: None, timeouts: Timeouts::default() }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CloseReason {
    /// The peer refused our bind; [`Event::BindRefused`] came before.
    #[error("bind refused: {0}")]
    BindRefused(CommandStatus),
    /// No bind, or no answer to ours, in time.
    #[error("bind timed out")]
    BindTimeout,
    /// The peer left several enquire_links unanswered.
    #[error("enquire_link unanswered")]
    EnquireLinkTimeout,
    /// We left, and the peer said good-bye.
    #[error("unbound")]
    Unbound,
    /// We left, and the peer said nothing.
    #[error("unbind timed out")]
    UnbindTimeout,
    /// The peer left.
    #[error("peer unbound")]
    PeerUnbound,
}

/// What the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ESME: bound; the response may tell the SMSC's version (`sc_interface_version`).
    Bound {
        /// As asked for.
        mode: Mode,
        /// The SMSC's answer.
        resp: BindResp,
    },
    /// ESME: the bind was refused; [`Output::Close`] follows.
    BindRefused(CommandStatus),
    /// SMSC: answer with [`Session::answer_bind`].
    BindRequested {
        /// As asked for.
        mode: Mode,
        /// Who asks.
        bind: Bind,
    },
    /// A request to serve; answer it with [`Session::respond`]. Only what the peer may send in this state.
    Request(Pdu),
    /// The end of a ticket: its response, which may be a generic_nack.
    Answered {
        /// As given to [`Session::submit`].
        ticket: u64,
        /// Status and body as they came.
        response: Pdu,
    },
    /// The end of a ticket: no response in time on a link that lives. The peer may have the message.
    TimedOut {
        /// As given to [`Session::submit`].
        ticket: u64,
    },
    /// ESME: the end of a ticket that had not left when the peer said that it is too much. Give it again together
    /// with the refused one, which stands before it.
    Unsent {
        /// As given to [`Session::submit`].
        ticket: u64,
    },
    /// A second response, or one after the ticket had timed out: worth only its message_id, as an alias.
    Late {
        /// The ticket that had ended.
        ticket: u64,
        /// Status and body as they came.
        response: Pdu,
    },
    /// The answer to [`Session::enquire`]: the peer has read all that was sent before it.
    Enquired {
        /// As given.
        ticket: u64,
    },
    /// A response to nothing that we know; ignored.
    Unmatched(Pdu),
    /// A request whose body cannot be read; it has been answered.
    Unreadable(AnswerableError),
    /// A request that is not served, or not now; it has been answered where it has an answer.
    Refused(Pdu),
}

/// What comes out of a session, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this PDU.
    Send(Pdu),
    /// Tell the application.
    Event(Event),
    /// Write what came before, then close the connection and call [`Session::close`].
    Close(CloseReason),
}

/// A request that waits for a slot and a token.
#[derive(Debug)]
struct Waiting {
    ticket: u64,
    body: Body,
}

/// One SMPP session, from the connection to its end.
#[derive(Debug)]
pub struct Session {
    pub(crate) role: Role,
    pub(crate) state: State,
    pub(crate) in_flight: InFlight,
    pub(crate) timers: Timers,
    pub(crate) throttle: Throttle,
    pub(crate) timeouts: Timeouts,
    /// Sequence numbers of our own requests outside the window.
    pub(crate) bind_sequence: Option<u32>,
    pub(crate) unbind_sequence: Option<u32>,
    pub(crate) enquired: Option<(u32, u64)>,
    pub(crate) misses: u32,
    /// When the peer last said something while bound.
    heard_at: Duration,
    /// Requests of the peer that the application has not answered yet.
    pub(crate) owed: usize,
    sequence: SequenceNumbers,
    window: usize,
    waiting: VecDeque<Waiting>,
    output: VecDeque<Output>,
}

impl Session {
    /// A session over a connection that has just been made. An SMSC's session waits for the bind from now on.
    #[must_use]
    pub fn new(role: Role, config: Config, now: Duration) -> Self {
        let mut timers = Timers::default();
        if role == Role::Smsc {
            timers.start(Timer::Bind, config.timeouts.bind, now);
        }
        Self {
            role,
            state: State::Open,
            in_flight: InFlight::default(),
            timers,
            throttle: Throttle::new(config.rate, now),
            timeouts: config.timeouts,
            bind_sequence: None,
            unbind_sequence: None,
            enquired: None,
            misses: 0,
            heard_at: now,
            owed: 0,
            sequence: SequenceNumbers::new(),
            window: usize::try_from(config.window).unwrap_or(usize::MAX).clamp(1, usize::MAX / 4),
            waiting: VecDeque::new(),
            output: VecDeque::new(),
        }
    }

    /// How far the session has come.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Requests that await their response.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Requests that wait for a free slot or a token.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many more submits are welcome now: what keeps the window full and one window waiting; 0 unless bound
    /// for sending, and 0 while the peer takes nothing.
    #[must_use]
    pub fn room(&self, now: Duration) -> usize {
        if !self.takes_submits() || self.throttle.is_stopped(now) {
            return 0;
        }
        (2 * self.window).saturating_sub(self.in_flight.len() + self.waiting.len())
    }

    /// ESME: sends the bind. Does nothing unless [`State::Open`].
    pub fn bind(&mut self, mode: Mode, bind: Bind, now: Duration) {
        if !may_send(self.role, self.state, mode.command_id()) {
            return;
        }
        self.bind_sequence = Some(self.send_request(mode.request(bind)));
        self.state = State::Binding(mode);
        self.timers.start(Timer::Bind, self.timeouts.bind, now);
    }

    /// SMSC: answers [`Event::BindRequested`]. With another status than ESME_ROK the peer may try again until
    /// the bind timer ends the session. Does nothing unless a bind waits for its answer.
    pub fn answer_bind(&mut self, command_status: CommandStatus, resp: BindResp, now: Duration) {
        let (State::Binding(mode), Role::Smsc, Some(sequence_number)) =
            (self.state, self.role, self.bind_sequence.take())
        else {
            return;
        };
        self.state = State::Open;
        self.send(Pdu { command_status, sequence_number, body: mode.response(resp) });
        if command_status.is_ok() {
            self.enter_bound(mode, now);
        }
    }

    /// Takes a message for sending: submit_sm for an ESME, deliver_sm for an SMSC. It leaves as soon as window
    /// and throttle allow, in the order given. The ticket comes back once: in [`Event::Answered`],
    /// [`Event::TimedOut`], [`Event::Unsent`] or [`Lost`].
    ///
    /// Gives the message back unless bound for sending, or where [`Self::room`] was exceeded by over a window.
    pub fn submit(&mut self, sm: Sm, ticket: u64, now: Duration) -> Result<(), Box<Body>> {
        let body = match self.role {
            Role::Esme => Body::SubmitSm(sm),
            Role::Smsc => Body::DeliverSm(sm),
        };
        self.request(body, ticket, now)
    }

    /// [`Self::submit`] for any request that this role may send while bound, data_sm for one.
    pub fn request(&mut self, body: Body, ticket: u64, now: Duration) -> Result<(), Box<Body>> {
        let allowed =
            matches!(self.state, State::Bound(_)) && may_send(self.role, self.state, body.command_id());
        if !allowed || body == Body::Unbind || body == Body::EnquireLink {
            return Err(Box::new(body));
        }
        if self.in_flight.len() + self.waiting.len() >= (1 + WAITING_WINDOWS_MAX) * self.window {
            return Err(Box::new(body));
        }
        self.waiting.push_back(Waiting { ticket, body });
        self.release(now);
        Ok(())
    }

    /// Sends the response to an [`Event::Request`]; [`Pdu::respond`] makes one. Bypasses the window. Dropped once
    /// the session is closed.
    pub fn respond(&mut self, response: Pdu) {
        if self.state != State::Closed && response.body.is_response() {
            self.owed = self.owed.saturating_sub(1);
            self.send(response);
        }
    }

    /// Sends an enquire_link of the application's own, beside those of the timers; [`Event::Enquired`] follows its
    /// answer. Of several only the last counts. Does nothing unless bound.
    pub fn enquire(&mut self, ticket: u64) {
        if matches!(self.state, State::Bound(_)) {
            self.enquired = Some((self.send_request(Body::EnquireLink), ticket));
        }
    }

    /// Leaves: takes no more submits, waits for the responses to those in flight and for [`Self::respond`] to
    /// what the peer asked, then sends unbind; the peer is served until its unbind_resp. Each of the two steps is bounded by [`Timeouts::unbind`]. Ends in
    /// [`Output::Close`]; at once where nobody is bound.
    pub fn unbind(&mut self, now: Duration) {
        match self.state {
            State::Bound(mode) => {
                self.state = State::Unbinding(mode);
                self.timers.start(Timer::Unbind, self.timeouts.unbind, now);
                self.unbind_when_settled(now);
            }
            State::Open | State::Binding(_) => self.end(CloseReason::Unbound),
            State::Unbinding(_) | State::Closed => {}
        }
    }

    /// Runs the timers. Feed what the socket holds **before** this: after a pause of the process, responses that
    /// arrived meanwhile must be seen before their requests expire.
    pub fn timeout(&mut self, now: Duration) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Bind => self.end(CloseReason::BindTimeout),
                Timer::Idle => self.ask_whether_it_lives(now),
                Timer::EnquireLink => self.miss(now),
                Timer::Unbind if self.unbind_sequence.is_none() => self.send_unbind(now),
                Timer::Unbind => self.end(CloseReason::UnbindTimeout),
            }
        }
        if self.state == State::Closed {
            return;
        }
        self.expire_requests(now);
        self.release(now);
        self.unbind_when_settled(now);
    }

    /// When to call [`Self::timeout`] next; `None` once closed or where no timer runs.
    #[must_use]
    pub fn next_deadline(&self, now: Duration) -> Option<Duration> {
        if self.state == State::Closed {
            return None;
        }
        if self.is_settled() {
            return Some(now);
        }
        let token = (self.takes_submits() && !self.waiting.is_empty() && self.in_flight.len() < self.window)
            .then(|| self.throttle.next_token_at(now));
        let reopening = self.takes_submits().then(|| self.throttle.stopped_until(now)).flatten();
        let response = self.believes_peer().then(|| self.in_flight.next_deadline()).flatten();
        [self.timers.next_deadline(), response, token, reopening].into_iter().flatten().min()
    }

    /// The next thing to do; drain it after every input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// Ends the session, whatever its state, and hands back the tickets that had no end. What had not been
    /// polled yet is dropped: drain [`Self::poll_output`] first.
    pub fn close(&mut self) -> Lost {
        self.state = State::Closed;
        self.timers.stop_all();
        self.output.clear();
        Lost {
            unsent: self.waiting.drain(..).map(|waiting| waiting.ticket).collect(),
            unanswered: self.in_flight.take_all(),
        }
    }

    pub(crate) fn enter_bound(&mut self, mode: Mode, now: Duration) {
        self.state = State::Bound(mode);
        self.timers.stop(Timer::Bind);
        self.heard(now);
    }

    /// A PDU of the peer proves that it lives; only while bound, as some answer enquire_link though the bind
    /// failed.
    pub(crate) fn heard(&mut self, now: Duration) {
        if self.state.bound().is_some() {
            self.misses = 0;
            self.heard_at = now;
            self.timers.stop(Timer::EnquireLink);
            self.timers.start(Timer::Idle, self.timeouts.enquire_link_idle, now);
        }
    }

    /// Lets waiting requests leave as far as window and throttle allow.
    pub(crate) fn release(&mut self, now: Duration) {
        while self.takes_submits()
            && !self.waiting.is_empty()
            && self.in_flight.len() < self.window
            && self.throttle.take(now)
        {
            let Some(Waiting { ticket, body }) = self.waiting.pop_front() else { return };
            let command_id = body.command_id();
            let sequence_number = self.send_request(body);
            let deadline = now.checked_add(self.timeouts.response);
            self.in_flight.insert(sequence_number, command_id, ticket, deadline);
        }
    }

    /// Gives back what waits behind a request that was refused as too much: it would overtake that one. An SMSC
    /// keeps its own, for it delivers in any order.
    pub(crate) fn give_back_waiting(&mut self) {
        if self.role == Role::Esme {
            for Waiting { ticket, .. } in std::mem::take(&mut self.waiting) {
                self.emit(Event::Unsent { ticket });
            }
        }
    }

    /// The second step of leaving.
    pub(crate) fn unbind_when_settled(&mut self, now: Duration) {
        if self.is_settled() {
            self.send_unbind(now);
        }
    }

    /// Whether unbind is all that is left to send.
    fn is_settled(&self) -> bool {
        let leaving = matches!(self.state, State::Unbinding(_)) && self.unbind_sequence.is_none();
        leaving && self.in_flight.is_empty() && self.owed == 0
    }

    /// Closes: nothing is sent after this.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.timers.stop_all();
            self.output.push_back(Output::Close(reason));
        }
    }

    pub(crate) fn send(&mut self, pdu: Pdu) {
        self.output.push_back(Output::Send(pdu));
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
    }

    /// Ends requests whose time is over, on a link that lives: where nothing was heard since one left, the peer is asked
    /// whether it lives first.
    fn expire_requests(&mut self, now: Duration) {
        while let Some(deadline) = self.in_flight.next_deadline().filter(|deadline| *deadline <= now) {
            let left_at = deadline.saturating_sub(self.timeouts.response);
            if self.believes_peer() && self.heard_at <= left_at {
                self.ask_whether_it_lives(now);
            }
            if !self.believes_peer() {
                return;
            }
            let Some(pending) = self.in_flight.take_expired(now) else { return };
            self.emit(Event::TimedOut { ticket: pending.ticket });
        }
    }

    /// Whether no enquire_link is unanswered. While one is, nobody knows whether a silent request was left alone by a
    /// peer that lives ([`Event::TimedOut`]) or ends with a dead one ([`Lost::unanswered`]).
    fn believes_peer(&self) -> bool {
        !self.timers.runs(Timer::EnquireLink)
    }

    fn takes_submits(&self) -> bool {
        match self.state {
            State::Bound(mode) => match self.role {
                Role::Esme => mode.transmits(),
                Role::Smsc => mode.receives(),
            },
            _ => false,
        }
    }

    fn send_request(&mut self, body: Body) -> u32 {
        let mut sequence_number = self.sequence.take();
        // After a wrap a number may still be in use; there are far more numbers than slots.
        while self.in_flight.contains(sequence_number) {
            sequence_number = self.sequence.take();
        }
        self.send(Pdu::request(sequence_number, body));
        sequence_number
    }

    fn send_unbind(&mut self, now: Duration) {
        self.unbind_sequence = Some(self.send_request(Body::Unbind));
        self.timers.start(Timer::Unbind, self.timeouts.unbind, now);
    }

    fn ask_whether_it_lives(&mut self, now: Duration) {
        self.send_request(Body::EnquireLink);
        self.timers.start(Timer::EnquireLink, self.timeouts.enquire_link_response, now);
    }

    fn miss(&mut self, now: Duration) {
        self.misses += 1;
        if self.misses >= ENQUIRE_LINK_MISSES_MAX {
            self.end(CloseReason::EnquireLinkTimeout);
        } else {
            self.ask_whether_it_lives(now);
        }
    }
}

#[cfg(test)]
mod tests;
