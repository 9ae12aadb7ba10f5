//! A small ESME made of session's other role, and a small HTTP client.
#![allow(dead_code, reason = "each test file uses its own part of the support")]
#![allow(clippy::unwrap_used, reason = "clippy sees tests in test functions only, and this is nothing else")]

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use bytes::BytesMut;
use codec::{Bind, Body, CommandStatus, Framed, Pdu, Sm};
use model::{Address, Redacted};
use session::{Config, Event, Mode, Output, Role, Session};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// How long a test waits for what must come; it never waits that long unless it fails.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Esme {
    stream: TcpStream,
    session: Session,
    input: BytesMut,
    events: VecDeque<Event>,
    started: Instant,
    closed: bool,
    tickets: u64,
    /// command_id of every PDU that came.
    pub(crate) heard: Vec<u32>,
    /// Octets read that made no PDU when the peer closed.
    pub(crate) left_over: usize,
}

impl Esme {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let session = Session::new(Role::Esme, Config { window: 1_000, ..Config::default() }, Duration::ZERO);
        Self {
            stream,
            session,
            input: BytesMut::new(),
            events: VecDeque::new(),
            started: Instant::now(),
            closed: false,
            tickets: 0,
            heard: Vec::new(),
            left_over: 0,
        }
    }

    pub(crate) async fn bound(address: SocketAddr, mode: Mode) -> Self {
        let mut esme = Self::connect(address).await;
        esme.bind(mode, "esme", "secret").await.unwrap();
        esme
    }

    pub(crate) async fn bind(
        &mut self,
        mode: Mode,
        system_id: &str,
        password: &str,
    ) -> Result<(), CommandStatus> {
        let bind = Bind {
            system_id: system_id.to_owned(),
            password: Redacted::from(password),
            interface_version: 0x34,
            ..Bind::default()
        };
        self.session.bind(mode, bind, self.now());
        self.pump().await;
        match self.event().await {
            Some(Event::Bound { .. }) => Ok(()),
            Some(Event::BindRefused(status)) => Err(status),
            other => panic!("{other:?}"),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes the session's outputs; writes at once.
    pub(crate) async fn pump(&mut self) {
        let mut octets = BytesMut::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(pdu) => codec::encode(&pdu, &mut octets).unwrap(),
                Output::Event(event) => self.events.push_back(event),
                Output::Close(_) => self.closed = true,
            }
        }
        let _ = self.stream.write_all(&octets).await;
    }

    /// The next event, or `None` where the link has ended.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.closed {
                return None;
            }
            let read = timeout(SOON, self.stream.read_buf(&mut self.input)).await.expect("nothing came");
            if !matches!(read, Ok(1..)) {
                self.closed = true;
                self.left_over = self.input.len();
            }
            while let Some(framed) = codec::decode(&mut self.input).unwrap() {
                if let Framed::Pdu(pdu) = &framed {
                    self.heard.push(pdu.body.command_id());
                }
                self.session.receive(framed, self.now());
            }
            self.pump().await;
        }
    }

    /// The next deliver_sm or data_sm.
    pub(crate) async fn delivered(&mut self) -> Option<(Pdu, Sm)> {
        match self.event().await? {
            Event::Request(pdu) => match pdu.body.clone() {
                Body::DeliverSm(sm) | Body::DataSm(sm) => Some((pdu, sm)),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn answer(&mut self, request: &Pdu, status: CommandStatus) {
        self.session.respond(request.respond(status).unwrap());
        self.pump().await;
    }

    /// Receives one delivery and acknowledges it.
    pub(crate) async fn take(&mut self) -> Sm {
        let (pdu, sm) = self.delivered().await.unwrap();
        self.answer(&pdu, CommandStatus::ESME_ROK).await;
        sm
    }

    /// Submits; the ticket is returned.
    pub(crate) async fn submit(&mut self, sm: Sm) -> u64 {
        self.tickets += 1;
        self.session.submit(sm, self.tickets, self.now()).unwrap();
        self.pump().await;
        self.tickets
    }

    /// Submits and returns the response.
    pub(crate) async fn submitted(&mut self, sm: Sm) -> (CommandStatus, String) {
        let asked = self.submit(sm).await;
        match self.event().await.unwrap() {
            Event::Answered { ticket, response } => {
                assert_eq!(ticket, asked);
                let Body::SubmitSmResp(resp) = response.body else { panic!("{response:?}") };
                (response.command_status, resp.message_id.to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Says good-bye; the answer is an end of [`Self::event`].
    pub(crate) async fn unbind(&mut self) {
        self.session.unbind(self.now());
        self.pump().await;
    }

    /// Writes a PDU past the session.
    pub(crate) async fn write(&mut self, pdu: &Pdu) {
        let mut octets = BytesMut::new();
        codec::encode(pdu, &mut octets).unwrap();
        self.stream.write_all(&octets).await.unwrap();
    }

    /// Ends when the simulator closes the link.
    pub(crate) async fn until_closed(&mut self) {
        while self.event().await.is_some() {}
    }

    /// Answers every message with its own text until the link ends.
    pub(crate) async fn echo(mut self) {
        while let Some(event) = self.event().await {
            if let Event::Request(pdu) = event
                && let Body::DeliverSm(sm) = &pdu.body
            {
                self.session.respond(pdu.respond(CommandStatus::ESME_ROK).unwrap());
                let answer = reply(sm, "");
                let answer = Sm { short_message: sm.short_message.clone(), ..answer };
                self.tickets += 1;
                self.session.submit(answer, self.tickets, self.now()).unwrap();
                if self.events.is_empty() {
                    self.pump().await;
                }
            }
        }
    }
}

/// A submit_sm that answers a deliver_sm.
pub(crate) fn reply(to: &Sm, text: &str) -> Sm {
    Sm {
        source: to.destination.clone(),
        destination: to.source.clone(),
        short_message: text::gsm7::encode(text).unwrap().into(),
        ..Sm::default()
    }
}

/// A submit_sm to a handset that has sent nothing.
pub(crate) fn notice(number: &str, text: &str) -> Sm {
    Sm {
        source: Address::new(0, 1, "8383"),
        destination: Address::new(1, 1, number),
        short_message: text::gsm7::encode(text).unwrap().into(),
        ..Sm::default()
    }
}

/// The text of a message of one part.
pub(crate) fn text_of(sm: &Sm) -> String {
    text::gsm7::decode(&sm.short_message, text::gsm7::Shifts::default())
}

/// One HTTP request; returns status and JSON body (null where there is none).
pub(crate) async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, serde_json::Value) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}
