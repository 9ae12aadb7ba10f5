//! Thousands of connections that hold the API while citizens write: not one message may pay for it. H-07, F-23, F-30.
//!
//! `TONGDAI_SLOWLORIS=10000 cargo test -p tongdai --test slowloris -- --nocapture` holds that many and prints figures;
//! the process that runs it needs as many files (`ulimit -n`).

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use simulator::{Config, LoadReport, Message, Pace, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{Daemon, Home, PATIENCE, TOKEN};

/// Citizens who write while the API is held, and how many a second.
const CITIZENS: u32 = 1_000;
const RATE: u32 = 100;
/// Between two octets of one connection.
const DRIP: Duration = Duration::from_secs(1);
/// Connections that the daemon serves at a time (docs/API.md). As many as its backlog holds seem to be connected as
/// well, 128 by default; all further ones knock.
const PLACES: u64 = 256;
/// Memory that the daemon may take, in KiB: its cache, its buffers and 256 connections, whatever is sent to it.
const RESIDENT_KIB_MAX: u64 = 400 * 1_024;

/// What the attackers did.
#[derive(Default)]
struct Books {
    stopped: AtomicBool,
    connected: AtomicU64,
    held: AtomicU64,
    held_most: AtomicU64,
    closed: AtomicU64,
}

impl Books {
    fn take(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
        let held = self.held.fetch_add(1, Ordering::Relaxed) + 1;
        self.held_most.fetch_max(held, Ordering::Relaxed);
    }

    fn lose(&self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

/// One attacker: connects again and again and drips what never becomes a request.
async fn attack(address: SocketAddr, kind: usize, books: Arc<Books>) {
    let head = format!("POST /login HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n");
    let body = format!("{head}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{");
    let first = match kind % 4 {
        0 => "",
        1 => "GET /liv",
        2 => &head,
        _ => &body,
    };
    while !books.stopped.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            tokio::time::sleep(DRIP).await;
            continue;
        };
        books.take();
        let _ = stream.write_all(first.as_bytes()).await;
        let mut octets = [0; 64];
        loop {
            tokio::select! {
                read = stream.read(&mut octets) => if !matches!(read, Ok(1..)) { break },
                () = tokio::time::sleep(DRIP) => {
                    let broken = !kind.is_multiple_of(4) && stream.write_all(b"x").await.is_err();
                    if broken || books.stopped.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
        }
        books.lose();
    }
}

fn attackers(count: usize, address: SocketAddr) -> (Arc<Books>, JoinSet<()>) {
    let books = Arc::new(Books::default());
    let mut tasks = JoinSet::new();
    for kind in 0..count {
        tasks.spawn(attack(address, kind, Arc::clone(&books)));
    }
    (books, tasks)
}

/// Waits for a state of affairs.
async fn wait(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

async fn load(simulator: &Simulator, area: u32) -> LoadReport {
    let messages = (0..CITIZENS).map(|n| Message::new(format!("84905{area}{n:05}"), "8383", "XNC HD"));
    simulator.send_many(messages, Pace::PerSecond(RATE), true, PATIENCE).await.unwrap()
}

/// Each message was acknowledged the first time it was handed over, and answered once.
#[track_caller]
fn assert_unharmed(report: &LoadReport, simulator: &Simulator, home: &Home) {
    let stats = simulator.stats();
    let messages = u64::from(CITIZENS);
    assert_eq!((report.acknowledged, report.replies), (messages, messages), "{stats:?}\n{}", home.log_text());
    assert_eq!(
        (stats.retry_later, stats.unanswered, stats.lost_with_link, stats.redelivered, stats.duplicates),
        (0, 0, 0, 0, 0),
        "{stats:?}"
    );
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_30_ten_thousand_slow_connections_cost_no_message_its_answer() {
    let count: usize = std::env::var("TONGDAI_SLOWLORIS").map_or(1_000, |count| count.parse().unwrap());
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let (daemon, api) = Daemon::start_ready("info", &home, &[("vn", "vn", simulator.smpp_address())]);
    assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
    let quiet = load(&simulator, 1).await;
    assert_unharmed(&quiet, &simulator, &home);

    let (books, mut tasks) = attackers(count, api.address());
    wait("every place is taken", || books.held.load(Ordering::Relaxed) >= PLACES).await;
    let held = load(&simulator, 2).await;
    assert_unharmed(&held, &simulator, &home);
    assert!(books.held.load(Ordering::Relaxed) >= PLACES / 2, "they were held to the end");
    let resident = daemon.resident_kib();
    let files = std::fs::read_dir(daemon.proc("fd")).unwrap().count();

    books.stopped.store(true, Ordering::Relaxed);
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    wait("the API answers again", || api.get("/livez").status == 200).await;
    for (name, report) in [("quiet", quiet), ("held", held)] {
        say(&format!("{name}: {:?}", report.latencies));
    }
    let [connected, most, closed] =
        [&books.connected, &books.held_most, &books.closed].map(|it| it.load(Ordering::Relaxed));
    say(&format!(
        "{count} attackers: {connected} connections, {most} at a time, {closed} closed; {files} files, {resident} KiB"
    ));
    assert!(resident < RESIDENT_KIB_MAX, "{resident} KiB are resident");
    assert!(files < 400, "{files} files are open");
    assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_23_callers_that_take_every_file_leave_the_binds_theirs() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let home = Home::new();
    let smscs = [("vn", "vn", simulator.smpp_address())];
    let (daemon, api) = Daemon::start_behind("ulimit -n 64", &home, &smscs);
    assert!(simulator.wait_receivers(1, PATIENCE).await, "{}", home.log_text());
    let (books, mut tasks) = attackers(200, api.address());
    wait("the files are taken", || books.held.load(Ordering::Relaxed) >= 100).await;
    let report = load(&simulator, 1).await;
    assert_unharmed(&report, &simulator, &home);
    // A link that dies now must find a file for its next connection.
    for round in 1..=3 {
        let bind = simulator.binds()[0].id;
        assert!(simulator.drop_bind(bind));
        wait("it is bound again", || simulator.binds().iter().any(|it| it.id != bind && it.mode.is_some()))
            .await;
        let message = Message::new(format!("8490599999{round}"), "8383", "XNC HD");
        let sent = simulator.send(&message).unwrap();
        assert!(simulator.wait_answer(sent, PATIENCE).await.is_some(), "{}", home.log_text());
    }
    books.stopped.store(true, Ordering::Relaxed);
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    wait("the API answers again", || api.get("/livez").status == 200).await;
    assert_eq!(daemon.terminate(), Some(0), "{}", home.log_text());
}
