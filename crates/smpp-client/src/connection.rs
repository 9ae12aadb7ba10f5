//! One connection from TCP to its end: reads, feeds the session, does what it says, writes once a wake-up.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use codec::{AnswerableError, Body, CommandStatus, Framed, Pdu, Sm, SmResp, command_id};
use failpoints::Point;
use session::{Config, Event, Output, Role, Session, State};
use socket2::SockRef;
use tokio::{
    io::{AsyncWriteExt, Interest},
    net::TcpStream,
};

use crate::{
    DownReason, LinkCommand, LinkEventKind, Submission,
    clock::{self, Clock},
    deadline::{Entered, Unanswered},
    link::{Link, told_to_leave},
    meters::Attempt,
    policy::Ending,
};

/// Octets of a fresh buffer. Messages share it until they are dropped, so that a new one is made only where less
/// than [`READ_SPACE_MIN`] is left: 4,096 waiting messages must not hold a buffer each.
const READ_CHUNK: usize = 32 * 1024;
/// The least space to read into: some 20 messages.
const READ_SPACE_MIN: usize = 4 * 1024;
/// Octets read in one wake-up, so that a flood never delays the timers and the writes for long.
const READ_STEP_MAX: usize = 256 * 1024;
/// Wake-ups in a row that may leave octets in the socket and put off the timers: together more than a kernel's
/// receive buffer holds (6 MiB by default), so that after a pause of the process all responses that lay there are
/// seen before their requests expire, and a flood cannot stop the timers.
const UNREAD_STEPS_MAX: u32 = 64;
/// Batches of commands taken in one wake-up, for the same reason.
const COMMAND_STEP_MAX: usize = 64;
/// Octets that may wait for a peer that does not read: the answers to the 4,096 deliver_sm that may be unanswered
/// fit many times.
const OUTBOUND_MAX: usize = 1024 * 1024;
/// Octets more for each slot of the window, all of which may be filled at once: three times the usual submit_sm.
const OUTBOUND_SLOT_MAX: usize = 1024;
/// Octets kept of a message that cannot be read.
const UNREADABLE_KEPT_MAX: usize = 4 * 1024;
/// How long the last words of a session may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One connection.
pub(crate) struct Connection<'a, E> {
    link: &'a mut Link<E>,
    clock: Clock,
    stream: TcpStream,
    session: Session,
    unanswered: Unanswered,
    inbound: BytesMut,
    outbound: BytesMut,
    /// Wake-ups in a row that left octets in the socket.
    unread_steps: u32,
    /// Since when `inbound` ends in a part of a PDU.
    half_read_since: Option<Duration>,
    up_since: Option<Duration>,
    /// The limit that the engine was told last.
    limit: u64,
    /// Tickets that came after the word to leave.
    unsent: Vec<u64>,
    refused: Option<CommandStatus>,
    end: Option<DownReason>,
}

impl<'a, E> Connection<'a, E> {
    pub(crate) fn new(link: &'a mut Link<E>, stream: TcpStream) -> Self {
        let clock = link.clock;
        let config = Config {
            window: link.config.window,
            rate: link.config.rate,
            timeouts: link.config.timeouts.clone(),
        };
        let session = Session::new(Role::Esme, config, clock.now());
        Self {
            link,
            clock,
            stream,
            session,
            unanswered: Unanswered::default(),
            inbound: BytesMut::new(),
            outbound: BytesMut::new(),
            unread_steps: 0,
            half_read_since: None,
            up_since: None,
            limit: 0,
            unsent: Vec::new(),
            refused: None,
            end: None,
        }
    }

    /// Binds, lives, and reports its end.
    pub(crate) async fn run(mut self) -> (Ending, DownReason) {
        self.session.bind(self.link.config.mode, self.link.config.bind.clone(), self.clock.now());
        self.step();
        while self.end.is_none() {
            let interest = if self.outbound.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let deadline = self.next_deadline();
            let telling = !self.link.reports.is_empty();
            let staying = !self.link.draining;
            tokio::select! {
                // Whatever it says, the step finds out by reading and writing.
                _ = self.stream.ready(interest) => {}
                Some(batch) = self.link.commands.recv() => self.obey(batch),
                () = self.link.reports.deliver(), if telling => {}
                () = told_to_leave(&mut self.link.drain), if staying => self.leave(),
                () = self.clock.sleep_until(deadline) => {}
            }
            if self.link.reports.is_closed() {
                self.leave();
            }
            self.step();
        }
        self.finish().await
    }

