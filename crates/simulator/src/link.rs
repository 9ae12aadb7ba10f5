//! One connection: bytes in and out, a session between, and the exchange behind. The only task of the connection;
//! each wake-up reads once, serves all that came, and writes once.

use std::{io, sync::Arc, time::Duration};

use bytes::BytesMut;
use codec::{BindResp, Body, CommandStatus, Pdu, SmResp, Tlvs, tlv::tag};
use model::Now;
use session::{CloseReason, Config, Event, Output, Role, Session, Timeouts};
use tokio::{net::TcpStream, sync::Notify};

use crate::{
    exchange::{BindId, Input, Order},
    shared::Shared,
};

/// Octets read at once: some 400 short messages.
const READ_OCTETS: usize = 64 * 1024;
/// Octets that may wait to be written before we stop reading: a peer that does not read gets no more answers.
const OUTPUT_MAX: usize = 1024 * 1024;
/// How long the last octets may take to leave a link that is to be closed.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an ESME may take to bind; long, so that it is the ESME's own timer that is put to the test.
const BIND_TIMEOUT: Duration = Duration::from_secs(60);

/// What the link does wrong itself.
#[derive(Clone, Copy, Debug, Default)]
struct Silences {
    enquire_link: bool,
    unbind: bool,
    reading: bool,
}

pub(crate) struct Link {
    id: BindId,
    shared: Arc<Shared>,
    stream: TcpStream,
    wake: Arc<Notify>,
    session: Session,
    input: BytesMut,
    output: BytesMut,
    inputs: Vec<Input>,
    orders: Vec<Order>,
    /// Deliveries that never got as far as a PDU.
    unsent: Vec<u64>,
    silences: Silences,
    closing: bool,
}

impl Link {
    pub(crate) fn new(stream: TcpStream, shared: Arc<Shared>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        let wake = Arc::new(Notify::new());
        let now = shared.clock.now();
        let session = Session::new(Role::Smsc, session_config(&shared), now.monotonic);
        let id = shared.exchange().connected(peer, wake.clone(), now);
        Ok(Self {
            id,
            shared,
            stream,
            wake,
            session,
            input: BytesMut::with_capacity(READ_OCTETS),
            output: BytesMut::with_capacity(READ_OCTETS),
            inputs: Vec::new(),
            orders: Vec::new(),
            unsent: Vec::new(),
            silences: Silences::default(),
            closing: false,
        })
    }

    /// Serves the connection until its end.
    pub(crate) async fn run(mut self) {
        let end = self.serve().await;
        let lost = self.session.close();
        self.unsent.extend(lost.unsent);
        let now = self.shared.clock.now().monotonic;
        self.shared.exchange().disconnected(self.id, &self.unsent, now);
        self.shared.changed();
        tracing::debug!(bind = self.id.0, unanswered = lost.unanswered.len(), error = ?end.err(), "link ended");
    }

    async fn serve(&mut self) -> io::Result<()> {
        let shared = self.shared.clone();
        let mut stop = shared.stopping();
        self.work();
        loop {
            self.write()?;
            if self.closing {
                return self.flush().await;
            }
            let now = shared.clock.now().monotonic;
            let deadline = self.session.next_deadline(now).map(|at| shared.clock.instant(at));
            let reads = !self.silences.reading && self.output.len() < OUTPUT_MAX;
            tokio::select! {
                readable = self.stream.readable(), if reads => {
                    readable?;
                    self.read()?;
                }
                writable = self.stream.writable(), if !self.output.is_empty() => writable?,
                () = self.wake.notified() => {}
                () = sleep_until(deadline), if deadline.is_some() => {}
                _ = stop.changed() => return Ok(()),
            }
            self.work();
        }
    }

