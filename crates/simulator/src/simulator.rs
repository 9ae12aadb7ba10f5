//! The door: start it, send texts, wait for answers, throw switches, read the books.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::net::TcpListener;

use crate::{
    config::Config,
    exchange::{BindId, BindInfo, Order, SendError},
    faults::Faults,
    handset::Received,
    http,
    ledger::{Entry, MessageRef, Outcome},
    link::Link,
    message::Message,
    shared::Shared,
    stats::{Latencies, Stats},
    witness::Testimony,
};

/// After a failed accept (too many open files), so that the listener does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections at once, bound or not; what comes beyond is closed.
const CONNECTIONS_MAX: usize = 1_000;

/// A simulator that could not be started. Returned by [`Simulator::start`]; choose another address.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The SMPP address.
    #[error("cannot listen for SMPP on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The HTTP address.
    #[error("cannot listen for HTTP on {address}: {source}")]
    Http {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A running simulator. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Simulator {
    pub(crate) shared: Arc<Shared>,
    smpp: SocketAddr,
    http: Option<SocketAddr>,
}

impl Simulator {
    /// Listens, and serves until [`Simulator::stop`]. Needs a tokio runtime with I/O and time.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let address = config.listen;
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let smpp = listener.local_addr().map_err(listen)?;
        let web = match config.http {
            None => None,
            Some(address) => Some(
                TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })?,
            ),
        };
        let http = web.as_ref().and_then(|listener| listener.local_addr().ok());
        let simulator = Self { shared: Arc::new(Shared::new(config)), smpp, http };
        tokio::spawn(accept(listener, simulator.shared.clone()));
        let shared = simulator.shared.clone();
        tokio::spawn(async move { shared.run_timers().await });
        if let Some(listener) = web {
            tokio::spawn(http::serve(listener, simulator.clone()));
        }
        Ok(simulator)
    }

    /// Where ESMEs connect.
    #[must_use]
    pub fn smpp_address(&self) -> SocketAddr {
        self.smpp
    }

    /// Where the HTTP API listens.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Sends a text from a handset. It waits where no bind has room.
    pub fn send(&self, message: &Message) -> Result<MessageRef, SendError> {
        let now = self.shared.clock.now().monotonic;
        let sent = {
            let mut exchange = self.shared.exchange();
            let sent = exchange.send(message, now);
            exchange.dispatch(now);
            sent
        };
        self.shared.changed();
        sent
    }

    /// The texts that a handset has received after a cursor (0 for all that are kept), oldest first.
    #[must_use]
    pub fn received(&self, number: &str, after: u64) -> Vec<Received> {
        self.shared.exchange().received(number, after)
    }

    /// The cursor of the last text that any handset has received: what comes later comes after it.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.shared.exchange().cursor()
    }

    /// The first text that a handset receives after a cursor, or `None` where none comes in time.
    pub async fn wait_reply(&self, number: &str, after: u64, timeout: Duration) -> Option<Received> {
        self.shared.wait(timeout, |exchange| exchange.received(number, after).into_iter().next()).await
    }

    /// The answer to one message, or `None` where none comes in time.
    pub async fn wait_answer(&self, message: MessageRef, timeout: Duration) -> Option<Received> {
        let number = self.entry(message)?.from;
        let answer = |it: &Received| it.answers == Some(message);
        self.shared.wait(timeout, |exchange| exchange.received(&number, 0).into_iter().find(answer)).await
    }

    /// Waits until it is known what became of a message; `None` where it is not in time.
    pub async fn wait_settled(&self, message: MessageRef, timeout: Duration) -> Option<Entry> {
        let settled = |entry: &Entry| entry.outcome != Outcome::Waiting;
        self.shared.wait(timeout, |exchange| exchange.find_entry(message).filter(settled)).await
    }

    /// Waits until the counts satisfy `enough`; `false` where they do not in time.
    pub async fn wait_until(&self, timeout: Duration, enough: impl Fn(&Stats) -> bool) -> bool {
        self.shared.wait(timeout, |exchange| enough(&exchange.stats).then_some(())).await.is_some()
    }

    /// Waits until so many binds may receive; `false` where there are fewer in time.
    pub async fn wait_receivers(&self, count: usize, timeout: Duration) -> bool {
        self.shared.wait(timeout, |exchange| (exchange.receivers() >= count).then_some(())).await.is_some()
    }

    /// What is wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.shared.exchange().faults().clone()
    }

    /// Throws the switches, from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.exchange().set_faults(faults);
    }

    /// The connections.
    #[must_use]
    pub fn binds(&self) -> Vec<BindInfo> {
        self.shared.exchange().binds()
    }

    /// Closes a connection without unbind; `false` where there is none.
    pub fn drop_bind(&self, bind: BindId) -> bool {
        self.shared.exchange().command(bind, Order::Close)
    }

    /// Leaves a connection politely, with unbind; `false` where there is none.
    pub fn unbind(&self, bind: BindId) -> bool {
        self.shared.exchange().command(bind, Order::Unbind)
    }

    /// Writes octets into a connection as they are: garbage, a PDU that no encoder would make; `false` where
    /// there is none.
    pub fn write_octets(&self, bind: BindId, octets: impl Into<Bytes>) -> bool {
        self.shared.exchange().command(bind, Order::Octets(octets.into()))
    }

    /// What has been counted since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.exchange().stats
    }

    /// The times measured since the start, or since the last load began.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        self.shared.exchange().timers.latencies()
    }

    /// The books: each message in the order of sending, with what became of it.
    #[must_use]
    pub fn ledger(&self) -> Vec<Entry> {
        self.shared.exchange().entries(MessageRef(0), usize::MAX)
    }

    /// Every piece delivered and every submit_sm so far; nothing unless [`crate::Exchanging::witness`] is on.
    #[must_use]
    pub fn testimony(&self) -> Testimony {
        self.shared.exchange().testimony.clone()
    }

    /// Whether [`Self::testimony`] is whole so far, without the price of its copy.
    #[must_use]
    pub fn is_witnessed_whole(&self) -> bool {
        !self.shared.exchange().testimony.overflowed
    }

    /// One line of the books.
    #[must_use]
    pub fn entry(&self, message: MessageRef) -> Option<Entry> {
        self.shared.exchange().find_entry(message)
    }

    /// Closes everything.
    pub fn stop(&self) {
        self.shared.stop();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut stop = shared.stopping();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        if shared.exchange().connections() >= CONNECTIONS_MAX {
            tracing::warn!("{CONNECTIONS_MAX} connections; the next is closed");
            continue;
        }
        match accepted.and_then(|(stream, _)| Link::new(stream, shared.clone())) {
            Ok(link) => {
                tokio::spawn(link.run());
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