    /// All that one wake-up does, in this order: what the peer said comes before what has timed out, and all
    /// that is to be written leaves in one write.
    fn step(&mut self) {
        let now = self.clock.now();
        self.read(now);
        for _ in 0..COMMAND_STEP_MAX {
            if self.end.is_some() {
                break; // What is told to a dead session is handed back, not sent into the void.
            }
            let Ok(batch) = self.link.commands.try_recv() else { break };
            self.obey(batch);
        }
        if self.unread_steps.is_multiple_of(UNREAD_STEPS_MAX) {
            self.session.timeout(now);
        }
        self.put_off_overdue(now);
        self.drain_session(now);
        if self.half_read_deadline().is_some_and(|deadline| deadline <= now) {
            self.end(DownReason::HalfReadPdu);
        }
        self.tell_credit(now);
        // What came with the connection's end can't be answered: the SMSC hands it over again, or has done so by a
        // sister bind while this path was stuck.
        if self.end.is_none() {
            self.link.reports.flush();
        }
        self.write();
        self.link.meters.received.tell();
        self.link.meters.sent.tell();
        // Precision is lost beyond 2^53 slots only.
        self.link.meters.window_in_use.set(self.session.in_flight() as f64);
    }

    fn next_deadline(&self) -> Option<Duration> {
        let session = self.session.next_deadline(self.clock.now());
        let own = [self.unanswered.next_deadline(), self.half_read_deadline()];
        own.into_iter().chain([session]).flatten().min()
    }

    fn half_read_deadline(&self) -> Option<Duration> {
        self.half_read_since?.checked_add(self.link.config.link_timeouts.half_read_pdu)
    }

    fn end(&mut self, reason: DownReason) {
        self.end.get_or_insert(reason);
    }

    /// From now on messages are put off and submits go back; what the engine was given before may still be
    /// answered.
    fn leave(&mut self) {
        self.link.draining = true;
        self.session.unbind(self.clock.now());
    }

    fn read(&mut self, now: Duration) {
        let mut octets = 0;
        while octets < READ_STEP_MAX {
            match self.read_some(now) {
                Ok(0) => return self.lose(DownReason::Closed, now),
                Ok(read) => octets += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return self.lose(DownReason::Io(error.kind()), now),
            }
            failpoints::reached(Point::Read);
            self.decode(now);
            if self.end.is_some() {
                return;
            }
        }
        self.unread_steps = if octets < READ_STEP_MAX { 0 } else { self.unread_steps.wrapping_add(1) };
        if octets > 0 {
            self.link.meters.last_pdu_received.set(clock::unix_seconds());
        }
    }

