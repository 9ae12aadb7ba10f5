//! The listener: how many connections there are and how long each may say nothing.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Extension, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::{App, metrics, router};

/// Connections at a time. The feeds of one town are a dozen; each connection costs two buffers of 8 KiB, so
/// that the cap bounds what strangers can take. Further callers wait in the kernel's backlog.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// Octets of a head after which no more of it is read: a token, a path and a dozen headers have under 2 KiB, and
/// hyper would hold 400 KiB for each connection.
const HEAD_OCTETS_MAX: usize = 16 * 1024;

/// How long a connection may take for what it owes.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// From the first octet of a request to the end of its head, and from accept to the first octet: a head
    /// is one packet, and slow heads are an old way to hold every connection.
    head: Duration,
    /// Between two requests, the taking of the answer included; between two pages of a long one.
    idle: Duration,
}

const PATIENCE: Patience = Patience { head: Duration::from_secs(5), idle: Duration::from_secs(60) };

/// Serves the API on `listener` until `shutdown` is done, then lets running requests end.
///
/// Also keeps the recorder's histograms from growing while nobody scrapes.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let upkeep = metrics::upkeep(app.metrics.clone());
    tokio::select! {
        ended = serve_with(PATIENCE, listener, router(app), shutdown) => ended,
        () = upkeep => Ok(()),
    }
}

/// Connections at a time where the process may open so many files: at most half of them. The rest is for binds and
/// the store, whose work no caller may stop.
fn room(files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok());
    files.map_or(CONNECTIONS_MAX, |files| (files / 2).clamp(1, CONNECTIONS_MAX))
}

async fn serve_with(
    patience: Patience,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router.layer(from_fn(mark)).into_make_service_with_connect_info::<Requests>();
    let room = Arc::new(Semaphore::new(room(getrlimit(Resource::Nofile).current)));
    let listener = Doorkeeper { listener, patience, room };
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

/// Counts the beginnings and ends of a connection's requests: odd while one is being answered, when the
/// connection itself is not hurried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<AtomicU64>);

impl Requests {
    /// The taking of a long answer goes on: its idle time begins anew.
    pub(crate) fn go_on(&self) {
        self.0.fetch_add(2, Ordering::AcqRel);
    }
}

impl Connected<IncomingStream<'_, Doorkeeper>> for Requests {
    fn connect_info(stream: IncomingStream<'_, Doorkeeper>) -> Self {
        stream.io().requests.clone()
    }
}

/// Ends a request's count even where its handler is dropped.
struct Running(Requests);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::AcqRel);
    }
}

async fn mark(
    Extension(ConnectInfo(requests)): Extension<ConnectInfo<Requests>>,
    request: Request,
    next: Next,
) -> Response {
    requests.0.fetch_add(1, Ordering::AcqRel);
    let _running = Running(requests);
    next.run(request).await
}

/// Accepts while there is room.
struct Doorkeeper {
    listener: TcpListener,
    patience: Patience,
    room: Arc<Semaphore>,
}

impl Listener for Doorkeeper {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed; where it were, to accept nobody is what a closed door does.
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
            return std::future::pending().await;
        };
        // The inner accept retries what failed, with a pause where descriptors ran out.
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(target: "http", %error, "TCP_NODELAY refused");
        }
        (Connection::new(stream, self.patience, permit), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that is closed when it owes a head, or the taking of an answer, for too long.
struct Connection {
    stream: TcpStream,
    patience: Patience,
    requests: Requests,
    /// The count of requests for which `deadline` was set.
    count: u64,
    /// Octets that have come of the next head, the first octets of its body included.
    head_octets: usize,
    deadline: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, patience: Patience, permit: OwnedSemaphorePermit) -> Self {
        let deadline = Box::pin(tokio::time::sleep(patience.head));
        let requests = Requests::default();
        Self { stream, patience, requests, count: 0, head_octets: 0, deadline, _permit: permit }
    }

    /// Pending while the connection may still wait; an error once its time is over.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let count = self.requests.0.load(Ordering::Acquire);
        if count % 2 == 1 {
            return Poll::Pending;
        }
        if count != self.count {
            self.count = count;
            self.head_octets = 0;
            self.deadline.as_mut().reset(Instant::now() + self.patience.idle);
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// From the first octet of a head on its time runs, however slowly further octets come.
    fn count_head(&mut self, octets: usize) {
        if octets == 0 || self.requests.0.load(Ordering::Acquire) != self.count {
            return;
        }
        // The time of the first head runs since accept.
        if self.head_octets == 0 && self.count > 0 {
            self.deadline.as_mut().reset(Instant::now() + self.patience.head);
        }
        self.head_octets += octets;
    }

    /// Whether a head goes on for longer than any that is meant.
    fn is_endless(&self) -> bool {
        self.head_octets >= HEAD_OCTETS_MAX && self.requests.0.load(Ordering::Acquire) == self.count
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        if let Poll::Ready(error) = connection.poll_overdue(cx) {
            return Poll::Ready(Err(error));
        }
        if connection.is_endless() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut connection.stream).poll_read(cx, buffer))?;
        connection.count_head(buffer.filled().len() - filled);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let connection = self.get_mut();
        let written = Pin::new(&mut connection.stream).poll_write(cx, octets);
        // Asked in any case: after an answer hyper waits on the read that it began before the request, so
        // that only here the idle time can begin.
        let overdue = connection.poll_overdue(cx);
        if written.is_pending() { overdue.map(Err) } else { written }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
