//! The writer's thread: it makes durable what the engine decided, and only then hands the effects out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use engine::{Decided, Effect};
use model::journal::Turn;
use model::{Answer, CommandError};
use smpp_client::{CommandSender, LinkCommand, LinkId, Undelivered};
use store::{Ledger, Work, Writer};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::daemon::bridge::{self, Outlet};
use crate::daemon::engine_thread::WriterLine;
use crate::daemon::passwords::Wanted;

/// Jobs that wait while one is written. The ledger counts on no more turns than these and the one that is being
/// decided.
const WAITING_MAX: usize = 1;

/// Who waits for a command's answer.
pub(crate) type Caller = oneshot::Sender<Result<Answer, CommandError>>;

/// What the engine's thread gives to the writer's.
pub(crate) enum Job {
    /// Write this, then release the effects; then do what belongs to a checkpoint, for which nobody waits.
    Decided {
        decided: Decided,
        moved: Option<Work>,
        /// Callers whose answers are among these effects or later ones, by slot.
        callers: Vec<(u64, Caller)>,
    },
    /// Write this, make a checkpoint, and end.
    Close { work: Option<Work>, ledger: Box<Ledger> },
}

/// Where effects go.
pub(crate) struct Outlets {
    pub(crate) links: CommandSender,
    pub(crate) passwords: mpsc::Sender<Wanted>,
}

/// Starts the thread.
pub(crate) fn spawn(writer: Writer, outlets: Outlets) -> std::io::Result<WriterLine> {
    let (jobs, jobs_in) = sync_channel(WAITING_MAX);
    let (spent_out, spent) = sync_channel(WAITING_MAX + 1);
    let awaited = Arc::new(Notify::new());
    let release = Release { outlets, callers: HashMap::new(), held: Vec::new() };
    let engine = Wake(Arc::clone(&awaited));
    let thread = WriterThread { writer, jobs: jobs_in, spent: spent_out, release, engine };
    let thread = std::thread::Builder::new().name("writer".into()).spawn(move || thread.run())?;
    Ok(WriterLine { jobs, spent, awaited, thread })
}

/// Everything that the thread owns. The writer is dropped first: by then the engine finds that it has ended.
struct WriterThread {
    writer: Writer,
    jobs: Receiver<Job>,
    spent: SyncSender<Turn>,
    release: Release,
    engine: Wake,
}

impl WriterThread {
    /// Writes until it is told to close, or until the disk fails.
    fn run(mut self) -> anyhow::Result<()> {
        let mut housekeeping = false;
        loop {
            match self.next(housekeeping) {
                Some(Job::Decided { decided: Decided { work, effects }, moved, callers }) => {
                    self.write(work)?;
                    self.release.release(effects, callers);
                    self.write(moved)?;
                }
                Some(Job::Close { work, ledger }) => {
                    self.write(work)?;
                    return Ok(self.writer.close(*ledger)?);
                }
                None if !housekeeping => return Ok(()),
                None => {}
            }
            housekeeping = self.writer.housekeeping()?;
            if self.writer.is_awaited() {
                self.engine.wake();
            }
        }
    }

    /// The next job. None where none waits and there is something else to do, or where the engine has failed.
    fn next(&self, housekeeping: bool) -> Option<Job> {
        if housekeeping { self.jobs.try_recv().ok() } else { self.jobs.recv().ok() }
    }

    fn write(&mut self, work: Option<Work>) -> anyhow::Result<()> {
        let Some(work) = work else { return Ok(()) };
        if let Some(turn) = self.writer.write(work)? {
            // Only its room is lost where nobody takes it.
            let _ = self.spent.try_send(turn);
        }
        Ok(())
    }
}

/// Wakes the engine's thread: when it is awaited, and when this thread ends, in whichever way.
struct Wake(Arc<Notify>);

impl Wake {
    fn wake(&self) {
        self.0.notify_one();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.wake();
    }
}

/// Hands the effects of durable turns to links, callers and the password thread.
struct Release {
    outlets: Outlets,
    /// Callers that wait for a command's answer; at most as many as the command channel holds and one turn takes.
    callers: HashMap<u64, Caller>,
    /// Commands that a link had no room for, by link. Bounded by the links' windows and by the deliveries that
    /// one link leaves unanswered.
    held: Vec<Vec<LinkCommand>>,
}

impl Release {
    fn release(&mut self, effects: Vec<Effect>, callers: Vec<(u64, Caller)>) {
        self.callers.extend(callers);
        for effect in effects {
            match bridge::outlet(effect) {
                Outlet::Link(link, command) => {
                    let place = usize::from(link.0);
                    if self.held.len() <= place {
                        self.held.resize_with(place + 1, Vec::new);
                    }
                    self.held[place].push(command);
                }
                Outlet::Password(wanted) => self.want(wanted),
                Outlet::Answer(slot, result) => {
                    if let Some(reply) = self.callers.remove(&slot) {
                        // A caller that gave up has no use for the answer; the journal has it.
                        let _ = reply.send(result);
                    }
                }
            }
        }
        for (place, held) in self.held.iter_mut().enumerate().filter(|(_, held)| !held.is_empty()) {
            let link = LinkId(u16::try_from(place).unwrap_or(u16::MAX));
            // The next turn is likely to have as many.
            let room = Vec::with_capacity(held.len());
            match self.outlets.links.send(link, std::mem::replace(held, room)) {
                Ok(()) => {}
                Err(Undelivered::Full(commands)) => *held = commands,
                // The link has left for good, in the drain. Its unsent messages are open in the store.
                Err(Undelivered::Gone(_)) => {}
            }
        }
    }

    fn want(&self, wanted: Wanted) {
        if self.outlets.passwords.try_send(wanted).is_err() {
            tracing::warn!("too many passwords wait to be drawn; this one is asked for again later");
        }
    }
}
