//! Real sockets: heads that never end, connections that say nothing, and an orderly end.

use std::sync::Mutex;

use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::{OneAtATime, Passwords, Readiness, Tokens, command_channel};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

fn app() -> App {
    App {
        commands: command_channel().0,
        read: Arc::new(|_| Ok(None)),
        dossiers: Arc::new(|_| Box::new(std::iter::empty())),
        services: Arc::new(|_| None),
        tokens: Arc::new(Tokens::default()),
        readiness: Readiness::default(),
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        passwords: Passwords::new().unwrap(),
        imports: OneAtATime::default(),
        exports: OneAtATime::default(),
    }
}

/// The API, and a page with an answer that never ends, in megabytes that go on; `held` is dropped with the
/// first such answer.
fn with_endless_page(held: mpsc::Sender<()>) -> Router {
    let page = Bytes::from(vec![b'x'; 1 << 20]);
    let held = Arc::new(Mutex::new(Some(held)));
    let endless = async move |Extension(ConnectInfo(requests)): Extension<ConnectInfo<Requests>>| {
        let held = held.lock().unwrap().take();
        Body::from_stream(stream::unfold(held, move |held| {
            let (requests, page) = (requests.clone(), page.clone());
            async move {
                tokio::time::sleep(SHORT / 10).await;
                requests.go_on();
                Some((Ok::<_, io::Error>(page), held))
            }
        }))
    };
    router(app()).route("/endless", get(endless))
}

/// A server with `patience`, its address, and what ends it.
async fn start(
    patience: Patience,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<io::Result<()>>) {
    start_with(patience, router(app())).await
}

async fn start_with(
    patience: Patience,
    router: Router,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    (address, stop, tokio::spawn(serve_with(patience, listener, router, shutdown)))
}

/// All that comes until the peer closes, which it must do long before `LONG` is over.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(LONG / 2, stream.read_to_end(&mut text)).await.expect("closed in time");
    assert!(read.is_ok() || !text.is_empty() || read.unwrap_err().kind() == io::ErrorKind::ConnectionReset);
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_request_is_answered_over_a_socket_and_a_stop_ends_the_server() {
    let (address, stop, server) = start(Patience { head: LONG, idle: LONG }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("live\n"), "{answer}");
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    stop.send(()).unwrap();
    tokio::time::timeout(LONG, server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_slow_head_is_cut_off_however_steadily_it_drips() {
    for before in ["", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let (address, _stop, _server) = start(Patience { head: SHORT, idle: LONG }).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(before.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let drip = async {
            let mut tick = tokio::time::interval(SHORT / 10);
            while writer.write_all(b"G").await.is_ok() {
                tick.tick().await;
            }
        };
        let mut octet = [0];
        let closed = async { while matches!(reader.read(&mut octet).await, Ok(1)) {} };
        let either = async {
            tokio::select! {
                () = drip => {}
                () = closed => {}
            }
        };
        tokio::time::timeout(LONG / 2, either).await.expect("closed in time");
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed_before_and_after_a_request() {
    let (address, _stop, _server) = start(Patience { head: SHORT, idle: SHORT }).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    let (address, _stop, _server) = start(Patience { head: LONG, idle: SHORT }).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut idle).await.ends_with("live\n"));
}

#[tokio::test]
async fn a_long_answer_may_be_taken_for_longer_than_a_connection_may_be_idle() {
    let idle = LONG / 10;
    let (held, _dropped) = mpsc::channel(1);
    let (address, _stop, _server) = start_with(Patience { head: LONG, idle }, with_endless_page(held)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let began = Instant::now();
    let mut octets = vec![0; 1 << 16];
    while began.elapsed() < idle * 3 / 2 {
        assert!(stream.read(&mut octets).await.unwrap() > 0, "closed after {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_long_answer_that_nobody_takes_is_given_up() {
    let (held, mut dropped) = mpsc::channel(1);
    let (address, _stop, _server) =
        start_with(Patience { head: LONG, idle: SHORT }, with_endless_page(held)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(tokio::time::timeout(LONG / 2, dropped.recv()).await, Ok(None));
}

#[tokio::test]
async fn smuggled_lengths_are_refused() {
    let (address, _stop, _server) = start(Patience { head: LONG, idle: LONG }).await;
    for head in [
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{head}{answer}");
    }
}

#[tokio::test]
async fn a_caller_beyond_the_cap_waits_until_somebody_leaves() {
    let (address, _stop, _server) = start(Patience { head: LONG, idle: LONG }).await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut late = TcpStream::connect(address).await.unwrap();
    late.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut octet = [0];
    assert!(tokio::time::timeout(SHORT, late.peek(&mut octet)).await.is_err(), "answered beyond the cap");
    silent.pop();
    assert!(read_to_end(&mut late).await.ends_with("live\n"));
}

#[tokio::test]
async fn h_07_a_head_is_read_up_to_16_kib_and_a_body_behind_it_whole() {
    let (address, _stop, _server) = start(Patience { head: LONG, idle: LONG }).await;
    for (filler, answered) in [(12_000, true), (100_000, false), (2_000_000, false)] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let filler = "x".repeat(filler);
        let head = format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: {filler}\r\n\r\n");
        let write = async {
            let _ = writer.write_all(head.as_bytes()).await;
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            () = write => {}
            closed = tokio::time::timeout(LONG / 2, reader.read_to_end(&mut answer)) => {
                let _ = closed.expect("closed in time");
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.starts_with("HTTP/1.1 200"), answered, "{} octets: {answer}", head.len());
    }
    // Twice on one connection, each with more octets behind its head than a head may have.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = "x".repeat(60_000);
    for connection in ["keep-alive", "close"] {
        let head = format!("Host: x\r\nConnection: {connection}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("POST /nothing HTTP/1.1\r\n{head}{body}").as_bytes()).await.unwrap();
    }
    let answers = read_to_end(&mut stream).await;
    assert!(answers.starts_with("HTTP/1.1 404"), "{answers}");
}

#[test]
fn f_23_connections_take_at_most_half_of_the_files_that_may_be_open() {
    for (files, connections) in [(Some(64), 32), (Some(1), 1), (Some(1_024), 256), (None, 256)] {
        assert_eq!(room(files), connections, "{files:?}");
    }
}
