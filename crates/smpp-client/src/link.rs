//! The task of one bind: connect, live, pause, again, until told to leave.

use std::{future::Future, pin::pin, time::Duration};

use session::Mode;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};

use crate::{
    BindConfig, DownReason, LinkCommand, LinkEventKind,
    clock::Clock,
    connection::Connection,
    meters::{Attempt, Meters},
    policy::{Ending, Pause, Policy},
    reports::Reports,
};

/// The shortest keepalive time.
const KEEPALIVE_MIN: Duration = Duration::from_secs(1);

/// What a bind keeps from one connection to the next.
pub(crate) struct Link<E> {
    pub(crate) config: BindConfig,
    pub(crate) clock: Clock,
    pub(crate) reports: Reports<E>,
    pub(crate) commands: mpsc::Receiver<Vec<LinkCommand>>,
    pub(crate) drain: watch::Receiver<bool>,
    pub(crate) draining: bool,
    /// Submits that were taken, whatever became of them: what credit counts from.
    pub(crate) taken: u64,
    pub(crate) meters: Meters,
    /// Why the link was down, as the log last said it, so that it says only what is new.
    logged: String,
    /// The last drop was no news, so the next bind is none.
    flapping: bool,
}

impl<E> Link<E> {
    pub(crate) fn new(
        config: BindConfig,
        reports: Reports<E>,
        commands: mpsc::Receiver<Vec<LinkCommand>>,
        drain: watch::Receiver<bool>,
    ) -> Self {
        let meters = Meters::new(&config.name);
        meters.bound.set(0.0);
        Self {
            config,
            clock: Clock::start(),
            reports,
            commands,
            drain,
            draining: false,
            taken: 0,
            meters,
            logged: String::new(),
            flapping: false,
        }
    }

    /// Lives until told to leave.
    pub(crate) async fn run(mut self, seed: u64) {
        let mut policy = Policy::new(self.config.reconnect.clone(), seed);
        while !self.draining {
            let (ending, reason) = self.attempt().await;
            let pause = policy.next(ending);
            self.report_pause(ending, reason, pause);
            if !self.draining {
                let clock = self.clock;
                let until = clock.now().saturating_add(pause.wait);
                self.unbound(clock.sleep_until(Some(until))).await;
            }
        }
        self.last_reports().await;
    }

    /// The session is bound.
    pub(crate) fn bound(&mut self, mode: Mode, limit: u64) {
        self.reports.generation = self.reports.generation.wrapping_add(1);
        self.reports.push(LinkEventKind::Up { mode, limit });
        self.meters.bound.set(1.0);
        self.meters.attempt(Attempt::Bound);
        if !self.flapping {
            tracing::info!(smsc = %self.config.name, generation = self.reports.generation, "bound");
        }
    }

    /// One connection, from the name look-up to its end.
    async fn attempt(&mut self) -> (Ending, DownReason) {
        let target = (self.config.host.clone(), self.config.port);
        let connecting = tokio::time::timeout(self.config.link_timeouts.connect, TcpStream::connect(target));
        let failed = match self.unbound(connecting).await {
            Some(Ok(Ok(stream))) => match prepare(&stream, self.config.link_timeouts.tcp_user) {
                Ok(()) => return Connection::new(self, stream).run().await,
                Err(error) => DownReason::Io(error.kind()),
            },
            Some(Ok(Err(error))) => DownReason::Io(error.kind()),
            Some(Err(_)) => DownReason::ConnectTimeout,
            None => DownReason::NotBound,
        };
        self.meters.attempt(Attempt::Failed);
        (Ending::Failed, failed)
    }

    /// Waits without a session: submits go back at once, answers are dropped. `None` once told to leave.
    async fn unbound<T>(&mut self, waited_for: impl Future<Output = T>) -> Option<T> {
        let mut waited_for = pin!(waited_for);
        loop {
            let telling = !self.reports.is_empty();
            tokio::select! {
                output = &mut waited_for => return Some(output),
                Some(batch) = self.commands.recv() => self.hand_back_batch(batch),
                () = self.reports.deliver(), if telling => {}
                () = told_to_leave(&mut self.drain) => self.draining = true,
            }
            if self.draining || self.reports.is_closed() {
                self.draining = true;
                return None;
            }
        }
    }

    /// Gives a batch back that came while there was no session.
    fn hand_back_batch(&mut self, batch: Vec<LinkCommand>) {
        let unsent = tickets(batch);
        self.taken += unsent.len() as u64;
        self.hand_back(unsent);
    }

    /// Gives tickets back that came while there was no session.
    pub(crate) fn hand_back(&mut self, unsent: Vec<u64>) {
        if !unsent.is_empty() {
            let down = LinkEventKind::Down { unsent, unanswered: Vec::new(), reason: DownReason::NotBound };
            self.reports.push(down);
        }
    }

    fn report_pause(&mut self, ending: Ending, reason: DownReason, pause: Pause) {
        if let Ending::Refused(status) = ending {
            self.reports.push(LinkEventKind::BindRefused { status, parked: pause.parked });
        }
        if self.draining {
            tracing::info!(smsc = %self.config.name, %reason, "left");
            return;
        }
        if matches!(ending, Ending::Dropped(up) if up >= self.config.reconnect.stable) {
            self.logged.clear();
        }
        let news = format!("{reason} {}", pause.parked);
        let known = news == self.logged;
        self.flapping = known && matches!(ending, Ending::Dropped(_));
        if known {
            return;
        }
        let wait_ms = u64::try_from(pause.wait.as_millis()).unwrap_or(u64::MAX);
        if pause.parked {
            tracing::error!(smsc = %self.config.name, %reason, wait_ms, "parked: check the account");
        } else {
            tracing::warn!(smsc = %self.config.name, %reason, wait_ms, "down");
        }
        self.logged = news;
    }

    /// Hands back what is still in the channel, then waits until the engine has heard all.
    async fn last_reports(mut self) {
        self.commands.close();
        while let Ok(batch) = self.commands.try_recv() {
            self.hand_back_batch(batch);
        }
        if !self.reports.is_empty() {
            self.reports.deliver().await;
        }
    }
}

/// The tickets of the submits in a batch.
fn tickets(batch: Vec<LinkCommand>) -> Vec<u64> {
    let ticket = |command| match command {
        LinkCommand::Submit { ticket, .. } => Some(ticket),
        LinkCommand::Respond { .. } | LinkCommand::Enquire { .. } => None,
    };
    batch.into_iter().filter_map(ticket).collect()
}

/// Waits for the word to leave, or until nobody is left to say it.
pub(crate) async fn told_to_leave(drain: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone.
    drop(drain.wait_for(|leave| *leave).await);
}

/// No delay for small writes, and an early end for a peer that vanished.
fn prepare(stream: &TcpStream, tcp_user: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_user_timeout(Some(tcp_user))?;
    // The kernel counts keepalive in whole seconds and takes no zero.
    let [time, interval] = [tcp_user, tcp_user / 3].map(|time| time.max(KEEPALIVE_MIN));
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(time).with_interval(interval))
}
