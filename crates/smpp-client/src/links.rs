//! All binds of the process.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{BindConfig, LinkCommand, LinkId, Listener, link::Link, reports::Reports};

/// Batches of commands on their way to one link. A link takes them at every wake-up, and the engine sends one a
/// turn, so that a full channel means a link that gets no processor time.
const COMMAND_BATCHES_MAX: usize = 4_096;

/// Commands that could not be handed to their link; they are given back. Returned by [`CommandSender::send`].
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The link has not kept up: send them again after a while.
    #[error("the link's channel is full")]
    Full(Vec<LinkCommand>),
    /// There is no such link, or it has left for good: its Down event has told of its tickets; these were not
    /// sent.
    #[error("the link has left")]
    Gone(Vec<LinkCommand>),
}

/// The way to the links, for whoever hands effects out.
#[derive(Clone, Debug)]
pub struct CommandSender {
    links: Arc<[mpsc::Sender<Vec<LinkCommand>>]>,
}

impl CommandSender {
    /// Hands a batch to a link, without waiting.
    pub fn send(&self, link: LinkId, commands: Vec<LinkCommand>) -> Result<(), Undelivered> {
        let Some(sender) = self.links.get(link.index()) else { return Err(Undelivered::Gone(commands)) };
        sender.try_send(commands).map_err(|error| match error {
            mpsc::error::TrySendError::Full(commands) => Undelivered::Full(commands),
            mpsc::error::TrySendError::Closed(commands) => Undelivered::Gone(commands),
        })
    }
}

/// All binds of the process. Dropping it ends them without a farewell; [`Self::drain`] is the polite way.
#[derive(Debug)]
pub struct Links {
    commands: CommandSender,
    drain: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Links {
    /// Starts a task for each bind; [`LinkId`] is the place in `configs`, of which the first 65,536 count. Must
    /// be called inside a tokio runtime.
    ///
    /// The listener is told in batches, one a wake-up at most; of large ones two wait in its channel. While there is no
    /// room, links keep events and answer overdue deliver_sm themselves.
    #[must_use]
    pub fn spawn<E: Send + 'static>(configs: Vec<BindConfig>, listener: Listener<E>) -> Self {
        let (drain, draining) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut senders = Vec::new();
        for (id, config) in (0..=u16::MAX).zip(configs) {
            let (sender, commands) = mpsc::channel(COMMAND_BATCHES_MAX);
            let reports = Reports::new(LinkId(id), listener.clone());
            // Binds of one process must not draw the same pauses.
            let seed = config.seed ^ u64::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            tasks.spawn(Link::new(config, reports, commands, draining.clone()).run(seed));
            senders.push(sender);
        }
        Self { commands: CommandSender { links: senders.into() }, drain, tasks }
    }

    /// A way to the links that can be moved to another thread.
    #[must_use]
    pub fn sender(&self) -> CommandSender {
        self.commands.clone()
    }

    /// [`CommandSender::send`].
    pub fn send(&self, link: LinkId, commands: Vec<LinkCommand>) -> Result<(), Undelivered> {
        self.commands.send(link, commands)
    }

    /// Leaves all binds: no more submits, responses awaited, unbind, last events handed over. What has not left
    /// after `within` is cut off. Keep receiving events meanwhile: each link ends with its Down event, and
    /// answers to deliver_sm are still sent until then.
    pub async fn drain(mut self, within: Duration) {
        self.drain.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!("some binds did not leave in time");
            self.tasks.shutdown().await;
        }
    }
}
