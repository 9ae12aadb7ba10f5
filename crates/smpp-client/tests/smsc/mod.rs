//! An SMSC made by hand for these tests: the session's other role over a real socket, driven step by step.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use codec::{BindResp, CommandStatus, Framed, Pdu, Sm};
use session::{Config, Event, Output, Role, Session, Timeouts};
use smpp_client::{
    BindConfig, CommandSender, LinkCommand, LinkEvent, LinkEventKind, LinkId, Links, Listener,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Far beyond what any step takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection, seen from the SMSC.
pub(crate) struct Smsc {
    pub(crate) session: Session,
    stream: TcpStream,
    inbound: BytesMut,
    started: Instant,
}

impl Smsc {
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a connection");
        let timeouts = Timeouts { enquire_link_idle: Duration::MAX, ..Timeouts::default() };
        let config = Config { window: 10_000, rate: None, timeouts };
        let session = Session::new(Role::Smsc, config, Duration::ZERO);
        Self { session, stream, inbound: BytesMut::new(), started: Instant::now() }
    }

    /// Accepts a connection and answers its bind.
    pub(crate) async fn bind(listener: &TcpListener, status: CommandStatus) -> Self {
        let mut smsc = Self::accept(listener).await;
        let Some(Event::BindRequested { .. }) = smsc.next().await else { panic!("no bind") };
        smsc.session.answer_bind(status, BindResp::default(), smsc.now());
        smsc.flush().await;
        smsc
    }

    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next event of the session; `None` once the ESME has closed the connection.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, self.next_event()).await.expect("an event in time")
    }

    async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.flush().await {
                return Some(event);
            }
            match codec::decode(&mut self.inbound).expect("sound frames") {
                Some(framed) => self.session.receive(framed, self.now()),
                None if self.stream.read_buf(&mut self.inbound).await.unwrap_or(0) == 0 => return None,
                None => {}
            }
        }
    }

    /// Writes what there is to write, up to the next event.
    pub(crate) async fn flush(&mut self) -> Option<Event> {
        let mut outbound = BytesMut::new();
        let mut event = None;
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(pdu) => codec::encode(&pdu, &mut outbound).expect("encodes"),
                Output::Event(first) => {
                    event = Some(first);
                    break;
                }
                Output::Close(_) => {}
            }
        }
        // The ESME may be gone; the next read will say so.
        let _ = self.stream.write_all(&outbound).await;
        event
    }

    pub(crate) async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.expect("the ESME reads");
    }

    pub(crate) async fn deliver(&mut self, tickets: std::ops::Range<u64>) {
        for ticket in tickets {
            self.session.submit(Sm::default(), ticket, self.now()).expect("room");
        }
        assert!(self.flush().await.is_none());
    }

    pub(crate) async fn respond(&mut self, request: &Pdu, status: CommandStatus) {
        self.session.respond(request.respond(status).expect("a request"));
        assert!(self.flush().await.is_none());
    }

    /// The next event, which must be a request.
    pub(crate) async fn request(&mut self) -> Pdu {
        match self.next().await {
            Some(Event::Request(pdu)) => pdu,
            other => panic!("{other:?}"),
        }
    }

    /// The next event, which must be the answer to a delivery: its ticket and status.
    pub(crate) async fn answer(&mut self) -> (u64, CommandStatus) {
        match self.next().await {
            Some(Event::Answered { ticket, response }) => (ticket, response.command_status),
            other => panic!("{other:?}"),
        }
    }

    /// One PDU off the wire, past the session.
    pub(crate) async fn raw(&mut self) -> Option<Pdu> {
        loop {
            match codec::decode(&mut self.inbound).expect("sound frames") {
                Some(Framed::Pdu(pdu)) => return Some(pdu),
                Some(Framed::Answerable(error)) => panic!("{error}"),
                None => {}
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.inbound)).await.expect("in time");
            if read.unwrap_or(0) == 0 {
                return None;
            }
        }
    }
}

/// The engine's side of the links.
pub(crate) struct Engine {
    pub(crate) commands: CommandSender,
    links: Option<Links>,
    events: mpsc::Receiver<Vec<LinkEvent>>,
    batch: std::collections::VecDeque<LinkEvent>,
}

impl Engine {
    pub(crate) fn start(configs: Vec<BindConfig>, batches: usize) -> Self {
        let (sender, events) = mpsc::channel(batches);
        let links = Links::spawn(configs, Listener::new(sender, std::mem::take));
        Self { commands: links.sender(), links: Some(links), events, batch: Default::default() }
    }

    /// Lets the links leave, while the test goes on.
    pub(crate) fn drain(&mut self) -> JoinHandle<()> {
        tokio::spawn(self.links.take().expect("drained once").drain(PATIENCE))
    }

    pub(crate) async fn next(&mut self) -> LinkEvent {
        while self.batch.is_empty() {
            let batch =
                timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("a link");
            self.batch.extend(batch);
        }
        self.batch.pop_front().expect("not empty")
    }

    /// The next event but credits.
    pub(crate) async fn news(&mut self) -> LinkEventKind {
        loop {
            match self.next().await.kind {
                LinkEventKind::Credit { .. } => {}
                kind => return kind,
            }
        }
    }

    /// Waits until the link is bound; the generation.
    pub(crate) async fn up(&mut self) -> u32 {
        loop {
            let event = self.next().await;
            if let LinkEventKind::Up { .. } = event.kind {
                return event.generation;
            }
        }
    }

    pub(crate) fn submit(&self, tickets: std::ops::Range<u64>, sm: &Sm) {
        let batch = tickets.map(|ticket| LinkCommand::Submit { ticket, sm: sm.clone() }).collect();
        self.commands.send(LinkId(0), batch).expect("the link listens");
    }

    pub(crate) fn respond(&self, generation: u32, sequence_number: u32, status: CommandStatus) {
        let respond = LinkCommand::Respond { generation, sequence_number, data_sm: false, status };
        self.commands.send(LinkId(0), vec![respond]).expect("the link listens");
    }
}

/// A listener on loopback and a bind to it that reconnects at once.
pub(crate) async fn loopback() -> (TcpListener, BindConfig) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let mut config = BindConfig::new("test", "127.0.0.1", port);
    config.bind.system_id = "tongdai".into();
    let short = Duration::from_millis(20);
    config.reconnect.pause = [short; 2];
    config.reconnect.already_bound = [short; 2];
    config.reconnect.parked = [short; 2];
    // Long, so that only the test that asks for it sees it.
    config.link_timeouts.deliver_sm = Duration::from_secs(60);
    (listener, config)
}

/// A submit_sm with so many octets of short_message.
pub(crate) fn sm(octets: usize) -> Sm {
    Sm { short_message: Bytes::from(vec![b'a'; octets]), ..Sm::default() }
}
