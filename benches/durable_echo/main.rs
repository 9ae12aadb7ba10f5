//! The limit that the daemon is measured against: an ESME that makes every message durable and does nothing else.
//!
//! It binds, appends the octets of each deliver_sm to one file, with one write and one `fdatasync` for everything that
//! one wake-up of all binds brought, and only then answers with a deliver_sm_resp and a submit_sm of a fixed text. It
//! does not decode a text, decide, seal, or remember: nothing durable on this disk and these sockets is faster.
//!
//! One thread: while it waits for the disk, the next batch gathers in the sockets.

mod exchange;
mod journal;
mod link;
mod wire;

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, ensure};
use benches::usage;
use clap::Parser;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::exchange::{Counts, Terms};
use crate::journal::Journal;
use crate::link::Link;

/// How often SIGTERM is looked for where nothing comes.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Makes each message durable and answers with a fixed text: the limit for anything that does more.
#[derive(Debug, Parser)]
#[command(name = "durable-echo", max_term_width = 100)]
struct Arguments {
    /// The SMSC.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2775")]
    connect: SocketAddr,
    /// Transceivers to bind.
    #[arg(long, value_name = "N", default_value_t = 4)]
    binds: u16,
    /// submit_sm that each bind may have unacknowledged.
    #[arg(long, value_name = "N", default_value_t = 100)]
    window: u16,
    /// The file that messages are appended to; it is emptied first. Its file system is what is measured.
    #[arg(long, value_name = "PATH")]
    file: PathBuf,
    /// The system_id of each bind.
    #[arg(long, value_name = "NAME", default_value = "echo")]
    system_id: String,
    /// Stay until SIGTERM when all binds are over, so that this process can be looked at.
    #[arg(long)]
    stay: bool,
    /// What each message is answered with, in ASCII.
    #[arg(long, default_value = "Ho so 10000000 dang duoc xu ly, hen tra ket qua ngay 05/01/2099.")]
    text: String,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.text.is_ascii() && arguments.text.len() <= wire::SHORT_MESSAGE_MAX,
        "the text is no ASCII or too long"
    );
    let stop = stop_on_sigterm()?;
    let mut journal = Journal::create(&arguments.file).context("the file can't be made")?;
    let bind = |_| Link::bind(arguments.connect, &arguments.system_id);
    let links: Vec<Link> = (0..arguments.binds).map(bind).collect::<anyhow::Result<_>>()?;
    let terms = Terms { text: arguments.text.into_bytes(), window: arguments.window.max(1) };
    let counts = echo(links, &terms, &mut journal, &stop)?;
    while arguments.stay && !stop.load(Ordering::Relaxed) {
        wait(&[])?;
    }
    report(&counts, &journal)
}

/// Serves until every bind is over or `stop` is set.
fn echo(
    mut links: Vec<Link>,
    terms: &Terms,
    journal: &mut Journal,
    stop: &AtomicBool,
) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    while !links.is_empty() && !stop.load(Ordering::Relaxed) {
        for (at, flags) in wait(&links)? {
            // Who does not take what is sent is not read from, so that no more of it piles up.
            if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) && !links[at].is_over() {
                links[at].receive(terms, &mut journal.batch);
            }
        }
        journal.sync().context("the file can't be written")?;
        for link in &mut links {
            link.send();
        }
        links.retain(|link| {
            if link.is_over() {
                add(&mut counts, &link.exchange.counts);
            }
            !link.is_over()
        });
    }
    for link in &mut links {
        add(&mut counts, &link.exchange.counts);
        link.exchange.unbind();
        link.send();
    }
    Ok(counts)
}

/// The links that something happened to, and what.
fn wait(links: &[Link]) -> anyhow::Result<Vec<(usize, PollFlags)>> {
    let interest =
        |link: &Link| if link.exchange.outgoing.is_empty() { PollFlags::IN } else { PollFlags::OUT };
    let mut polled: Vec<PollFd<'_>> =
        links.iter().map(|link| PollFd::from_borrowed_fd(link.stream.as_fd(), interest(link))).collect();
    match poll(&mut polled, Some(&TICK)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let happened = |poll: &PollFd<'_>| !poll.revents().is_empty();
    let found = polled.iter().enumerate().filter(|(_, poll)| happened(poll));
    Ok(found.map(|(at, poll)| (at, poll.revents())).collect())
}

fn add(counts: &mut Counts, more: &Counts) {
    counts.messages += more.messages;
    counts.acknowledged += more.acknowledged;
    counts.refused += more.refused;
}

/// Set once SIGTERM has come.
fn stop_on_sigterm() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut terminate = {
        let _inside = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?
    };
    let stopped = stop.clone();
    std::thread::spawn(move || {
        runtime.block_on(terminate.recv());
        stopped.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}

#[allow(clippy::print_stdout, reason = "the counts are this program's output")]
fn report(counts: &Counts, journal: &Journal) -> anyhow::Result<()> {
    let spent = usage::cpu(std::process::id())?.as_secs_f64();
    println!(
        "{} messages, {} octets in {} batches; {} replies acknowledged, {} refused; {spent:.2} CPU seconds",
        counts.messages,
        journal.written(),
        journal.syncs,
        counts.acknowledged,
        counts.refused,
    );
    Ok(())
}