    fn read(&mut self) -> io::Result<()> {
        self.input.reserve(READ_OCTETS);
        match self.stream.try_read_buf(&mut self.input) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        match self.stream.try_write(&self.output) {
            Ok(written) => {
                let _ = self.output.split_to(written);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes what is left and says good-bye to the socket.
    async fn flush(&mut self) -> io::Result<()> {
        use tokio::io::AsyncWriteExt;
        let all = async {
            self.stream.write_all_buf(&mut self.output).await?;
            self.stream.shutdown().await
        };
        tokio::time::timeout(FLUSH_TIMEOUT, all).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Serves what has been read, runs the timers, takes and follows the orders of the exchange.
    fn work(&mut self) {
        let now = self.shared.clock.now();
        self.decode(now);
        self.session.timeout(now.monotonic);
        self.drain();
        let planned = {
            let mut exchange = self.shared.exchange();
            exchange.serve(self.id, self.inputs.drain(..), &mut self.orders, now);
            let faults = exchange.faults();
            self.silences = Silences {
                enquire_link: faults.no_enquire_link_answer,
                unbind: faults.no_unbind_answer,
                reading: faults.stop_reading,
            };
            exchange.take_planned()
        };
        self.shared.announce(planned);
        let orders = std::mem::take(&mut self.orders);
        for order in orders {
            self.follow(order, now);
        }
        self.drain();
    }

    fn decode(&mut self, now: Now) {
        while !self.closing {
            match codec::decode(&mut self.input) {
                Ok(Some(framed)) => self.session.receive(framed, now.monotonic),
                Ok(None) => return,
                Err(fatal) => {
                    self.send(&fatal.generic_nack());
                    self.closing = true;
                }
            }
        }
    }

    /// Takes what the session has to say.
    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(pdu) => {
                    let withheld = match pdu.body {
                        Body::EnquireLinkResp => self.silences.enquire_link,
                        Body::UnbindResp => self.silences.unbind,
                        _ => false,
                    };
                    if !withheld {
                        self.send(&pdu);
                    }
                }
                Output::Event(event) => self.hear(event),
                // Silent about the unbind means waiting for the peer to lose its patience.
                Output::Close(CloseReason::PeerUnbound) if self.silences.unbind => {}
                Output::Close(_) => self.closing = true,
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::BindRequested { mode, bind } => self.inputs.push(Input::Bind { mode, bind }),
            Event::Request(Pdu { sequence_number, body: Body::SubmitSm(sm), .. }) => {
                self.inputs.push(Input::Submit { sequence_number, data_sm: false, sm });
            }
            Event::Request(Pdu { sequence_number, body: Body::DataSm(sm), .. }) => {
                self.inputs.push(Input::Submit { sequence_number, data_sm: true, sm });
            }
            Event::Request(pdu) => {
                if let Some(refusal) = pdu.refusal() {
                    self.session.respond(refusal);
                }
            }
            Event::Answered { ticket, response } => {
                let nack_without_reason =
                    response.body == Body::GenericNack && response.command_status.is_ok();
                let status = if nack_without_reason {
                    CommandStatus::ESME_RUNKNOWNERR
                } else {
                    response.command_status
                };
                self.inputs.push(Input::Answered { ticket, status: Some(status) });
            }
            Event::TimedOut { ticket } => self.inputs.push(Input::Answered { ticket, status: None }),
            Event::Late { ticket, response } => {
                if response.command_status.is_ok() && response.body != Body::GenericNack {
                    self.inputs.push(Input::AcknowledgedLate { ticket });
                }
            }
            Event::Unreadable(_) | Event::Unmatched(_) | Event::Refused(_) => self.inputs.push(Input::Odd),
            Event::Enquired { .. } | Event::Unsent { .. } | Event::Bound { .. } | Event::BindRefused(_) => {}
        }
    }

    fn follow(&mut self, order: Order, now: Now) {
        match order {
            Order::Deliver { ticket, data_sm, sm, cut } => self.deliver(ticket, data_sm, sm, cut, now),
            _ if self.closing => {}
            Order::AnswerBind(status) => {
                let tlvs = Tlvs::new().with(tag::SC_INTERFACE_VERSION, vec![0x34]);
                let resp = match status.is_ok() {
                    true => BindResp { system_id: self.shared.config.system_id.clone(), tlvs },
                    false => BindResp::default(),
                };
                self.session.answer_bind(status, resp, now.monotonic);
            }
            Order::Respond { sequence_number, data_sm, status, message_id } => {
                self.session.respond(response(sequence_number, data_sm, status, message_id));
            }
            Order::Stray { sequence_number, data_sm, message_id } => {
                self.drain();
                self.send(&response(sequence_number, data_sm, CommandStatus::ESME_ROK, message_id));
            }
            Order::Octets(octets) => {
                self.drain();
                self.output.extend_from_slice(&octets);
            }
            Order::Unbind => self.session.unbind(now.monotonic),
            Order::Close => {
                self.drain();
                self.closing = true;
            }
        }
    }

    fn deliver(&mut self, ticket: u64, data_sm: bool, sm: codec::Sm, cut: Option<u16>, now: Now) {
        let body = if data_sm { Body::DataSm(sm) } else { Body::DeliverSm(sm) };
        self.drain();
        let start = self.output.len();
        if self.closing || self.session.request(body, ticket, now.monotonic).is_err() {
            self.unsent.push(ticket);
            return;
        }
        if let Some(octets) = cut {
            self.drain();
            self.output.truncate(start + usize::from(octets));
            self.closing = true;
        }
    }

    fn send(&mut self, pdu: &Pdu) {
        if let Err(error) = codec::encode(pdu, &mut self.output) {
            tracing::warn!(bind = self.id.0, %error, "a PDU could not be written");
        }
    }
}

fn response(sequence_number: u32, data_sm: bool, command_status: CommandStatus, message_id: String) -> Pdu {
    let resp = SmResp { message_id: message_id.into(), tlvs: Tlvs::new() };
    let body = if data_sm { Body::DataSmResp(resp) } else { Body::SubmitSmResp(resp) };
    Pdu { command_status, sequence_number, body }
}

fn session_config(shared: &Shared) -> Config {
    Config {
        window: u32::try_from(shared.config.exchange.window).unwrap_or(u32::MAX),
        rate: None,
        timeouts: Timeouts {
            bind: BIND_TIMEOUT,
            response: shared.config.response_timeout,
            enquire_link_idle: shared.config.enquire_link_idle,
            enquire_link_response: shared.config.enquire_link_response,
            ..Timeouts::default()
        },
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