    /// Reads what the reactor knows of, and before a timer runs out, what the socket holds: once a stopped process
    /// goes on, the reactor may run timers before it looks at any socket, and the peer's answers lie there.
    fn read_some(&mut self, now: Duration) -> std::io::Result<usize> {
        if self.inbound.capacity() - self.inbound.len() < READ_SPACE_MIN {
            self.inbound.reserve(READ_CHUNK);
        }
        match self.stream.try_read_buf(&mut self.inbound) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.is_overdue(now) => {
                let mut octets = [0; READ_SPACE_MIN];
                let read = (&*SockRef::from(&self.stream)).read(&mut octets)?;
                self.inbound.extend_from_slice(octets.get(..read).unwrap_or_default());
                Ok(read)
            }
            result => result,
        }
    }

    fn is_overdue(&self, now: Duration) -> bool {
        let session = self.session.next_deadline(now);
        [session, self.half_read_deadline()].into_iter().flatten().any(|deadline| deadline <= now)
    }

    /// The connection is gone. What the peer said before that is the better reason: many close right after they
    /// refuse a bind.
    fn lose(&mut self, reason: DownReason, now: Duration) {
        self.drain_session(now);
        self.end(reason);
    }

    fn decode(&mut self, now: Duration) {
        loop {
            match codec::decode(&mut self.inbound) {
                Ok(Some(framed)) => {
                    self.half_read_since = None;
                    self.link.meters.received.count(match &framed {
                        Framed::Pdu(pdu) => pdu.body.command_id(),
                        Framed::Answerable(error) => error.command_id,
                    });
                    self.session.receive(framed, now);
                }
                Ok(None) => break,
                Err(fatal) => {
                    self.inbound.clear();
                    // What came before it is answered first.
                    self.drain_session(now);
                    self.send(&fatal.generic_nack(), now);
                    return self.end(fatal.into());
                }
            }
        }
        if !self.inbound.is_empty() {
            self.half_read_since.get_or_insert(now);
        }
    }

    fn obey(&mut self, batch: Vec<LinkCommand>) {
        let now = self.clock.now();
        for command in batch {
            match command {
                LinkCommand::Respond { generation, sequence_number, data_sm, status } => {
                    if generation == self.link.reports.generation
                        && self.unanswered.take(sequence_number).is_some()
                    {
                        self.answer(sequence_number, data_sm, status);
                        self.put_off_behind(sequence_number);
                    }
                }
                LinkCommand::Submit { ticket, sm } => self.submit(ticket, sm, now),
                LinkCommand::Enquire { ticket } => self.session.enquire(ticket),
            }
        }
    }

    fn submit(&mut self, ticket: u64, sm: Sm, now: Duration) {
        self.link.taken += 1;
        match self.session.state() {
            State::Bound(mode) if !mode.transmits() => {
                let status = CommandStatus::ESME_RINVBNDSTS;
                self.end_ticket(
                    ticket,
                    Submission::Response { status, message_id: model::SmolStr::default() },
                );
            }
            State::Bound(_) => {
                if self.session.submit(sm, ticket, now).is_err() {
                    self.end_ticket(ticket, Submission::Unsent);
                }
            }
            State::Open | State::Binding(_) => self.link.hand_back(vec![ticket]),
            // The session is about to end and hands them back with the rest.
            State::Unbinding(_) | State::Closed => self.unsent.push(ticket),
        }
    }

    fn end_ticket(&mut self, ticket: u64, result: Submission) {
        self.link.reports.push(LinkEventKind::Submitted { ticket, result });
    }

    fn answer(&mut self, sequence_number: u32, data_sm: bool, command_status: CommandStatus) {
        let resp = SmResp::default();
        let body = if data_sm { Body::DataSmResp(resp) } else { Body::DeliverSmResp(resp) };
        self.session.respond(Pdu { command_status, sequence_number, body });
    }

    /// Answers "again later" to what the engine has not answered in time, and tells it, or takes it back where
    /// the engine has not even seen it.
    fn put_off_overdue(&mut self, now: Duration) {
        let mut overdue = BTreeSet::new();
        while let Some(waiting) = self.unanswered.take_expired(now) {
            self.put_off(waiting.sequence_number, waiting.data_sm);
            self.put_off_behind(waiting.sequence_number);
            overdue.insert(waiting.sequence_number);
        }
        if overdue.is_empty() {
            return;
        }
        let unseen = self.link.reports.take_back(|number| overdue.contains(&number));
        for sequence_number in overdue.into_iter().filter(|number| !unseen.contains(number)) {
            self.link.reports.push(LinkEventKind::DeadlineAnswered { sequence_number });
        }
    }

    /// Refuses for now what came under the number of a message that has just been answered.
    fn put_off_behind(&mut self, sequence_number: u32) {
        for data_sm in self.unanswered.take_behind(sequence_number) {
            self.put_off(sequence_number, data_sm);
        }
    }

    fn put_off(&mut self, sequence_number: u32, data_sm: bool) {
        self.link.meters.put_off.increment(1);
        self.answer(sequence_number, data_sm, CommandStatus::ESME_RX_T_APPN);
    }

    fn drain_session(&mut self, now: Duration) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(pdu) => self.send(&pdu, now),
                Output::Event(event) => self.tell(event, now),
                Output::Close(reason) => self.end(reason.into()),
            }
        }
    }

    fn send(&mut self, pdu: &Pdu, now: Duration) {
        if codec::encode(pdu, &mut self.outbound).is_ok() {
            self.link.meters.sent.count(pdu.body.command_id());
            queue_point(&pdu.body);
        } else if !pdu.body.is_response() {
            // It will never get an answer of the peer: this is the one that a peer would give.
            let nack = Pdu::generic_nack(CommandStatus::ESME_RINVMSGLEN, pdu.sequence_number);
            self.session.receive(Framed::Pdu(nack), now);
        }
    }

    fn tell(&mut self, event: Event, now: Duration) {
        match event {
            Event::Bound { mode, .. } => {
                self.up_since = Some(now);
                self.limit = self.link.taken + self.session.room(now) as u64;
                self.link.bound(mode, self.limit);
            }
            Event::BindRefused(status) => self.refused = Some(status),
            Event::Request(pdu) => self.delivered(pdu, now),
            Event::Answered { ticket, response } => {
                failpoints::reached(Point::ResponseRead);
                let result = Submission::Response {
                    status: response.command_status,
                    message_id: message_id(response.body),
                };
                self.end_ticket(ticket, result);
            }
            Event::TimedOut { ticket } => self.end_ticket(ticket, Submission::TimedOut),
            Event::Unsent { ticket } => self.end_ticket(ticket, Submission::Unsent),
            Event::Late { ticket, response } => {
                let message_id = message_id(response.body);
                if response.command_status.is_ok() && !message_id.is_empty() {
                    self.link.reports.push(LinkEventKind::Late { ticket, message_id });
                }
            }
            Event::Enquired { ticket } => self.link.reports.push(LinkEventKind::Enquired { ticket }),
            Event::Unmatched(_) => self.link.meters.unmatched.increment(1),
            Event::Unreadable(error) => {
                self.link.meters.refused.increment(1);
                if matches!(error.command_id, command_id::DELIVER_SM | command_id::DATA_SM) {
                    // A copy: the body is a window into a buffer of messages.
                    let kept = error.body.get(..UNREADABLE_KEPT_MAX).unwrap_or(&error.body);
                    let body = Bytes::copy_from_slice(kept);
                    self.link.reports.push(LinkEventKind::Unreadable(AnswerableError { body, ..error }));
                }
            }
            Event::Refused(_) => self.link.meters.refused.increment(1),
            // An SMSC's event.
            Event::BindRequested { .. } => {}
        }
    }

    fn delivered(&mut self, pdu: Pdu, now: Duration) {
        let sequence_number = pdu.sequence_number;
        let (data_sm, sm) = match pdu.body {
            Body::DeliverSm(sm) => (false, sm),
            Body::DataSm(sm) => (true, sm),
            // alert_notification and outbind have no answer and mean nothing to us.
            _ => return,
        };
        if self.link.draining {
            return self.put_off(sequence_number, data_sm);
        }
        let deadline = now.saturating_add(self.link.config.link_timeouts.deliver_sm);
        match self.unanswered.insert(sequence_number, data_sm, deadline) {
            Entered::Waits => {
                failpoints::reached(Point::Decoded);
                self.link.reports.push(LinkEventKind::Delivered { sequence_number, data_sm, sm });
            }
            Entered::Behind => {}
            Entered::TooMany => self.put_off(sequence_number, data_sm),
        }
    }

    /// Tells the engine of room that it does not know of: more than it has, or none while it has some.
    fn tell_credit(&mut self, now: Duration) {
        if self.up_since.is_none() {
            return;
        }
        let (taken, room) = (self.link.taken, self.session.room(now) as u64);
        let limit = taken + room;
        if limit > self.limit || (room == 0 && self.limit > taken) {
            self.link.reports.push(LinkEventKind::Credit { limit });
            self.limit = limit;
        }
    }

    fn write(&mut self) {
        while !self.outbound.is_empty() {
            match self.stream.try_write(&self.outbound) {
                Ok(0) => return self.end(DownReason::Closed),
                Ok(written) => self.outbound.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return self.end(DownReason::Io(error.kind())),
            }
        }
        if self.outbound.is_empty() {
            failpoints::reached_what_was_queued();
        }
        let window = usize::try_from(self.link.config.window).unwrap_or(usize::MAX);
        if self.outbound.len() > window.saturating_mul(OUTBOUND_SLOT_MAX).saturating_add(OUTBOUND_MAX) {
            self.end(DownReason::SlowReader);
        }
    }

    /// Last words out, tickets back.
    async fn finish(mut self) -> (Ending, DownReason) {
        let reason = self.end.unwrap_or(DownReason::Closed);
        if matches!(reason, DownReason::Session(_) | DownReason::Fatal(_)) {
            let last_words = async {
                self.stream.write_all(&self.outbound).await?;
                self.stream.shutdown().await
            };
            // The peer may be gone already; nobody is waiting for this.
            let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
        }
        // Unseen messages stay the SMSC's: it was not told that we have them.
        self.link.reports.take_back(|_| true);
        let mut lost = self.session.close();
        lost.unsent.append(&mut self.unsent);
        let was_up = self.up_since.is_some();
        if was_up || !lost.unsent.is_empty() {
            let unanswered = lost.unanswered;
            self.link.reports.push(LinkEventKind::Down { unsent: lost.unsent, unanswered, reason });
        }
        self.link.meters.bound.set(0.0);
        self.link.meters.window_in_use.set(0.0);
        let ending = match (self.up_since, self.refused) {
            (Some(since), _) => Ending::Dropped(self.clock.now().saturating_sub(since)),
            (None, Some(status)) => {
                self.link.meters.attempt(Attempt::Refused);
                Ending::Refused(status)
            }
            (None, None) => {
                self.link.meters.attempt(Attempt::Failed);
                Ending::Failed
            }
        };
        (ending, reason)
    }
}

/// Where a test kills the process once these octets have left.
fn queue_point(body: &Body) {
    match body {
        Body::DeliverSmResp(_) => failpoints::queued(Point::ResponseWritten),
        Body::SubmitSm(_) => failpoints::queued(Point::SubmitWritten),
        _ => {}
    }
}

fn message_id(body: Body) -> model::SmolStr {
    match body {
        Body::SubmitSmResp(resp) | Body::DataSmResp(resp) => resp.message_id,
        _ => model::SmolStr::default(),
    }
}

#[cfg(test)]
mod tests;
